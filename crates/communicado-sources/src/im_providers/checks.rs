//! Checks for `doctor`: a finding and an action for each. Pure.

use communicado_runtime::{Check, CheckHealth};

use crate::windows::registered_client::{ProgramPresence, RegisteredClient};

/// The process of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessInfo {
    /// 32 or 64, where readable.
    pub bits: Option<u8>,
    /// Its integrity level, where readable.
    pub level: Option<String>,
    /// The integrity level of this program.
    pub own_level: String,
    /// True if the client's level is below this program's.
    pub is_below: bool,
}

/// Checks the registration that the client's installer wrote.
#[must_use]
pub fn registration(client: &RegisteredClient) -> Check {
    let class = client.class.map_or("no class".to_owned(), |class| format!("class {class}"));
    let (health, found, action) = match client.registered {
        _ if client.is_provider && client.has_server => {
            (CheckHealth::Good, format!("communicado's provider, {class}"), None)
        }
        _ if client.is_provider => (
            CheckHealth::Limited,
            format!("communicado's provider, only while it runs, {class}"),
            Some("run `communicado provide --register`, so that other programs can start it"),
        ),
        _ if client.has_known_class => (
            CheckHealth::Limited,
            format!("its installer has registered no class: the known one is used, {class}"),
            Some("repair its installation, otherwise Office does not find it"),
        ),
        (true, true) => {
            (CheckHealth::Good, format!("for 64-bit and 32-bit programs, {class}"), None)
        }
        (true, false) => (
            CheckHealth::Limited,
            format!("for 64-bit programs only, {class}"),
            Some("repair its installation if 32-bit programs, such as a 32-bit Office, need it"),
        ),
        (false, true) => (
            CheckHealth::Limited,
            format!("for 32-bit programs only, {class}"),
            Some("repair its installation if 64-bit programs, such as a 64-bit Office, need it"),
        ),
        (false, false) => (
            CheckHealth::Limited,
            format!("not registered by an installer; {class}, from its own key"),
            Some("repair its installation, otherwise Office does not find it"),
        ),
    };
    check(format!("registration of {}", client.client), health, found, action)
}

/// Checks the integrity level of a client's process against that of this program.
#[must_use]
pub fn rights(client: &RegisteredClient, process: &ProcessInfo) -> Check {
    let bits = process.bits.map_or(String::new(), |bits| format!(", {bits}-bit"));
    let own = &process.own_level;
    let (health, found, action) = match &process.level {
        Some(level) if level == own => {
            (CheckHealth::Good, format!("same integrity level as this program ({own}){bits}"), None)
        }
        Some(level) if process.is_below => (
            CheckHealth::Bad,
            format!(
                "integrity level {level}, but this program has {own}{bits}: classes that are \
                 registered for one user are invisible to it"
            ),
            Some("run communicado as the user, not as administrator"),
        ),
        Some(level) => (
            CheckHealth::Bad,
            format!("integrity level {level}, but this program has {own}{bits}"),
            Some("run both as the same user, neither as administrator"),
        ),
        None => (
            CheckHealth::Bad,
            format!("its integrity level is not readable, so it is above this program's ({own})"),
            Some("start the client as the user, not as administrator"),
        ),
    };
    check(format!("process of {}", client.client), health, found, action)
}

/// Checks whether a client's type library is registered.
#[must_use]
pub fn library(client: &RegisteredClient, is_registered: bool) -> Check {
    let (health, found, action) = if is_registered {
        (CheckHealth::Good, "registered", None)
    } else {
        (
            CheckHealth::Limited,
            "not registered for this user: early-bound programs cannot call it, and communicado \
             can only if it implements IDispatch",
            Some("repair the installation of the client, or of Office if it was updated"),
        )
    };
    check(format!("type library of {}", client.client), health, found.to_owned(), action)
}

