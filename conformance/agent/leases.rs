//! An agent that is gone without a word, and a gateway that is: nobody stays wrong for longer than
//! a lease.

use std::time::{Duration, Instant};

use communicado_conformance::{Account, Client, Process, Prosody, Saved, Signal, within};

use crate::desk::{Desk, ends, says};
use crate::real::Real;

/// As long as the agents here ask to be believed.
const LEASE: Duration = Duration::from_secs(5);

/// Ada at her desk, signed in with Finch, and published.
struct Ada {
    agent: Process,
    finch: Client,
    gateway: Real,
    _prosody: Prosody,
    desk: Desk,
}

impl Ada {
    #[track_caller]
    fn published() -> Self {
        let desk = Desk::new();
        let prosody = desk.stage.prosody();
        let gateway = Real::start(&desk, &[]);
        gateway.give_token(&desk);
        desk.allow(&gateway.address("127.0.0.1"), &[]);
        let agent = desk.agent();
        let finch = desk.stage.finch(&[&Account::xmpp("alice", &prosody)]);
        gateway.says("signed-in", Some("available"));
        Self { agent, finch, gateway, _prosody: prosody, desk }
    }
}

#[test]
fn an_agent_that_was_killed_is_unknown_when_its_lease_ends() {
    let mut ada = Ada::published();
    ada.agent.kill();
    // It is believed for as long as it asked to be.
    assert_eq!(ada.gateway.ada()["status"], "signed-in");
    let unknown = ada.gateway.says("unknown", Some("lease-expired"));
    assert_eq!(unknown["in"], serde_json::Value::Null);
    let mut agent = ada.desk.agent();
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
fn a_gateway_that_was_killed_knows_what_is_when_it_is_back() {
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
fn a_gateway_that_answers_nobody_for_a_while_is_right_afterwards() {
    let mut ada = Ada::published();
    ada.gateway.signal(Signal::STOP);
    says(&ada.agent, " did not answer within 1 s");
    ada.finch.user().pick(Saved::Away);
    // From here on the gateway must not believe what it was told before.
    let stopped = now();
    within("the lease ends", || (stopped.elapsed() > LEASE).then_some(()));
    ada.gateway.signal(Signal::CONT);
    ada.gateway.says("signed-in", Some("away"));
    ada.desk.stands("publishing");
    ends(&mut ada.agent);
}

#[expect(clippy::disallowed_methods, reason = "a lease is a span of real time")]
fn now() -> Instant {
    Instant::now()
}

#[test]
fn a_token_that_is_revoked_at_the_gateway_ends_the_agent() {
    let mut ada = Ada::published();
    ada.gateway.revoke();
    assert_eq!(ada.agent.wait().code(), Some(1), "{}", ada.agent.output());
    says(&ada.agent, "error: nothing is published any more\n  because: the gateway does not take");
    ada.gateway.says("unknown", Some("lease-expired"));
}
