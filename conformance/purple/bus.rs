//! A session bus that ends, returns or does not exist.

use communicado_conformance::{Account, TestSession, Watch};

use crate::signs_in;

/// A client that was signed in when the bus ended: signed-out comes before absent, without
/// accounts.
const OWED: &[&str] = &["signed-out | no accounts", "absent"];

const LOST: &[&str] = &["unknown reason=source-lost"];

#[test]
fn a_bus_that_is_killed_and_comes_back() {
    let mut session = TestSession::new();
    let prosody = session.prosody();
    let alice = Account::xmpp("alice", &prosody);
    let mut watch = session.watch();
    watch.expect_all_absent();
    let mut finch = session.finch(&[&alice]);
    signs_in(&mut watch, "finch");
    session.bus().kill();
    for client in ["finch", "pidgin", "chatty"] {
        watch.expect(client, LOST);
    }
    session.bus().start_again();
    // Finch stays signed in and never returns to the bus, so its status is unknown until it exits.
    // The new bus reports the others as absent.
    watch.expect("pidgin", &["absent"]);
    watch.expect("chatty", &["absent"]);
    finch.kill();
    watch.expect("finch", OWED);
    let _finch = session.finch(&[&alice]);
    signs_in(&mut watch, "finch");
    watch.end();
}

#[test]
fn a_client_that_is_not_on_the_bus_when_communicado_starts() {
    let mut session = TestSession::new();
    let prosody = session.prosody();
    let alice = Account::xmpp("alice", &prosody);
    let mut finch = session.finch(&[&alice]);
    finch.user().until_signed_in(&alice);
    session.bus().kill();
    session.bus().start_again();
    let mut watch = session.watch();
    watch.expect("finch", LOST);
    watch.expect_all_absent_but("finch");
    finch.kill();
    watch.expect("finch", &["absent"]);
    watch.end();
}

#[test]
fn a_client_that_ends_while_there_is_no_bus() {
    let mut session = TestSession::new();
    let prosody = session.prosody();
    let alice = Account::xmpp("alice", &prosody);
    let mut watch = session.watch();
    watch.expect_all_absent();
    let mut pidgin = session.pidgin(&[&alice]);
    signs_in(&mut watch, "pidgin");
    session.bus().kill();
    for client in ["finch", "pidgin", "chatty"] {
        watch.expect(client, LOST);
    }
    pidgin.kill();
    session.bus().start_again();
    watch.expect("pidgin", OWED);
    watch.expect("finch", &["absent"]);
    watch.expect("chatty", &["absent"]);
    watch.end();
}

#[test]
fn no_address_of_a_bus() {
    let session = TestSession::new();
    let mut watch = Watch::start(&session.communicado().without_bus(), &[]);
    for client in ["finch", "pidgin", "chatty"] {
        watch.expect(client, LOST);
    }
    watch.end();
}

#[test]
fn an_address_that_nobody_answers() {
    let session = TestSession::new();
    let communicado = session.communicado().on_bus("unix:path=/nonexistent/bus");
    let mut watch = Watch::start(&communicado, &[]);
    for client in ["finch", "pidgin", "chatty"] {
        watch.expect(client, LOST);
    }
    assert_eq!(communicado.run(&["is", "signed-in"]).code, Some(3));
    watch.end();
    assert!(watch.errors().contains("/nonexistent/bus"), "{}", watch.errors());
}

#[test]
fn a_bus_that_starts_after_communicado() {
    let mut session = TestSession::new();
    let prosody = session.prosody();
    let alice = Account::xmpp("alice", &prosody);
    session.bus().kill();
    let mut watch = session.watch();
    for client in ["finch", "pidgin", "chatty"] {
        watch.expect(client, LOST);
    }
    session.bus().start_again();
    watch.expect_all_absent();
    let _finch = session.finch(&[&alice]);
    signs_in(&mut watch, "finch");
    watch.end();
}
