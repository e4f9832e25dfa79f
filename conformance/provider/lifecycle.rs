//! The reports about a provider, from its start to each kind of exit.

use communicado_conformance::{ExpectOk as _, Signal, TestSession};
use serde_json::Value;

use crate::provider::{play, start, user, watch, watch_first};

const ABSENT: &str = "absent by provider";
const STARTING: &str = "starting by provider";
const SIGNED_OUT: &str = "signed-out by provider";
const SIGNING_IN: &str = "signing-in by provider";
const SIGNING_OUT: &str = "signing-out by provider";
const AVAILABLE: &str = "signed-in available/available by provider";
const NOTED: &str = r#"signed-in available/available note="at my desk" by provider"#;
const AWAY: &str = "signed-in away/away by provider";
const MEETING: &str = r#"signed-in busy/busy activity=in-a-meeting note="until four" by provider"#;
const SHUTTING_DOWN: &str = "shutting-down by provider | alice@uc.test signed-out";
const NOT_RESPONDING: &str = "unknown reason=not-responding by provider";

#[test]
fn a_day_with_communicado_first() {
    let session = TestSession::new();
    let mut watch = watch_first(&session);
    let mut provider = start(&session, &[]);
    watch.expect("provider", &[STARTING, SIGNED_OUT]);
    assert_eq!(watch.accounts(), [("alice@uc.test", "manual")]);
    user(&session, &["sign-in"]);
    watch.expect("provider", &[SIGNING_IN, AVAILABLE]);
    assert_eq!(watch.shown(), Some("Alice Liddell"));
    user(&session, &["set", "busy", "--activity", "in-a-meeting", "--note", "until four"]);
    watch.expect("provider", &[MEETING]);
    user(&session, &["set", "away"]);
    watch.expect("provider", &[AWAY]);
    user(&session, &["sign-out"]);
    watch.expect("provider", &[SIGNING_OUT, SIGNED_OUT]);
    user(&session, &["quit"]);
    watch.expect("provider", &[SHUTTING_DOWN, ABSENT]);
    assert_eq!(provider.wait().code(), Some(0));
    watch.end();
}

#[test]
fn a_provider_that_started_first_is_reported_at_once() {
    let session = TestSession::new();
    let mut provider = start(&session, &["--sign-in"]);
    user(&session, &["set", "away"]);
    let mut watch = watch(&session);
    watch.expect("provider", &[AWAY]);
    provider.kill();
    watch.expect("provider", &[SIGNED_OUT, ABSENT]);
    watch.end();
}

#[test]
fn a_status_has_the_time_of_its_observed_change_else_the_start_that_the_provider_states() {
    let session = TestSession::new();
    let mut first = watch_first(&session);
    let _provider = start(&session, &[]);
    first.expect("provider", &[STARTING, SIGNED_OUT]);
    user(&session, &["sign-in"]);
    first.expect("provider", &[SIGNING_IN, AVAILABLE]);
    let times = |line: &str| {
        let line: Value = serde_json::from_str(line).expect_ok("read a line");
        let at = line["at"].clone();
        ([&line["since"], &line["accounts"][0]["since"]].map(Clone::clone), at)
    };
    let (known, at) = times(first.output().lines().last().expect_ok("see a line"));
    assert_eq!(known, [at.clone(), at.clone()]);
    let one_shot = |format: &[&str]| {
        let status = ["status", "--client", "provider"];
        session.communicado().run(&[&status[..], format].concat()).out
    };
    let ([client, account], asked_at) = times(&one_shot(&["--json"]));
    assert_eq!(client, account);
    let time = |value: &Value| value.as_str().expect_ok("get a time").to_owned();
    let [observed, stated, asked] = [&at, &client, &asked_at].map(time);
    // The provider begins its status before a listener can observe it.
    assert!(stated <= observed && observed < asked, "{stated}, {observed}, {asked}");
    let duration = one_shot(&["--format", "{{duration(since)}}"]);
    assert!(duration.contains(':'), "{duration}");
    user(&session, &["set", "available", "--note", "at my desk"]);
    first.expect("provider", &[NOTED]);
    let ([noted, _], _) = times(&one_shot(&["--json"]));
    assert_eq!(time(&noted), stated, "a note does not begin a status");
    let mut second = watch(&session);
    second.expect("provider", &[NOTED]);
    user(&session, &["set", "away"]);
    second.expect("provider", &[AWAY]);
    let (known, at) = times(second.output().lines().last().expect_ok("see a line"));
    assert_eq!(known, [at.clone(), at]);
    first.expect("provider", &[AWAY]);
}

#[test]
fn a_provider_that_gets_a_quit_signs_out_first() {
    let session = TestSession::new();
    let mut watch = watch_first(&session);
    for signal in [Signal::TERM, Signal::INT] {
        let mut provider = start(&session, &[]);
        watch.expect("provider", &[STARTING, SIGNED_OUT]);
        user(&session, &["sign-in"]);
        watch.expect("provider", &[SIGNING_IN, AVAILABLE]);
        provider.signal(signal);
        watch.expect("provider", &[SIGNING_OUT, SIGNED_OUT]);
        watch.expect("provider", &[SHUTTING_DOWN, ABSENT]);
        assert_eq!(provider.wait().code(), Some(0));
    }
    watch.end();
}

