//! The status of a person with several devices, pauses and a manual status.

use std::fs;
use std::io::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use communicado_conformance::{Account, ExpectOk as _, RealGateway, Saved, ends};
use serde_json::{Value, json};

use crate::fixture::AgentFixture;

#[test]
fn a_pause_and_a_forbid_leave_no_device() {
    let fixture = AgentFixture::new();
    let gateway = RealGateway::start(fixture.session.folder(), &[]);
    fixture.write_token(&gateway.token(&["publish"]));
    fixture.allow(&gateway.address("127.0.0.1"), &[]);
    let prosody = fixture.session.prosody();
    let finch = fixture.session.finch(&[&Account::xmpp("alice", &prosody)]);
    let mut agent = fixture.agent();
    let reported = gateway.says("signed-in", Some("available"));
    assert_eq!(reported["devices"][0]["device"], "laptop");
    assert!(!reported.to_string().contains("alice"), "{reported}");
    fixture.expect_success(&["pause", "1h"]);
    assert_eq!(gateway.says("absent", None)["devices"], json!([]));
    finch.user().pick(Saved::Away);
    fixture.expect_success(&["resume"]);
    gateway.says("signed-in", Some("away"));
    fixture.expect_success(&["forbid"]);
    assert_eq!(gateway.says("absent", None)["devices"], json!([]));
    assert_eq!(agent.wait().code(), Some(0));
}

#[test]
fn a_manual_status_overrides_devices_until_it_is_cleared() {
    let fixture = AgentFixture::new();
    let gateway = RealGateway::start(fixture.session.folder(), &[]);
    fixture.write_token(&gateway.token(&["publish"]));
    fixture.allow(&gateway.address("127.0.0.1"), &[]);
    let mut agent = fixture.agent();
    fixture.expect_status("publishing");
    fixture.expect_success(&["set", "busy", "--note", "In a meeting", "--returns", &in_an_hour()]);
    let reported = gateway.says("signed-in", Some("busy"));
    let expected = (&json!(true), &json!("In a meeting"), true);
    assert_eq!((&reported["manual"], &reported["note"], reported["returns"].is_string()), expected);
    fixture.expect_success(&["set", "signed-out"]);
    gateway.says("signed-out", None);
    fixture.expect_success(&["clear"]);
    assert_eq!(gateway.says("absent", None)["manual"], json!(false));
    fixture.expect_success(&["set", "away", "--for", "1s"]);
    gateway.says("absent", None);
    ends(&mut agent);
}

/// The time in an hour, in UTC.
fn in_an_hour() -> String {
    #[expect(clippy::disallowed_methods, reason = "a test of the real world")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect_ok("read the clock");
    let hour = (now.as_secs() / 3600 + 1) % 24;
    format!("{hour:02}:{:02}", now.as_secs() / 60 % 60)
}

#[test]
fn the_better_of_two_devices_counts_and_a_crash_does_not_affect_the_other() {
    let (laptop, desktop) = (AgentFixture::new(), AgentFixture::new());
    let gateway = RealGateway::start(laptop.session.folder(), &[]);
    let prosody = laptop.session.prosody();
    for fixture in [&laptop, &desktop] {
        fixture.write_token(&gateway.token(&["publish"]));
    }
    laptop.allow(&gateway.address("127.0.0.1"), &[]);
    desktop.allow_as("desktop", &gateway.address("127.0.0.1"), &[]);
    let mut agents = [laptop.agent(), desktop.agent()];
    let alice = Account::xmpp("alice", &prosody);
    let finch = laptop.session.finch(&[&alice]);
    gateway.says("signed-in", Some("available"));
    finch.user().pick(Saved::Away);
    gateway.says("signed-in", Some("away"));
    let mut other = desktop.session.finch(&[&alice.clone().resource("desktop")]);
    let both = gateway.says("signed-in", Some("available"));
    assert_eq!(both["devices"].as_array().map(Vec::len), Some(2), "{both}");
    agents[1].kill();
    other.kill();
    // After the lease of the killed device, the other device counts.
    gateway.says("signed-in", Some("away"));
    ends(&mut agents[0]);
}

#[test]
fn a_self_signed_certificate_is_trusted_when_it_was_named() {
    let fixture = AgentFixture::new();
    let gateway = RealGateway::start(fixture.session.folder(), &["--tls-self-signed", "localhost"]);
    fixture.write_token(&gateway.token(&["publish"]));
    let authority = gateway.folder().join("data/tls.pem");
    assert!(fs::metadata(&authority).is_ok(), "the gateway wrote its certificate");
    let authority = authority.to_str().expect_ok("name the certificate");
    fixture.allow(&gateway.address("localhost"), &["--ca", authority]);
    let mut agent = fixture.agent();
    fixture.expect_status("publishing");
    let reported: Value = gateway.says("absent", None);
    assert_eq!(reported["devices"][0]["device"], "laptop");
    ends(&mut agent);
}

#[test]
fn an_agent_with_only_a_configured_source_is_the_feeder_of_a_gateway() {
    let fixture = AgentFixture::new();
    let gateway = RealGateway::start(fixture.session.folder(), &[]);
    fixture.write_token(&gateway.token(&["publish"]));
    fixture.allow(&gateway.address("127.0.0.1"), &[]);
    let file = fixture.session.folder().join("lines");
    let write = |state: &str| {
        let line = format!("{{\"client\":\"teams-account\",{state}}}\n");
        let opened = fs::File::options().create(true).append(true).open(&file);
        opened.expect_ok("open the lines").write_all(line.as_bytes()).expect_ok("write a line");
    };
    write(r#""status":"signed-in","availability":"busy""#);
    let run = format!("sources.lines.run=tail,-n,1,-f,{}", file.display());
    let disabled = ["sources.purple.enabled=false", "sources.provider.enabled=false"];
    let options = ["--set", &run, "--set", disabled[0], "--set", disabled[1]];
    let mut agent = fixture.agent_with(&options, |command| {
        command.env_remove("DBUS_SESSION_BUS_ADDRESS");
    });
    let reported = gateway.says("signed-in", Some("busy"));
    let clients = &reported["devices"][0]["clients"];
    assert_eq!(clients.as_array().map(Vec::len), Some(1), "{reported}");
    assert_eq!(clients[0]["client"], "teams-account");
    write(r#""status":"signed-in","availability":"away""#);
    gateway.says("signed-in", Some("away"));
    write(r#""status":"unknown""#);
    gateway.says("unknown", Some("not-supported"));
    ends(&mut agent);
}
