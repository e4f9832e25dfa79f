//! Messages and passwords on the bus, which communicado must not receive.

use communicado_conformance::{Account, Prosody, Saved, Signal, TestSession, within};

use crate::{GOES_AWAY, signs_in};

const SECRET: &str = "xyzzy-4711";
const OBJECT: &str = "/im/pidgin/purple/PurpleObject";
const INTERFACE: &str = "im.pidgin.purple.PurpleInterface";

#[test]
fn other_traffic_on_the_bus_appears_nowhere() {
    let mut session = TestSession::new();
    let prosody = session.prosody();
    let (alice, bob) = (Account::xmpp("alice", &prosody), Account::xmpp("bob", &prosody));
    let communicado = session.communicado();
    let journal = session.folder().join("journal");
    let mut record = communicado.start(&["record", &journal.to_string_lossy()], |_| {});
    within("a journal is begun", || journal.exists().then_some(()));
    let mut watch = session.watch();
    watch.expect_all_absent();
    let overheard = session.bus().overhear();
    // Both clients broadcast their whole sign-in and every message.
    let finch = session.finch(&[&alice]);
    signs_in(&mut watch, "finch");
    let pidgin = session.pidgin(&[&bob]);
    signs_in(&mut watch, "pidgin");
    pidgin.user().say(&bob, "alice@uc.test/ci", SECRET);
    finch.user().until_spoken_to();
    let text = format!("string:{SECRET}");
    for (signal, arguments) in [
        ("JabberSendingText", &["int32:1", &text][..]),
        // Subscribed members, with a secret in an unexpected argument.
        ("AccountConnectionError", &[&text, "int32:2", &text]),
        ("AccountConnectionError", &["int32:1", "int32:2", &text]),
    ] {
        session.bus().emit(OBJECT, &format!("{INTERFACE}.{signal}"), arguments);
    }
    within("the secret has passed over the bus", || {
        overheard.output().contains(SECRET).then_some(())
    });
    for (user, client) in [(finch.user(), "finch"), (pidgin.user(), "pidgin")] {
        user.pick(Saved::Away);
        watch.expect(client, GOES_AWAY);
    }
    watch.end();
    record.signal(Signal::TERM);
    assert_eq!(record.wait().code(), Some(0));
    let journal = std::fs::read_to_string(&journal).unwrap();
    for (place, text) in [
        ("its lines", watch.output()),
        ("its errors", watch.errors()),
        ("the journal", journal),
        ("what record says", record.output()),
    ] {
        let lower = text.to_lowercase();
        for word in [SECRET, Prosody::PASSWORD] {
            assert!(!lower.contains(word), "{word} is in {place}: {text}");
        }
    }
}

/// The bus lists the match rules.
#[test]
fn only_single_members_are_matched() {
    let mut session = TestSession::new();
    let prosody = session.prosody();
    let alice = Account::xmpp("alice", &prosody);
    let mut watch = session.watch();
    watch.expect_all_absent();
    let _finch = session.finch(&[&alice]);
    signs_in(&mut watch, "finch");
    let rules = session.bus().match_rules(watch.id());
    assert!(rules.iter().any(|rule| rule.contains("member='AccountSignedOn'")), "{rules:?}");
    for rule in rules {
        let single = rule.contains("type='signal'") && rule.contains("member='");
        assert!(single && !rule.contains("eavesdrop"), "{rule} takes in more than one member");
    }
    watch.end();
}
