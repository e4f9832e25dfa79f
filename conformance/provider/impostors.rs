//! Programs that own the provider's name and are no provider, or another version of one.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

use communicado_conformance::{ExpectOk as _, TestSession, require_python};

use crate::provider::watch_first;

const NOT_SUPPORTED: &str = "unknown reason=not-supported by provider";
const AVAILABLE: &str = "signed-in available/available by provider";

struct Impostor(Child);

impl Impostor {
    fn start(session: &mut TestSession, manner: &str) -> Self {
        require_python();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/provider/impostors.py");
        let mut python = Command::new("/usr/bin/python3");
        python.args([script, manner]).env_clear().env("LC_ALL", "C.UTF-8");
        python.env("DBUS_SESSION_BUS_ADDRESS", session.bus().address());
        Self(python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect_ok("start python3"))
    }
}

impl Drop for Impostor {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

/// Checks the reports about an impostor, until it exits.
#[track_caller]
fn check(manner: &str, expected: &[&str]) {
    let mut session = TestSession::new();
    let mut watch = watch_first(&session);
    let impostor = Impostor::start(&mut session, manner);
    watch.expect("provider", &[&["starting by provider"], expected].concat());
    drop(impostor);
    let signed_in = expected.last().is_some_and(|last| last.starts_with("signed-in"));
    if signed_in {
        watch.expect("provider", &["signed-out by provider"]);
    }
    watch.expect("provider", &["absent by provider"]);
    watch.end();
}

#[test]
fn one_that_answers_nonsense_is_not_judged() {
    for manner in ["text-for-the-flag", "strange-status", "number-for-a-text"] {
        check(manner, &[NOT_SUPPORTED]);
    }
}

#[test]
fn one_of_another_version_is_understood_as_far_as_it_goes() {
    check("nothing", &["signed-out by provider | no accounts"]);
    check("strange-words", &["signed-in other/asleep activity=other by provider"]);
}

#[test]
fn an_oversized_answer_is_truncated() {
    let mut session = TestSession::new();
    let mut watch = watch_first(&session);
    let impostor = Impostor::start(&mut session, "many");
    watch.expect("provider", &["starting by provider"]);
    watch.expect_status("provider", "signed-in");
    assert_eq!(watch.accounts().len(), 256);
    drop(impostor);
    let impostor = Impostor::start(&mut session, "long");
    watch.expect_status("provider", "signed-out");
    watch.expect("provider", &["absent by provider", "starting by provider"]);
    watch.expect_status("provider", "signed-in");
    assert!(watch.accounts().iter().all(|(name, _)| name.len() == 16 * 1024));
    drop(impostor);
    watch.expect_status("provider", "signed-out");
    watch.expect("provider", &["absent by provider"]);
    watch.end();
}

#[test]
fn signals_with_other_arguments_are_asked_about() {
    let mut session = TestSession::new();
    let mut watch = watch_first(&session);
    let mut impostor = Impostor::start(&mut session, "sane");
    watch.expect("provider", &["starting by provider", AVAILABLE]);
    let output = impostor.0.stdout.take().expect_ok("read from the impostor");
    let mut asked = BufReader::new(output).lines().map_while(Result::ok);
    assert_eq!(asked.next().as_deref(), Some("asked"), "when it came");
    let input = impostor.0.stdin.as_mut().expect_ok("write to the impostor");
    input.write_all(b"nonsense\n").expect_ok("write to the impostor");
    assert_eq!(asked.next().as_deref(), Some("asked"), "after the signals");
    drop(impostor);
    watch.expect("provider", &["signed-out by provider", "absent by provider"]);
    watch.end();
}
