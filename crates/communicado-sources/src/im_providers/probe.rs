//! Checks of the registered clients, with an action for each problem.

use communicado_runtime::{Check, CheckHealth, SourceError};
use communicado_windows::{Hive, Process, RegistryKey, RegistryValue, RegistryView, TokenInfo};

use super::checks::{ProcessInfo, default_app, library, registration, rights};
use crate::windows::finding::finding;
use crate::windows::registered_client::RegisteredClient;
use crate::windows::registration::registered_clients;
use crate::windows::registry_watcher::{PROVIDERS, read};

/// The type libraries of Communicator, and of Lync and its successors.
const MESSENGER_LIBRARY: &str = "{2B317E1D-50E5-4F5E-A3A4-FB85206EDA48}";
const OFFICE_LIBRARY: &str = "{B9AA1F11-F480-4054-A84E-B5D9277E40A8}";

pub(super) fn probe() -> Vec<Check> {
    let found = match read() {
        Ok(read) => registered_clients(&read),
        Err(SourceError { cause, help }) => {
            return vec![Check {
                what: "registry".into(),
                health: CheckHealth::Bad,
                found: cause,
                action: Some(help),
            }];
        }
    };
    let mut checks: Vec<Check> =
        default_app(default_client().as_deref(), &found).into_iter().collect();
    if found.is_empty() {
        checks.push(Check {
            what: "client".into(),
            health: CheckHealth::Limited,
            found: "no client has a key under `IM Providers`, and no known client runs".into(),
            action: Some("start a client; it creates its key itself".into()),
        });
    }
    for client in &found {
        checks.push(finding(client));
        if client.class.is_some() {
            checks.push(registration(client));
            checks.push(library(client, has_library(client)));
        }
        checks.extend(process(client).map(|process| rights(client, &process)));
    }
    checks
}

/// The client that Office uses.
fn default_client() -> Option<String> {
    let key = RegistryKey::open(Hive::CurrentUser, PROVIDERS, RegistryView::Default).ok()??;
    match key.value("DefaultIMApp").ok()??.decode() {
        RegistryValue::Text(name) if !name.is_empty() => Some(name),
        RegistryValue::Text(_) | RegistryValue::Number(_) | RegistryValue::Other { .. } => None,
    }
}

fn has_library(client: &RegisteredClient) -> bool {
    let library = if client.is_messenger() { MESSENGER_LIBRARY } else { OFFICE_LIBRARY };
    let path = format!(r"Software\Classes\TypeLib\{library}");
    let is_there = |hive, view| matches!(RegistryKey::open(hive, &path, view), Ok(Some(_)));
    is_there(Hive::CurrentUser, RegistryView::Default)
        || [RegistryView::Bits64, RegistryView::Bits32]
            .into_iter()
            .any(|view| is_there(Hive::LocalMachine, view))
}

/// The process of a running client.
fn process(client: &RegisteredClient) -> Option<ProcessInfo> {
    let own_level = TokenInfo::own().ok()?.integrity;
    let process = Process::open(*client.processes.first()?);
    let level = process.as_ref().ok().and_then(|process| process.token_info().ok());
    Some(ProcessInfo {
        bits: process.as_ref().ok().and_then(Process::bits),
        is_below: level.is_some_and(|rights| rights.integrity < own_level),
        level: level.map(|rights| rights.integrity.to_string()),
        own_level: own_level.to_string(),
    })
}
