//! What the registry and the list of processes hold: whatever it is, it must not panic, and no
//! client is told of as more than its flag and its process can say.
#![no_main]

use communicado_core::Life;
use communicado_sources::windows::contract::{Read, Registration, providers};
use communicado_windows::{RawValue, RegistryValue};
use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // Bytes that end too soon are the end of what there is to read.
    let Ok(read) = read(&mut Unstructured::new(bytes)) else { return };
    for provider in providers(&read) {
        assert_ne!(provider.life(), Life::Running, "the flag says nothing of accounts");
        if provider.lives() == Some(false) {
            assert_eq!(provider.life(), Life::Absent, "{provider:?}");
        }
        assert!(!provider.is_up() || !provider.processes.is_empty(), "{provider:?}");
    }
});

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
