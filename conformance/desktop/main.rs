//! The source `desktop`: nheko, Dino, and small programs that connect to the bus as clients do.
//!
//! The source reports each client of the user, whatever test has started it. So the programs of a
//! test have names that no other test uses.

use std::process::Command;

use communicado_conformance::{Communicado, ExpectOk as _, Process, TestSession, Watch, require};

mod clients;
mod evidence;
mod options;

const RUNS: &str = "unknown reason=not-supported by desktop";
const ABSENT: &str = "absent by desktop";
const LOST: &str = "unknown reason=source-lost by desktop";

/// The program with the source `desktop` alone.
fn with_desktop(session: &TestSession, options: &str) -> Communicado {
    let config = format!(
        "[sources.purple]\nenabled = false\n[sources.provider]\nenabled = false\n\
         [sources.desktop]\n{options}"
    );
    let communicado = session.communicado();
    let folder = session.folder().join("communicado/config/communicado");
    std::fs::write(folder.join("config.toml"), config).expect_ok("write a configuration");
    communicado
}

/// The program that expects one client, whose executable has the same name.
fn expecting(session: &TestSession, client: &str) -> Communicado {
    let options = format!("clients = [\"{client}\"]\nprograms = [\"{client} = {client}\"]\n");
    with_desktop(session, &options)
}

/// Watches `clients` only, because other clients of the user may run.
fn watch(communicado: &Communicado, clients: &str) -> Watch {
    Watch::start(communicado, &["--client", clients])
}

/// Starts a program that stays connected to the bus at an address, called `name`.
fn connected(session: &TestSession, name: &str, address: &str) -> Process {
    start(
        session,
        name,
        "gdbus",
        &["monitor", "--session", "--dest", "org.freedesktop.DBus"],
        |it| {
            it.env("DBUS_SESSION_BUS_ADDRESS", address);
        },
    )
}

/// Starts a program that connects to no bus, called `name`.
fn unconnected(session: &TestSession, name: &str) -> Process {
    start(session, name, "sleep", &["infinity"], |_| {})
}

fn start(
    session: &TestSession,
    name: &str,
    original: &str,
    arguments: &[&str],
    prepare: impl FnOnce(&mut Command),
) -> Process {
    require(&[original]);
    let program = session.program_called(name, original);
    Process::start(name, &program.to_string_lossy(), session.folder(), |command| {
        command.args(arguments);
        prepare(command);
    })
}
