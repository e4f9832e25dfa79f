//! Sign-ins that succeed or fail, from the start of the client.

use std::process::Command;

use communicado_conformance::{Account, ExpectOk as _, Saved, TestSession, within};
use serde_json::Value;

use crate::{REFUSED, SIGN_OUT, signs_in};

#[test]
fn a_client_that_signs_in_as_it_starts() {
    let session = TestSession::new();
    let prosody = session.prosody();
    let alice = Account::xmpp("alice", &prosody);
    let mut watch = session.watch();
    watch.expect_all_absent();
    let _finch = session.finch(&[&alice]);
    signs_in(&mut watch, "finch");
    assert_eq!(watch.accounts(), [("alice@uc.test/ci", "XMPP")]);
    watch.end();
}

#[test]
fn a_client_that_starts_signed_out_and_signs_in_and_out() {
    let session = TestSession::new();
    let prosody = session.prosody();
    let alice = Account::xmpp("alice", &prosody).signed_out();
    let mut watch = session.watch();
    watch.expect_all_absent();
    let finch = session.finch(&[&alice]);
    watch.expect("finch", &["starting", "signed-out saved=available"]);
    finch.user().pick(Saved::Available);
    watch.expect(
        "finch",
        &["signing-in saved=available", "signed-in available/available saved=available"],
    );
    finch.user().pick(Saved::Offline);
    watch.expect("finch", SIGN_OUT);
    finch.user().pick(Saved::Available);
    watch.expect(
        "finch",
        &[
            "signing-in saved=offline",
            "signing-in saved=available",
            "signed-in available/available saved=available",
        ],
    );
    watch.end();
}

#[test]
fn an_account_that_is_switched_off_and_on() {
    let session = TestSession::new();
    let prosody = session.prosody();
    let alice = Account::xmpp("alice", &prosody);
    let mut watch = session.watch();
    watch.expect_all_absent();
    let finch = session.finch(&[&alice]);
    signs_in(&mut watch, "finch");
    finch.user().disable(&alice);
    watch.expect("finch", &["signed-out saved=available | no accounts"]);
    finch.user().enable(&alice);
    watch.expect(
        "finch",
        &[
            "signed-out saved=available",
            "signing-in saved=available",
            "signed-in available/available saved=available",
        ],
    );
    watch.end();
}

#[test]
fn a_wrong_password_and_then_the_right_one() {
    let session = TestSession::new();
    let prosody = session.prosody();
    let alice = Account::xmpp("alice", &prosody).password("wrong");
    let mut watch = session.watch();
    watch.expect_all_absent();
    let finch = session.finch(&[&alice]);
    watch.expect_either("finch", REFUSED);
    finch.user().set_password(&alice, "secret");
    finch.user().enable(&alice);
    watch.expect(
        "finch",
        &["signing-in saved=available", "signed-in available/available saved=available"],
    );
    watch.end();
}

#[test]
fn a_server_that_is_not_there_and_then_is() {
    let session = TestSession::new();
    let mut prosody = session.prosody_later();
    let alice = Account::xmpp("alice", &prosody);
    let mut watch = session.watch();
    watch.expect_all_absent();
    let finch = session.finch(&[&alice]);
    // A local port refuses at once, perhaps before the client answers the first query.
    let failed = "signed-out reason=network-error saved=available";
    watch.expect_either(
        "finch",
        &[&["starting", failed], &["starting", "signing-in saved=available", failed]],
    );
    prosody.start_again();
    finch.user().reconnect(&alice);
    watch.expect(
        "finch",
        &["signing-in saved=available", "signed-in available/available saved=available"],
    );
    watch.end();
}

#[test]
fn a_client_without_accounts() {
    let session = TestSession::new();
    let mut watch = session.watch();
    watch.expect_all_absent();
    let mut finch = session.finch(&[]);
    watch.expect("finch", &["starting", "signed-out saved=available | no accounts"]);
    finch.kill();
    watch.expect("finch", &["absent"]);
    watch.end();
}

#[test]
fn an_account_whose_name_is_awkward() {
    let session = TestSession::new();
    let prosody = session.prosody();
    let resource = "it's \"ci\" <&> \\n \u{202e}drawkcab \u{1f4de}";
    let alice = Account::xmpp("alice", &prosody).resource(resource).signed_out();
    let mut watch = session.watch();
    watch.expect_all_absent();
    let _finch = session.finch(&[&alice]);
    watch.expect("finch", &["starting", "signed-out saved=available"]);
    assert_eq!(watch.accounts(), [(alice.name(), "XMPP")]);
    watch.end();
}

/// An XMPP address must not change the direction of text (RFC 3920, appendix B.5). So the client
/// fails without a server, before it answers the first query.
#[test]
fn an_account_whose_name_is_impossible() {
    let session = TestSession::new();
    let prosody = session.prosody();
    let alice = Account::xmpp("alice", &prosody).resource("\u{202e}drawkcab");
    let mut watch = session.watch();
    watch.expect_all_absent();
    let _finch = session.finch(&[&alice]);
    watch.expect("finch", &["starting", "signed-out reason=invalid-settings saved=available"]);
    watch.end();
}

/// The presence may have changed since the sign-in, so its time is not the start of the status.
#[test]
fn libpurple_has_the_time_of_a_sign_in_only_so_a_first_answer_has_no_start() {
    let session = TestSession::new();
    let prosody = session.prosody();
    let alice = Account::xmpp("alice", &prosody);
    let finch = session.finch(&[&alice]);
    finch.user().until_signed_in(&alice);
    let signed_in_at = finch.user().login_time(&alice);
    assert!(signed_in_at > 0);
    within("the second of the sign-in is over", || {
        let seconds = Command::new("date").arg("+%s").output().ok()?.stdout;
        let seconds: i32 = String::from_utf8(seconds).ok()?.trim().parse().ok()?;
        (seconds > signed_in_at).then_some(())
    });
    finch.user().pick(Saved::Away);
    within("alice is away", || (finch.user().status(&alice) == "away").then_some(()));
    assert_eq!(finch.user().login_time(&alice), signed_in_at);
    let status = session.communicado().run(&["status", "--client", "finch", "--json"]);
    let line: Value = serde_json::from_str(&status.out).expect_ok("read a line");
    assert_eq!([&line["status"], &line["availability"]], ["signed-in", "away"]);
    assert_eq!([&line["since"], &line["accounts"][0]["since"]], [&Value::Null, &Value::Null]);
}
