//! Looks once, and says what is missing and what to do.

use std::borrow::Cow;
use std::future::poll_fn;
use std::time::Duration;

use communicado_core::{Life, UnknownReason};
use communicado_runtime::{Check, Clock, Health, SourceError, timeout_at};

use super::watcher::Watcher;
use crate::bus::{BusConnection, Pace, SignIn, Tell, View};

const NO_BUS: &str = "without a session bus there is none";
/// A provider that hangs is noticed within this time.
const TIMEOUT: Duration = Duration::from_secs(2);

pub(super) async fn probe(pace: Pace, clock: &dyn Clock) -> Vec<Check> {
    let pace = Pace { timeout: pace.timeout.min(TIMEOUT), ..pace };
    match look(pace, clock).await {
        // What is wrong with the bus is said where clients are looked for.
        Err(_) => vec![check("provider", Health::Limited, NO_BUS, None)],
        Ok(None) => vec![check("provider", Health::Good, "none runs, and none need run", None)],
        Ok(Some((life, view))) => about(life, &view),
    }
}

/// Watches until whoever bears the name has answered or is known not to.
async fn look(pace: Pace, clock: &dyn Clock) -> Result<Option<(Life, View)>, SourceError> {
    let mut connection = BusConnection::open(Watcher::new(pace), clock).await?;
    let end = clock.now().after(pace.timeout * 2);
    let (mut life, mut known) = (Life::Starting, View::default());
    loop {
        let mut tell = Vec::new();
        let polled = poll_fn(|cx| connection.poll(cx, clock, &mut tell));
        let asks = timeout_at(clock, end, polled).await;
        let mut looked = asks.is_none();
        for tell in tell {
            match tell {
                Tell::Open { .. } => {}
                Tell::Life { life: now, .. } => life = now,
                Tell::View { view, .. } => known = view,
                Tell::Looked => looked = true,
            }
        }
        if looked {
            return Ok(connection.protocol.is_there().then_some((life, known)));
        }
        connection.send(asks.transpose()?.unwrap_or_default()).await?;
    }
}

fn about(life: Life, view: &View) -> Vec<Check> {
    let one = |health, found: &'static str, action: Option<&'static str>| {
        vec![check("provider", health, found, action.map(Cow::Borrowed))]
    };
    match life {
        Life::Running => {}
        Life::Starting => {
            return one(Health::Limited, "it is starting", Some("wait until it has started"));
        }
        Life::ShuttingDown | Life::Absent => {
            return one(Health::Limited, "it is about to end", Some("wait until it has ended"));
        }
        Life::Unknown(UnknownReason::NotSupported) => {
            return one(
                Health::Bad,
                "it owns the provider's name and does not answer as one",
                Some("find the program that took the name (busctl --user list) and end it"),
            );
        }
        Life::Unknown(_) => {
            return one(
                Health::Bad,
                "it runs and does not answer",
                Some("wait, or end it and start it again: communicado provide"),
            );
        }
    }
    let mut checks = one(Health::Good, "it runs and answers", None);
    for ((name, protocol), sign_in) in &view.accounts {
        let what = format!("account {name} ({protocol})");
        checks.push(match sign_in {
            SignIn::SignedIn { raw, .. } => {
                check(what, Health::Good, format!("signed in, {raw}"), None)
            }
            SignIn::SigningIn | SignIn::SigningOut => {
                check(what, Health::Limited, "under way", Some("wait".into()))
            }
            SignIn::SignedOut(failure) => {
                let why = failure.map_or_else(String::new, |why| format!(", {}", why.word()));
                let action = "sign in: communicado provide sign-in";
                check(what, Health::Limited, format!("signed out{why}"), Some(action.into()))
            }
        });
    }
    checks
}

fn check(
    what: impl Into<Cow<'static, str>>,
    health: Health,
    found: impl Into<Cow<'static, str>>,
    action: Option<Cow<'static, str>>,
) -> Check {
    Check { what: what.into(), health, found: found.into(), action }
}
