//! What `doctor` says of what was found, one sentence and one action each.
//!
//! Pure: what was found goes in.

use communicado_runtime::{Check, Health};

use crate::windows::contract::{Flag, Provider};

/// What was found of the process of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// 32 or 64, where that may be read.
    pub bits: Option<u8>,
    /// How far it is trusted, in a word, where that may be read.
    pub level: Option<String>,
    /// How far this program is.
    pub own_level: String,
}

/// What is to be said of a client by its flag and its process.
#[must_use]
pub fn life(provider: &Provider) -> Check {
    let program = provider.program.as_deref().unwrap_or("?");
    let (health, found, action) = match (&provider.flag, provider.lives()) {
        (Flag::NoKey, _) => (
            Health::Limited,
            "it is installed and has not run for this user".into(),
            Some("start it; it makes its key below `IM Providers` by itself"),
        ),
        (Flag::Down, Some(true)) => (
            Health::Limited,
            format!("`{program}` runs, and its flag says that it does not (UpAndRunning 0)"),
            Some("wait until it has started; if it stays so, end it and start it again"),
        ),
        (Flag::Down, _) => (Health::Good, "it does not run (UpAndRunning 0)".into(), None),
        (Flag::Up | Flag::Starting | Flag::Missing | Flag::Odd(_), Some(false)) => (
            Health::Limited,
            format!(
                "its flag says that it runs, and `{program}` does not: a crash left the flag behind"
            ),
            Some("nothing is to be done; it is taken for absent until its process is there"),
        ),
        (Flag::Up, Some(true)) => {
            (Health::Good, format!("`{program}` runs and says so (UpAndRunning 2)"), None)
        }
        (Flag::Starting, Some(true)) => {
            (Health::Limited, format!("`{program}` is starting (UpAndRunning 1)"), Some("wait"))
        }
        (Flag::Missing, Some(true)) => (
            Health::Limited,
            format!("`{program}` runs and has not written its flag, so it is taken for starting"),
            Some("wait; if it stays so, end it and start it again"),
        ),
        (Flag::Odd(value), Some(true)) => (
            Health::Bad,
            format!("`{program}` runs, and its flag is what no document knows: {value:?}"),
            Some("tell the maker of the client, and send us this line"),
        ),
        (_, None) => (
            Health::Bad,
            "nobody knows which program it is, so its flag cannot be believed".into(),
            Some("have its installer write `ProcessName` to `HKLM\\Software\\IM Providers`"),
        ),
    };
    check(format!("client {}", provider.client), health, found, action)
}

/// What is to be said of where its installer registered it.
#[must_use]
pub fn registration(provider: &Provider) -> Check {
    let class = provider.class.map_or("no class".to_owned(), |class| format!("class {class}"));
    let (health, found, action) = match provider.registered {
        (true, true) => (Health::Good, format!("for 64-bit and 32-bit programs, {class}"), None),
        (true, false) => (
            Health::Limited,
            format!("for 64-bit programs only, {class}"),
            Some("repair its installation if 32-bit programs, such as a 32-bit Office, need it"),
        ),
        (false, true) => (
            Health::Limited,
            format!("for 32-bit programs only, {class}"),
            Some("repair its installation if 64-bit programs, such as a 64-bit Office, need it"),
        ),
        (false, false) => (
            Health::Limited,
            format!("no installer has registered it; {class}, and what is known of its name"),
            Some("repair its installation, or Office will not find it"),
        ),
    };
    check(format!("registration of {}", provider.client), health, found, action)
}

/// What is to be said of the rights of a client's process and of this program.
#[must_use]
pub fn rights(provider: &Provider, process: &Process) -> Check {
    let bits = process.bits.map_or(String::new(), |bits| format!(", {bits}-bit"));
    let own = &process.own_level;
    let (health, found, action) = match &process.level {
        Some(level) if level == own => {
            (Health::Good, format!("as trusted as this program ({own}){bits}"), None)
        }
        Some(level) => (
            Health::Bad,
            format!("it is trusted differently ({level}) than this program ({own}){bits}"),
            Some("run both as the same user at the same level, usually neither as administrator"),
        ),
        None => (
            Health::Bad,
            format!("its rights may not be read by this program ({own}): they are more"),
            Some("start the client as the user, not as administrator"),
        ),
    };
    check(format!("process of {}", provider.client), health, found, action)
}

