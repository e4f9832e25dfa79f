//! A query never starts a client.

use communicado_conformance::{Account, Line, Saved, TestSession, within};

const NAME: &str = "im.pidgin.purple.PurpleService";

#[test]
fn asking_never_starts_a_client() {
    let mut session = TestSession::new();
    let sprung = session.bus().trap(NAME);
    let mut watch = session.watch();
    watch.expect_all_absent();
    let communicado = session.communicado();
    for arguments in [
        &["status", "--json"][..],
        &["doctor"],
        &["sources"],
        &["is", "signed-in"],
        &["wait", "absent"],
        &["wait", "signed-in", "--timeout", "100ms"],
    ] {
        let ended = communicado.run(arguments);
        assert!(!sprung.exists(), "{arguments:?} started a client: {ended:?}");
    }
    watch.end();
    assert!(!sprung.exists(), "watch started a client");
    // The trap works, so its silence above proves something.
    session.bus().activate(NAME);
    within("the trap is sprung", || sprung.exists().then_some(()));
}

#[test]
fn status_and_watch_agree() {
    let session = TestSession::new();
    let prosody = session.prosody();
    let alice = Account::xmpp("alice", &prosody);
    let finch = session.finch(&[&alice]);
    finch.user().until_signed_in(&alice);
    finch.user().pick(Saved::Away);
    let ended = session.communicado().run(&["status", "--json"]);
    assert_eq!((ended.code, &*ended.err), (Some(0), ""));
    let lines = ended.out.lines().map(|line| Line::of_status(line).unwrap());
    let mut reported: Vec<_> = lines.map(|line| format!("{}: {line}", line.client)).collect();
    reported.sort();
    let expected = ["chatty: absent", "finch: signed-in away/away saved=away", "pidgin: absent"];
    assert_eq!(reported, expected);
}

#[test]
fn is_and_wait_answer_by_their_exit_status() {
    let session = TestSession::new();
    let prosody = session.prosody();
    let alice = Account::xmpp("alice", &prosody);
    let communicado = session.communicado();
    let code = |arguments: &[&str]| communicado.run(arguments).code;
    assert_eq!(code(&["is", "running"]), Some(1));
    assert_eq!(code(&["is", "signed-in"]), Some(1));
    let finch = session.finch(&[&alice]);
    assert_eq!(code(&["wait", "signed-in"]), Some(0));
    assert_eq!(code(&["is", "signed-in"]), Some(0));
    assert_eq!(code(&["is", "available"]), Some(0));
    assert_eq!(code(&["is", "running"]), Some(0));
    assert_eq!(code(&["is", "away"]), Some(1));
    assert_eq!(code(&["wait", "away", "--timeout", "100ms"]), Some(4));
    finch.user().pick(Saved::Offline);
    assert_eq!(code(&["wait", "signed-out"]), Some(0));
    assert_eq!(code(&["is", "running"]), Some(0));
    assert_eq!(code(&["is", "signed-in"]), Some(1));
    assert_eq!(communicado.without_bus().run(&["is", "signed-in"]).code, Some(3));
}
