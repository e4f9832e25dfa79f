//! The saved state outlives a run, also after a crash.

use communicado_conformance::{Signal, TestSession};

use crate::provider::{provide, start, user};

#[track_caller]
fn says(session: &TestSession, expected: &str) {
    let ended = provide(session, &["status"]);
    assert_eq!((ended.code, ended.out.trim_end()), (Some(0), expected), "{}", ended.err);
}

#[test]
fn the_saved_state_outlives_every_exit() {
    let session = TestSession::new();
    let mut provider = start(&session, &["--remember"]);
    says(&session, "signed-out");
    user(&session, &["sign-in"]);
    user(&session, &["set", "away", "--note", "back at four"]);
    provider.signal(Signal::TERM);
    assert_eq!(provider.wait().code(), Some(0));

    let mut provider = start(&session, &["--remember"]);
    says(&session, "signed-in    away, \"back at four\"");
    user(&session, &["set", "busy", "--for", "1h"]);
    provider.kill();

    let mut provider = start(&session, &["--remember"]);
    let ended = provide(&session, &["status"]);
    assert!(ended.out.starts_with("signed-in    busy, until "), "{}", ended.out);
    user(&session, &["set", "available"]);
    user(&session, &["sign-out"]);
    provider.kill();

    let _provider = start(&session, &["--remember"]);
    says(&session, "signed-out");
}

#[test]
fn without_the_option_nothing_is_saved() {
    let session = TestSession::new();
    let mut provider = start(&session, &["--sign-in"]);
    user(&session, &["set", "away"]);
    provider.kill();
    let _provider = start(&session, &[]);
    says(&session, "signed-out");
    assert!(!session.folder().join("communicado/state/communicado").exists());
}
