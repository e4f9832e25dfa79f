//! Looks once, and says what is missing and what to do.

use communicado_runtime::{Check, Health, SourceError};
use communicado_windows::{Hive, Process, RegistryKey, RegistryValue, RegistryView, TokenInfo};

use super::facts::{self, default_app, library, life, registration, rights};
use crate::windows::contract::{Provider, providers};
use crate::windows::lookout::{PROVIDERS, read};

/// The type libraries of Communicator, and of Lync and those who came after.
const MESSENGER_LIBRARY: &str = "{2B317E1D-50E5-4F5E-A3A4-FB85206EDA48}";
const OFFICE_LIBRARY: &str = "{B9AA1F11-F480-4054-A84E-B5D9277E40A8}";

pub(super) fn probe() -> Vec<Check> {
    let found = match read() {
        Ok(read) => providers(&read),
        Err(SourceError { cause, help }) => {
            return vec![Check {
                what: "registry".into(),
                health: Health::Bad,
                found: cause,
                action: Some(help),
            }];
        }
    };
    if found.is_empty() {
        return vec![Check {
            what: "client".into(),
            health: Health::Limited,
            found: "no client has a key below `IM Providers`".into(),
            action: Some("start a client; it makes its key by itself".into()),
        }];
    }
    let mut checks: Vec<Check> = default_app(chosen().as_deref(), &found).into_iter().collect();
    for provider in &found {
        checks.push(life(provider));
        if provider.class.is_some() {
            checks.push(registration(provider));
            checks.push(library(provider, has_library(provider)));
        }
        checks.extend(process(provider).map(|process| rights(provider, &process)));
    }
    checks
}

/// The client that Office asks.
fn chosen() -> Option<String> {
    let key = RegistryKey::open(Hive::CurrentUser, PROVIDERS, RegistryView::Default).ok()??;
    match key.value("DefaultIMApp").ok()??.decode() {
        RegistryValue::Text(name) if !name.is_empty() => Some(name),
        RegistryValue::Text(_) | RegistryValue::Number(_) | RegistryValue::Other { .. } => None,
    }
}

fn has_library(provider: &Provider) -> bool {
    let library = if provider.is_messenger() { MESSENGER_LIBRARY } else { OFFICE_LIBRARY };
    let path = format!(r"Software\Classes\TypeLib\{library}");
    let is_there = |hive, view| matches!(RegistryKey::open(hive, &path, view), Ok(Some(_)));
    is_there(Hive::CurrentUser, RegistryView::Default)
        || [RegistryView::Bits64, RegistryView::Bits32]
            .into_iter()
            .any(|view| is_there(Hive::LocalMachine, view))
}

/// What is found of the process of a client that runs.
fn process(provider: &Provider) -> Option<facts::Process> {
    let own_level = TokenInfo::own().ok()?.integrity.to_string();
    let process = Process::open(*provider.processes.first()?);
    let level = process.as_ref().ok().and_then(|process| process.token_info().ok());
    Some(facts::Process {
        bits: process.as_ref().ok().and_then(Process::bits),
        level: level.map(|rights| rights.integrity.to_string()),
        own_level,
    })
}
