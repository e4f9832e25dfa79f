//! Looks once, and says what is missing and what to do.

use communicado_runtime::{Check, Health, SourceError};

use crate::providers::contract::{Flag, Provider, providers};
use crate::providers::lookout::read;

pub(super) fn probe() -> Vec<Check> {
    let found = match read() {
        Ok(read) => providers(&read),
        Err(SourceError { because, help }) => {
            return vec![Check {
                what: "registry".into(),
                health: Health::Bad,
                found: because,
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
    found.iter().map(check).collect()
}

/// What is to be said of one provider by its flag and its process.
fn check(provider: &Provider) -> Check {
    let (health, found, action) = finding(provider);
    Check {
        what: format!("client {}", provider.client).into(),
        health,
        found: found.into(),
        action: action.map(Into::into),
    }
}

fn finding(provider: &Provider) -> (Health, String, Option<&'static str>) {
    let program = provider.program.as_deref().unwrap_or("?");
    match (&provider.flag, provider.lives()) {
        (Flag::NoKey, _) => {
            let action = "start it; it makes its key below `IM Providers` by itself";
            (Health::Limited, "it is installed and has not run for this user".into(), Some(action))
        }
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
    }
}
