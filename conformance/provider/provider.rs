//! Helpers that start and use a provider.

use std::fs;
use std::process::Command;

use communicado_conformance::{
    Completed, ExpectOk as _, Process, TestSession, Watch, require, within,
};

pub(crate) const NAME: &str = "org.communicado.Provider1";
pub(crate) const PATH: &str = "/org/communicado/Provider1";
pub(crate) const ACCOUNT_PATH: &str = "/org/communicado/Provider1/account1";
pub(crate) const ACCOUNT: &str = "org.communicado.Provider1.Account";

/// The account that signs in.
const ALICE: [&str; 4] = ["--account", "alice@uc.test", "--name", "Alice Liddell"];

/// A short keepalive interval and timeout.
pub(crate) const SOON: [&str; 4] =
    ["--set", "sources.provider.check=1s", "--set", "sources.provider.timeout=1s"];

/// Starts a provider, and waits until it owns its name.
pub(crate) fn start(session: &TestSession, arguments: &[&str]) -> Process {
    let arguments = [&["provide"], &ALICE[..], arguments].concat();
    let mut provider = session.communicado().start(&arguments, |_| ());
    within("the provider is there", || {
        if let Some(ended) = provider.poll() {
            panic!("the provider has ended, {ended}: {}", provider.output());
        }
        provider.output().contains("note: the provider of alice@uc.test").then_some(())
    });
    provider
}

/// Starts a provider that plays a script.
pub(crate) fn play(session: &TestSession, script: &str) -> Process {
    let file = session.folder().join("script");
    fs::write(&file, script).expect_ok("write a script");
    start(session, &["--script", &file.to_string_lossy()])
}

/// Controls the provider as its user does.
#[track_caller]
pub(crate) fn user(session: &TestSession, words: &[&str]) {
    let ended = provide(session, words);
    assert_eq!((ended.code, &*ended.err), (Some(0), ""), "provide {words:?}");
}

/// Runs `communicado provide` with arguments to its end.
pub(crate) fn provide(session: &TestSession, words: &[&str]) -> Completed {
    session.communicado().run(&[&["provide"], words].concat())
}

/// Starts a watch on the provider alone, with a short keepalive.
pub(crate) fn watch(session: &TestSession) -> Watch {
    let reported = ["--set", "sources.provider.clients=provider"];
    let only = [&reported[..], &["--set", "sources.purple.enabled=false"]].concat();
    Watch::start(&session.communicado(), &[&SOON[..], &only].concat())
}

/// Starts a watch before the provider.
pub(crate) fn watch_first(session: &TestSession) -> Watch {
    let mut watch = watch(session);
    watch.expect("provider", &["absent by provider"]);
    watch
}

/// The output of another program, or its errors.
pub(crate) fn run(
    session: &mut TestSession,
    program: &str,
    arguments: &[&str],
) -> Result<String, String> {
    require(&["busctl", "gdbus"]);
    let mut command = Command::new(program);
    command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C.UTF-8");
    command.env("DBUS_SESSION_BUS_ADDRESS", session.bus().address()).args(arguments);
    let output = command.output().expect_ok(&format!("run {program}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

/// Runs `busctl` on the bus of the session.
pub(crate) fn busctl(session: &mut TestSession, arguments: &[&str]) -> Result<String, String> {
    run(session, "busctl", &[&["--user"], arguments].concat())
}

/// Reads a property of the account in the notation of `busctl`.
#[track_caller]
pub(crate) fn property(session: &mut TestSession, name: &str) -> String {
    busctl(session, &["get-property", NAME, ACCOUNT_PATH, ACCOUNT, name])
        .expect_ok("read a property")
}

/// Calls a method of the account with `busctl`.
pub(crate) fn call(session: &mut TestSession, words: &[&str]) -> Result<String, String> {
    busctl(session, &[&["call", NAME, ACCOUNT_PATH, ACCOUNT], words].concat())
}
