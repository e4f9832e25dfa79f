//! A server that fails during a session.

use std::time::Duration;

use communicado_conformance::{Account, Signal, TestSession};

use crate::signs_in;

#[test]
fn a_server_that_is_killed_and_comes_back() {
    let session = TestSession::new();
    let mut prosody = session.prosody();
    let alice = Account::xmpp("alice", &prosody);
    let mut watch = session.watch();
    watch.expect_all_absent();
    let finch = session.finch(&[&alice]);
    signs_in(&mut watch, "finch");
    prosody.kill();
    watch.expect("finch", &["signed-out reason=network-error saved=available"]);
    prosody.start_again();
    finch.user().reconnect(&alice);
    watch.expect(
        "finch",
        &["signing-in saved=available", "signed-in available/available saved=available"],
    );
    watch.end();
}

#[test]
fn an_attempt_to_come_back_that_fails() {
    let session = TestSession::new();
    let mut prosody = session.prosody();
    let alice = Account::xmpp("alice", &prosody);
    let mut watch = session.watch();
    watch.expect_all_absent();
    let pidgin = session.pidgin(&[&alice]);
    signs_in(&mut watch, "pidgin");
    prosody.kill();
    watch.expect("pidgin", &["signed-out reason=network-error saved=available"]);
    pidgin.user().reconnect(&alice);
    watch.expect(
        "pidgin",
        &["signing-in saved=available", "signed-out reason=network-error saved=available"],
    );
    watch.end();
}

/// libpurple sends a ping after 30 s without traffic, and waits 120 s for the answer.
#[test]
fn a_network_that_goes_silent() {
    let session = TestSession::new();
    let mut prosody = session.prosody();
    let alice = Account::xmpp("alice", &prosody);
    let mut watch = session.watch();
    watch.expect_all_absent();
    let _finch = session.finch(&[&alice]);
    signs_in(&mut watch, "finch");
    prosody.signal(Signal::STOP);
    watch.expect_within(
        Duration::from_secs(200),
        "finch",
        &["signed-out reason=network-error saved=available"],
    );
    watch.end();
}
