//! An agent that is gone without a word, and a gateway that is: nobody stays wrong for longer than
//! a lease.

use std::time::{Duration, Instant};

use communicado_conformance::{Account, Client, Process, Prosody, Saved, Signal, within};

use crate::desk::{Desk, ends, says};
use crate::real::Real;
use crate::relay::Relay;

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
fn who_is_cut_off_is_unknown_and_what_was_held_up_on_the_way_does_not_stay() {
    let desk = Desk::new();
    let prosody = desk.stage.prosody();
    let gateway = Real::start(&desk, &[]);
    gateway.give_token(&desk);
    let relay = Relay::to(gateway.port());
    desk.allow(&relay.address(), &[]);
    let mut agent = desk.agent();
    let finch = desk.stage.finch(&[&Account::xmpp("alice", &prosody)]);
    gateway.says("signed-in", Some("available"));
    relay.cut();
    finch.user().pick(Saved::Away);
    says(&agent, " did not answer within 1 s");
    gateway.says("unknown", Some("lease-expired"));
    finch.user().pick(Saved::Unavailable);
    within("the status is known", || {
        let known = desk.stage.communicado().run(&["is", "do-not-disturb"]);
        (known.code == Some(0)).then_some(())
    });
    // All that was tried meanwhile arrives now, in whatever order.
    relay.heal();
    gateway.says("signed-in", Some("do-not-disturb"));
    desk.stands("publishing");
    ends(&mut agent);
    gateway.says("absent", None);
}

#[test]
fn a_token_that_was_replaced_in_its_file_is_followed_when_the_old_one_is_revoked() {
    let mut ada = Ada::published();
    let old = ada.gateway.token_id();
    ada.gateway.give_token(&ada.desk);
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