/// Checks `DefaultIMApp`, the name of the client that Office uses.
#[must_use]
pub fn default_app(name: Option<&str>, all: &[RegisteredClient]) -> Option<Check> {
    let named = name.and_then(|name| {
        all.iter().find(|client| client.app.to_lowercase() == name.to_lowercase())
    });
    let up = all.iter().find(|client| client.presence() == ProgramPresence::Runs);
    let presence = named.map(RegisteredClient::presence);
    let name = name.map(|name| format!("Office uses `{name}`"));
    let choose =
        "make the running client the default chat application; communicado reads all clients";
    let (health, found, action) = match (name, presence, up) {
        (None, _, None) => return None,
        (None, _, Some(up)) => (
            CheckHealth::Limited,
            format!("Office uses no client, although {} runs", up.client),
            Some("make it the default chat application in its settings"),
        ),
        (Some(uses), Some(ProgramPresence::Runs), _) => {
            (CheckHealth::Good, format!("{uses}, which runs"), None)
        }
        (Some(uses), Some(ProgramPresence::Unknown), _) => (
            CheckHealth::Limited,
            format!("{uses}, and nothing shows whether it runs"),
            Some("see the line of this client"),
        ),
        (Some(uses), None, Some(up)) => (
            CheckHealth::Limited,
            format!("{uses}, which is not registered, although {} runs", up.client),
            Some(choose),
        ),
        (Some(uses), None, None) => (
            CheckHealth::Limited,
            format!("{uses}, which is not registered"),
            Some("repair its installation, or make another client the default chat application"),
        ),
        (Some(uses), Some(ProgramPresence::Absent), Some(up)) => (
            CheckHealth::Limited,
            format!("{uses}, which does not run, although {} does", up.client),
            Some(choose),
        ),
        (Some(uses), Some(ProgramPresence::Absent), None) => {
            (CheckHealth::Good, format!("{uses}, which does not run"), None)
        }
    };
    Some(check("DefaultIMApp".to_owned(), health, found, action))
}

fn check(what: String, health: CheckHealth, found: String, action: Option<&'static str>) -> Check {
    Check { what: what.into(), health, found: found.into(), action: action.map(Into::into) }
}

#[cfg(test)]
mod tests {
    use communicado_windows::RegistryValue;

    use super::*;
    use crate::windows::registration::registered_clients;
    use crate::windows::snapshot::{ProcessFact, RegistrySnapshot, UserKey};

    fn found(flag: u32, process: Option<&str>) -> Vec<RegisteredClient> {
        let process = process.map(|image| ProcessFact {
            id: 7,
            image: image.to_owned(),
            ..ProcessFact::default()
        });
        registered_clients(&RegistrySnapshot {
            users: vec![UserKey {
                app: "Communicator".to_owned(),
                flag: Some(RegistryValue::Number(flag)),
                ..UserKey::default()
            }],
            processes: process.into_iter().collect(),
            ..RegistrySnapshot::default()
        })
    }

    #[test]
    fn a_different_integrity_level_is_a_problem() {
        let client = &found(2, Some("communicator.exe"))[0];
        let process = |level: Option<&str>| ProcessInfo {
            bits: Some(64),
            level: level.map(str::to_owned),
            own_level: "medium".to_owned(),
            is_below: level == Some("low"),
        };
        let check = |level, health, expected: &str| {
            let check_result = rights(client, &process(level));
            assert_eq!(check_result.health, health);
            assert!(check_result.found.contains(expected), "{}", check_result.found);
        };
        check(
            Some("medium"),
            CheckHealth::Good,
            "same integrity level as this program (medium), 64-bit",
        );
        check(Some("high"), CheckHealth::Bad, "integrity level high, but this program has medium");
        check(
            Some("low"),
            CheckHealth::Bad,
            "this program has medium, 64-bit: classes that are registered for one user are \
             invisible to it",
        );
        check(None, CheckHealth::Bad, "not readable");
    }

    #[test]
    fn the_default_client_is_compared_with_the_running_one() {
        let check = |name, all: &[RegisteredClient], expected: Option<&str>| {
            let finding = default_app(name, all).map(|check| check.found.into_owned());
            assert_eq!(finding.as_deref(), expected);
        };
        let up = found(2, Some("communicator.exe"));
        let down = found(0, None);
        check(None, &down, None);
        check(None, &up, Some("Office uses no client, although communicator runs"));
        check(Some("communicator"), &up, Some("Office uses `communicator`, which runs"));
        let other = "Office uses `Teams`, which is not registered, although communicator runs";
        check(Some("Teams"), &up, Some(other));
        check(Some("Teams"), &down, Some("Office uses `Teams`, which is not registered"));
        check(Some("COMMUNICATOR"), &down, Some("Office uses `COMMUNICATOR`, which does not run"));
        let both = [found(2, None), found(0, Some("communicator.exe"))].concat();
        check(
            Some("Communicator"),
            &both,
            Some("Office uses `Communicator`, which does not run, although communicator does"),
        );
    }
}
