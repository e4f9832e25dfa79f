//! A service with invalid answers.

use communicado_conformance::TestSession;

use crate::service::{AVAILABLE, NAMED, NAMELESS, Service, memory_max, run, watch};

/// Checks that every command reports the status as unknown.
#[track_caller]
fn cannot_be_judged(session: &TestSession, name: &str, reason: &str) {
    let status = run(session, &["status", "--client", name, "--format", "{{status}} {{reason}}"]);
    assert_eq!(
        (status.code, &*status.out),
        (Some(3), &*format!("unknown {reason}\n")),
        "{status:?}"
    );
    for (word, code) in [("signed-in", 3), ("signed-out", 3), ("absent", 1), ("unknown", 0)] {
        let is = run(session, &["is", word, "--client", name, "--set", "patience=5s"]);
        assert_eq!((is.code, &*is.out), (Some(code), ""), "is {word}: {is:?}");
        assert!(!is.err.contains("panicked"), "{is:?}");
    }
    let wait = run(session, &["wait", "signed-in", "--timeout", "2s"]);
    assert_eq!(wait.code, Some(4), "{wait:?}");
}

/// Watches a service whose answers are invalid first and valid later.
#[track_caller]
fn from_the_start(manner: &str, name: &str, reason: &str) {
    let mut session = TestSession::new();
    let mut service = Service::behaving(&mut session, manner);
    cannot_be_judged(&session, name, reason);
    let mut watch = watch(&session);
    watch.expect_all_absent();
    watch.expect(name, &[&format!("unknown reason={reason}")]);
    service.behave("sane");
    if name == NAMELESS {
        watch.expect(NAMELESS, &["absent"]);
        watch.expect(NAMED, &["starting", AVAILABLE]);
    } else {
        watch.expect(name, &[AVAILABLE]);
    }
    assert_eq!(run(&session, &["is", "signed-in"]).code, Some(0));
    watch.end();
}

#[test]
fn answers_of_wrong_types_are_not_supported() {
    from_the_start("wrong-types", NAMELESS, "not-supported");
}

#[test]
fn answers_without_anything_in_them_are_not_supported() {
    from_the_start("nothing", NAMELESS, "not-supported");
}

#[test]
fn errors_are_not_supported() {
    from_the_start("errors", NAMELESS, "not-supported");
}

#[test]
fn a_service_without_the_methods_is_not_supported() {
    from_the_start("unknown-method", NAMELESS, "not-supported");
}

#[test]
fn handles_that_are_always_invalid_are_not_supported() {
    from_the_start("invalid-handles", NAMED, "not-supported");
}

#[test]
fn a_service_that_never_answers_is_not_responding() {
    from_the_start("silence", NAMELESS, "not-responding");
}

#[test]
fn a_signed_in_client_that_falls_silent_becomes_unknown() {
    let mut session = TestSession::new();
    let mut service = Service::sane(&mut session);
    let mut watch = watch(&session);
    watch.expect_all_absent();
    watch.expect(NAMED, &[AVAILABLE]);
    service.behave("silence");
    watch.expect(NAMED, &["unknown reason=not-responding"]);
    service.behave("sane");
    watch.expect(NAMED, &[AVAILABLE]);
    watch.end();
}

#[test]
fn a_signed_in_client_with_invalid_answers_becomes_unknown() {
    let mut session = TestSession::new();
    let mut service = Service::sane(&mut session);
    let mut watch = watch(&session);
    watch.expect_all_absent();
    watch.expect(NAMED, &[AVAILABLE]);
    service.behave("errors");
    watch.expect(NAMED, &["unknown reason=not-supported"]);
    service.behave("sane");
    watch.expect(NAMED, &[AVAILABLE]);
    watch.end();
}

#[test]
fn a_name_that_is_given_up_means_absent_and_taken_again_starting() {
    let mut session = TestSession::new();
    let mut service = Service::sane(&mut session);
    let mut watch = watch(&session);
    watch.expect_all_absent();
    watch.expect(NAMED, &[AVAILABLE]);
    for _ in 0..3 {
        service.tell("release");
        watch.expect(NAMED, &["signed-out saved=available", "absent"]);
        service.tell("own");
        watch.expect(NAMED, &["starting", AVAILABLE]);
    }
    watch.end();
}

#[test]
fn a_million_accounts_cost_no_more_than_a_few_hundred() {
    let mut session = TestSession::new();
    let mut service = Service::start(&mut session);
    service.order(serde_json::json!(["have_accounts", 1_000_000]));
    service.tell("own");
    // A longer timeout: a debug build reads a list of a million for seconds.
    let mut watch = session.watch();
    watch.expect_all_absent();
    watch.expect_eventually(NAMED, AVAILABLE);
    let status = session.communicado().run(&["status", "--client", NAMED]);
    assert_eq!(status.code, Some(0), "{status:?}");
    // Two messages of 4 MB, and the bus library has a copy or two of each.
    let memory = memory_max(watch.id());
    assert!(memory < 96 * 1024, "{memory} kB");
    watch.end();
}
