//! Looks once, and says what is missing and what to do.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::time::Duration;

use communicado_core::{Failure, Life};
use communicado_runtime::{Check, Clock, Health, SourceError, timeout_at};

use super::watcher::Watcher;
use super::{protocol, stray};
use crate::bus::{Pace, SignIn, Tell, View};

/// A client that hangs is noticed within this time.
const TIMEOUT: Duration = Duration::from_secs(2);

/// What was found of one client.
#[derive(Default)]
struct Found {
    client: String,
    life: Option<Life>,
    view: Option<View>,
}

pub(super) async fn probe(pace: Pace, clock: &dyn Clock) -> Vec<Check> {
    let pace = Pace { timeout: pace.timeout.min(TIMEOUT), ..pace };
    match look(pace, clock).await {
        Err(SourceError { cause, help }) => {
            vec![check("session bus", Health::Bad, cause, Some(help))]
        }
        Ok((address, found)) => {
            let reached = format!("the bus at `{address}` answers");
            let mut checks = vec![check("session bus", Health::Good, reached, None)];
            let strays = strays(&address, &found);
            if found.is_empty() && strays.is_empty() {
                checks.push(check(
                    "client",
                    Health::Limited,
                    "no libpurple client is on the bus",
                    Some("start Pidgin, Finch or Chatty; nothing is started by asking".into()),
                ));
            }
            checks.extend(found.iter().flat_map(about));
            checks.extend(strays);
            checks
        }
    }
}

/// Watches until everyone who is there has answered or is known not to.
async fn look(pace: Pace, clock: &dyn Clock) -> Result<(String, Vec<Found>), SourceError> {
    let mut connection = protocol::open(Watcher::new(pace), pace, "", clock).await?;
    let mut found: BTreeMap<u32, Found> = BTreeMap::new();
    let end = clock.now().after(pace.timeout * 2);
    loop {
        let mut tell = Vec::new();
        let asks =
            timeout_at(clock, end, poll_fn(|cx| connection.poll(cx, clock, &mut tell))).await;
        let mut looked = asks.is_none();
        for tell in tell {
            match tell {
                Tell::Open { instance, client } => {
                    found.insert(instance, Found { client, ..Found::default() });
                }
                Tell::Life { instance, life } => {
                    found.entry(instance).or_default().life = Some(life);
                }
                Tell::View { instance, view, .. } => {
                    found.entry(instance).or_default().view = Some(view);
                }
                Tell::Looked => looked = true,
            }
        }
        if looked {
            let here = found.into_values().filter(|found| found.life != Some(Life::Absent));
            return Ok((connection.address.clone(), here.collect()));
        }
        connection.send(asks.transpose()?.unwrap_or_default()).await?;
    }
}

fn about(found: &Found) -> Vec<Check> {
    let client = &found.client;
    let one = |health, found: &str, action: &str| {
        vec![check(
            format!("client {client}"),
            health,
            found.to_owned(),
            Some(action.to_owned().into()),
        )]
    };
    let view = match (found.life, &found.view) {
        (Some(Life::Running), Some(view)) => view,
        (Some(Life::Unknown(communicado_core::UnknownReason::NotSupported)), _) => {
            return one(
                Health::Bad,
                "it owns the name of a libpurple client and does not answer as one",
                "find the program that took the name (busctl --user list) and end it",
            );
        }
        (Some(Life::ShuttingDown), _) => {
            return one(Health::Limited, "it is about to end", "wait until it has ended");
        }
        _ => {
            return one(
                Health::Bad,
                "it runs and does not answer",
                "look whether it shows a dialog or is stopped; else end it and start it again",
            );
        }
    };
    let mut checks =
        vec![check(format!("client {client}"), Health::Good, "it runs and answers", None)];
    if view.accounts.is_empty() {
        let action = "enable an account in it (Accounts, Manage)";
        checks.extend(one(Health::Limited, "no account is enabled", action));
    }
    for ((name, protocol), sign_in) in &view.accounts {
        let what = format!("account {name} ({protocol})");
        checks.push(match sign_in {
            SignIn::SignedIn { raw, .. } => {
                check(what, Health::Good, format!("signed in, {raw}"), None)
            }
            SignIn::SigningIn | SignIn::SigningOut => {
                let action = "wait; if it stays so, look whether the server can be reached";
                check(what, Health::Limited, "signing in", Some(action.into()))
            }
            SignIn::SignedOut(failure) => {
                let why = failure.map_or_else(String::new, |why| format!(", {}", why.word()));
                let action = advice(*failure);
                check(what, Health::Limited, format!("signed out{why}"), Some(action.into()))
            }
        });
    }
    checks
}

const fn advice(failure: Option<Failure>) -> &'static str {
    match failure {
        None => "choose a status other than offline in the client",
        Some(Failure::NetworkError) => {
            "check the network and the account's server; the client tries again by itself"
        }
        Some(Failure::InvalidUsername) => "correct the user name in the account's settings",
        Some(Failure::AuthenticationFailed) => {
            "correct the password in the account's settings and enable the account again"
        }
        Some(Failure::SignedInElsewhere) => {
            "enable the account again, or give it a resource of its own in its settings"
        }
        Some(Failure::CertificateError) => {
            "look at the server's certificate in the client, and tell whoever runs the server"
        }
        Some(
            Failure::AuthenticationImpossible | Failure::NoEncryption | Failure::EncryptionError,
        ) => "compare the account's security settings with what the server offers",
        Some(Failure::InvalidSettings) => "correct the account's settings",
        Some(Failure::OtherError | Failure::Unstated) => "read the error that the client shows",
    }
}

fn strays(address: &str, found: &[Found]) -> Vec<Check> {
    let strays = stray::find(address).into_iter();
    let strays = strays.filter(|stray| !found.iter().any(|found| found.client == stray.client));
    strays
        .map(|stray| {
            check(
                format!("client {}", stray.client),
                Health::Bad,
                format!("it runs (process {}) and is not on the bus", stray.process),
                Some("restart it: a libpurple client does not come back to a new bus".into()),
            )
        })
        .collect()
}

fn check(
    what: impl Into<std::borrow::Cow<'static, str>>,
    health: Health,
    found: impl Into<std::borrow::Cow<'static, str>>,
    action: Option<std::borrow::Cow<'static, str>>,
) -> Check {
    Check { what: what.into(), health, found: found.into(), action }
}
