//! The SDK's programs beside a real Finch.
#![cfg(target_os = "linux")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use communicado_conformance::{Account, ExpectOk, Saved, TestSession, receive};

/// One of the examples at work, ended with the test.
struct Program {
    child: Child,
    lines: Receiver<String>,
}

impl Program {
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
    fn says(&self, expected: &[&str]) {
        for expected in expected {
            let line = receive(&self.lines);
            assert_eq!(line.as_deref(), Ok(*expected));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_gate_follows_a_whole_session_and_leaves_at_enter() {
    let mut session = TestSession::new();
    let prosody = session.prosody();
    let alice = Account::xmpp("alice", &prosody).signed_out();
    let mut gate = Program::start("sign_in_gate", &mut session);
    gate.says(&["Press Enter key to exit the application.", ""]);
    gate.says(&["Communicator is not running."]);
    let mut finch = session.finch(&[&alice]);
    gate.says(&["Communicator is running."]);
    finch.user().pick(Saved::Available);
    gate.says(&["OnSignin 0x00000000", "The feature is on."]);
    finch.kill();
    gate.says(&["OnSignout", "The feature is off.", "OnAppShutdown"]);
    gate.says(&["Communicator is not running."]);
    let stdin = gate.child.stdin.as_mut().expect_ok("write to its input");
    stdin.write_all(b"\n").expect_ok("press Enter");
    let ended = gate.child.wait().expect_ok("wait for it");
    assert!(ended.success(), "{ended}");
}

#[test]
fn work_is_done_only_while_somebody_is_signed_in() {
    let mut session = TestSession::new();
    let mut prosody = session.prosody();
    let alice = Account::xmpp("alice", &prosody);
    let program = Program::start("while_signed_in", &mut session);
    let mut finch = session.finch(&[&alice]);
    program.says(&["working, since somebody is signed in with finch"]);
    prosody.kill();
    program.says(&["nobody is signed in any more"]);
    prosody.start_again();
    finch.user().reconnect(&alice);
    program.says(&["working, since somebody is signed in with finch"]);
    finch.kill();
    program.says(&["nobody is signed in any more"]);
}
