//! Pauses and working hours: the gateway removes the device, and the agent is silent.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use communicado_conformance::{
    Account, ExpectOk as _, Gateway, Saved, ends, hours_from_now, says, within, write_zone,
};

use crate::fixture::AgentFixture;

#[test]
fn a_pause_deletes_the_device_and_publishes_nothing() {
    let (fixture, gateway) = (AgentFixture::new(), Gateway::start());
    let prosody = fixture.session.prosody();
    let alice = Account::xmpp("alice", &prosody);
    let finch = fixture.session.finch(&[&alice]);
    fixture.allow(&gateway.address("127.0.0.1"), &[]);
    let mut agent = fixture.agent();
    gateway.until_finch("signed-in", Some("available"));
    fixture.expect_success(&["pause", "1h"]);
    gateway.until_goodbye();
    let status = fixture.expect_status("paused");
    assert!(status["until"].is_string() && status["silent"] == true, "{status}");
    finch.user().pick(Saved::Away);
    within("the status is known", || {
        let known = fixture.session.communicado().run(&["is", "away"]);
        (known.code == Some(0)).then_some(())
    });
    fixture.expect_success(&["resume"]);
    let first = gateway.next_list();
    assert_eq!(first.finch(), ("signed-in".to_owned(), Some("away".to_owned())));
    fixture.expect_status("publishing");
    ends(&mut agent);
}

#[test]
fn a_pause_holds_over_a_restart_and_a_crash() {
    let (fixture, gateway) = (AgentFixture::new(), Gateway::start());
    fixture.allow(&gateway.address("127.0.0.1"), &[]);
    let mut agent = fixture.agent();
    gateway.next_list();
    // A killed agent does not delete its device, so the next one must.
    agent.kill();
    gateway.rest();
    fixture.expect_success(&["pause"]);
    let mut agent = fixture.agent();
    assert_eq!(gateway.next().method, "DELETE");
    fixture.expect_status("paused");
    ends(&mut agent);
    assert!(gateway.rest().is_empty());
}

#[test]
fn a_pause_ends_by_itself() {
    let (fixture, gateway) = (AgentFixture::new(), Gateway::start());
    fixture.allow(&gateway.address("127.0.0.1"), &[]);
    let mut agent = fixture.agent();
    gateway.next_list();
    fixture.expect_success(&["pause", "1500ms"]);
    gateway.until_goodbye();
    gateway.next_list();
    ends(&mut agent);
}

#[test]
fn outside_the_working_hours_the_device_is_deleted_and_nothing_published() {
    let (fixture, gateway) = (AgentFixture::new(), Gateway::start());
    fixture.allow(&gateway.address("127.0.0.1"), &[]);
    let hours = format!("agent.hours={}", hours_from_now(3, 5));
    let mut agent = fixture.agent_with(&["--set", &hours], |command| {
        command.env("TZ", "UTC");
    });
    assert_eq!(gateway.next().method, "DELETE");
    says(&agent, "note: paused outside the working hours until ");
    assert_eq!(fixture.status()["standing"], "out-of-hours");
    ends(&mut agent);
    assert!(gateway.rest().is_empty());
}

#[test]
fn within_the_working_hours_of_the_local_time_the_agent_publishes() {
    let (fixture, gateway) = (AgentFixture::new(), Gateway::start());
    fixture.allow(&gateway.address("127.0.0.1"), &[]);
    // In a time zone eight hours ahead of UTC.
    let hours = format!("agent.hours={}", hours_from_now(7, 9));
    let mut agent = fixture.agent_with(&["--set", &hours], |command| {
        command.env("TZ", "UTC-8");
    });
    gateway.next_list();
    ends(&mut agent);
}

#[test]
fn the_working_hours_follow_a_change_of_the_time_zone() {
    let (fixture, gateway) = (AgentFixture::new(), Gateway::start());
    fixture.allow(&gateway.address("127.0.0.1"), &[]);
    let zone = fixture.session.folder().join("localtime");
    write_zone(&zone, 0);
    // In a time zone eight hours ahead of UTC.
    let hours = format!("agent.hours={}", hours_from_now(7, 9));
    let mut agent = fixture.agent_with(&["--set", &hours], |command| {
        command.env("TZ", &zone);
    });
    assert_eq!(gateway.next().method, "DELETE");
    fixture.expect_status("out-of-hours");
    write_zone(&zone, 8);
    gateway.next_list();
    fixture.expect_status("publishing");
    write_zone(&zone, 0);
    gateway.until_goodbye();
    fixture.expect_status("out-of-hours");
    fs::remove_file(&zone).expect_ok("remove the time zone");
    fixture.expect_status("unknown-zone");
    says(&agent, "note: paused: the time zone cannot be read");
    ends(&mut agent);
    assert!(gateway.rest().is_empty());
}

#[test]
fn the_working_hours_follow_the_link_to_the_time_zone_in_both_directions() {
    let (fixture, gateway) = (AgentFixture::new(), Gateway::start());
    fixture.allow(&gateway.address("127.0.0.1"), &[]);
    let folder = fixture.session.folder().to_owned();
    let link = folder.join("localtime");
    let [london, tokyo] = [("london", 0), ("tokyo", 9)].map(|(name, hours)| {
        let zone = folder.join(name);
        write_zone(&zone, hours);
        zone
    });
    let switch_to = |zone: &Path| {
        // As `ln -sf` does.
        let _ = fs::remove_file(&link);
        symlink(zone, &link).expect_ok("link the time zone");
    };
    switch_to(&london);
    // Nine hours ahead of UTC, the time is within the hours.
    let hours = format!("agent.hours={}", hours_from_now(8, 10));
    let mut agent = fixture.agent_with(&["--set", &hours], |command| {
        command.env("TZ", &link);
    });
    assert_eq!(gateway.next().method, "DELETE");
    fixture.expect_status("out-of-hours");
    switch_to(&tokyo);
    gateway.next_list();
    fixture.expect_status("publishing");
    switch_to(&london);
    gateway.until_goodbye();
    fixture.expect_status("out-of-hours");
    ends(&mut agent);
    assert!(gateway.rest().is_empty());
}
