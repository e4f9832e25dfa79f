//! The shutdown of an agent, and its cleanup.

use std::os::unix::net::UnixDatagram;

use communicado_conformance::{ExpectOk as _, Gateway, Signal, ends, within};

use crate::fixture::AgentFixture;

#[test]
fn a_stopped_agent_deletes_its_device() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let (fixture, gateway) = (AgentFixture::new(), Gateway::start());
        fixture.allow(&gateway.address("127.0.0.1"), &[]);
        let mut agent = fixture.agent();
        gateway.next_list();
        agent.signal(signal);
        assert_eq!(agent.wait().code(), Some(0), "{}", agent.output());
        gateway.until_goodbye();
        assert!(gateway.rest().is_empty());
        assert_eq!(fixture.status()["runs"], false);
    }
}

#[test]
fn an_agent_that_is_stopped_does_not_wait_for_a_gateway_that_hangs() {
    let (fixture, mut gateway) = (AgentFixture::new(), Gateway::start());
    gateway.behave("hang");
    fixture.allow(&gateway.address("127.0.0.1"), &[]);
    let mut agent = fixture.agent_with(&["--set", "agent.lease=10m"], |_| ());
    gateway.next_list();
    ends(&mut agent);
}

#[test]
fn an_agent_that_was_killed_does_not_block_the_next() {
    let (fixture, gateway) = (AgentFixture::new(), Gateway::start());
    fixture.allow(&gateway.address("127.0.0.1"), &[]);
    let mut agent = fixture.agent();
    gateway.next_list();
    agent.kill();
    assert_eq!(fixture.status()["runs"], false);
    let mut agent = fixture.agent();
    gateway.next_list();
    ends(&mut agent);
}

#[test]
fn a_service_manager_learns_readiness_and_status() {
    let (fixture, gateway) = (AgentFixture::new(), Gateway::start());
    let path = fixture.session.folder().join("notify");
    let manager = UnixDatagram::bind(&path).expect_ok("listen as a service manager");
    manager.set_nonblocking(true).expect_ok("poll for messages");
    let heard = || {
        let mut room = [0; 1024];
        let length = within("the agent notifies", || manager.recv(&mut room).ok());
        String::from_utf8_lossy(&room[..length]).into_owned()
    };
    fixture.allow(&gateway.address("127.0.0.1"), &[]);
    let mut agent = fixture.agent_with(&[], |command| {
        command.env("NOTIFY_SOCKET", &path);
    });
    assert_eq!(heard(), "READY=1\n");
    assert_eq!(heard(), "STATUS=starting\n");
    assert_eq!(heard(), "STATUS=publishing\n");
    ends(&mut agent);
    assert_eq!(heard(), "STOPPING=1\n");
}
