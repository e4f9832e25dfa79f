//! Pauses and working hours: the device is forgotten, and nothing is told of it.

use std::time::{SystemTime, UNIX_EPOCH};

use communicado_conformance::{Account, Gateway, Must as _, Saved, within};

use crate::desk::{Desk, ends, says};

#[test]
fn a_pause_is_a_goodbye_and_then_silence_until_it_ends() {
    let (desk, gateway) = (Desk::new(), Gateway::start());
    let prosody = desk.stage.prosody();
    let alice = Account::xmpp("alice", &prosody);
    let finch = desk.stage.finch(&[&alice]);
    desk.allow(&gateway.address("127.0.0.1"), &[]);
    let mut agent = desk.agent();
    gateway.until_finch("signed-in", Some("available"));
    desk.does(&["pause", "1h"]);
    gateway.until_goodbye();
    let status = desk.stands("paused");
    assert!(status["until"].is_string() && status["silent"] == true, "{status}");
    finch.user().pick(Saved::Away);
    within("the status is known", || {
        let known = desk.stage.communicado().run(&["is", "away"]);
        (known.code == Some(0)).then_some(())
    });
    desk.does(&["resume"]);
    let first = gateway.next_list();
    assert_eq!(first.finch(), ("signed-in".to_owned(), Some("away".to_owned())));
    desk.stands("publishing");
    ends(&mut agent);
}

#[test]
fn a_pause_holds_over_a_restart_and_a_crash() {
    let (desk, gateway) = (Desk::new(), Gateway::start());
    desk.allow(&gateway.address("127.0.0.1"), &[]);
    let mut agent = desk.agent();
    gateway.next_list();
    // It says no goodbye, so the one that comes next must.
    agent.kill();
    gateway.rest();
    desk.does(&["pause"]);
    let mut agent = desk.agent();
    assert_eq!(gateway.next().method, "DELETE");
    desk.stands("paused");
    ends(&mut agent);
    assert!(gateway.rest().is_empty());
}

#[test]
fn a_pause_ends_by_itself() {
    let (desk, gateway) = (Desk::new(), Gateway::start());
    desk.allow(&gateway.address("127.0.0.1"), &[]);
    let mut agent = desk.agent();
    gateway.next_list();
    desk.does(&["pause", "1500ms"]);
    gateway.until_goodbye();
    gateway.next_list();
    ends(&mut agent);
}

#[test]
fn outside_the_working_hours_there_is_a_goodbye_and_nothing_else() {
    let (desk, gateway) = (Desk::new(), Gateway::start());
    desk.allow(&gateway.address("127.0.0.1"), &[]);
    let hours = format!("agent.hours={}", hours_from_now(3, 5));
    let mut agent = desk.agent_with(&["--set", &hours], |command| {
        command.env("TZ", "UTC");
    });
    assert_eq!(gateway.next().method, "DELETE");
    says(&agent, "note: paused outside the working hours until ");
    assert_eq!(desk.status()["standing"], "out-of-hours");
    ends(&mut agent);
    assert!(gateway.rest().is_empty());
}

#[test]
fn within_the_working_hours_it_publishes_by_the_clock_on_the_wall() {
    let (desk, gateway) = (Desk::new(), Gateway::start());
    desk.allow(&gateway.address("127.0.0.1"), &[]);
    // By the clock of a zone that is eight hours ahead of UTC.
    let hours = format!("agent.hours={}", hours_from_now(7, 9));
    let mut agent = desk.agent_with(&["--set", &hours], |command| {
        command.env("TZ", "UTC-8");
    });
    gateway.next_list();
    ends(&mut agent);
}

/// A span of the day in UTC, from and to so many hours from now.
fn hours_from_now(from: u64, to: u64) -> String {
    #[expect(clippy::disallowed_methods, reason = "a test of the real world")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).must("read the clock");
    let hour = now.as_secs() / 3600;
    let minute = now.as_secs() / 60 % 60;
    format!("{:02}:{minute:02}-{:02}:{minute:02}", (hour + from) % 24, (hour + to) % 24)
}
