//! Communicado starts last: the first line has the current status.

use communicado_conformance::{Account, Saved, TestSession};

use crate::{GOES_AWAY, REFUSED, SIGN_IN};

#[test]
fn beside_a_client_that_is_signed_in() {
    let session = TestSession::new();
    let prosody = session.prosody();
    let alice = Account::xmpp("alice", &prosody);
    let finch = session.finch(&[&alice]);
    finch.user().until_signed_in(&alice);
    finch.user().pick(Saved::Away);
    let mut watch = session.watch();
    watch.expect("finch", &["signed-in away/away saved=away"]);
    watch.expect_all_absent_but("finch");
    finch.user().pick(Saved::Offline);
    watch.expect("finch", &["signed-out saved=away", "signed-out saved=offline"]);
    watch.end();
}

#[test]
fn beside_a_client_that_is_signed_out() {
    let session = TestSession::new();
    let prosody = session.prosody();
    let alice = Account::xmpp("alice", &prosody).signed_out();
    let pidgin = session.pidgin(&[&alice]);
    assert!(!pidgin.user().is_signed_in(&alice));
    let mut watch = session.watch();
    watch.expect("pidgin", &["signed-out saved=available"]);
    watch.expect_all_absent_but("pidgin");
    watch.end();
}

/// libpurple reports the reason of a failed sign-in only once, when it happens.
#[test]
fn beside_a_client_whose_sign_in_has_failed() {
    let session = TestSession::new();
    let prosody = session.prosody();
    let alice = Account::xmpp("alice", &prosody).password("wrong");
    let mut first = session.watch();
    first.expect_all_absent();
    let finch = session.finch(&[&alice]);
    first.expect_either("finch", REFUSED);
    let mut watch = session.watch();
    watch.expect("finch", &["signed-out reason=sign-in-failed saved=available"]);
    watch.expect_all_absent_but("finch");
    finch.user().set_password(&alice, "secret");
    finch.user().enable(&alice);
    for watch in [&mut first, &mut watch] {
        watch.expect(
            "finch",
            &["signing-in saved=available", "signed-in available/available saved=available"],
        );
        watch.end();
    }
}

#[test]
fn beside_two_clients() {
    let session = TestSession::new();
    let prosody = session.prosody();
    let (alice, bob) = (Account::xmpp("alice", &prosody), Account::xmpp("bob", &prosody));
    let mut finch = session.finch(&[&alice]);
    finch.user().until_signed_in(&alice);
    let pidgin = session.pidgin(&[&bob]);
    pidgin.user().until_signed_in(&bob);
    let mut watch = session.watch();
    let signed_in = ["signed-in available/available saved=available"];
    watch.expect("finch", &signed_in);
    watch.expect("pidgin", &signed_in);
    watch.expect("chatty", &["absent"]);
    finch.kill();
    watch.expect("finch", &["signed-out saved=available", "absent"]);
    pidgin.user().pick(Saved::Away);
    watch.expect("pidgin", GOES_AWAY);
    watch.end();
}

/// Its process may not exist yet, or not be on the bus, or not answer yet.
#[test]
fn beside_a_client_that_is_just_starting() {
    let session = TestSession::new();
    let prosody = session.prosody();
    let alice = Account::xmpp("alice", &prosody);
    let _finch = session.finch(&[&alice]);
    let mut watch = session.watch();
    let [starting, signing_in, signed_in] = SIGN_IN else { unreachable!() };
    watch.expect_either(
        "finch",
        &[
            &["absent", starting, signing_in, signed_in],
            &[starting, signing_in, signed_in],
            &[signing_in, signed_in],
            &[signed_in],
        ],
    );
    watch.expect_all_absent_but("finch");
    watch.end();
}
