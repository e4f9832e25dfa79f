//! Finding of `doctor` on a client: the decision in words, with its remedy.

use communicado_runtime::{Check, CheckHealth};
use communicado_windows::RegistryValue;

use super::class_server::Doubt;
use super::decision::{Basis, RunningFlag, START_MAX};
use super::registered_client::RegisteredClient;

/// The types of registry values that a flag may have by mistake (winnt.h, `REG_*`).
const TYPES: [(u32, &str); 4] =
    [(0, "unreadable"), (3, "binary (REG_BINARY)"), (7, "a list"), (11, "a REG_QWORD")];

/// The finding on a client. It is good only if nothing about the client is unknown.
#[must_use]
pub fn finding(client: &RegisteredClient) -> Check {
    let runs = running(client);
    let flag = flag(&client.evidence.flag);
    let name = program(client);
    let (health, found, action) = match &client.decision.basis {
        Basis::NotRunning => (CheckHealth::Good, format!("not running ({flag})"), None),
        Basis::FlagDown => (
            CheckHealth::Limited,
            format!("not running ({flag}), but its program is unknown"),
            Some(SET_PROGRAM.to_owned()),
        ),
        Basis::StaleFlag => (
            CheckHealth::Limited,
            format!(
                "its flag says that it runs ({flag}), but `{name}` does not run{}",
                left(client)
            ),
            Some("no action needed: it counts as absent until its process runs".to_owned()),
        ),
        Basis::OtherClient(other) => (
            CheckHealth::Good,
            format!("its class or its program belongs to {other}, which runs"),
            None,
        ),
        Basis::JustStarted => (
            CheckHealth::Limited,
            format!("{runs} since a moment, without its flag ({flag})"),
            Some("wait".to_owned()),
        ),
        Basis::Starting => {
            (CheckHealth::Limited, format!("{runs} and is starting ({flag})"), Some("wait".into()))
        }
        Basis::ShuttingDown => (
            CheckHealth::Limited,
            format!("{runs} and has just reset its flag ({flag}): it is shutting down"),
            Some("wait".to_owned()),
        ),
        Basis::HungStart => (
            CheckHealth::Bad,
            format!(
                "{runs}, but its start has not ended within {} s ({flag})",
                START_MAX / 1_000_000
            ),
            Some(format!("end {} in the task manager, and start it again", ended(client))),
        ),
        Basis::Undated => (
            CheckHealth::Bad,
            format!(
                "{runs} and says that it is starting ({flag}), but its start time is not readable"
            ),
            Some(SAME_LEVEL.to_owned()),
        ),
        Basis::WithoutFlag => (
            CheckHealth::Limited,
            format!("{runs}, but its flag does not say so ({flag}): its sign-in is not readable"),
            Some(
                "turn on the integration with Office in its settings, and restart it; \
                 communicado reads what it registers for Office"
                    .to_owned(),
            ),
        ),
        Basis::WrongType => (
            CheckHealth::Bad,
            format!("{runs}, but {flag}"),
            Some(format!(
                "make it a DWORD: delete the value `UpAndRunning` of \
                 `HKCU\\Software\\IM Providers\\{}` and restart the client",
                client.app
            )),
        ),
        Basis::Undocumented => (
            CheckHealth::Bad,
            format!("{runs} with an undocumented flag ({flag})"),
            Some("restart it; if this persists, report this line to its vendor".to_owned()),
        ),
        Basis::NoClass => (
            CheckHealth::Limited,
            format!("{runs} ({flag}), but it has registered no class: its sign-in is not readable"),
            Some("repair its installation, if its version integrates with Office".to_owned()),
        ),
        Basis::InvalidClass => (
            CheckHealth::Bad,
            format!("{runs} ({flag}), but its `GUID` under `IM Providers` is invalid"),
            Some("repair its installation".to_owned()),
        ),
        Basis::Unproven(doubt) => {
            let (found, action) = self::doubt(doubt);
            (CheckHealth::Bad, format!("{runs} ({flag}), but {found}"), Some(action))
        }
        Basis::OtherSession => (
            CheckHealth::Limited,
            format!("`{name}` runs in another session of this user"),
            Some("run communicado in that session".to_owned()),
        ),
        Basis::UnknownProgram => (
            CheckHealth::Bad,
            format!("its program is unknown, so nothing shows whether it runs ({flag})"),
            Some(SET_PROGRAM.to_owned()),
        ),
        Basis::SharedHost => (
            CheckHealth::Limited,
            format!("{runs}, which also runs other programs, so it may be another one ({flag})"),
            Some(
                "start the client with its integration with Office, which sets its flag".to_owned(),
            ),
        ),
        Basis::Callable => (CheckHealth::Good, format!("{runs} ({flag})"), None),
    };
    Check {
        what: format!("client {}", client.client).into(),
        health,
        found: found.into(),
        action: action.map(Into::into),
    }
}

