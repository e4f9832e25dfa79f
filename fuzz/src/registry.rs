//! Values of the registry and of the list of processes: no value may cause a panic, report more of a
//! client than the evidence shows, or make `doctor` content with a client that is unknown.

use communicado_core::Life;
use communicado_runtime::CheckHealth;
use communicado_sources::windows::class_server::ClassServer;
use communicado_sources::windows::finding::finding;
use communicado_sources::windows::known_clients::MESSENGER;
use communicado_sources::windows::registration::registered_clients;
use communicado_sources::windows::snapshot::{ProcessFact, Registration, RegistrySnapshot, UserKey};
use communicado_windows::{RawValue, RegistryValue};
use arbitrary::{Result, Unstructured};

/// Runs the target on one input.
pub fn run(bytes: &[u8]) {
    // Without enough bytes there is no snapshot.
    let Ok(snapshot) = snapshot(&mut Unstructured::new(bytes)) else { return };
    for client in registered_clients(&snapshot) {
        assert_ne!(client.life(), Life::Running, "the flag does not show accounts");
        assert!(!client.accepts_calls() || !client.processes.is_empty(), "{client:?}");
        let check = finding(&client);
        let is_content = check.health == CheckHealth::Good;
        let is_unknown = matches!(client.life(), Life::Unknown(_)) && !client.accepts_calls();
        assert!(!(is_content && is_unknown), "{check:?}");
    }
}

fn snapshot(from: &mut Unstructured<'_>) -> Result<RegistrySnapshot> {
    let mut snapshot = RegistrySnapshot::default();
    while !from.is_empty() && snapshot.users.len() < 8 {
        let app = from.arbitrary::<String>()?;
        let own = Registration {
            name: value(from)?,
            program: value(from)?,
            class: value(from)?,
            process: value(from)?,
        };
        match from.int_in_range(0..=4)? {
            0 => snapshot.wide.push((app, own)),
            1 => snapshot.narrow.push((app, own)),
            2 => snapshot.processes.push(ProcessFact {
                id: from.arbitrary()?,
                image: app.clone(),
                path: from.arbitrary::<bool>()?.then_some(app),
                started: from.arbitrary()?,
                is_in_other_session: from.arbitrary()?,
            }),
            3 => snapshot.classes.push((MESSENGER, ClassServer::Command(app))),
            _ => {
                let (flag, written) = (value(from)?, from.arbitrary()?);
                snapshot.users.push(UserKey { app, flag, written, own });
            }
        }
    }
    snapshot.now = from.arbitrary().unwrap_or(0);
    Ok(snapshot)
}

fn value(from: &mut Unstructured<'_>) -> Result<Option<RegistryValue>> {
    if from.arbitrary()? {
        return Ok(None);
    }
    let kind = from.int_in_range(0..=12)?;
    Ok(Some(RawValue { kind, bytes: from.arbitrary()? }.decode()))
}
