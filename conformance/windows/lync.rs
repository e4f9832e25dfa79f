//! Lync's `IUCOfficeIntegration`, with the class from its installer.

use communicado_conformance::{Peer, Wine};

fn lync(wine: &Wine) -> Peer {
    let mut peer = wine.peer("lync.exe", &["--app", "Lync", "--kind", "lync"]);
    peer.install_office();
    peer.tell("uri sip:alice@uc.test");
    peer.tell("friendly Alice Liddell");
    peer.tell("activity Free");
    peer
}

fn a_whole_session(wine: &Wine) {
    let mut watch = wine.watch();
    watch.expect_all_absent();
    let mut peer = lync(wine);
    peer.come_up();
    watch.expect_eventually("lync", "signed-out by lync | no accounts");
    peer.tell("state 2");
    assert_eq!(peer.tell("fire state 1 2 0"), "1");
    watch.expect("lync", &["signing-in by lync"]);
    peer.tell("state 3");
    peer.tell("fire state 2 3 0");
    watch.expect("lync", &["signed-in available/Free by lync"]);
    assert_eq!(watch.accounts(), [("sip:alice@uc.test", "SIP")]);
    assert_eq!(watch.shown(), Some("Alice Liddell"));
    peer.tell("availability 6500");
    peer.tell("activity on-the-phone");
    assert_eq!(peer.tell("fire contact"), "1");
    watch.expect("lync", &["signed-in busy/on-the-phone activity=on-the-phone by lync"]);
    peer.tell("state 4");
    peer.tell("fire state 3 4 0");
    watch.expect("lync", &["signing-out by lync"]);
    peer.tell("state 1");
    peer.tell("fire state 4 1 0");
    watch.expect("lync", &["signed-out by lync"]);
    peer.tell("fire shutting-down");
    watch.expect("lync", &["shutting-down by lync | sip:alice@uc.test signed-out"]);
    peer.tell("quit");
    watch.expect("lync", &["absent by lync"]);
    watch.end();
}

fn a_client_that_can_do_only_the_version_of_2010(wine: &Wine) {
    let mut peer = lync(wine);
    peer.tell("versions 14.0.0.0");
    peer.tell("state 3");
    peer.come_up();
    let mut watch = wine.watch();
    watch.expect_all_absent_but("lync");
    watch.expect_eventually("lync", "signed-in available/Free by lync");
    watch.end();
}

fn a_client_that_can_do_no_version_or_has_an_unknown_state_is_unknown(wine: &Wine) {
    for (command, reported) in [
        ("versions 99.0.0.0", "unknown reason=not-supported by lync"),
        ("state 77", "unknown reason=not-supported by lync"),
        ("state 6", "starting by lync"),
    ] {
        let mut peer = lync(wine);
        peer.tell(command);
        peer.come_up();
        let mut watch = wine.watch();
        watch.expect_all_absent_but("lync");
        watch.expect_eventually("lync", reported);
        watch.end();
        peer.tell("quit");
    }
}

fn a_client_that_is_killed_while_signed_in(wine: &Wine) {
    let mut peer = lync(wine);
    peer.tell("state 3");
    peer.come_up();
    let mut watch = wine.watch();
    watch.expect_all_absent_but("lync");
    watch.expect_eventually("lync", "signed-in available/Free by lync");
    peer.kill();
    watch.expect("lync", &["signed-out by lync", "absent by lync"]);
    watch.end();
}

fn two_clients_at_once_are_distinguished(wine: &Wine) {
    let mut lync = lync(wine);
    lync.tell("state 3");
    let mut communicator = crate::communicator(wine);
    communicator.tell("status 0x0A");
    let mut watch = wine.watch();
    lync.come_up();
    communicator.come_up();
    watch.expect("teams", &["absent by im-providers"]);
    watch.expect_eventually("lync", "signed-in available/Free by lync");
    watch.expect_eventually("communicator", "signed-in busy/BUSY by communicator");
    lync.kill();
    watch.expect("lync", &["signed-out by lync", "absent by lync"]);
    communicator.tell("status 2");
    communicator.tell("fire status 0 2");
    watch.expect("communicator", &["signed-in available/ONLINE by communicator"]);
    watch.end();
}

crate::beside_both! {
    a_whole_session,
    a_client_that_can_do_only_the_version_of_2010,
    a_client_that_can_do_no_version_or_has_an_unknown_state_is_unknown,
    a_client_that_is_killed_while_signed_in,
    two_clients_at_once_are_distinguished,
}
