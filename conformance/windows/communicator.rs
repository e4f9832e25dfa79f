//! Communicator's Messenger object.

use communicado_conformance::Wine;

use crate::{ALICE, GONE, SIGNED_IN, communicator, signed_in};

fn a_whole_session_with_communicado_there_first(wine: &Wine) {
    let mut watch = wine.watch();
    watch.expect_all_absent();
    let mut peer = communicator(wine);
    peer.tell("flag 1");
    watch.expect_status("communicator", "starting");
    peer.tell("register");
    peer.tell("flag 2");
    watch.expect_eventually("communicator", "signed-out by communicator | no accounts");
    peer.tell("status 0x100");
    assert_eq!(peer.tell("fire status 0 0x100"), "1");
    watch.expect("communicator", &["signing-in by communicator"]);
    peer.tell("status 2");
    peer.tell("fire signin 0");
    watch.expect("communicator", &["signed-in available/ONLINE by communicator"]);
    assert_eq!(watch.accounts(), [(ALICE, "SIP")]);
    assert_eq!(watch.shown(), Some("Alice Liddell"));
    for (number, reported) in [
        ("0x0A", "signed-in busy/BUSY by communicator"),
        ("0x32", "signed-in busy/ON_THE_PHONE activity=on-the-phone by communicator"),
        ("0x06", "signed-in invisible/INVISIBLE by communicator"),
        ("0xC2", "signed-in other/0xC2 by communicator"),
    ] {
        peer.tell(&format!("status {number}"));
        peer.tell(&format!("fire status 0 {number}"));
        watch.expect("communicator", &[reported]);
    }
    peer.tell("status 0x400");
    peer.tell("fire status 0 0x400");
    watch.expect("communicator", &["signing-out by communicator"]);
    peer.tell("status 1");
    peer.tell("fire signout");
    watch.expect("communicator", &["signed-out by communicator"]);
    peer.tell("fire shutdown");
    watch.expect("communicator", &["shutting-down by communicator | alice@uc.test signed-out"]);
    peer.tell("quit");
    watch.expect("communicator", &["absent by communicator"]);
    watch.end();
}

fn a_client_that_is_there_first_and_signed_in(wine: &Wine) {
    let mut peer = communicator(wine);
    peer.tell("status 0x22");
    peer.come_up();
    let status = wine.communicado().run(&["status", "--client", "communicator"]);
    assert!(status.out.contains("signed-in"), "{} {}", status.out, status.err);
    let mut watch = wine.watch();
    watch.expect_all_absent_but("communicator");
    watch.expect_eventually("communicator", "signed-in away/AWAY by communicator");
    watch.end();
}

fn asking_never_signs_anybody_in(wine: &Wine) {
    let (mut peer, mut watch) = signed_in(wine);
    peer.tell("status 1");
    peer.tell("fire signout");
    watch.expect("communicator", &["signed-out by communicator"]);
    let calls = peer.tell("calls");
    assert!(calls.ends_with(" 0"), "Signin or AutoSignin was called: {calls}");
    watch.end();
}

fn a_failed_sign_in_has_its_reason(wine: &Wine) {
    let (mut peer, mut watch) = signed_in(wine);
    peer.tell("status 1");
    peer.tell("fire signout");
    watch.expect("communicator", &["signed-out by communicator"]);
    for (code, reason) in [
        ("0x81000303", "authentication-failed"),
        ("0x81000306", "network-error"),
        ("0x81000368", "certificate-error"),
    ] {
        peer.tell(&format!("fire signin {code}"));
        watch.expect("communicator", &[&format!("signed-out reason={reason} by communicator")]);
    }
    watch.end();
}

fn signed_out_is_reported_if_no_object_can_be_created(wine: &Wine) {
    for refusal in ["80040111", "8100031E"] {
        let mut peer = communicator(wine);
        peer.tell(&format!("register {refusal}"));
        peer.tell("flag 2");
        let mut watch = wine.watch();
        watch.expect_all_absent_but("communicator");
        watch.expect_eventually("communicator", "signed-out by communicator | no accounts");
        peer.tell("status 2");
        peer.tell("register");
        watch.expect("communicator", &["signed-in available/ONLINE by communicator"]);
        watch.end();
        peer.tell("quit");
    }
}

fn not_logged_on_is_signed_out_in_both_of_its_shapes(wine: &Wine) {
    for shape in ["direct", "exception"] {
        let mut peer = communicator(wine);
        peer.tell(&format!("answer MyStatus 8100031E {shape}"));
        peer.come_up();
        let mut watch = wine.watch();
        watch.expect_all_absent_but("communicator");
        watch.expect_eventually("communicator", "signed-out by communicator | no accounts");
        peer.tell("answer MyStatus ok");
        peer.tell("status 2");
        peer.tell("fire signin 0");
        watch.expect("communicator", &["signed-in available/ONLINE by communicator"]);
        watch.end();
        peer.tell("quit");
    }
}

fn a_client_without_a_status_of_its_own_is_read_by_its_service(wine: &Wine) {
    for shape in ["direct", "exception"] {
        let mut peer = communicator(wine);
        peer.tell("status 0x0A");
        peer.tell(&format!("answer MyStatus 80004001 {shape}"));
        peer.come_up();
        let mut watch = wine.watch();
        watch.expect_all_absent_but("communicator");
        watch.expect_eventually("communicator", "signed-in busy/BUSY by communicator");
        watch.end();
        peer.tell("quit");
    }
}

