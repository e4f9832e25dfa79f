//! Checks of the session bus and of each client that runs.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::time::Duration;

use communicado_runtime::{Check, CheckHealth, Clock, SourceError, timeout_at};

use super::connections::{ConnectionEvent, Connections};
use super::message::ConnectionCredentials;
use super::program_table::ProgramTable;
use super::search;
use crate::bus::BusConnection;

/// The maximum time for the bus to reply.
const TIMEOUT: Duration = Duration::from_secs(2);

const NO_SIGN_IN: &str = "it offers no interface for its sign-in";

pub(super) async fn probe(table: &ProgramTable, clock: &dyn Clock) -> Vec<Check> {
    let own = ConnectionCredentials::of_this_process();
    let found = match subscribe(own, clock).await {
        Ok(()) => search::find_all(table, own.user),
        Err(error) => Err(error),
    };
    let found = match found {
        Ok(found) => found,
        Err(SourceError { cause, help }) => {
            return vec![check("desktop clients".into(), CheckHealth::Bad, cause, Some(help))];
        }
    };
    let mut processes: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for process in &found {
        processes.entry(&process.client).or_default().push(process.process.to_string());
    }
    if processes.is_empty() {
        let none = "no process of yours is a known client";
        return vec![check("desktop clients".into(), CheckHealth::Good, none.into(), None)];
    }
    let checks = processes.into_iter().map(|(client, processes)| {
        let noun = if processes.len() == 1 { "process" } else { "processes" };
        let found = format!("{noun} {}; {NO_SIGN_IN}", processes.join(", "));
        check(format!("client {client}").into(), CheckHealth::Limited, found.into(), None)
    });
    checks.collect()
}

/// Waits until the bus has shown that it does not hide other programs.
async fn subscribe(own: ConnectionCredentials, clock: &dyn Clock) -> Result<(), SourceError> {
    let mut connection = BusConnection::open(Connections::new(own), clock).await?;
    let end = clock.now().after(TIMEOUT);
    loop {
        let polled = poll_fn(|cx| connection.poll(cx, clock, &mut Vec::new()));
        let Some(requests) = timeout_at(clock, end, polled).await else { return Err(silent()) };
        for event in connection.protocol.take_events() {
            match event {
                ConnectionEvent::Subscribed => return Ok(()),
                ConnectionEvent::Blind(error) => return Err(error),
                ConnectionEvent::Joined { .. } | ConnectionEvent::Missed => {}
            }
        }
        connection.send(requests?).await?;
    }
}

fn silent() -> SourceError {
    SourceError {
        cause: "the session bus does not respond within 2 s".into(),
        help: "check the session bus (busctl --user list), and sign in to the desktop again".into(),
    }
}

fn check(
    what: Cow<'static, str>,
    health: CheckHealth,
    found: Cow<'static, str>,
    action: Option<Cow<'static, str>>,
) -> Check {
    Check { what, health, found, action }
}
