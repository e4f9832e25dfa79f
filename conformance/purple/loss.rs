//! A server that goes away in the middle of a session.

use std::time::Duration;

use communicado_conformance::{Account, Signal, Stage};

use crate::signs_in;

#[test]
fn a_server_that_is_killed_and_comes_back() {
    let stage = Stage::new();
    let mut prosody = stage.prosody();
    let alice = Account::xmpp("alice", &prosody);
    let mut watch = stage.watch();
    watch.expect_nobody();
    let finch = stage.finch(&[&alice]);
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
    let stage = Stage::new();
    let mut prosody = stage.prosody();
    let alice = Account::xmpp("alice", &prosody);
    let mut watch = stage.watch();
    watch.expect_nobody();
    let pidgin = stage.pidgin(&[&alice]);
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

/// libpurple sends a ping after 30 s without traffic and waits 120 s for its answer; nothing and
/// nobody can know sooner.
#[test]
fn a_network_that_goes_silent() {
    let stage = Stage::new();
    let mut prosody = stage.prosody();
    let alice = Account::xmpp("alice", &prosody);
    let mut watch = stage.watch();
    watch.expect_nobody();
    let _finch = stage.finch(&[&alice]);
    signs_in(&mut watch, "finch");
    prosody.signal(Signal::STOP);
    watch.expect_within(
        Duration::from_secs(200),
        "finch",
        &["signed-out reason=network-error saved=available"],
    );
    watch.end();
}