#[test]
fn a_sign_in_that_fails_has_its_reason() {
    let session = TestSession::new();
    let mut watch = watch_first(&session);
    let _provider = play(
        &session,
        "0s running\n\
         1s fail-sign-in invalid-password --takes 200ms\n\
         2s sign-in --takes 200ms\n\
         3s end-sign-in remote-login\n",
    );
    watch.expect("provider", &[STARTING, SIGNED_OUT, SIGNING_IN]);
    watch.expect("provider", &["signed-out reason=authentication-failed by provider"]);
    watch.expect("provider", &[SIGNING_IN, AVAILABLE]);
    watch.expect("provider", &["signed-out reason=signed-in-elsewhere by provider"]);
    watch.end();
}

#[test]
fn an_override_ends_by_itself() {
    let session = TestSession::new();
    let mut watch = watch_first(&session);
    let _provider = start(&session, &[]);
    user(&session, &["sign-in"]);
    watch.expect("provider", &[STARTING, SIGNED_OUT, SIGNING_IN, AVAILABLE]);
    let meeting = ["set", "busy", "--activity", "in-a-meeting", "--note", "until four"];
    user(&session, &[&meeting[..], &["--for", "1s"]].concat());
    watch.expect("provider", &[MEETING, AVAILABLE]);
    watch.end();
}

#[test]
fn one_that_starts_slowly_is_starting_until_it_runs() {
    let session = TestSession::new();
    let mut watch = watch_first(&session);
    let mut provider = play(&session, "1s running\n2s quit\n");
    watch.expect("provider", &[STARTING, SIGNED_OUT]);
    watch.expect("provider", &[SHUTTING_DOWN, ABSENT]);
    assert_eq!(provider.wait().code(), Some(0));
    watch.end();
}

#[test]
fn a_hung_provider_is_unknown_until_it_resumes() {
    let session = TestSession::new();
    let mut watch = watch_first(&session);
    let mut provider = start(&session, &[]);
    user(&session, &["sign-in"]);
    watch.expect("provider", &[STARTING, SIGNED_OUT, SIGNING_IN, AVAILABLE]);
    provider.signal(Signal::STOP);
    watch.expect("provider", &[NOT_RESPONDING]);
    provider.signal(Signal::CONT);
    watch.expect("provider", &[AVAILABLE]);
    // The same, without a command.
    drop(provider);
    watch.expect("provider", &[SIGNED_OUT, ABSENT]);
    let _provider = play(&session, "0s running\n500ms sign-in\n1500ms hang 4s\n");
    watch.expect("provider", &[STARTING, SIGNED_OUT, SIGNING_IN, AVAILABLE]);
    watch.expect("provider", &[NOT_RESPONDING, AVAILABLE]);
    watch.end();
}

#[test]
fn one_that_crashes_is_signed_out_and_then_gone() {
    let session = TestSession::new();
    let mut watch = watch_first(&session);
    let mut provider = play(&session, "0s running\n500ms sign-in\n1500ms crash\n");
    watch.expect("provider", &[STARTING, SIGNED_OUT, SIGNING_IN, AVAILABLE]);
    watch.expect("provider", &[SIGNED_OUT, ABSENT]);
    assert_eq!(provider.wait().code(), None, "as by kill -9");
    watch.end();
}

#[test]
fn the_next_one_is_another_one() {
    let session = TestSession::new();
    let mut watch = watch_first(&session);
    for _ in 0..5 {
        let mut provider = start(&session, &[]);
        user(&session, &["sign-in"]);
        watch.expect("provider", &[STARTING, SIGNED_OUT, SIGNING_IN, AVAILABLE]);
        provider.kill();
        watch.expect("provider", &[SIGNED_OUT, ABSENT]);
    }
    watch.end();
}

#[test]
fn the_provider_and_its_status_end_with_the_bus() {
    let mut session = TestSession::new();
    let mut watch = watch_first(&session);
    let mut provider = start(&session, &[]);
    user(&session, &["sign-in"]);
    watch.expect("provider", &[STARTING, SIGNED_OUT, SIGNING_IN, AVAILABLE]);
    session.bus().kill();
    watch.expect("provider", &["unknown reason=source-lost by provider"]);
    assert_eq!(provider.wait().code(), Some(5), "{}", provider.output());
    session.bus().start_again();
    let mut provider = start(&session, &["--sign-in"]);
    watch.expect_eventually("provider", AVAILABLE);
    provider.kill();
    watch.expect("provider", &[SIGNED_OUT, ABSENT]);
    watch.end();
}

#[test]
fn a_flood_of_changes_ends_in_the_last_one() {
    let session = TestSession::new();
    let mut watch = watch_first(&session);
    let mut script = String::from("0s running\n1s sign-in\n");
    for _ in 0..2_000 {
        script.push_str("2s set busy --activity in-a-meeting\n2s set available\n");
    }
    script.push_str("2s set away\n");
    let _provider = play(&session, &script);
    watch.expect("provider", &[STARTING, SIGNED_OUT, SIGNING_IN, AVAILABLE]);
    watch.expect_eventually("provider", AWAY);
}
