//! Checks of the provider, with an action for each problem.

use std::borrow::Cow;
use std::future::poll_fn;
use std::time::Duration;

use communicado_core::{Life, UnknownReason};
use communicado_runtime::{Check, CheckHealth, Clock, SourceError, timeout_at};

use super::protocol::ProviderProtocol;
use crate::bus::{BusConnection, ClientProtocol as _, ClientReport};
use crate::client_reporter::ClientDetails;
use crate::keepalive::Keepalive;
use crate::sign_in::AccountSignIn;

const NO_BUS: &str = "not running: there is no session bus";
/// The maximum time for the provider to reply.
const TIMEOUT: Duration = Duration::from_secs(2);

pub(super) async fn probe(keepalive: Keepalive, clock: &dyn Clock) -> Vec<Check> {
    let keepalive = Keepalive { timeout: keepalive.timeout.min(TIMEOUT), ..keepalive };
    match snapshot(keepalive, clock).await {
        // The checks of the libpurple source explain what is wrong with the bus.
        Err(_) => vec![check("provider", CheckHealth::Limited, NO_BUS, None)],
        Ok(None) => {
            vec![check("provider", CheckHealth::Good, "not running, and not required", None)]
        }
        Ok(Some((life, details))) => provider_checks(life, &details),
    }
}

/// Watches until the provider has replied or timed out.
async fn snapshot(
    keepalive: Keepalive,
    clock: &dyn Clock,
) -> Result<Option<(Life, ClientDetails)>, SourceError> {
    let mut connection =
        BusConnection::open(ProviderProtocol::new(keepalive, false), clock).await?;
    let end = clock.now().after(keepalive.timeout * 2);
    let (mut life, mut known) = (Life::Starting, ClientDetails::default());
    loop {
        let mut reports = Vec::new();
        let polled = poll_fn(|cx| connection.poll(cx, clock, &mut reports));
        let requests = timeout_at(clock, end, polled).await;
        let mut is_ready = requests.is_none();
        for report in reports {
            match report {
                ClientReport::Open { .. } => {}
                ClientReport::Life { life: now, .. } => life = now,
                ClientReport::Details { details, .. } => known = details,
                ClientReport::Ready => is_ready = true,
            }
        }
        if is_ready {
            return Ok(connection.protocol.names().next().map(|_| (life, known)));
        }
        connection.send(requests.transpose()?.unwrap_or_default()).await?;
    }
}

fn provider_checks(life: Life, details: &ClientDetails) -> Vec<Check> {
    let one = |health, found: &'static str, action: Option<&'static str>| {
        vec![check("provider", health, found, action.map(Cow::Borrowed))]
    };
    match life {
        Life::Running => {}
        Life::Starting => {
            return one(CheckHealth::Limited, "it is starting", Some("wait until it has started"));
        }
        Life::ShuttingDown | Life::Absent => {
            return one(
                CheckHealth::Limited,
                "it is shutting down",
                Some("wait until it has exited"),
            );
        }
        Life::Unknown(UnknownReason::NotSupported) => {
            return one(
                CheckHealth::Bad,
                "the owner of the provider's name does not behave like a provider",
                Some("find the owner of the name (busctl --user list) and end it"),
            );
        }
        Life::Unknown(_) => {
            return one(
                CheckHealth::Bad,
                "it runs but does not respond",
                Some("wait, or restart it: communicado provide"),
            );
        }
    }
    let mut checks = one(CheckHealth::Good, "it runs and responds", None);
    for ((name, protocol), sign_in) in &details.accounts {
        let what = format!("account {name} ({protocol})");
        checks.push(match sign_in {
            AccountSignIn::SignedIn { raw, .. } => {
                check(what, CheckHealth::Good, format!("signed in, {raw}"), None)
            }
            AccountSignIn::SigningIn | AccountSignIn::SigningOut => check(
                what,
                CheckHealth::Limited,
                "sign-in or sign-out in progress",
                Some("wait".into()),
            ),
            AccountSignIn::SignedOut(failure) => {
                let why = failure.map_or_else(String::new, |why| format!(", {}", why.word()));
                let action = "sign in: communicado provide sign-in";
                check(what, CheckHealth::Limited, format!("signed out{why}"), Some(action.into()))
            }
        });
    }
    checks
}

fn check(
    what: impl Into<Cow<'static, str>>,
    health: CheckHealth,
    found: impl Into<Cow<'static, str>>,
    action: Option<Cow<'static, str>>,
) -> Check {
    Check { what: what.into(), health, found: found.into(), action }
}
