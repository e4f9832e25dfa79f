//! What a real gateway says of a person whose devices tell, are silent, or are overruled.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use communicado_conformance::{Account, Must as _, Saved};
use serde_json::{Value, json};

use crate::desk::{Desk, ends};
use crate::real::Real;

#[test]
fn a_pause_and_a_forbid_leave_no_device_behind() {
    let desk = Desk::new();
    let gateway = Real::start(&desk, &[]);
    gateway.give_token(&desk);
    desk.allow(&gateway.address("127.0.0.1"), &[]);
    let prosody = desk.stage.prosody();
    let finch = desk.stage.finch(&[&Account::xmpp("alice", &prosody)]);
    let mut agent = desk.agent();
    let told = gateway.says("signed-in", Some("available"));
    assert_eq!(told["devices"][0]["device"], "laptop");
    assert!(!told.to_string().contains("alice"), "{told}");
    desk.does(&["pause", "1h"]);
    assert_eq!(gateway.says("absent", None)["devices"], json!([]));
    finch.user().pick(Saved::Away);
    desk.does(&["resume"]);
    gateway.says("signed-in", Some("away"));
    desk.does(&["forbid"]);
    assert_eq!(gateway.says("absent", None)["devices"], json!([]));
    assert_eq!(agent.wait().code(), Some(0));
}

#[test]
fn what_is_said_by_hand_goes_before_what_devices_tell_until_it_is_taken_back() {
    let desk = Desk::new();
    let gateway = Real::start(&desk, &[]);
    gateway.give_token(&desk);
    desk.allow(&gateway.address("127.0.0.1"), &[]);
    let mut agent = desk.agent();
    desk.stands("publishing");
    desk.does(&["set", "busy", "--note", "In a meeting", "--returns", &in_an_hour()]);
    let told = gateway.says("signed-in", Some("busy"));
    let expected = (&json!(true), &json!("In a meeting"), true);
    assert_eq!((&told["manual"], &told["note"], told["returns"].is_string()), expected);
    desk.does(&["set", "signed-out"]);
    gateway.says("signed-out", None);
    desk.does(&["clear"]);
    assert_eq!(gateway.says("absent", None)["manual"], json!(false));
    desk.does(&["set", "away", "--for", "1s"]);
    gateway.says("absent", None);
    ends(&mut agent);
}

/// As RFC 3339 has it.
fn in_an_hour() -> String {
    #[expect(clippy::disallowed_methods, reason = "a test of the real world")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).must("read the clock");
    let hour = (now.as_secs() / 3600 + 1) % 24;
    format!("{hour:02}:{:02}", now.as_secs() / 60 % 60)
}

#[test]
fn of_two_devices_the_more_reachable_one_counts_and_one_that_dies_takes_nothing_with_it() {
    let (laptop, desktop) = (Desk::new(), Desk::new());
    let gateway = Real::start(&laptop, &[]);
    let prosody = laptop.stage.prosody();
    for desk in [&laptop, &desktop] {
        gateway.give_token(desk);
    }
    laptop.allow(&gateway.address("127.0.0.1"), &[]);
    desktop.allow_as("desktop", &gateway.address("127.0.0.1"), &[]);
    let mut agents = [laptop.agent(), desktop.agent()];
    let alice = Account::xmpp("alice", &prosody);
    let finch = laptop.stage.finch(&[&alice]);
    gateway.says("signed-in", Some("available"));
    finch.user().pick(Saved::Away);
    gateway.says("signed-in", Some("away"));
    let mut other = desktop.stage.finch(&[&alice.clone().resource("desktop")]);
    let both = gateway.says("signed-in", Some("available"));
    assert_eq!(both["devices"].as_array().map(Vec::len), Some(2), "{both}");
    agents[1].kill();
    other.kill();
    // When the lease of the dead one ends, the other one counts.
    gateway.says("signed-in", Some("away"));
    ends(&mut agents[0]);
}

#[test]
fn a_gateway_with_a_certificate_of_its_own_making_is_believed_when_it_was_named() {
    let desk = Desk::new();
    let gateway = Real::start(&desk, &["--tls-self-signed", "localhost"]);
    gateway.give_token(&desk);
    let authority = gateway.folder().join("data/tls.pem");
    assert!(fs::metadata(&authority).is_ok(), "the gateway wrote its certificate");
    let authority = authority.to_str().must("name the certificate");
    desk.allow(&gateway.address("localhost"), &["--ca", authority]);
    let mut agent = desk.agent();
    desk.stands("publishing");
    let told: Value = gateway.says("absent", None);
    assert_eq!(told["devices"][0]["device"], "laptop");
    ends(&mut agent);
}
