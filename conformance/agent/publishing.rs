//! The content and the time of each publication.

use communicado_conformance::{Account, Gateway, Saved, Signal, ends, says, within};

use crate::fixture::{AgentFixture, TOKEN};

#[test]
fn the_whole_list_is_published_and_renewed_before_its_lease_expires() {
    let (fixture, gateway) = (AgentFixture::new(), Gateway::start());
    fixture.allow(&gateway.address("127.0.0.1"), &[]);
    let mut agent = fixture.agent();
    let first = gateway.next_list();
    assert_eq!(first.path, "/v1/people/ada/devices/laptop");
    assert_eq!(first.headers["authorization"], format!("Bearer {TOKEN}"));
    assert_eq!(first.headers["content-type"], "application/json");
    assert_eq!((&first.body["v"], &first.body["lease_ms"]), (&1.into(), &5000.into()));
    let clients = first.body["clients"].as_array().expect("clients");
    let names: Vec<_> = clients.iter().map(|client| &client["client"]).collect();
    assert_eq!(names, ["chatty", "finch", "pidgin"]);
    // The agent renews without a change.
    for _ in 0..3 {
        assert_eq!(gateway.next_list().body, first.body);
    }
    assert_eq!(fixture.expect_status("publishing")["person"], "ada");
    ends(&mut agent);
    assert_eq!(gateway.until_goodbye().path, first.path);
}

#[test]
fn a_change_is_published_without_account_names_and_notes() {
    let (fixture, gateway) = (AgentFixture::new(), Gateway::start());
    let prosody = fixture.session.prosody();
    let alice = Account::xmpp("alice", &prosody);
    fixture.allow(&gateway.address("127.0.0.1"), &[]);
    let mut agent = fixture.agent();
    assert_eq!(gateway.next_list().finch(), ("absent".to_owned(), None));
    let mut finch = fixture.session.finch(&[&alice]);
    let signed_in = gateway.until_finch("signed-in", Some("available"));
    finch.user().pick_with_message(Saved::Away, "at lunch");
    let away = gateway.until_finch("signed-in", Some("away"));
    finch.user().pick_with_message(Saved::Unavailable, "at lunch");
    let busy = gateway.until_finch("signed-in", Some("do-not-disturb"));
    for request in [signed_in, away, busy] {
        let reported = request.body.to_string();
        for word in ["alice", "uc.test", "lunch"] {
            assert!(!reported.contains(word), "{reported}");
        }
    }
    finch.kill();
    gateway.until_finch("absent", None);
    ends(&mut agent);
}

#[test]
fn names_and_notes_are_published_with_permission() {
    let (fixture, gateway) = (AgentFixture::new(), Gateway::start());
    let prosody = fixture.session.prosody();
    let alice = Account::xmpp("alice", &prosody);
    let finch = fixture.session.finch(&[&alice]);
    fixture.allow(&gateway.address("127.0.0.1"), &["--names"]);
    let mut agent = fixture.agent();
    let signed_in = gateway.until_finch("signed-in", Some("available"));
    assert!(signed_in.body.to_string().contains("alice@uc.test/ci"), "{signed_in:?}");
    finch.user().pick_with_message(Saved::Away, "at lunch");
    within("the note is published", || {
        let list = gateway.next_list().body.to_string();
        list.contains(r#""note":"at lunch""#).then_some(())
    });
    ends(&mut agent);
}

#[test]
fn only_the_named_clients_are_published() {
    let (fixture, gateway) = (AgentFixture::new(), Gateway::start());
    fixture.allow(&gateway.address("127.0.0.1"), &[]);
    let mut agent = fixture.agent_with(&["--client", "finch"], |_| ());
    let first = gateway.next_list();
    assert_eq!(first.body["clients"].as_array().map(Vec::len), Some(1));
    assert_eq!(first.finch().0, "absent");
    ends(&mut agent);
}

#[test]
fn after_a_restart_of_the_gateway_the_current_status_comes_first() {
    let (fixture, gateway) = (AgentFixture::new(), Gateway::start());
    let prosody = fixture.session.prosody();
    let alice = Account::xmpp("alice", &prosody);
    let finch = fixture.session.finch(&[&alice]);
    fixture.allow(&gateway.address("127.0.0.1"), &[]);
    let mut agent = fixture.agent();
    gateway.until_finch("signed-in", Some("available"));
    let port = gateway.kill();
    finch.user().pick(Saved::Away);
    // The connection may close during an answer.
    says(&agent, "cannot be reached: Connection refused");
    fixture.expect_status("failing");
    finch.user().pick(Saved::Unavailable);
    finch.user().pick(Saved::ExtendedAway);
    finch.user().pick(Saved::Unavailable);
    within("the last status is known", || {
        let known = fixture.session.communicado().run(&["is", "do-not-disturb"]);
        (known.code == Some(0)).then_some(())
    });
    let gateway = Gateway::anew(port);
    let first = gateway.next_list();
    assert_eq!(first.finch(), ("signed-in".to_owned(), Some("do-not-disturb".to_owned())));
    fixture.expect_status("publishing");
    ends(&mut agent);
    assert!(agent.output().contains("note: publishing again"), "{}", agent.output());
}

#[test]
fn a_gateway_that_is_restarted_at_once_is_not_missed() {
    let (fixture, gateway) = (AgentFixture::new(), Gateway::start());
    fixture.allow(&gateway.address("127.0.0.1"), &[]);
    // Long enough for a restart between two renewals.
    let mut agent = fixture.agent_with(&["--set", "agent.lease=30s"], |_| ());
    gateway.next_list();
    fixture.expect_status("publishing");
    // The kept connection is dead, without a notification.
    let gateway = gateway.restart();
    gateway.next_list();
    fixture.expect_status("publishing");
    assert!(!agent.output().contains("error"), "{}", agent.output());
    ends(&mut agent);
}

#[test]
fn an_agent_that_slept_publishes_the_current_status_when_it_wakes() {
    let (fixture, gateway) = (AgentFixture::new(), Gateway::start());
    let prosody = fixture.session.prosody();
    let alice = Account::xmpp("alice", &prosody);
    let finch = fixture.session.finch(&[&alice]);
    fixture.allow(&gateway.address("127.0.0.1"), &[]);
    let mut agent = fixture.agent();
    gateway.until_finch("signed-in", Some("available"));
    agent.signal(Signal::STOP);
    finch.user().pick(Saved::Away);
    within("the status is known", || {
        let known = fixture.session.communicado().run(&["is", "away"]);
        (known.code == Some(0)).then_some(())
    });
    // Requests from before the stop.
    gateway.rest();
    agent.signal(Signal::CONT);
    gateway.until_finch("signed-in", Some("away"));
    ends(&mut agent);
}

#[test]
fn a_proxy_that_closes_each_connection_is_no_failure() {
    let (fixture, mut gateway) = (AgentFixture::new(), Gateway::start());
    gateway.behave("once");
    fixture.allow(&gateway.address("127.0.0.1"), &[]);
    let mut agent = fixture.agent();
    for _ in 0..3 {
        gateway.next_list();
    }
    ends(&mut agent);
    assert!(!agent.output().contains("error"), "{}", agent.output());
}
