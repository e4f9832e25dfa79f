//! The session bus itself: ending, returning, or not there at all.

use communicado_conformance::{Account, Stage, Watch};

use crate::signs_in;

/// Of a client that was signed in when it was lost: signed out comes before gone, and no account
/// was seen since.
const OWED: &[&str] = &["signed-out | no accounts", "absent"];

const LOST: &[&str] = &["unknown reason=source-lost"];

#[test]
fn a_bus_that_is_killed_and_comes_back() {
    let mut stage = Stage::new();
    let prosody = stage.prosody();
    let alice = Account::xmpp("alice", &prosody);
    let mut watch = stage.watch();
    watch.expect_nobody();
    let mut finch = stage.finch(&[&alice]);
    signs_in(&mut watch, "finch");
    stage.bus().kill();
    for client in ["finch", "pidgin", "chatty"] {
        watch.expect(client, LOST);
    }
    stage.bus().start_again();
    // Finch lives on, signed in, and never returns to the bus: nothing is known of it until it
    // ends. Of the others the new bus says that they are not there.
    watch.expect("pidgin", &["absent"]);
    watch.expect("chatty", &["absent"]);
    finch.kill();
    watch.expect("finch", OWED);
    let _finch = stage.finch(&[&alice]);
    signs_in(&mut watch, "finch");
    watch.end();
}

#[test]
fn a_client_that_is_not_on_the_bus_when_communicado_starts() {
    let mut stage = Stage::new();
    let prosody = stage.prosody();
    let alice = Account::xmpp("alice", &prosody);
    let mut finch = stage.finch(&[&alice]);
    finch.user().until_signed_in(&alice);
    stage.bus().kill();
    stage.bus().start_again();
    let mut watch = stage.watch();
    watch.expect("finch", LOST);
    watch.expect_nobody_but("finch");
    finch.kill();
    watch.expect("finch", &["absent"]);
    watch.end();
}

#[test]
fn a_client_that_ends_while_there_is_no_bus() {
    let mut stage = Stage::new();
    let prosody = stage.prosody();
    let alice = Account::xmpp("alice", &prosody);
    let mut watch = stage.watch();
    watch.expect_nobody();
    let mut pidgin = stage.pidgin(&[&alice]);
    signs_in(&mut watch, "pidgin");
    stage.bus().kill();
    for client in ["finch", "pidgin", "chatty"] {
        watch.expect(client, LOST);
    }
    pidgin.kill();
    stage.bus().start_again();
    watch.expect("pidgin", OWED);
    watch.expect("finch", &["absent"]);
    watch.expect("chatty", &["absent"]);
    watch.end();
}

#[test]
fn no_address_of_a_bus() {
    let stage = Stage::new();
    let mut watch = Watch::start(&stage.communicado().without_bus(), &[]);
    for client in ["finch", "pidgin", "chatty"] {
        watch.expect(client, LOST);
    }
    watch.end();
}

#[test]
fn an_address_that_nobody_answers() {
    let stage = Stage::new();
    let communicado = stage.communicado().on_bus("unix:path=/nonexistent/bus");
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
    let mut stage = Stage::new();
    let prosody = stage.prosody();
    let alice = Account::xmpp("alice", &prosody);
    stage.bus().kill();
    let mut watch = stage.watch();
    for client in ["finch", "pidgin", "chatty"] {
        watch.expect(client, LOST);
    }
    stage.bus().start_again();
    watch.expect_nobody();
    let _finch = stage.finch(&[&alice]);
    signs_in(&mut watch, "finch");
    watch.end();
}
