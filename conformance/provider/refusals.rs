//! Errors of commands that cannot succeed.

use std::process::{Child, Command, Stdio};

use communicado_conformance::{ExpectOk as _, TestSession, require_python, within};

use crate::provider::{ACCOUNT, ACCOUNT_PATH, NAME, busctl, call, provide, start, user, watch};

/// A program that owns the provider's name and does not implement its interfaces.
struct Squatter(Child);

impl Squatter {
    fn start(session: &mut TestSession) -> Self {
        require_python();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/provider/squatter.py");
        let mut python = Command::new("/usr/bin/python3");
        python.arg(script).env_clear().env("DBUS_SESSION_BUS_ADDRESS", session.bus().address());
        let child = python.stdin(Stdio::piped()).spawn().expect_ok("start python3");
        let has_owner = "org.freedesktop.DBus.NameHasOwner";
        within("the name is taken", || {
            let answer = session.bus().call(has_owner, &[&format!("string:{NAME}")]);
            answer.is_ok_and(|answer| answer.ends_with("true")).then_some(())
        });
        Self(child)
    }
}

impl Drop for Squatter {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

#[test]
fn a_second_provider_names_the_first() {
    let mut session = TestSession::new();
    let first = start(&session, &["--sign-in"]);
    let second = provide(&session, &[]);
    assert_eq!((second.code, &*second.out), (Some(5), ""));
    assert_eq!(
        second.err,
        format!(
            "error: a provider is already running in this session\n  cause: process {} (communicado) \
             owns the name {NAME}\n  help: run `communicado provide status` to see it, or \
             `communicado provide quit` to end it\n",
            first.id()
        )
    );
    assert_eq!(call(&mut session, &["SignOut"]), Ok(String::new()), "the first one is unharmed");
}

#[test]
fn a_name_owned_by_another_program_is_reported_with_its_process() {
    let mut session = TestSession::new();
    let squatter = Squatter::start(&mut session);
    let ended = provide(&session, &[]);
    assert_eq!((ended.code, &*ended.out), (Some(5), ""));
    let process = squatter.0.id();
    let cause = format!("cause: process {process} (python3) owns it and is not a provider\n");
    assert!(ended.err.starts_with(&format!("error: the name {NAME} is taken\n")), "{}", ended.err);
    assert!(ended.err.contains(&cause), "{}", ended.err);
    let mut watch = watch(&session);
    watch.expect("provider", &["unknown reason=not-supported by provider"]);
    drop(squatter);
    watch.expect("provider", &["absent by provider"]);
    watch.end();
}

#[test]
fn without_a_provider_every_command_reports_it() {
    let session = TestSession::new();
    const NONE: &str = "error: no provider is running in this session\n  help: start one: communicado \
                        provide\n";
    for (words, code) in [
        (&["status"][..], 1),
        (&["sign-in"], 5),
        (&["sign-out"], 5),
        (&["set", "away"], 5),
        (&["quit"], 5),
    ] {
        let ended = provide(&session, words);
        assert_eq!((ended.code, &*ended.out, &*ended.err), (Some(code), "", NONE), "{words:?}");
    }
}

#[test]
fn a_command_without_effect_succeeds_and_an_impossible_one_fails() {
    let session = TestSession::new();
    let _provider = start(&session, &[]);
    let already = provide(&session, &["sign-out"]);
    assert_eq!(already.code, Some(0));
    assert_eq!(already.err, "note: nothing to do: nobody is signed in (0x8100031E)\n");
    let early = provide(&session, &["set", "away"]);
    assert_eq!(early.code, Some(5));
    assert!(early.err.ends_with("help: sign in first: communicado provide sign-in\n"));
    user(&session, &["sign-in"]);
    let again = provide(&session, &["sign-in"]);
    assert_eq!(again.code, Some(0));
    assert_eq!(again.err, "note: nothing to do: the user is already signed in (0x81000304)\n");
}

#[test]
fn every_documented_error_is_met_by_another_program() {
    let mut session = TestSession::new();
    let _provider = start(&session, &[]);
    let mut check = |words: &[&str], expected: &str| {
        let error = call(&mut session, words).expect_err(expected);
        assert!(error.contains(expected), "{error}");
    };
    check(&["SignOut"], "nobody is signed in (0x8100031E)");
    check(&["Set", "ssst", "away", "", "", "0"], "nobody is signed in (0x8100031E)");
    assert_eq!(call(&mut session, &["SignIn"]), Ok(String::new()));
    let mut check = |words: &[&str], expected: &str| {
        let error = call(&mut session, words).expect_err(expected);
        assert!(error.contains(expected), "{error}");
    };
    check(&["SignIn"], "the user is already signed in (0x81000304)");
    check(
        &["Set", "ssst", "tired", "", "", "0"],
        "unknown availability `tired`; use one of: available",
    );
    check(
        &["Set", "ssst", "busy", "dancing", "", "0"],
        "unknown activity `dancing`; use one of: on-the",
    );
    check(&["Set", "ssst", "busy", "", "a\nb", "0"], "the note is invalid: the text contains");
    check(&["Set", "s", "busy"], "");
    check(&["Dance"], "Dance");
    let read_only = ["set-property", NAME, ACCOUNT_PATH, ACCOUNT, "Status", "s", "signed-out"];
    assert!(busctl(&mut session, &read_only).is_err());
}
