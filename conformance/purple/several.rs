//! More than one client, more than one account.

use communicado_conformance::{Account, Saved, TestSession};

use crate::shutdown::{GONE, GOODBYE};
use crate::{GOES_AWAY, REFUSED, signs_in};

#[test]
fn a_client_that_is_replaced_by_another() {
    let session = TestSession::new();
    let prosody = session.prosody();
    let (alice, bob) = (Account::xmpp("alice", &prosody), Account::xmpp("bob", &prosody));
    let mut watch = session.watch();
    watch.expect_all_absent();
    let mut finch = session.finch(&[&alice]);
    signs_in(&mut watch, "finch");
    // The second one is queued for the name, and is a client too.
    let pidgin = session.pidgin(&[&bob]);
    signs_in(&mut watch, "pidgin");
    assert_eq!(watch.accounts(), [("bob@uc.test/ci", "XMPP")]);
    finch.quit();
    watch.expect("finch", GOODBYE);
    pidgin.user().pick(Saved::Away);
    watch.expect("pidgin", GOES_AWAY);
    watch.end();
}

#[test]
fn two_clients_of_one_kind() {
    let session = TestSession::new();
    let prosody = session.prosody();
    let (alice, bob) = (Account::xmpp("alice", &prosody), Account::xmpp("bob", &prosody));
    let mut watch = session.watch();
    watch.expect_all_absent();
    let mut first = session.finch(&[&alice]);
    signs_in(&mut watch, "finch");
    let second = session.finch(&[&bob]);
    signs_in(&mut watch, "finch-2");
    second.user().pick(Saved::Away);
    watch.expect("finch-2", GOES_AWAY);
    first.kill();
    watch.expect("finch", GONE);
    second.user().pick(Saved::Available);
    watch.expect(
        "finch-2",
        &[
            "signed-in available/available saved=away",
            "signed-in available/available saved=available",
        ],
    );
    watch.end();
}

#[test]
fn two_accounts_in_different_states() {
    let session = TestSession::new();
    let prosody = session.prosody();
    let bob = Account::xmpp("bob", &prosody).password("wrong");
    let alice = Account::xmpp("alice", &prosody).disabled();
    let mut watch = session.watch();
    watch.expect_all_absent();
    let finch = session.finch(&[&bob, &alice]);
    watch.expect_either("finch", REFUSED);
    // Accounts are in the order in which they were seen.
    const BOB: &str = "| bob@uc.test/ci signed-out reason=authentication-failed";
    finch.user().enable(&alice);
    watch.expect(
        "finch",
        &[
            &format!(
                "signed-out reason=authentication-failed saved=available \
                 {BOB} | alice@uc.test/ci signed-out"
            ),
            &format!("signing-in saved=available {BOB} | alice@uc.test/ci signing-in"),
            &format!(
                "signed-in available/available saved=available \
                 {BOB} | alice@uc.test/ci signed-in available/available"
            ),
        ],
    );
    finch.user().pick_for(&alice, Saved::Available, "dnd");
    watch.expect(
        "finch",
        &[&format!(
            "signed-in do-not-disturb/dnd saved=available \
             {BOB} | alice@uc.test/ci signed-in do-not-disturb/dnd"
        )],
    );
    finch.user().set_password(&bob, "secret");
    finch.user().enable(&bob);
    watch.expect(
        "finch",
        &[
            "signed-in do-not-disturb/dnd saved=available | bob@uc.test/ci signing-in \
             | alice@uc.test/ci signed-in do-not-disturb/dnd",
            // The better of the two accounts determines the status.
            "signed-in available/available saved=available \
             | bob@uc.test/ci signed-in available/available \
             | alice@uc.test/ci signed-in do-not-disturb/dnd",
        ],
    );
    watch.end();
}

#[test]
fn an_account_that_signs_in_elsewhere() {
    let session = TestSession::new();
    let prosody = session.prosody();
    let alice = Account::xmpp("alice", &prosody);
    let mut watch = session.watch();
    watch.expect_all_absent();
    let _finch = session.finch(&[&alice]);
    signs_in(&mut watch, "finch");
    // The same address, resource included: the server drops the older connection.
    let _pidgin = session.pidgin(&[&alice]);
    signs_in(&mut watch, "pidgin");
    watch.expect("finch", &["signed-out reason=signed-in-elsewhere saved=available"]);
    watch.end();
}
