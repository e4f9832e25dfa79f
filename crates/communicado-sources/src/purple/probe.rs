//! Checks of the session bus and of each client, with an action for each problem.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::time::Duration;

use communicado_core::{Life, SignInFailure};
use communicado_runtime::{Check, CheckHealth, Clock, SourceError, timeout_at};

use super::client_process::OffBusClient;
use super::watcher::PurpleWatcher;
use super::{off_bus, protocol};
use crate::bus::ClientReport;
use crate::client_reporter::ClientDetails;
use crate::dbus_address::BusAddress;
use crate::keepalive::Keepalive;
use crate::sign_in::AccountSignIn;

/// The maximum time for a client to reply.
const TIMEOUT: Duration = Duration::from_secs(2);

/// The state of one client that the probe has found.
#[derive(Default)]
struct ProbedClient {
    client: String,
    life: Option<Life>,
    details: Option<ClientDetails>,
}

pub(super) async fn probe(
    keepalive: Keepalive,
    includes_other_buses: bool,
    clock: &dyn Clock,
) -> Vec<Check> {
    let keepalive = Keepalive { timeout: keepalive.timeout.min(TIMEOUT), ..keepalive };
    match snapshot(keepalive, clock).await {
        Err(SourceError { cause, help }) => {
            vec![check("session bus", CheckHealth::Bad, cause, Some(help))]
        }
        Ok((address, found)) => {
            let reached = format!("connected to the bus at `{}`", address.written);
            let mut checks = vec![check("session bus", CheckHealth::Good, reached, None)];
            let off_bus = off_bus_checks(&address, includes_other_buses, &found);
            if found.is_empty() && off_bus.is_empty() {
                checks.push(check(
                    "client",
                    CheckHealth::Limited,
                    "no libpurple client is on the bus",
                    Some("start Pidgin, Finch or Chatty; communicado never starts a client".into()),
                ));
            }
            checks.extend(found.iter().flat_map(client_checks));
            checks.extend(off_bus);
            checks
        }
    }
}

/// Watches until each client has replied or timed out.
async fn snapshot(
    keepalive: Keepalive,
    clock: &dyn Clock,
) -> Result<(BusAddress, Vec<ProbedClient>), SourceError> {
    let mut connection =
        protocol::open(PurpleWatcher::new(keepalive, false), keepalive, "", clock).await?;
    let mut found: BTreeMap<u32, ProbedClient> = BTreeMap::new();
    let end = clock.now().after(keepalive.timeout * 2);
    loop {
        let mut reports = Vec::new();
        let requests =
            timeout_at(clock, end, poll_fn(|cx| connection.poll(cx, clock, &mut reports))).await;
        let mut is_ready = requests.is_none();
        for report in reports {
            match report {
                ClientReport::Open { instance, client } => {
                    found.insert(instance, ProbedClient { client, ..ProbedClient::default() });
                }
                ClientReport::Life { instance, life } => {
                    found.entry(instance).or_default().life = Some(life);
                }
                ClientReport::Details { instance, details, .. } => {
                    found.entry(instance).or_default().details = Some(details);
                }
                ClientReport::Ready => is_ready = true,
            }
        }
        if is_ready {
            let running = found.into_values().filter(|found| found.life != Some(Life::Absent));
            return Ok((connection.address.clone(), running.collect()));
        }
        connection.send(requests.transpose()?.unwrap_or_default()).await?;
    }
}

fn client_checks(found: &ProbedClient) -> Vec<Check> {
    let client = &found.client;
    let one = |health, found: &str, action: &str| {
        vec![check(
            format!("client {client}"),
            health,
            found.to_owned(),
            Some(action.to_owned().into()),
        )]
    };
    let details = match (found.life, &found.details) {
        (Some(Life::Running), Some(details)) => details,
        (Some(Life::Unknown(communicado_core::UnknownReason::NotSupported)), _) => {
            return one(
                CheckHealth::Bad,
                "it owns the name of a libpurple client but does not behave like one",
                "find the owner of the name (busctl --user list) and end it",
            );
        }
        (Some(Life::ShuttingDown), _) => {
            return one(CheckHealth::Limited, "it is shutting down", "wait until it has exited");
        }
        _ => {
            return one(
                CheckHealth::Bad,
                "it runs but does not respond",
                "check whether it shows a dialog or is suspended; otherwise restart it",
            );
        }
    };
    let mut checks =
        vec![check(format!("client {client}"), CheckHealth::Good, "it runs and responds", None)];
    if details.accounts.is_empty() {
        let action = "enable an account in it (Accounts, Manage)";
        checks.extend(one(CheckHealth::Limited, "no account is enabled", action));
    }
    for ((name, protocol), sign_in) in &details.accounts {
        let what = format!("account {name} ({protocol})");
        checks.push(match sign_in {
            AccountSignIn::SignedIn { raw, .. } => {
                check(what, CheckHealth::Good, format!("signed in, {raw}"), None)
            }
            AccountSignIn::SigningIn | AccountSignIn::SigningOut => {
                let action = "wait; if this persists, check whether the server is reachable";
                check(what, CheckHealth::Limited, "signing in", Some(action.into()))
            }
            AccountSignIn::SignedOut(failure) => {
                let why = failure.map_or_else(String::new, |why| format!(", {}", why.word()));
                let action = sign_in_action(*failure);
                check(what, CheckHealth::Limited, format!("signed out{why}"), Some(action.into()))
            }
        });
    }
    checks
}

const fn sign_in_action(failure: Option<SignInFailure>) -> &'static str {
    match failure {
        None => "choose a status other than offline in the client",
        Some(SignInFailure::NetworkError) => {
            "check the network and the account's server; the client retries automatically"
        }
        Some(SignInFailure::InvalidUsername) => "correct the user name in the account's settings",
        Some(SignInFailure::AuthenticationFailed) => {
            "correct the password in the account's settings and enable the account again"
        }
        Some(SignInFailure::SignedInElsewhere) => {
            "enable the account again, or set a unique resource in its settings"
        }
        Some(SignInFailure::CertificateError) => {
            "check the server's certificate in the client, and contact the server's administrator"
        }
        Some(
            SignInFailure::AuthenticationImpossible
            | SignInFailure::NoEncryption
            | SignInFailure::EncryptionError,
        ) => "compare the account's security settings with what the server offers",
        Some(SignInFailure::InvalidSettings) => "correct the account's settings",
        Some(SignInFailure::OtherError | SignInFailure::Unstated) => {
            "read the error that the client shows"
        }
    }
}

fn off_bus_checks(
    address: &BusAddress,
    includes_other_buses: bool,
    found: &[ProbedClient],
) -> Vec<Check> {
    let is_on_bus = |client: &str| found.iter().any(|found| found.client == client);
    let off_bus = off_bus::search(address, includes_other_buses, is_on_bus).into_iter();
    off_bus
        .map(|OffBusClient { client, process, cause, .. }| {
            check(
                format!("client {client}"),
                cause.health(),
                format!("process {process} {cause}"),
                Some(cause.action(client).into()),
            )
        })
        .collect()
}

fn check(
    what: impl Into<std::borrow::Cow<'static, str>>,
    health: CheckHealth,
    found: impl Into<std::borrow::Cow<'static, str>>,
    action: Option<std::borrow::Cow<'static, str>>,
) -> Check {
    Check { what: what.into(), health, found: found.into(), action }
}
