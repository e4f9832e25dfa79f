//! What cannot be done, and what is said about it.

use std::process::{Child, Command, Stdio};

use communicado_conformance::{Must as _, Stage, need_python, within};

use crate::provider::{ACCOUNT, ACCOUNT_PATH, NAME, busctl, call, provide, start, user, watch};

/// A program that took the provider's name and knows nothing of it.
struct Squatter(Child);

impl Squatter {
    fn start(stage: &mut Stage) -> Self {
        need_python();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/provider/squatter.py");
        let mut python = Command::new("/usr/bin/python3");
        python.arg(script).env_clear().env("DBUS_SESSION_BUS_ADDRESS", stage.bus().address());
        let child = python.stdin(Stdio::piped()).spawn().must("start python3");
        let has_owner = "org.freedesktop.DBus.NameHasOwner";
        within("the name is taken", || {
            let answer = stage.bus().call(has_owner, &[&format!("string:{NAME}")]);
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
fn a_second_provider_says_who_the_first_one_is() {
    let mut stage = Stage::new();
    let first = start(&stage, &["--sign-in"]);
    let second = provide(&stage, &[]);
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
    assert_eq!(call(&mut stage, &["SignOut"]), Ok(String::new()), "the first one is unharmed");
}

#[test]
fn a_name_that_is_taken_by_somebody_else_is_told_with_the_process() {
    let mut stage = Stage::new();
    let squatter = Squatter::start(&mut stage);
    let ended = provide(&stage, &[]);
    assert_eq!((ended.code, &*ended.out), (Some(5), ""));
    let process = squatter.0.id();
    let cause = format!("cause: process {process} (python3) owns it and is not a provider\n");
    assert!(ended.err.starts_with(&format!("error: the name {NAME} is taken\n")), "{}", ended.err);
    assert!(ended.err.contains(&cause), "{}", ended.err);
    let mut watch = watch(&stage);
    watch.expect("provider", &["unknown reason=not-supported by provider"]);
    drop(squatter);
    watch.expect("provider", &["absent by provider"]);
    watch.end();
}

#[test]
fn without_a_provider_every_word_says_so() {
    let stage = Stage::new();
    const NONE: &str = "error: no provider is running in this session\n  help: start one: communicado \
                        provide\n";
    for (words, code) in [
        (&["status"][..], 1),
        (&["sign-in"], 5),
        (&["sign-out"], 5),
        (&["set", "away"], 5),
        (&["quit"], 5),
    ] {
        let ended = provide(&stage, words);
        assert_eq!((ended.code, &*ended.out, &*ended.err), (Some(code), "", NONE), "{words:?}");
    }
}

#[test]
fn what_is_so_already_is_no_failure_and_what_cannot_be_is_one() {
    let stage = Stage::new();
    let _provider = start(&stage, &[]);
    let already = provide(&stage, &["sign-out"]);
    assert_eq!(already.code, Some(0));
    assert_eq!(already.err, "note: nothing to do: nobody is signed in (0x8100031E)\n");
    let early = provide(&stage, &["set", "away"]);
    assert_eq!(early.code, Some(5));
    assert!(early.err.ends_with("help: sign in first: communicado provide sign-in\n"));
    user(&stage, &["sign-in"]);
    let again = provide(&stage, &["sign-in"]);
    assert_eq!(again.code, Some(0));
    assert_eq!(again.err, "note: nothing to do: the user is already signed in (0x81000304)\n");
}

#[test]
fn every_documented_error_is_met_by_another_program() {
    let mut stage = Stage::new();
    let _provider = start(&stage, &[]);
    let mut check = |words: &[&str], expected: &str| {
        let error = call(&mut stage, words).expect_err(expected);
        assert!(error.contains(expected), "{error}");
    };
    check(&["SignOut"], "nobody is signed in (0x8100031E)");
    check(&["Set", "ssst", "away", "", "", "0"], "nobody is signed in (0x8100031E)");
    assert_eq!(call(&mut stage, &["SignIn"]), Ok(String::new()));
    let mut check = |words: &[&str], expected: &str| {
        let error = call(&mut stage, words).expect_err(expected);
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
    assert!(busctl(&mut stage, &read_only).is_err());
}
