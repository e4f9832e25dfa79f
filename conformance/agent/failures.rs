//! Failures of the gateway: the agent reports cause and help, and recovers with the gateway.

use communicado_conformance::{Gateway, Process, ends, says};

use crate::fixture::AgentFixture;

/// Checks a gateway that fails from the start and recovers.
#[track_caller]
fn check(manner: &str, cause: &str, help: &str) {
    let (fixture, mut gateway) = (AgentFixture::new(), Gateway::start());
    gateway.behave(manner);
    fixture.allow(&gateway.address("127.0.0.1"), &[]);
    let mut agent = fixture.agent();
    assert_eq!(gateway.next_list().manner, manner);
    tells(&agent, cause, help);
    assert_eq!(fixture.expect_status("failing")["help"], fixture.status()["help"]);
    assert_eq!(fixture.run(&["status"]).code, Some(3));
    let doctor = fixture.session.communicado().run(&["doctor"]);
    assert!(doctor.out.contains("!!  agent: running, but cannot publish\n"), "{}", doctor.out);
    gateway.behave("take");
    gateway.release();
    // Skip the requests from before the recovery.
    while gateway.next_list().manner != "take" {}
    fixture.expect_status("publishing");
    ends(&mut agent);
    let printed = agent.output();
    let mut causes: Vec<_> = printed.lines().filter(|line| line.starts_with("  cause: ")).collect();
    causes.sort_unstable();
    let are_different = causes.windows(2).all(|pair| pair[0] != pair[1]);
    assert!(are_different, "the same error is printed once: {printed}");
    assert!(!printed.contains('\u{1b}'), "foreign text has no terminal escapes: {printed}");
}

#[track_caller]
fn tells(agent: &Process, cause: &str, help: &str) {
    says(agent, &format!("  cause: {cause}"));
    says(agent, &format!("  help: {help}"));
}

#[test]
fn a_gateway_that_hangs() {
    check("hang", "http://127.0.0.1:", "check that the gateway runs");
}

#[test]
fn a_gateway_that_never_comes_to_the_end_of_its_answer() {
    check("slow", "http://127.0.0.1:", "check that the gateway runs");
}

#[test]
fn a_gateway_that_breaks() {
    check(
        "broken",
        "the gateway failed: 500 Internal Server Error (response: so it is ",
        "you need not do anything",
    );
}

#[test]
fn a_gateway_that_asks_to_come_later() {
    check("away", "the gateway failed: 503", "you need not do anything");
}

#[test]
fn a_gateway_that_limits_the_rate() {
    check("often", "the gateway received too many requests", "the agent waits");
}

#[test]
fn a_gateway_that_ends_in_the_middle_of_its_answer() {
    check("cut", "http://127.0.0.1:", "if this persists, ask the gateway's administrator");
}

/// Checks an error that needs human action. The agent retries slowly, so the user allows again.
#[track_caller]
fn check_lasting(manner: &str, cause: &str, help: &str) {
    let (fixture, mut gateway) = (AgentFixture::new(), Gateway::start());
    gateway.behave(manner);
    fixture.allow(&gateway.address("127.0.0.1"), &[]);
    let mut agent = fixture.agent();
    gateway.next_list();
    tells(&agent, cause, help);
    fixture.expect_status("failing");
    assert_eq!(fixture.run(&["status"]).code, Some(3));
    gateway.behave("take");
    // A new permission makes the agent retry at once.
    fixture.allow(&gateway.address("localhost"), &[]);
    while gateway.next().manner != "take" {}
    gateway.next_list();
    fixture.expect_status("publishing");
    ends(&mut agent);
}

#[test]
fn a_token_that_may_not_publish() {
    check_lasting(
        "forbidden",
        "the gateway does not let this token publish for `ada`",
        "do as the gateway says",
    );
}

#[test]
fn a_person_unknown_to_the_gateway() {
    check_lasting("unknown", "the gateway knows no person `ada`", "do as the gateway says");
}

#[test]
fn a_list_that_is_too_large() {
    check_lasting(
        "large",
        "the list of clients is too large for the gateway",
        "do as the gateway says",
    );
}

#[test]
fn a_captive_portal() {
    check_lasting("portal", "http://127.0.0.1:", "check the address, and whether this network");
}

#[test]
fn an_answer_without_an_end() {
    check_lasting(
        "endless",
        "http://127.0.0.1:",
        "check the address: the responses of a gateway are short",
    );
}

#[test]
fn something_that_does_not_speak_http() {
    check_lasting(
        "garbage",
        "http://127.0.0.1:",
        "check the port, and whether the gateway uses TLS",
    );
}

#[test]
fn a_gateway_that_leads_on_to_another_is_not_followed() {
    check_lasting("elsewhere", "http://127.0.0.1:", "allow the address of the redirect");
}

#[test]
fn a_stopped_gateway_gets_the_current_status_when_it_resumes() {
    let (fixture, gateway) = (AgentFixture::new(), Gateway::start());
    fixture.allow(&gateway.address("127.0.0.1"), &[]);
    let mut agent = fixture.agent();
    gateway.next_list();
    gateway.hang();
    says(&agent, " did not answer within 1 s");
    gateway.resume();
    gateway.next_list();
    fixture.expect_status("publishing");
    ends(&mut agent);
}

#[test]
fn a_token_that_is_revoked_ends_the_agent() {
    let (fixture, mut gateway) = (AgentFixture::new(), Gateway::start());
    fixture.allow(&gateway.address("127.0.0.1"), &[]);
    let mut agent = fixture.agent();
    gateway.next_list();
    gateway.behave("unauthorized");
    // Exit status 1, so that no service manager restarts it.
    assert_eq!(agent.wait().code(), Some(1), "{}", agent.output());
    let first = "error: publishing has stopped\n  cause: the gateway does not accept the \
                 token any more (response: so it is \\u{1b}[31mhere)\n  help: the token was revoked";
    assert!(agent.output().contains(first), "{}", agent.output());
    assert_eq!(gateway.rest().iter().filter(|it| it.manner == "unauthorized").count(), 1);
    let status = fixture.run(&["status"]);
    assert_eq!(status.code, Some(1));
    assert!(status.out.contains("not running; last error: the gateway does not accept"));
}

#[test]
fn a_manual_status_is_published_or_its_error_reported() {
    let (fixture, mut gateway) = (AgentFixture::new(), Gateway::start());
    fixture.allow(&gateway.address("127.0.0.1"), &[]);
    fixture.expect_success(&["set", "busy", "--note", "In a \"meeting\"", "--for", "30m"]);
    let set = gateway.next_list();
    assert_eq!(set.path, "/v1/people/ada/manual");
    let expected = serde_json::json!({
        "status": "signed-in", "availability": "busy", "activity": null,
        "note": "In a \"meeting\"", "returns": null, "for_ms": 1_800_000,
    });
    assert_eq!(set.body, expected);
    fixture.expect_success(&["set", "signed-out", "--returns", "2026-12-24T12:00:00Z"]);
    let set = gateway.next_list();
    assert_eq!(
        (&set.body["status"], &set.body["availability"]),
        (&"signed-out".into(), &().into())
    );
    assert_eq!(set.body["returns"], "2026-12-24T12:00:00.000000Z");
    fixture.expect_success(&["clear"]);
    assert_eq!(gateway.next().method, "DELETE");
    gateway.behave("forbidden");
    let ended = fixture.run(&["set", "away"]);
    assert_eq!(ended.code, Some(5));
    assert!(ended.err.contains("\n  help: do as the gateway says\n"), "{}", ended.err);
}
