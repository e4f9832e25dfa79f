//! The seed's own protocol: the SIPE plug-in, registered at a SIP server.

use communicado_conformance::{Account, Saved, TestSession};

use crate::signs_in;

#[test]
fn away_busy_invisible_and_do_not_disturb_over_sip() {
    let session = TestSession::new();
    let mut kamailio = session.kamailio();
    let alice = Account::sipe("alice", &kamailio);
    let mut watch = session.watch();
    watch.expect_all_absent();
    let finch = session.finch(&[&alice]);
    signs_in(&mut watch, "finch");
    assert_eq!(watch.accounts(), [("alice@uc.test,alice", "Office Communicator")]);
    finch.user().pick(Saved::Away);
    watch.expect(
        "finch",
        &["signed-in away/away saved=available", "signed-in away/away saved=away"],
    );
    finch.user().pick(Saved::Unavailable);
    watch.expect(
        "finch",
        &["signed-in busy/busy saved=away", "signed-in busy/busy saved=unavailable"],
    );
    finch.user().pick(Saved::Invisible);
    watch.expect(
        "finch",
        &[
            "signed-in invisible/invisible saved=unavailable",
            "signed-in invisible/invisible saved=invisible",
        ],
    );
    finch.user().pick_for(&alice, Saved::Unavailable, "do-not-disturb");
    watch.expect(
        "finch",
        &[
            "signed-in do-not-disturb/do-not-disturb saved=invisible",
            "signed-in do-not-disturb/do-not-disturb saved=unavailable",
        ],
    );
    finch.user().pick_for(&alice, Saved::Away, "be-right-back");
    watch.expect(
        "finch",
        &[
            "signed-in be-right-back/be-right-back saved=unavailable",
            "signed-in be-right-back/be-right-back saved=away",
        ],
    );
    finch.user().pick_for(&alice, Saved::Unavailable, "in-a-meeting");
    watch.expect(
        "finch",
        &[
            "signed-in busy/in-a-meeting activity=in-a-meeting saved=away",
            "signed-in busy/in-a-meeting activity=in-a-meeting saved=unavailable",
        ],
    );
    finch.user().pick(Saved::Available);
    watch.expect(
        "finch",
        &[
            "signed-in available/available saved=unavailable",
            "signed-in available/available saved=available",
        ],
    );
    kamailio.kill();
    watch.expect("finch", &["signed-out reason=network-error saved=available"]);
    kamailio.start_again();
    finch.user().reconnect(&alice);
    watch.expect(
        "finch",
        &["signing-in saved=available", "signed-in available/available saved=available"],
    );
    watch.end();
}
