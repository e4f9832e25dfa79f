//! Checks for `doctor`: a finding and an action for each. Pure.

use communicado_runtime::{Check, CheckHealth};

use crate::windows::registration::{RegisteredClient, RunningFlag};

/// The process of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessInfo {
    /// 32 or 64, where readable.
    pub bits: Option<u8>,
    /// Its integrity level, where readable.
    pub level: Option<String>,
    /// The integrity level of this program.
    pub own_level: String,
}

/// Checks a client's flag against its process.
#[must_use]
pub fn life(client: &RegisteredClient) -> Check {
    let program = client.program.as_deref().unwrap_or("?");
    let (health, found, action) = match (&client.flag, client.has_process()) {
        (RunningFlag::NoKey, _) => (
            CheckHealth::Limited,
            "installed, but not yet run by this user".into(),
            Some("start it; it creates its key under `IM Providers` itself"),
        ),
        (RunningFlag::Down, Some(true)) => (
            CheckHealth::Limited,
            format!("`{program}` runs, but its flag is UpAndRunning 0 (not running)"),
            Some("wait until it has started; if this persists, restart it"),
        ),
        (RunningFlag::Down, _) => (CheckHealth::Good, "not running (UpAndRunning 0)".into(), None),
        (
            RunningFlag::Up
            | RunningFlag::Starting
            | RunningFlag::Missing
            | RunningFlag::Undocumented(_),
            Some(false),
        ) => (
            CheckHealth::Limited,
            format!(
                "its flag says that it runs, but `{program}` does not: the flag is stale after a crash"
            ),
            Some("no action needed; it counts as absent until its process runs"),
        ),
        (RunningFlag::Up, Some(true)) => {
            (CheckHealth::Good, format!("`{program}` runs (UpAndRunning 2)"), None)
        }
        (RunningFlag::Starting, Some(true)) => (
            CheckHealth::Limited,
            format!("`{program}` is starting (UpAndRunning 1)"),
            Some("wait"),
        ),
        (RunningFlag::Missing, Some(true)) => (
            CheckHealth::Limited,
            format!("`{program}` runs without its flag, so it counts as starting"),
            Some("wait; if this persists, restart it"),
        ),
        (RunningFlag::Undocumented(value), Some(true)) => (
            CheckHealth::Bad,
            format!("`{program}` runs with an undocumented flag: {value:?}"),
            Some("report this line to the client's vendor and to communicado's maintainers"),
        ),
        (_, None) => (
            CheckHealth::Bad,
            "its program is unknown, so its flag is not reliable".into(),
            Some("set `ProcessName` under `HKLM\\Software\\IM Providers`, as its installer should"),
        ),
    };
    check(format!("client {}", client.client), health, found, action)
}

/// Checks the registration that the client's installer wrote.
#[must_use]
pub fn registration(client: &RegisteredClient) -> Check {
    let class = client.class.map_or("no class".to_owned(), |class| format!("class {class}"));
    let (health, found, action) = match client.registered {
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
            format!("not registered by an installer; {class}, by its known name"),
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
            "not registered: communicado does not need it, but early-bound programs do",
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
    let up = all.iter().find(|client| client.accepts_calls());
    let (health, found, action) = match (name, named, up) {
        (None, _, None) => return None,
        (None, _, Some(up)) => (
            CheckHealth::Limited,
            format!("Office uses no client, although {} runs", up.client),
            Some("make it the default chat application in its settings"),
        ),
        (Some(name), Some(named), _) if named.accepts_calls() => {
            (CheckHealth::Good, format!("Office uses `{name}`, which runs"), None)
        }
        (Some(name), _, Some(up)) => (
            CheckHealth::Limited,
            format!("Office uses `{name}`, which does not run, although {} does", up.client),
            Some(
                "make the running client the default chat application; communicado reads all clients",
            ),
        ),
        (Some(name), _, None) => {
            (CheckHealth::Good, format!("Office uses `{name}`, and no client runs"), None)
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
    use crate::windows::registration::{RegistrySnapshot, registered_clients};

    fn found(flag: u32, process: Option<&str>) -> Vec<RegisteredClient> {
        registered_clients(&RegistrySnapshot {
            flags: vec![("Communicator".to_owned(), Some(RegistryValue::Number(flag)))],
            processes: process.map(|image| (7, image.to_owned())).into_iter().collect(),
            ..RegistrySnapshot::default()
        })
    }

    #[test]
    fn a_stale_flag_is_reported_as_stale() {
        let check = |flag, process, expected: &str| {
            let check_result = life(&found(flag, process)[0]);
            assert!(check_result.found.contains(expected), "{}", check_result.found);
        };
        check(2, None, "the flag is stale after a crash");
        check(2, Some("communicator.exe"), "runs (UpAndRunning 2)");
        check(1, Some("communicator.exe"), "is starting");
        check(0, Some("communicator.exe"), "UpAndRunning 0 (not running)");
        check(9, Some("communicator.exe"), "undocumented flag");
    }

    #[test]
    fn a_different_integrity_level_is_a_problem() {
        let client = &found(2, Some("communicator.exe"))[0];
        let process = |level: Option<&str>| ProcessInfo {
            bits: Some(64),
            level: level.map(str::to_owned),
            own_level: "medium".to_owned(),
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
        let other = "Office uses `Teams`, which does not run, although communicator does";
        check(Some("Teams"), &up, Some(other));
        check(Some("Teams"), &down, Some("Office uses `Teams`, and no client runs"));
    }
}
