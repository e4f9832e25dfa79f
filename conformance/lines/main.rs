//! The source `lines`: a shell script, a Python program and `communicado watch --json` of another
//! session write, end, and are killed.

use std::path::Path;

use communicado_conformance::{Communicado, ExpectOk as _, Signal, TestSession, Watch, within};

mod examples;
mod names;
mod program;
mod remote;

/// Writes a configuration with the source `lines`, and returns the program with it.
fn with_lines(session: &TestSession, run: &[&str], more: &str) -> Communicado {
    let run = serde_json::to_string(run).expect_ok("write a list");
    let config = format!(
        "[sources.purple]\nenabled = false\n[sources.provider]\nenabled = false\n\
         [sources.lines]\nrun = {run}\n{more}"
    );
    with_config(session, &config)
}

/// Writes a configuration, and returns the program with it.
fn with_config(session: &TestSession, config: &str) -> Communicado {
    let communicado = session.communicado();
    let folder = session.folder().join("communicado/config/communicado");
    std::fs::write(folder.join("config.toml"), config).expect_ok("write a configuration");
    communicado
}

fn watch(communicado: &Communicado) -> Watch {
    Watch::start(communicado, &[])
}

/// The process id that a program wrote to a file.
fn id_in(file: &Path) -> i32 {
    within("the program writes its process id", || {
        std::fs::read_to_string(file).ok()?.strip_suffix('\n')?.parse().ok()
    })
}

fn send(signal: Signal, id: i32) {
    let id = rustix::process::Pid::from_raw(id).expect_ok("a process id");
    rustix::process::kill_process(id, signal).expect_ok("signal the program");
}

/// Waits until a process has ended.
fn wait_for_end(id: i32) {
    let folder = format!("/proc/{id}");
    within("the program ends", || (!Path::new(&folder).exists()).then_some(()));
}
