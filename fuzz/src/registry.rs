//! The contents of the registry and of the process list: reading them must not panic. No client is
//! reported as more than its flag and its process can prove.

use communicado_core::Life;
use communicado_sources::windows::contract::{Read, Registration, providers};
use communicado_windows::{RawValue, RegistryValue};
use arbitrary::{Result, Unstructured};

/// Runs the target on one input.
pub fn run(bytes: &[u8]) {
    let Ok(read) = read(&mut Unstructured::new(bytes)) else { return };
    for provider in providers(&read) {
        assert_ne!(provider.life(), Life::Running, "the flag says nothing about accounts");
        if provider.lives() == Some(false) {
            assert_eq!(provider.life(), Life::Absent, "{provider:?}");
        }
        assert!(!provider.is_up() || !provider.processes.is_empty(), "{provider:?}");
    }
}

fn read(from: &mut Unstructured<'_>) -> Result<Read> {
    let mut read = Read::default();
    while !from.is_empty() && read.flags.len() < 8 {
        let app = from.arbitrary::<String>()?;
        let registration =
            Registration { program: value(from)?, class: value(from)?, process: value(from)? };
        match from.int_in_range(0..=3)? {
            0 => read.wide.push((app, registration)),
            1 => read.narrow.push((app, registration)),
            2 => read.processes.push((from.arbitrary()?, app)),
            _ => read.flags.push((app, value(from)?)),
        }
    }
    Ok(read)
}

fn value(from: &mut Unstructured<'_>) -> Result<Option<RegistryValue>> {
    if from.arbitrary()? {
        return Ok(None);
    }
    let kind = from.int_in_range(0..=12)?;
    Ok(Some(RawValue { kind, bytes: from.arbitrary()? }.decode()))
}
