//! The accounts that a service account watches.

use communicado_conformance::TestSession;

use crate::server::{Server, ServerKind};
use crate::{AVAILABLE, DENIED, LOST, SIGNED_OUT, on_server, watch, with_xmpp};

const CONTACTS: &str = "contacts = [\"alice = alice@uc.test\"]\n";

on_server! {
    prosody Prosody:
    an_account_that_adds_the_source_is_reported_until_it_withdraws,
    a_client_that_is_killed_is_signed_out_and_the_other_one_stays,
    an_account_that_is_signed_in_before_the_source_is_never_reported_as_signed_out,
    the_source_accepts_nobody_who_is_not_in_the_configuration,
    the_own_account_is_watched_without_the_connections_of_communicado,
    an_account_is_unknown_while_the_server_does_not_run,
}

on_server! {
    ejabberd Ejabberd:
    an_account_that_adds_the_source_is_reported_until_it_withdraws,
    a_client_that_is_killed_is_signed_out_and_the_other_one_stays,
    an_account_that_is_signed_in_before_the_source_is_never_reported_as_signed_out,
    the_source_accepts_nobody_who_is_not_in_the_configuration,
    the_own_account_is_watched_without_the_connections_of_communicado,
}

fn an_account_that_adds_the_source_is_reported_until_it_withdraws(kind: ServerKind) {
    let session = TestSession::new();
    let server = Server::start(kind, &session);
    let mut watch = watch(&with_xmpp(&session, server.port(), CONTACTS));
    watch.expect("alice", &[DENIED]);
    let mut alice = server.sign_in("alice@uc.test/phone");
    alice.act("add bob@uc.test");
    watch.expect("alice", &[AVAILABLE]);
    assert_eq!(watch.accounts(), [("alice@uc.test/phone", "XMPP")]);
    alice.act("presence away back at four");
    watch.expect("alice", &["signed-in away/away note=\"back at four\" by xmpp"]);
    alice.act("presence dnd");
    watch.expect("alice", &["signed-in do-not-disturb/dnd by xmpp"]);
    alice.act("presence xa");
    watch.expect("alice", &["signed-in away/xa by xmpp"]);
    alice.act("presence chat");
    watch.expect("alice", &["signed-in available/chat by xmpp"]);
    alice.quit();
    watch.expect("alice", &[SIGNED_OUT]);
    let mut alice = server.sign_in("alice@uc.test/laptop");
    watch.expect("alice", &[AVAILABLE]);
    alice.act("remove bob@uc.test");
    watch.expect_eventually("alice", DENIED);
    watch.end();
}

fn a_client_that_is_killed_is_signed_out_and_the_other_one_stays(kind: ServerKind) {
    let session = TestSession::new();
    let server = Server::start(kind, &session);
    let mut phone = server.sign_in("alice@uc.test/phone");
    let mut watch = watch(&with_xmpp(&session, server.port(), CONTACTS));
    watch.expect("alice", &[DENIED]);
    phone.act("add bob@uc.test");
    watch.expect("alice", &[AVAILABLE]);
    phone.act("presence away");
    watch.expect("alice", &["signed-in away/away by xmpp"]);
    let laptop = server.sign_in("alice@uc.test/laptop");
    let both = "signed-in available/available by xmpp | alice@uc.test/phone signed-in away/away | \
                alice@uc.test/laptop signed-in available/available";
    watch.expect("alice", &[both]);
    laptop.kill();
    watch.expect("alice", &["signed-in away/away by xmpp"]);
    phone.kill();
    watch.expect("alice", &[SIGNED_OUT]);
    watch.end();
}

fn an_account_that_is_signed_in_before_the_source_is_never_reported_as_signed_out(
    kind: ServerKind,
) {
    let session = TestSession::new();
    let server = Server::start(kind, &session);
    let communicado = with_xmpp(&session, server.port(), CONTACTS);
    let mut alice = server.sign_in("alice@uc.test/phone");
    let mut first = watch(&communicado);
    first.expect("alice", &[DENIED]);
    alice.act("add bob@uc.test");
    first.expect("alice", &[AVAILABLE]);
    first.end();
    for _ in 0..5 {
        let mut again = watch(&communicado);
        again.expect("alice", &[AVAILABLE]);
        again.end();
    }
}

fn the_source_accepts_nobody_who_is_not_in_the_configuration(kind: ServerKind) {
    let session = TestSession::new();
    let server = Server::start(kind, &session);
    let mut watch = watch(&with_xmpp(&session, server.port(), CONTACTS));
    watch.expect("alice", &[DENIED]);
    let mut eve = server.sign_in("eve@uc.test/laptop");
    eve.act("add bob@uc.test");
    let mut alice = server.sign_in("alice@uc.test/phone");
    alice.act("add bob@uc.test");
    watch.expect("alice", &[AVAILABLE]);
    // The source has had eve's request before that of alice.
    eve.act("roster bob@uc.test");
    eve.expect("none");
    alice.act("roster bob@uc.test");
    alice.expect("both");
    watch.end();
}

fn an_account_is_unknown_while_the_server_does_not_run(kind: ServerKind) {
    let session = TestSession::new();
    let mut server = Server::start(kind, &session);
    let mut alice = server.sign_in("alice@uc.test/phone");
    let mut watch = watch(&with_xmpp(&session, server.port(), CONTACTS));
    watch.expect("alice", &[DENIED]);
    alice.act("add bob@uc.test");
    watch.expect("alice", &[AVAILABLE]);
    alice.kill();
    watch.expect("alice", &[SIGNED_OUT]);
    // The server has stored the subscription when a later change has reached it.
    let mut alice = server.sign_in("alice@uc.test/phone");
    watch.expect("alice", &[AVAILABLE]);
    alice.act("roster bob@uc.test");
    alice.expect("both");
    server.kill();
    watch.expect("alice", &[LOST]);
    alice.kill();
    server.start_again();
    watch.expect("alice", &[SIGNED_OUT]);
    let _alice = server.sign_in("alice@uc.test/phone");
    watch.expect("alice", &[AVAILABLE]);
    watch.end();
}

fn the_own_account_is_watched_without_the_connections_of_communicado(kind: ServerKind) {
    let session = TestSession::new();
    let server = Server::start(kind, &session);
    let communicado = with_xmpp(&session, server.port(), "own-account = true\n");
    let mut watch = watch(&communicado);
    watch.expect("bob@uc.test", &[SIGNED_OUT]);
    let status = communicado.run(&["status"]);
    assert!(status.out.contains("signed-out"), "{status:?}");
    let mut bob = server.sign_in("bob@uc.test/phone");
    watch.expect("bob@uc.test", &[AVAILABLE]);
    bob.act("presence away");
    watch.expect("bob@uc.test", &["signed-in away/away by xmpp"]);
    bob.quit();
    watch.expect("bob@uc.test", &[SIGNED_OUT]);
    watch.end();
}
