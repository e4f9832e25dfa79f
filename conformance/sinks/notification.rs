//! `notification`: dunst on a screen without hardware.

use communicado_conformance::{AgentSession, Dunst, Notification, Saved, ends, within};

use crate::contract::{self, Listener};

const ALL: &str = "changes = \"all\"\ntitle = \"{{ client }}\"\n\
                   body = \"{{ status }} {{ availability }}\"\n";

/// A person who sees the notifications.
struct Person(Dunst);

impl Person {
    fn last(&self) -> Option<Notification> {
        self.0.notifications().into_iter().rfind(|it| it.title.starts_with("finch"))
    }
}

impl Listener for Person {
    const NAME: &'static str = "notification";
    // A notification stays after the program that sent it.
    const SEES_DEATH: bool = false;

    fn finch(&mut self) -> Option<(String, String)> {
        let body = self.last()?.body;
        let (status, availability) = body.split_once(' ').unwrap_or((&body, ""));
        Some((status.to_owned(), availability.to_owned()))
    }

    fn hold(&mut self, is_held: bool) {
        self.0.hang(is_held);
    }

    fn restart(&mut self) {
        self.0.restart();
    }
}

fn fixture(more: &str) -> (AgentSession, Person) {
    let mut fixture = AgentSession::new(&format!("[sinks.notification]\n{more}"));
    let bus = fixture.session.bus().address();
    let dunst = Dunst::start(fixture.session.folder(), &bus);
    (fixture, Person(dunst))
}

#[test]
fn notification_keeps_the_contract() {
    let (fixture, person) = fixture(ALL);
    contract::check(&fixture, person);
}

#[test]
fn a_notification_of_a_client_replaces_the_one_before() {
    let (fixture, mut reader) = fixture(&format!("{ALL}clients = [\"finch\"]\n"));
    let mut agent = fixture.agent();
    let person = fixture.person();
    contract::knows(&mut reader, "signed-in", "available");
    person.pick(Saved::Away);
    contract::knows(&mut reader, "signed-in", "away");
    let all = reader.0.notifications();
    assert!(all.len() > 1 && all.iter().all(|it| it.id == all[0].id), "{all:?}");
    assert_eq!(reader.0.count(), Some(1));
    ends(&mut agent);
}

#[test]
fn by_default_only_a_problem_is_shown_and_its_end_closes_the_notification() {
    let more = "clients = [\"finch\"]\nurgency = \"critical\"\nicon = \"user-offline\"\n\
                [sources.purple]\ncheck = \"1s\"\ntimeout = \"2s\"\n";
    let (fixture, reader) = fixture(more);
    let mut agent = fixture.agent();
    fixture.expect_sink("notification", "reporting");
    let mut person = fixture.person();
    contract::settles(&fixture, "signed-in");
    person.pick(Saved::Away);
    contract::settles(&fixture, "away");
    assert_eq!(reader.0.notifications(), []);
    person.finch.hang();
    let shown = within("the hung client is shown", || reader.last());
    let expected = Notification {
        id: shown.id.clone(),
        title: "finch: unknown".to_owned(),
        body: "not-responding".to_owned(),
        urgency: "CRITICAL".to_owned(),
        icon: "user-offline".to_owned(),
    };
    assert_eq!(shown, expected);
    person.finch.resume();
    within("the notification is closed", || (reader.0.count() == Some(0)).then_some(()));
    person.pick(Saved::Offline);
    within("the sign-out is shown", || reader.last().filter(|it| it.title == "finch: signed-out"));
    ends(&mut agent);
}

#[test]
fn no_daemon_is_started_and_one_that_comes_later_shows_the_current_status() {
    let mut fixture = AgentSession::new(&format!("[sinks.notification]\n{ALL}"));
    let started = fixture.session.bus().trap("org.freedesktop.Notifications");
    let tried = fixture.run(&["try", "notification"]);
    assert!(tried.err.contains("no notification daemon runs"), "{}", tried.err);
    let mut agent = fixture.agent();
    fixture.expect_sink("notification", "failing");
    assert!(!started.exists(), "the bus starts a notification daemon");
    let bus = fixture.session.bus().address();
    let mut reader = Person(Dunst::start(fixture.session.folder(), &bus));
    contract::knows(&mut reader, "absent", "");
    fixture.expect_sink("notification", "reporting");
    ends(&mut agent);
}

#[test]
fn a_text_is_shown_without_markup() {
    let more = "changes = \"all\"\nclients = [\"finch\"]\ntitle = \"finch\"\nbody = \"<b>bold\"\n";
    let (fixture, reader) = fixture(more);
    let tried = fixture.expect_success(&["try", "notification"]);
    assert!(tried.err.contains("accepted 1 notifications"), "{}", tried.err);
    let shown = within("the notification is shown", || reader.last());
    assert_eq!(shown.body, "&lt;b&gt;bold");
}
