//! Agents and gateways that crash or hang: no wrong status stays longer than a lease.

use std::time::{Duration, Instant};

use communicado_conformance::{
    Account, Client, Process, Prosody, RealGateway, Relay, Saved, Signal, ends, says, within,
};

use crate::fixture::AgentFixture;

/// The lease of the agents in these tests.
const LEASE: Duration = Duration::from_secs(5);

/// Ada, signed in with Finch and published.
struct Ada {
    agent: Process,
    finch: Client,
    gateway: RealGateway,
    _prosody: Prosody,
    fixture: AgentFixture,
}

impl Ada {
    #[track_caller]
    fn published() -> Self {
        let fixture = AgentFixture::new();
        let prosody = fixture.session.prosody();
        let gateway = RealGateway::start(fixture.session.folder(), &[]);
        fixture.write_token(&gateway.token(&["publish"]));
        fixture.allow(&gateway.address("127.0.0.1"), &[]);
        let agent = fixture.agent();
        let finch = fixture.session.finch(&[&Account::xmpp("alice", &prosody)]);
        gateway.says("signed-in", Some("available"));
        Self { agent, finch, gateway, _prosody: prosody, fixture }
    }
}

#[test]
fn an_agent_that_was_killed_is_unknown_when_its_lease_ends() {
    let mut ada = Ada::published();
    ada.agent.kill();
    // The status holds until the lease expires.
    assert_eq!(ada.gateway.ada()["status"], "signed-in");
    let unknown = ada.gateway.says("unknown", Some("lease-expired"));
    assert_eq!(unknown["in"], serde_json::Value::Null);
    let mut agent = ada.fixture.agent();
    ada.gateway.says("signed-in", Some("available"));
    ends(&mut agent);
    let gone = ada.gateway.says("absent", None);
    assert_eq!(gone["devices"], serde_json::json!([]));
}

#[test]
fn an_agent_that_sleeps_is_unknown_and_right_when_it_wakes() {
    let mut ada = Ada::published();
    ada.agent.signal(Signal::STOP);
    ada.gateway.says("unknown", Some("lease-expired"));
    ada.finch.user().pick(Saved::Away);
    ada.agent.signal(Signal::CONT);
    ada.gateway.says("signed-in", Some("away"));
    ends(&mut ada.agent);
}

#[test]
fn a_gateway_that_was_killed_has_the_current_status_after_its_restart() {
    let mut ada = Ada::published();
    ada.gateway.restart_after_a_crash();
    ada.gateway.says("signed-in", Some("available"));
    ada.finch.user().pick(Saved::Away);
    ada.gateway.says("signed-in", Some("away"));
    ada.finch.kill();
    ada.gateway.says("absent", None);
    ends(&mut ada.agent);
}

#[test]
fn a_gateway_that_hangs_has_the_current_status_afterwards() {
    let mut ada = Ada::published();
    ada.gateway.signal(Signal::STOP);
    says(&ada.agent, " did not answer within 1 s");
    ada.finch.user().pick(Saved::Away);
    // The lease has expired from here on.
    let stopped = now();
    within("the lease ends", || (stopped.elapsed() > LEASE).then_some(()));
    ada.gateway.signal(Signal::CONT);
    ada.gateway.says("signed-in", Some("away"));
    ada.fixture.expect_status("publishing");
    ends(&mut ada.agent);
}

#[expect(clippy::disallowed_methods, reason = "a lease is a span of real time")]
fn now() -> Instant {
    Instant::now()
}

#[test]
fn a_disconnected_device_is_unknown_and_delayed_requests_do_not_persist() {
    let fixture = AgentFixture::new();
    let prosody = fixture.session.prosody();
    let gateway = RealGateway::start(fixture.session.folder(), &[]);
    fixture.write_token(&gateway.token(&["publish"]));
    let relay = Relay::to(gateway.port());
    fixture.allow(&relay.address(), &[]);
    let mut agent = fixture.agent();
    let finch = fixture.session.finch(&[&Account::xmpp("alice", &prosody)]);
    gateway.says("signed-in", Some("available"));
    relay.cut();
    finch.user().pick(Saved::Away);
    says(&agent, " did not answer within 1 s");
    gateway.says("unknown", Some("lease-expired"));
    finch.user().pick(Saved::Unavailable);
    within("the status is known", || {
        let known = fixture.session.communicado().run(&["is", "do-not-disturb"]);
        (known.code == Some(0)).then_some(())
    });
    // All delayed requests arrive now, in any order.
    relay.heal();
    gateway.says("signed-in", Some("do-not-disturb"));
    fixture.expect_status("publishing");
    ends(&mut agent);
    gateway.says("absent", None);
}

#[test]
fn a_token_that_was_replaced_in_its_file_is_followed_when_the_old_one_is_revoked() {
    let mut ada = Ada::published();
    let old = ada.gateway.token_id();
    ada.fixture.write_token(&ada.gateway.token(&["publish"]));
    ada.gateway.revoke(&old);
    ada.finch.user().pick(Saved::Away);
    ada.gateway.says("signed-in", Some("away"));
    assert!(!ada.agent.output().contains("error: nothing"), "{}", ada.agent.output());
    ends(&mut ada.agent);
}

#[test]
fn a_token_that_is_revoked_at_the_gateway_ends_the_agent() {
    let mut ada = Ada::published();
    ada.gateway.revoke(&ada.gateway.token_id());
    assert_eq!(ada.agent.wait().code(), Some(1), "{}", ada.agent.output());
    says(&ada.agent, "error: publishing has stopped\n  cause: the gateway does not accept");
    ada.gateway.says("unknown", Some("lease-expired"));
}
