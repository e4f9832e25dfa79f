//! The presence of a signed-in user.

use communicado_conformance::{Account, Kind, Saved, TestSession};

use crate::signs_in;

#[test]
fn away_busy_invisible_and_back_in_finch() {
    check(Kind::Finch, "finch");
}

#[test]
fn away_busy_invisible_and_back_in_pidgin() {
    check(Kind::Pidgin, "pidgin");
}

fn check(kind: Kind, name: &str) {
    let session = TestSession::new();
    let prosody = session.prosody();
    let alice = Account::xmpp("alice", &prosody);
    let mut watch = session.watch();
    watch.expect_all_absent();
    let client = session.client(kind, &[&alice]);
    signs_in(&mut watch, name);
    client.user().pick(Saved::Away);
    watch.expect(name, &["signed-in away/away saved=available", "signed-in away/away saved=away"]);
    client.user().pick(Saved::Unavailable);
    watch.expect(
        name,
        &[
            "signed-in do-not-disturb/dnd saved=away",
            "signed-in do-not-disturb/dnd saved=unavailable",
        ],
    );
    client.user().pick(Saved::ExtendedAway);
    watch.expect(
        name,
        &[
            "signed-in away/extended_away saved=unavailable",
            "signed-in away/extended_away saved=extended_away",
        ],
    );
    // XMPP has no invisible status: others still see extended away.
    client.user().pick(Saved::Invisible);
    watch.expect(name, &["signed-in away/extended_away saved=invisible"]);
    client.user().pick(Saved::Available);
    watch.expect(
        name,
        &[
            "signed-in available/available saved=invisible",
            "signed-in available/available saved=available",
        ],
    );
    // The same status again is no change.
    client.user().pick(Saved::Available);
    client.user().pick_for(&alice, Saved::Available, "dnd");
    watch.expect(name, &["signed-in do-not-disturb/dnd saved=available"]);
    watch.end();
}
