//! The agent on Windows: it publishes, follows its commands, and says goodbye.

use communicado_conformance::{Ended, Gateway, Must as _, Wine, within};

use crate::communicator;

/// Runs a task of the agent to its end, which must be a good one.
#[track_caller]
fn does(wine: &Wine, task: &[&str]) -> Ended {
    let ended = wine.communicado().run(&[&["agent"], task].concat());
    assert_eq!(ended.code, Some(0), "{task:?}: {}{}", ended.out, ended.err);
    ended
}

#[test]
fn it_publishes_pauses_and_is_forbidden() {
    let (wine, gateway) = (Wine::new(), Gateway::start());
    let token = wine.folder().join("token");
    std::fs::write(&token, "cmt_secret\r\n").must("write a token");
    // Wine shows Linux's files on this drive.
    let token = format!("Z:{}", token.display());
    let who = ["--person", "ada", "--device", "laptop", "--token-file", &token, "--yes"];
    does(&wine, &[&["allow", &gateway.address("127.0.0.1")], &who[..]].concat());
    let mut peer = communicator(&wine);
    peer.tell("status 2");
    peer.come_up();
    let arguments = ["agent", "--client", "communicator", "--set", "agent.lease=5s"];
    let mut agent = wine.communicado().start(&arguments, |_| {});
    while gateway.next_list().client("communicator").0 != "signed-in" {}
    let second = wine.communicado().run(&["agent"]);
    assert_eq!(second.code, Some(1), "{}", second.err);
    assert!(second.err.contains("your agent is already running"), "{}", second.err);
    does(&wine, &["pause", "1h"]);
    gateway.until_goodbye();
    let paused = does(&wine, &["status"]);
    assert!(paused.out.contains("agent    paused until "), "{}", paused.out);
    peer.tell("status 1");
    peer.tell("fire signout");
    does(&wine, &["resume"]);
    let first = gateway.next_list();
    assert_eq!(first.client("communicator").0, "signed-out");
    does(&wine, &["forbid"]);
    within("the agent has ended", || agent.poll());
    gateway.until_goodbye();
    assert!(gateway.rest().is_empty(), "something came after the goodbye");
}
