//! No publishing without consent, or after its withdrawal.

use communicado_conformance::{Gateway, Pty, ends, says, within};

use crate::fixture::AgentFixture;

#[test]
fn without_permission_no_request_is_sent() {
    let (fixture, gateway) = (AgentFixture::new(), Gateway::start());
    let ended = fixture.run(&[]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.err.starts_with("error: publishing is not enabled\n"), "{}", ended.err);
    // To allow is not to publish.
    fixture.allow(&gateway.address("127.0.0.1"), &[]);
    assert_eq!(fixture.status()["allowed"], true);
    assert!(gateway.rest().is_empty());
    let mut agent = fixture.agent();
    gateway.next_list();
    ends(&mut agent);
}

#[test]
fn only_yes_gives_permission() {
    let (fixture, gateway) = (AgentFixture::new(), Gateway::start());
    let address = gateway.address("127.0.0.1");
    for (answer, code) in [("\n", 1), ("n\n", 1), ("yess\n", 1), ("\u{4}", 1), ("Yes\n", 0)] {
        let (mut terminal, far) = Pty::open(&fixture.session.folder().join("screen"));
        let token = fixture.token();
        let who = ["--person", "ada", "--device", "laptop", "--token-file", &token];
        let arguments = [&["agent", "allow", &address], &who[..]].concat();
        let mut allow = fixture.session.communicado().start(&arguments, |command| {
            command.stdin(far);
        });
        says(&allow, "To stop publishing, run: communicado agent forbid\nAllow this? [y/N] ");
        assert_eq!(fixture.status()["allowed"], false);
        terminal.write(answer);
        assert_eq!(allow.wait().code(), Some(code), "{answer:?}: {}", allow.output());
        assert_eq!(fixture.status()["allowed"], code == 0);
    }
    assert!(gateway.rest().is_empty());
}

#[test]
fn a_forbid_ends_the_agent_after_a_last_delete() {
    let (fixture, gateway) = (AgentFixture::new(), Gateway::start());
    fixture.allow(&gateway.address("127.0.0.1"), &[]);
    let mut agent = fixture.agent();
    gateway.next_list();
    let ended = fixture.expect_success(&["forbid"]);
    assert!(ended.err.contains("deleted this device"), "{}", ended.err);
    assert_eq!(agent.wait().code(), Some(0));
    says(&agent, "publishing is disabled");
    gateway.until_goodbye();
    assert!(gateway.rest().is_empty(), "something came after the goodbye");
    assert_eq!(fixture.status()["allowed"], false);
    assert_eq!(fixture.run(&[]).code, Some(1));
    assert_eq!(fixture.expect_success(&["forbid"]).err, "note: publishing was not enabled\n");
    assert!(gateway.rest().is_empty());
}

#[test]
fn a_pending_request_is_answered_before_the_delete_of_a_forbid() {
    let (fixture, mut gateway) = (AgentFixture::new(), Gateway::start());
    gateway.behave("hold");
    fixture.allow(&gateway.address("127.0.0.1"), &["--set", "agent.lease=60s"]);
    let mut agent = fixture.agent_with(&["--set", "agent.lease=60s"], |_| ());
    gateway.next_list();
    let mut forbid = fixture.session.communicado().start(&["agent", "forbid"], |_| ());
    within("the permission is gone", || (fixture.status()["allowed"] == false).then_some(()));
    gateway.behave("take");
    gateway.release();
    gateway.until_goodbye();
    assert_eq!(forbid.wait().code(), Some(0), "{}", forbid.output());
    assert_eq!(agent.wait().code(), Some(0), "{}", agent.output());
    assert!(gateway.rest().is_empty(), "something came after the goodbye");
}

#[test]
fn a_forbid_holds_although_the_gateway_is_unreachable() {
    let (fixture, gateway) = (AgentFixture::new(), Gateway::start());
    fixture.allow(&gateway.address("127.0.0.1"), &[]);
    gateway.kill();
    let ended = fixture.run(&["forbid"]);
    assert_eq!(ended.code, Some(5));
    let first = "error: publishing is disabled, but this device is still at the gateway\n";
    assert!(ended.err.starts_with(first), "{}", ended.err);
    assert_eq!(fixture.status()["allowed"], false);
}

#[test]
fn another_permission_is_followed_without_a_restart() {
    let (fixture, one, other) = (AgentFixture::new(), Gateway::start(), Gateway::start());
    fixture.allow(&one.address("127.0.0.1"), &[]);
    let mut agent = fixture.agent();
    one.next_list();
    fixture.allow(&other.address("127.0.0.1"), &["--names"]);
    one.until_goodbye();
    other.next_list();
    assert!(one.rest().is_empty());
    ends(&mut agent);
    other.until_goodbye();
}

#[test]
fn one_agent_is_enough() {
    let (fixture, gateway) = (AgentFixture::new(), Gateway::start());
    fixture.allow(&gateway.address("127.0.0.1"), &[]);
    let mut agent = fixture.agent();
    gateway.next_list();
    let second = fixture.run(&[]);
    assert_eq!(second.code, Some(1));
    assert!(second.err.starts_with("error: your agent is already running\n"), "{}", second.err);
    ends(&mut agent);
}

#[test]
fn a_token_that_others_may_read_is_not_used() {
    let (fixture, gateway) = (AgentFixture::new(), Gateway::start());
    fixture.set_token_mode(0o640);
    let ended = fixture.run_allow("laptop", &gateway.address("127.0.0.1"), &[]);
    assert_eq!(ended.code, Some(5));
    assert!(ended.err.contains("cause: other users may read it\n  help: run: chmod 600"));
    fixture.set_token_mode(0o600);
    fixture.allow(&gateway.address("127.0.0.1"), &[]);
    fixture.set_token_mode(0o644);
    assert_eq!(fixture.run(&[]).code, Some(5));
    assert!(gateway.rest().is_empty());
}
