//! Every kind of exit of a client.

use communicado_conformance::{Account, Client, ClientKind, Saved, TestSession};

use crate::{SIGN_OUT, signs_in};

/// A signed-in client that quits.
pub(crate) const GOODBYE: &[&str] =
    &["signed-out saved=available", "shutting-down | alice@uc.test/ci signed-out", "absent"];
/// A signed-in client that crashes.
pub(crate) const GONE: &[&str] = &["signed-out saved=available", "absent"];

#[test]
fn finch_quits_in_its_window() {
    check(ClientKind::Finch, Client::quit, GOODBYE);
}

#[test]
fn pidgin_quits_in_its_window() {
    check(ClientKind::Pidgin, Client::quit, GOODBYE);
}

#[test]
fn pidgin_takes_sigterm_as_a_request_to_quit() {
    check(ClientKind::Pidgin, Client::terminate, GOODBYE);
}

#[test]
fn finch_ends_at_sigterm_without_a_word() {
    check(ClientKind::Finch, Client::terminate, GONE);
}

#[test]
fn finch_is_killed_in_the_middle_of_a_session() {
    check(ClientKind::Finch, Client::kill, GONE);
}

#[test]
fn pidgin_is_killed_in_the_middle_of_a_session() {
    check(ClientKind::Pidgin, Client::kill, GONE);
}

/// By another program. Finch's process would stay, off the bus and signed out.
#[test]
fn pidgin_gets_a_quit_over_the_bus() {
    let quits = |pidgin: &mut Client| {
        pidgin.user().quit();
        pidgin.wait();
    };
    check(ClientKind::Pidgin, quits, GOODBYE);
}

/// Signs in, ends the client, and starts it again: no state of the first run is left.
fn check(kind: ClientKind, end: impl Fn(&mut Client), expected: &[&str]) {
    let name = match kind {
        ClientKind::Finch => "finch",
        ClientKind::Pidgin => "pidgin",
    };
    let session = TestSession::new();
    let prosody = session.prosody();
    let alice = Account::xmpp("alice", &prosody);
    let mut watch = session.watch();
    watch.expect_all_absent();
    let mut client = session.client(kind, &[&alice]);
    signs_in(&mut watch, name);
    end(&mut client);
    watch.expect(name, expected);
    let mut client = session.client(kind, &[&alice]);
    signs_in(&mut watch, name);
    client.kill();
    watch.expect(name, GONE);
    watch.end();
}

#[test]
fn a_client_that_is_killed_while_signed_out() {
    let session = TestSession::new();
    let prosody = session.prosody();
    let alice = Account::xmpp("alice", &prosody);
    let mut watch = session.watch();
    watch.expect_all_absent();
    let mut finch = session.finch(&[&alice]);
    signs_in(&mut watch, "finch");
    finch.user().pick(Saved::Offline);
    watch.expect("finch", SIGN_OUT);
    finch.kill();
    watch.expect("finch", &["absent"]);
    watch.end();
}
