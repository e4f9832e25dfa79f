//! The examples of the SDK with a real Finch.
#![cfg(target_os = "linux")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, PoisonError};

use communicado_conformance::{Account, ExpectOk, Saved, TestSession, receive};

/// Held by a test while its Finch runs. The examples have the default options, so a Finch on the bus
/// of another test is `unknown` to them.
static ONLY_FINCH: Mutex<()> = Mutex::new(());

/// A running example, killed at the end of the test.
struct Example {
    child: Child,
    lines: Receiver<String>,
}

impl Example {
    fn start(name: &str, session: &mut TestSession) -> Self {
        let test = std::env::current_exe().expect_ok("find the file of the test");
        let example = test
            .parent()
            .and_then(|deps| deps.parent())
            .expect_ok("find the folder of the examples");
        let mut child = Command::new(example.join("examples").join(name))
            .env_clear()
            .env("DBUS_SESSION_BUS_ADDRESS", session.bus().address())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect_ok("start the example, which cargo builds before the tests");
        let output = BufReader::new(child.stdout.take().expect_ok("read its output"));
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            output.lines().map_while(Result::ok).for_each(|line| drop(sender.send(line)));
        });
        Self { child, lines }
    }

    #[track_caller]
    fn expect_lines(&self, expected: &[&str]) {
        for expected in expected {
            let line = receive(&self.lines);
            assert_eq!(line.as_deref(), Ok(*expected));
        }
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_sign_in_gate_follows_a_session_and_exits_on_enter() {
    let _only = ONLY_FINCH.lock().unwrap_or_else(PoisonError::into_inner);
    let mut session = TestSession::new();
    let prosody = session.prosody();
    let alice = Account::xmpp("alice", &prosody).signed_out();
    let mut gate = Example::start("sign_in_gate", &mut session);
    gate.expect_lines(&["Press Enter key to exit the application.", ""]);
    gate.expect_lines(&["Communicator is not running."]);
    let mut finch = session.finch(&[&alice]);
    gate.expect_lines(&["Communicator is running."]);
    finch.user().pick(Saved::Available);
    gate.expect_lines(&["OnSignin 0x00000000", "The feature is on."]);
    finch.kill();
    gate.expect_lines(&["OnSignout", "The feature is off.", "OnAppShutdown"]);
    gate.expect_lines(&["Communicator is not running."]);
    let stdin = gate.child.stdin.as_mut().expect_ok("write to its input");
    stdin.write_all(b"\n").expect_ok("press Enter");
    let ended = gate.child.wait().expect_ok("wait for it");
    assert!(ended.success(), "{ended}");
}

#[test]
fn work_runs_only_while_a_user_is_signed_in() {
    let _only = ONLY_FINCH.lock().unwrap_or_else(PoisonError::into_inner);
    let mut session = TestSession::new();
    let mut prosody = session.prosody();
    let alice = Account::xmpp("alice", &prosody);
    let work = Example::start("while_signed_in", &mut session);
    let feature = Example::start("feature_switch", &mut session);
    let mut finch = session.finch(&[&alice]);
    work.expect_lines(&["signed in to finch"]);
    feature.expect_lines(&["the feature is on"]);
    prosody.kill();
    work.expect_lines(&["signed out"]);
    feature.expect_lines(&["the feature is off"]);
    prosody.start_again();
    finch.user().reconnect(&alice);
    work.expect_lines(&["signed in to finch"]);
    feature.expect_lines(&["the feature is on"]);
    finch.kill();
    work.expect_lines(&["signed out"]);
    feature.expect_lines(&["the feature is off"]);
}