/// What is to be said of whether a client's type library is registered.
#[must_use]
pub fn library(provider: &Provider, is_there: bool) -> Check {
    let (health, found, action) = if is_there {
        (Health::Good, "it is registered", None)
    } else {
        (
            Health::Limited,
            "it is not registered: communicado does without, programs bound early do not",
            Some("repair the installation of the client, or of Office after an update"),
        )
    };
    check(format!("type library of {}", provider.client), health, found.to_owned(), action)
}

/// What is to be said of `DefaultIMApp`, which names the one client that Office asks.
#[must_use]
pub fn default_app(name: Option<&str>, all: &[Provider]) -> Option<Check> {
    let named = name.and_then(|name| {
        all.iter().find(|provider| provider.app.to_lowercase() == name.to_lowercase())
    });
    let up = all.iter().find(|provider| provider.is_up());
    let (health, found, action) = match (name, named, up) {
        (None, _, None) => return None,
        (None, _, Some(up)) => (
            Health::Limited,
            format!("Office asks no client, though {} runs", up.client),
            Some("choose it as the chat application in its settings"),
        ),
        (Some(name), Some(named), _) if named.is_up() => {
            (Health::Good, format!("Office asks `{name}`, which runs"), None)
        }
        (Some(name), _, Some(up)) => (
            Health::Limited,
            format!("Office asks `{name}`, which does not run, though {} does", up.client),
            Some("choose the one that runs as the chat application; communicado looks at all"),
        ),
        (Some(name), _, None) => {
            (Health::Good, format!("Office asks `{name}`, and no client runs"), None)
        }
    };
    Some(check("DefaultIMApp".to_owned(), health, found, action))
}

fn check(what: String, health: Health, found: String, action: Option<&'static str>) -> Check {
    Check { what: what.into(), health, found: found.into(), action: action.map(Into::into) }
}

#[cfg(test)]
mod tests {
    use communicado_windows::RegistryValue;

    use super::*;
    use crate::windows::contract::{Read, providers};

    fn found(flag: u32, process: Option<&str>) -> Vec<Provider> {
        providers(&Read {
            flags: vec![("Communicator".to_owned(), Some(RegistryValue::Number(flag)))],
            processes: process.map(|image| (7, image.to_owned())).into_iter().collect(),
            ..Read::default()
        })
    }

    #[test]
    fn a_stale_flag_is_named_as_what_it_is() {
        let check = |flag, process, expected: &str| {
            let said = life(&found(flag, process)[0]);
            assert!(said.found.contains(expected), "{}", said.found);
        };
        check(2, None, "a crash left the flag behind");
        check(2, Some("communicator.exe"), "runs and says so");
        check(1, Some("communicator.exe"), "is starting");
        check(0, Some("communicator.exe"), "its flag says that it does not");
        check(9, Some("communicator.exe"), "no document knows");
    }

    #[test]
    fn elevation_is_named_with_what_to_do() {
        let provider = &found(2, Some("communicator.exe"))[0];
        let process = |level: Option<&str>| Process {
            bits: Some(64),
            level: level.map(str::to_owned),
            own_level: "medium".to_owned(),
        };
        let check = |level, health, expected: &str| {
            let said = rights(provider, &process(level));
            assert_eq!(said.health, health);
            assert!(said.found.contains(expected), "{}", said.found);
        };
        check(Some("medium"), Health::Good, "as trusted as this program (medium), 64-bit");
        check(Some("high"), Health::Bad, "trusted differently (high) than this program (medium)");
        check(None, Health::Bad, "may not be read");
    }

    #[test]
    fn the_client_that_office_asks_is_compared_with_the_one_that_runs() {
        let check = |name, all: &[Provider], expected: Option<&str>| {
            let said = default_app(name, all).map(|check| check.found.into_owned());
            assert_eq!(said.as_deref(), expected);
        };
        let up = found(2, Some("communicator.exe"));
        let down = found(0, None);
        check(None, &down, None);
        check(None, &up, Some("Office asks no client, though communicator runs"));
        check(Some("communicator"), &up, Some("Office asks `communicator`, which runs"));
        let other = "Office asks `Teams`, which does not run, though communicator does";
        check(Some("Teams"), &up, Some(other));
        check(Some("Teams"), &down, Some("Office asks `Teams`, and no client runs"));
    }
}
