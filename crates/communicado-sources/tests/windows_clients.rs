//! Decisions on clients on Windows, from the registry and the list of processes.
//!
//! `CASES=100000` checks more random states than usual; `SEED=169` checks only that one.

#![expect(clippy::expect_used, reason = "a failed expectation fails the test")]

#[path = "windows_clients/cases.rs"]
mod cases;
#[path = "windows_clients/promises.rs"]
mod promises;
#[path = "windows_clients/table.rs"]
mod table;

use communicado_core::Life;
use communicado_sources::windows::registered_client::RegisteredClient;
use communicado_sources::windows::registration::registered_clients;
use communicado_sources::windows::snapshot::{
    ProcessFact, Registration, RegistrySnapshot, UserKey,
};
use communicado_windows::RegistryValue;

/// The moment of every snapshot, in microseconds since 1970.
const NOW: i64 = 1_800_000_000_000_000;
const SECOND: i64 = 1_000_000;

fn text(text: &str) -> Option<RegistryValue> {
    Some(RegistryValue::Text(text.to_owned()))
}

fn number(number: u32) -> Option<RegistryValue> {
    Some(RegistryValue::Number(number))
}

fn user(app: &str, flag: Option<RegistryValue>) -> UserKey {
    UserKey { app: app.to_owned(), flag, written: Some(NOW - 600 * SECOND), ..UserKey::default() }
}

/// A key as an installer writes it.
fn installed(app: &str, program: &str, class: &str) -> (String, Registration) {
    let registration =
        Registration { program: text(program), class: text(class), ..Registration::default() };
    (app.to_owned(), registration)
}

/// A process that started `age` seconds ago.
fn process(id: u32, path: &str, age: i64) -> ProcessFact {
    ProcessFact {
        id,
        image: path.rsplit('\\').next().unwrap_or(path).to_owned(),
        path: Some(path.to_owned()),
        started: Some(NOW - age * SECOND),
        is_in_other_session: false,
    }
}

fn snapshot(users: Vec<UserKey>, processes: Vec<ProcessFact>) -> RegistrySnapshot {
    RegistrySnapshot { now: NOW, users, processes, ..RegistrySnapshot::default() }
}

#[track_caller]
fn client(snapshot: &RegistrySnapshot, name: &str) -> RegisteredClient {
    let found = registered_clients(snapshot);
    let client = found.into_iter().find(|each| each.client == name);
    client.expect("the client is found")
}

#[track_caller]
fn life(snapshot: &RegistrySnapshot, name: &str) -> Life {
    client(snapshot, name).life()
}
