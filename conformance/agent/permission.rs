//! Nothing without the person's word, and nothing after it was taken back.

use communicado_conformance::{Gateway, Pty, within};

use crate::desk::{Desk, ends, says};

#[test]
fn without_permission_nothing_is_asked_of_any_gateway() {
    let (desk, gateway) = (Desk::new(), Gateway::start());
    let ended = desk.run(&[]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.err.starts_with("error: publishing is not enabled\n"), "{}", ended.err);
    // To allow is not to publish.
    desk.allow(&gateway.address("127.0.0.1"), &[]);
    assert_eq!(desk.status()["allowed"], true);
    assert!(gateway.rest().is_empty());
    let mut agent = desk.agent();
    gateway.next_list();
    ends(&mut agent);
}

#[test]
fn a_person_is_asked_and_only_a_yes_is_one() {
    let (desk, gateway) = (Desk::new(), Gateway::start());
    let address = gateway.address("127.0.0.1");
    for (answer, code) in [("\n", 1), ("n\n", 1), ("yess\n", 1), ("\u{4}", 1), ("Yes\n", 0)] {
        let (mut terminal, far) = Pty::open(&desk.stage.folder().join("screen"));
        let token = desk.token();
        let who = ["--person", "ada", "--device", "laptop", "--token-file", &token];
        let arguments = [&["agent", "allow", &address], &who[..]].concat();
        let mut allow = desk.stage.communicado().start(&arguments, |command| {
            command.stdin(far);
        });
        says(&allow, "To stop publishing, run: communicado agent forbid\nAllow this? [y/N] ");
        assert_eq!(desk.status()["allowed"], false);
        terminal.write(answer);
        assert_eq!(allow.wait().code(), Some(code), "{answer:?}: {}", allow.output());
        assert_eq!(desk.status()["allowed"], code == 0);
    }
    assert!(gateway.rest().is_empty());
}

#[test]
fn what_is_forbidden_ends_the_agent_and_the_goodbye_is_the_last_word() {
    let (desk, gateway) = (Desk::new(), Gateway::start());
    desk.allow(&gateway.address("127.0.0.1"), &[]);
    let mut agent = desk.agent();
    gateway.next_list();
    let ended = desk.does(&["forbid"]);
    assert!(ended.err.contains("deleted this device"), "{}", ended.err);
    assert_eq!(agent.wait().code(), Some(0));
    says(&agent, "publishing is disabled");
    gateway.until_goodbye();
    assert!(gateway.rest().is_empty(), "something came after the goodbye");
    assert_eq!(desk.status()["allowed"], false);
    assert_eq!(desk.run(&[]).code, Some(1));
    assert_eq!(desk.does(&["forbid"]).err, "note: publishing was not enabled\n");
    assert!(gateway.rest().is_empty());
}

#[test]
fn what_is_under_way_is_answered_before_the_goodbye_of_a_forbid() {
    let (desk, mut gateway) = (Desk::new(), Gateway::start());
    gateway.behave("hold");
    desk.allow(&gateway.address("127.0.0.1"), &["--set", "agent.lease=60s"]);
    let mut agent = desk.agent_with(&["--set", "agent.lease=60s"], |_| ());
    gateway.next_list();
    let mut forbid = desk.stage.communicado().start(&["agent", "forbid"], |_| ());
    within("the permission is gone", || (desk.status()["allowed"] == false).then_some(()));
    gateway.behave("take");
    gateway.release();
    gateway.until_goodbye();
    assert_eq!(forbid.wait().code(), Some(0), "{}", forbid.output());
    assert_eq!(agent.wait().code(), Some(0), "{}", agent.output());
    assert!(gateway.rest().is_empty(), "something came after the goodbye");
}

#[test]
fn a_forbid_holds_although_the_gateway_cannot_be_told() {
    let (desk, gateway) = (Desk::new(), Gateway::start());
    desk.allow(&gateway.address("127.0.0.1"), &[]);
    gateway.kill();
    let ended = desk.run(&["forbid"]);
    assert_eq!(ended.code, Some(5));
    let first = "error: publishing is disabled, but this device is still at the gateway\n";
    assert!(ended.err.starts_with(first), "{}", ended.err);
    assert_eq!(desk.status()["allowed"], false);
}

#[test]
fn another_permission_is_followed_without_a_restart() {
    let (desk, one, other) = (Desk::new(), Gateway::start(), Gateway::start());
    desk.allow(&one.address("127.0.0.1"), &[]);
    let mut agent = desk.agent();
    one.next_list();
    desk.allow(&other.address("127.0.0.1"), &["--names"]);
    one.until_goodbye();
    other.next_list();
    assert!(one.rest().is_empty());
    ends(&mut agent);
    other.until_goodbye();
}

#[test]
fn one_agent_is_enough() {
    let (desk, gateway) = (Desk::new(), Gateway::start());
    desk.allow(&gateway.address("127.0.0.1"), &[]);
    let mut agent = desk.agent();
    gateway.next_list();
    let second = desk.run(&[]);
    assert_eq!(second.code, Some(1));
    assert!(second.err.starts_with("error: your agent is already running\n"), "{}", second.err);
    ends(&mut agent);
}

#[test]
fn a_token_that_others_may_read_is_not_used() {
    let (desk, gateway) = (Desk::new(), Gateway::start());
    desk.let_token_be_read(0o640);
    let ended = desk.try_to_allow("laptop", &gateway.address("127.0.0.1"), &[]);
    assert_eq!(ended.code, Some(5));
    assert!(ended.err.contains("cause: other users may read it\n  help: run: chmod 600"));
    desk.let_token_be_read(0o600);
    desk.allow(&gateway.address("127.0.0.1"), &[]);
    desk.let_token_be_read(0o644);
    assert_eq!(desk.run(&[]).code, Some(5));
    assert!(gateway.rest().is_empty());
}
