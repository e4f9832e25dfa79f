//! Home Assistant beside a real Finch, Mosquitto and the agent: entities, changes and faults.
//!
//! `cargo xtask home-assistant` installs Home Assistant and runs these tests. The ordinary run has
//! the same faults with a plain reader, in `conformance/sinks/mqtt_faults.rs`.
#![expect(clippy::indexing_slicing, reason = "a failure here fails the test")]

mod gateway;
mod home;
mod server;

use std::time::Duration;

use communicado_conformance::{BrokerKind, Saved, Signal, ends, hours_from_now, write_zone};

use crate::home::{AGENT, AVAILABILITY, Home, STATUS};

/// The idle time of a start: the first one imports and compiles the integrations.
const START: Duration = Duration::from_secs(300);

#[test]
fn entities_appear_by_discovery_change_and_disappear() {
    let mut home = Home::start(BrokerKind::Mosquitto);
    for (entity, expected) in [
        (STATUS, "signed-in"),
        (AVAILABILITY, "available"),
        ("sensor.laptop_finch_activity", "none"),
        ("binary_sensor.laptop_finch_running", "on"),
        ("binary_sensor.laptop_finch_signed_in", "on"),
        ("binary_sensor.laptop_finch_in_call", "off"),
        (AGENT, "on"),
    ] {
        home.shows(entity, expected);
    }
    home.pick(Saved::Away, "away");
    // The client ends.
    home.person.finch.quit();
    home.shows(STATUS, "absent");
    home.shows(AVAILABILITY, "unknown");
    home.shows("binary_sensor.laptop_finch_signed_in", "off");

    // Another configuration removes the entities of Finch.
    ends(&mut home.agent);
    home.configure("6s", "clients = [\"pidgin\"]\n");
    home.start_agent();
    home.shows("sensor.laptop_pidgin_status", "absent");
    home.has_no(STATUS);
    ends(&mut home.agent);
    home.shows(AGENT, "off");
    home.shows("sensor.laptop_pidgin_status", "unavailable");
}

#[test]
fn the_median_delay_of_a_change_is_printed_and_the_card_is_painted() {
    let mut home = Home::start(BrokerKind::Mosquitto);
    let mut delays = home.delays(40);
    delays.sort();
    let (median, max) = (delays[delays.len() / 2], delays[delays.len() - 1]);
    println!("from the signal of Finch to the entity: median {median:.1?}, maximum {max:.1?}");
    home.pick(Saved::Unavailable, "do-not-disturb");
    home.paint();
    ends(&mut home.agent);
}

#[test]
fn a_broker_that_starts_again_shows_the_current_status() {
    let mut home = Home::start(BrokerKind::MosquittoWithStore);
    home.broker.stop();
    home.shows(STATUS, "unavailable");
    home.person.pick(Saved::Away);
    home.broker.start_again();
    home.shows(AVAILABILITY, "away");
    ends(&mut home.agent);
    home.nobody_reports();
}

#[test]
fn a_broker_that_lost_its_store_shows_the_current_status() {
    let mut home = Home::start(BrokerKind::Mosquitto);
    home.broker.kill();
    home.shows(STATUS, "unavailable");
    home.person.pick(Saved::Away);
    home.broker.start_again();
    home.shows(AVAILABILITY, "away");
    ends(&mut home.agent);
    home.nobody_reports();
}

#[test]
fn a_broker_that_hangs_shows_the_current_status_when_it_continues() {
    let mut home = Home::start(BrokerKind::Mosquitto);
    home.broker.hang(true);
    home.person.pick(Saved::Away);
    home.session.expect_sink("mqtt", "failing");
    home.broker.hang(false);
    home.shows(AVAILABILITY, "away");
    ends(&mut home.agent);
    home.nobody_reports();
}

#[test]
fn home_assistant_that_was_stopped_or_killed_shows_the_current_status_when_it_starts() {
    let mut home = Home::start(BrokerKind::Mosquitto);
    home.server.stop();
    home.person.pick(Saved::Away);
    home.server.start_again();
    home.shows(AVAILABILITY, "away");
    home.server.kill();
    home.person.finch.quit();
    home.server.start_again();
    home.shows(STATUS, "absent");
    home.server.stop();
    home.agent.kill();
    home.server.start_again();
    home.nobody_reports();
}

#[test]
fn an_agent_that_was_killed_is_unavailable_and_right_again_after_its_start() {
    let mut home = Home::start(BrokerKind::Mosquitto);
    home.agent.kill();
    home.nobody_reports();
    home.person.pick(Saved::Away);
    home.start_agent();
    home.shows(AVAILABILITY, "away");
    home.shows(AGENT, "on");
    ends(&mut home.agent);
    home.nobody_reports();
}

#[test]
fn an_agent_that_sleeps_is_unavailable_and_right_when_it_wakes() {
    let mut home = Home::start(BrokerKind::Mosquitto);
    home.agent.signal(Signal::STOP);
    home.nobody_reports();
    home.person.pick(Saved::Away);
    home.agent.signal(Signal::CONT);
    home.shows(AVAILABILITY, "away");
    ends(&mut home.agent);
    home.nobody_reports();
}

#[test]
fn a_network_that_carries_nothing_is_unavailable_and_right_when_it_is_back() {
    let (mut home, relay) = Home::over_relay("6s");
    relay.cut();
    home.nobody_reports();
    home.person.pick(Saved::Away);
    relay.heal();
    home.shows(AVAILABILITY, "away");
    ends(&mut home.agent);
    home.nobody_reports();
}

#[test]
fn a_connection_that_replaces_a_half_open_one_does_not_flicker() {
    // With this lease, the broker keeps the old connection until the new one replaces it.
    let (mut home, relay) = Home::over_relay("10m");
    relay.lose_clients();
    home.person.pick(Saved::Away);
    home.shows(AVAILABILITY, "away");
    let changes = home.server.changes(AVAILABILITY);
    let since_available = changes.iter().skip_while(|it| it.state.as_deref() != Some("available"));
    let states: Vec<_> = since_available.filter_map(|it| it.state.as_deref()).collect();
    assert_eq!(states, ["available", "away"], "{changes:?}");
    ends(&mut home.agent);
    home.nobody_reports();
}

#[test]
fn a_pause_is_unavailable() {
    let mut home = Home::start(BrokerKind::Mosquitto);
    home.session.expect_success(&["pause"]);
    home.nobody_reports();
    home.person.pick(Saved::Away);
    home.session.expect_success(&["resume"]);
    home.shows(AVAILABILITY, "away");
    ends(&mut home.agent);
    home.nobody_reports();
}

#[test]
fn the_end_of_the_working_hours_is_unavailable() {
    let mut home = Home::start(BrokerKind::Mosquitto);
    ends(&mut home.agent);
    home.nobody_reports();
    let zone = home.session.session.folder().join("localtime");
    // Eight hours ahead of UTC, the time is within the hours.
    home.configure("6s", &format!("hours = \"{}\"\n", hours_from_now(7, 9)));
    write_zone(&zone, 8);
    home.agent = home.session.agent_with(&[], |command| {
        command.env("TZ", &zone);
    });
    home.shows(AVAILABILITY, "available");
    write_zone(&zone, 0);
    home.nobody_reports();
    write_zone(&zone, 8);
    home.shows(AVAILABILITY, "available");
    ends(&mut home.agent);
    home.nobody_reports();
}