fn a_refusal_is_reported_with_its_reason(wine: &Wine) {
    for (code, reason) in [
        ("80080005", "access-denied"),
        ("80070005", "access-denied"),
        ("8001010A", "not-responding"),
        ("80010001", "not-responding"),
        ("80004002", "not-supported"),
    ] {
        let mut peer = communicator(wine);
        peer.tell(&format!("register {code}"));
        peer.tell("flag 2");
        let mut watch = wine.watch();
        watch.expect_all_absent_but("communicator");
        let reported = format!("unknown reason={reason} by communicator");
        watch.expect_eventually("communicator", &reported);
        watch.end();
        peer.tell("quit");
    }
}

fn a_client_that_is_killed_is_gone_at_once_and_comes_back(wine: &Wine) {
    let (mut peer, mut watch) = signed_in(wine);
    peer.kill();
    watch.expect("communicator", GONE);
    wine.restart_com();
    let mut peer = communicator(wine);
    peer.tell("status 2");
    peer.come_up();
    watch.expect_eventually("communicator", SIGNED_IN);
    watch.end();
}

fn a_client_that_ends_without_an_event(wine: &Wine) {
    let (mut peer, mut watch) = signed_in(wine);
    // It resets its flag before it exits, which may be noticed first.
    peer.tell("quit");
    watch.expect_eventually("communicator", "absent by communicator");
    let mut peer = communicator(wine);
    peer.tell("status 2");
    peer.come_up();
    watch.expect_eventually("communicator", SIGNED_IN);
    peer.tell("quit-silently");
    watch.expect("communicator", GONE);
    watch.end();
}

fn a_client_that_hangs_is_not_responding_until_it_goes_on(wine: &Wine) {
    let mut peer = communicator(wine);
    peer.tell("status 2");
    peer.come_up();
    let quickly = ["--set", "sources.communicator.check=300ms", "--set"];
    let quickly = [&quickly[..], &["sources.communicator.timeout=300ms"]].concat();
    let mut watch = wine.watch_with(&quickly);
    watch.expect_all_absent_but("communicator");
    // On a busy machine, the first answer takes longer than the short time-out.
    watch.expect_eventually("communicator", SIGNED_IN);
    let hangs = "unknown reason=not-responding by communicator";
    peer.tell("hang");
    watch.expect_eventually("communicator", hangs);
    peer.send("go-on");
    watch.expect("communicator", &["signed-in available/ONLINE by communicator"]);
    peer.stop();
    watch.expect_eventually("communicator", hangs);
    peer.kill();
    watch.expect("communicator", GONE);
    watch.end();
}

/// The first client is found out. The second one is known to send the presence before the change.
fn the_presence_before_a_change_is_never_reported_after_it(wine: &Wine) {
    for (app, program, client) in
        [("Communicator", "communicator.exe", "communicator"), ("Jitsi", "jitsi.exe", "jitsi")]
    {
        let mut peer = wine.peer(program, &["--app", app]);
        peer.install_messenger();
        peer.tell(&format!("name {ALICE}"));
        peer.tell("status 2");
        let mut watch = wine.watch();
        watch.expect_all_absent_but(client);
        peer.come_up();
        watch.expect_eventually(client, "signed-in available/ONLINE by communicator");
        let (mut before, numbers) = ("2", ["0x0A", "0x22", "0x72"]);
        let reported = ["busy/BUSY", "away/AWAY", "do-not-disturb/DO_NOT_DISTURB"];
        for (number, reported) in numbers.into_iter().zip(reported) {
            peer.tell(&format!("status {number}"));
            peer.tell(&format!("fire status 0 {before}"));
            watch.expect(client, &[&format!("signed-in {reported} by communicator")]);
            before = number;
        }
        peer.kill();
        watch.expect_eventually(client, "absent by communicator");
        watch.end();
        wine.restart_com();
    }
}

fn a_presence_in_an_event_counts_until_the_client_contradicts_it(wine: &Wine) {
    let (mut peer, mut watch) = signed_in(wine);
    peer.tell("fire status 0 0x0A");
    let available = "signed-in available/ONLINE by communicator";
    watch.expect("communicator", &["signed-in busy/BUSY by communicator", available]);
    peer.tell("status 0x22");
    peer.tell("fire status 0 0x0A");
    watch.expect("communicator", &["signed-in away/AWAY by communicator"]);
    watch.end();
}

fn events_and_numbers_that_nobody_knows_change_nothing(wine: &Wine) {
    let (mut peer, mut watch) = signed_in(wine);
    for id in ["1050", "4711", "-1"] {
        assert_eq!(peer.tell(&format!("fire unknown {id}")), "1", "{id} ends the subscription");
    }
    peer.tell("status 0x72");
    peer.tell("fire status 0 0x72");
    watch.expect("communicator", &["signed-in do-not-disturb/DO_NOT_DISTURB by communicator"]);
    watch.end();
}

crate::beside_both! {
    a_whole_session_with_communicado_there_first,
    a_client_that_is_there_first_and_signed_in,
    asking_never_signs_anybody_in,
    a_failed_sign_in_has_its_reason,
    signed_out_is_reported_if_no_object_can_be_created,
    not_logged_on_is_signed_out_in_both_of_its_shapes,
    a_client_without_a_status_of_its_own_is_read_by_its_service,
    a_refusal_is_reported_with_its_reason,
    a_client_that_is_killed_is_gone_at_once_and_comes_back,
    a_client_that_ends_without_an_event,
    a_client_that_hangs_is_not_responding_until_it_goes_on,
    the_presence_before_a_change_is_never_reported_after_it,
    a_presence_in_an_event_counts_until_the_client_contradicts_it,
    events_and_numbers_that_nobody_knows_change_nothing,
}
