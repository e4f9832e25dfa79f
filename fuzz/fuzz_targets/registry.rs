//! Values of the registry and of the list of processes: no value may cause a panic, or report more
//! of a client than its flag and its process show.
#![no_main]

use communicado_core::Life;
use communicado_sources::windows::contract::{Read, Registration, providers};
use communicado_windows::{RawValue, RegistryValue};
use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // Without enough bytes there is no snapshot.
    let Ok(snapshot) = snapshot(&mut Unstructured::new(bytes)) else { return };
    for client in registered_clients(&snapshot) {
        assert_ne!(client.life(), Life::Running, "the flag does not show accounts");
        if client.has_process() == Some(false) {
            assert_eq!(client.life(), Life::Absent, "{client:?}");
        }
        assert!(!client.accepts_calls() || !client.processes.is_empty(), "{client:?}");
    }
});

fn snapshot(from: &mut Unstructured<'_>) -> Result<RegistrySnapshot> {
    let mut snapshot = RegistrySnapshot::default();
    while !from.is_empty() && snapshot.flags.len() < 8 {
        let app = from.arbitrary::<String>()?;
        let registration =
            Registration { program: value(from)?, class: value(from)?, process: value(from)? };
        match from.int_in_range(0..=3)? {
            0 => snapshot.wide.push((app, registration)),
            1 => snapshot.narrow.push((app, registration)),
            2 => snapshot.processes.push((from.arbitrary()?, app)),
            _ => snapshot.flags.push((app, value(from)?)),
        }
    }
    Ok(snapshot)
}

fn value(from: &mut Unstructured<'_>) -> Result<Option<RegistryValue>> {
    if from.arbitrary()? {
        return Ok(None);
    }
    let kind = from.int_in_range(0..=12)?;
    Ok(Some(RawValue { kind, bytes: from.arbitrary()? }.decode()))
}
