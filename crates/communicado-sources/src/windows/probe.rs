//! Checks of the clients: reads each one once.

use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;

use communicado_runtime::{Check, CheckHealth, Clock, sleep_until};
use communicado_windows::{Guid, HResult};
use futures_util::future::{Either, select};

use super::com_worker::{ComClient, ComWorker, RecordedCall, WorkerOutput};
use super::reading::{ClientReading, ReportedStatus};
use super::registered_client::RegisteredClient;
use super::registration::registered_clients;
use super::registry_watcher::read;
use super::watch::same_level;
use crate::keepalive::Keepalive;
use crate::sign_in::AccountSignIn;

/// The maximum time for a client to respond.
const TIMEOUT: Duration = Duration::from_secs(2);

pub(crate) async fn probe<C: ComClient>(clock: &dyn Clock, keepalive: Keepalive) -> Vec<Check> {
    let mut checks = Vec::new();
    // The checks of the source `im-providers` explain a registry that is not readable.
    let found = read().map(|read| registered_clients(&read)).unwrap_or_default();
    for client in found.iter().filter(|client| C::includes(client) && client.accepts_calls()) {
        let Some(class) = client.class else { continue };
        let timeout = keepalive.timeout.min(TIMEOUT);
        let (result, calls) = read_once::<C>(clock, class, timeout).await;
        let level = same_level(&client.processes);
        checks.push(check(client, result, level));
        checks.extend(calls_check(client, &calls));
    }
    checks
}

/// Reads the client, and returns `None` after the timeout, with the calls so far.
async fn read_once<C: ComClient>(
    clock: &dyn Clock,
    class: Guid,
    timeout: Duration,
) -> (Option<Result<ClientReading, HResult>>, Vec<RecordedCall>) {
    let mut worker = ComWorker::new::<C>();
    worker.connect(0, class);
    let end = clock.now().after(timeout);
    let read = async {
        loop {
            if let WorkerOutput::Read(_, result) = poll_fn(|cx| worker.poll_output(cx)).await {
                return result;
            }
        }
    };
    let result = match select(pin!(read), pin!(sleep_until(clock, end))).await {
        Either::Left((result, _)) => Some(result),
        Either::Right(_) => None,
    };
    (result, worker.calls())
}

/// The calls with their results, which show what the client answers.
fn calls_check(client: &RegisteredClient, calls: &[RecordedCall]) -> Option<Check> {
    let describe = |call: &RecordedCall| {
        let early = if call.is_early { " (vtable)" } else { "" };
        let result = call.error.map_or_else(|| "ok".to_owned(), |code| code.to_string());
        format!("{}{early} {result}", call.name)
    };
    let described: Vec<String> = calls.iter().map(describe).collect();
    (!described.is_empty()).then(|| Check {
        what: format!("calls of {}", client.client).into(),
        health: CheckHealth::Good,
        found: described.join(", ").into(),
        action: None,
    })
}

fn check(
    client: &RegisteredClient,
    result: Option<Result<ClientReading, HResult>>,
    same_level: Option<bool>,
) -> Check {
    let what = format!("object of {}", client.client).into();
    let check = |health, found: String, action: Option<String>| Check {
        what,
        health,
        found: found.into(),
        action: action.map(Into::into),
    };
    match result {
        None => check(
            CheckHealth::Bad,
            "it runs but does not respond".to_owned(),
            Some("check whether it shows a dialog; otherwise restart it".to_owned()),
        ),
        Some(Ok(reading)) => {
            let (health, found, action) = status_finding(&reading.status);
            check(health, found, action.map(str::to_owned))
        }
        Some(Err(code)) if same_level == Some(false) => check(
            CheckHealth::Bad,
            format!("access denied ({code}): it has another integrity level than this program"),
            Some("run both as the same user, neither as administrator".to_owned()),
        ),
        Some(Err(code)) => {
            let mut known = communicado_codes::lookup(code.0.cast_unsigned());
            let (found, action) = match known.next() {
                Some(known) => {
                    let found =
                        format!("reading it failed with {code} {}: {}", known.name, known.meaning);
                    (found, known.action.to_owned())
                }
                None => {
                    let action =
                        "search for the code, and report this line to communicado's maintainers";
                    (format!("reading it failed with {code}"), action.to_owned())
                }
            };
            check(CheckHealth::Limited, found, Some(action))
        }
    }
}

fn status_finding(status: &ReportedStatus) -> (CheckHealth, String, Option<&'static str>) {
    let limited = |found: &str, action| (CheckHealth::Limited, found.to_owned(), Some(action));
    match status {
        ReportedStatus::SignIn(AccountSignIn::SignedIn { raw, .. }) => {
            (CheckHealth::Good, format!("signed in, {raw}"), None)
        }
        ReportedStatus::SignIn(AccountSignIn::SignedOut(_)) => {
            limited("signed out", "sign in, in the client")
        }
        ReportedStatus::SignIn(AccountSignIn::SigningIn) => limited("signing in", "wait"),
        ReportedStatus::SignIn(AccountSignIn::SigningOut) => limited("signing out", "wait"),
        ReportedStatus::Starting => limited("starting", "wait"),
        ReportedStatus::ShuttingDown => limited("shutting down", "wait"),
        ReportedStatus::NotReported => (
            CheckHealth::Bad,
            "it responds, but does not report whether the user is signed in".to_owned(),
            Some("report the output of `communicado doctor` to the client's vendor"),
        ),
    }
}
