//! Servers, accounts and connections that fail, each with its reason.

use std::fs;

use communicado_conformance::{
    Communicado, ExpectOk as _, Prosody, Signal, TestSession, Watch, XmppClient, within,
};

use crate::server::{Server, ServerKind};
use crate::{AVAILABLE, LOST, SIGNED_OUT, on_server, password_file, watch, with_xmpp};

/// The source watches its own account, which needs no subscription.
const OWN: &str = "own-account = true\n";

on_server! {
    prosody Prosody:
    a_wrong_password_is_refused,
    a_new_password_works_without_a_restart,
    an_account_that_is_deleted_is_unknown,
    a_server_that_hangs_is_unknown,
    a_connection_that_another_one_replaces_comes_back,
}

/// Waits until the messages of the watch contain a text.
fn expect_message(watch: &Watch, text: &str) {
    within(&format!("`{text}` in the messages"), || watch.errors().contains(text).then_some(()));
}

fn started(kind: ServerKind, more: &str) -> (TestSession, Server, Communicado, Watch) {
    let session = TestSession::new();
    let server = Server::start(kind, &session);
    let communicado = with_xmpp(&session, server.port(), &format!("{OWN}{more}"));
    let mut watch = watch(&communicado);
    watch.expect("bob@uc.test", &[SIGNED_OUT]);
    (session, server, communicado, watch)
}

fn a_wrong_password_is_refused(kind: ServerKind) {
    let session = TestSession::new();
    let server = Server::start(kind, &session);
    let communicado = with_xmpp(&session, server.port(), OWN);
    fs::write(password_file(&session), "wrong\n").expect_ok("write a password");
    let ended = communicado.run(&["status"]);
    assert_eq!((ended.code, &*ended.out), (Some(3), "bob@uc.test  unknown        source-lost\n"));
    assert!(ended.err.contains("the server refused the account or its password"), "{}", ended.err);
    assert!(!ended.err.contains("wrong\n"), "{}", ended.err);
    let doctor = communicado.run(&["doctor"]);
    assert!(doctor.out.contains("!!  source xmpp (xmpp): the server refused"), "{}", doctor.out);
    fs::write(password_file(&session), Prosody::PASSWORD).expect_ok("write a password");
    let doctor = communicado.run(&["doctor"]);
    let good = "ok  source xmpp (xmpp): the server accepts the sign-in of bob@uc.test";
    assert!(doctor.out.contains(good), "{}", doctor.out);
}

fn a_new_password_works_without_a_restart(kind: ServerKind) {
    let (session, mut server, _, mut watch) = started(kind, "");
    let mut bob = server.sign_in("bob@uc.test/phone");
    watch.expect("bob@uc.test", &[AVAILABLE]);
    bob.act("password another");
    bob.act("presence away");
    server.kill();
    watch.expect_eventually("bob@uc.test", LOST);
    server.start_again();
    expect_message(&watch, "the server refused the account or its password");
    fs::write(password_file(&session), "another").expect_ok("write a password");
    watch.expect_eventually("bob@uc.test", SIGNED_OUT);
    let _bob = XmppClient::sign_in("bob@uc.test/phone", "another", server.port());
    watch.expect("bob@uc.test", &[AVAILABLE]);
    watch.end();
}

fn an_account_that_is_deleted_is_unknown(kind: ServerKind) {
    let (_session, server, _, mut watch) = started(kind, "");
    let mut bob = server.sign_in("bob@uc.test/phone");
    watch.expect("bob@uc.test", &[AVAILABLE]);
    bob.act("unregister");
    watch.expect_eventually("bob@uc.test", LOST);
    expect_message(&watch, "the server refused the account or its password");
    watch.end();
}

fn a_server_that_hangs_is_unknown(kind: ServerKind) {
    let (_session, mut server, _, mut watch) =
        started(kind, "check = \"200ms\"\ntimeout = \"2s\"\n");
    server.signal(Signal::STOP);
    watch.expect("bob@uc.test", &[LOST]);
    expect_message(&watch, "the server did not answer within 2 s");
    server.signal(Signal::CONT);
    watch.expect("bob@uc.test", &[SIGNED_OUT]);
    watch.end();
}

fn a_connection_that_another_one_replaces_comes_back(kind: ServerKind) {
    let (_session, server, _, mut watch) = started(kind, "");
    let mut bob = server.sign_in("bob@uc.test/phone");
    watch.expect("bob@uc.test", &[AVAILABLE]);
    bob.act("conflict");
    watch.expect("bob@uc.test", &[LOST]);
    expect_message(&watch, "has replaced this one (conflict");
    watch.expect_eventually("bob@uc.test", AVAILABLE);
    watch.end();
}