const SET_PROGRAM: &str =
    "set `ProcessName` under `HKLM\\Software\\IM Providers`, as its installer should";
const SAME_LEVEL: &str = "run both as the same user, neither as administrator";

/// The reason against a query, and the remedy.
fn doubt(doubt: &Doubt) -> (String, String) {
    let not_created = "communicado does not create its object, which could start";
    match doubt {
        Doubt::PathDenied => {
            ("the path of its program is not readable".to_owned(), SAME_LEVEL.to_owned())
        }
        Doubt::OtherServer(server) => (
            format!("its class belongs to {server}: {not_created} that"),
            "repair the installation of the client that the user runs".to_owned(),
        ),
        Doubt::SharedHost => (
            format!(
                "this program also runs other programs, so it may not serve the class: \
                 {not_created} the client"
            ),
            "ask its vendor for a program of its own as `ProcessName`".to_owned(),
        ),
        Doubt::OtherPackage(package) => (
            format!("its program is not in the package `{package}`: {not_created} another program"),
            "install the client as its vendor distributes it".to_owned(),
        ),
        Doubt::NotKnown => (
            format!(
                "nothing shows that it serves its class: no server is registered for the class, \
                 and {not_created} another program"
            ),
            "repair its installation, which should register `LocalServer32` of its class"
                .to_owned(),
        ),
    }
}

/// The flag in a few words.
fn flag(flag: &RunningFlag) -> String {
    match flag {
        RunningFlag::NoKey => "no key of this user under `IM Providers`".to_owned(),
        RunningFlag::Missing => "no UpAndRunning".to_owned(),
        RunningFlag::Down => "UpAndRunning 0".to_owned(),
        RunningFlag::Starting => "UpAndRunning 1".to_owned(),
        RunningFlag::Up => "UpAndRunning 2".to_owned(),
        RunningFlag::Undocumented(number) => format!("UpAndRunning {number}"),
        RunningFlag::WrongType(RegistryValue::Text(text)) => {
            format!("its UpAndRunning is text ({text:?}), not a number")
        }
        RunningFlag::WrongType(RegistryValue::Other { kind, length }) => {
            let name = TYPES.iter().find(|(known, _)| known == kind).map(|(_, name)| *name);
            let name = name.map_or_else(|| format!("of type {kind}"), str::to_owned);
            format!("its UpAndRunning is {name} with {length} bytes, not a DWORD")
        }
        RunningFlag::WrongType(RegistryValue::Number(number)) => format!("UpAndRunning {number}"),
    }
}

fn program(client: &RegisteredClient) -> &str {
    client.program.as_deref().unwrap_or("its program")
}

/// The running program with its processes.
fn running(client: &RegisteredClient) -> String {
    let ids: Vec<String> = client.processes.iter().take(3).map(u32::to_string).collect();
    let more = if client.processes.len() > 3 { ", …" } else { "" };
    let name = program(client);
    match ids.as_slice() {
        [] => format!("`{name}` runs"),
        [id] => format!("`{name}` runs (process {id})"),
        ids => format!("`{name}` runs (processes {}{more})", ids.join(", ")),
    }
}

/// The programs to end.
fn ended(client: &RegisteredClient) -> String {
    let own = client.processes.iter().map(|id| (*id, program(client)));
    let helpers = client.helpers.iter().map(|(id, image)| (*id, image.as_str()));
    let each: Vec<String> =
        own.chain(helpers).map(|(id, name)| format!("`{name}` (process {id})")).collect();
    each.join(" and ")
}

/// The helpers that outlive the client.
fn left(client: &RegisteredClient) -> String {
    let each: Vec<String> =
        client.helpers.iter().map(|(id, image)| format!("`{image}` (process {id})")).collect();
    match each.as_slice() {
        [] => String::new(),
        [one] => format!("; only its helper {one} does"),
        several => format!("; only its helpers {} do", several.join(" and ")),
    }
}
