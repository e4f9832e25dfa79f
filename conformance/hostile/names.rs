//! Foreign names: of accounts, of statuses, and of the client itself.

use communicado_conformance::TestSession;
use serde_json::{Value, json};

use crate::service::{NAMED, Service, run};

/// The JSON of `status` about the service, and its text output.
#[track_caller]
fn status(session: &TestSession, client: &str) -> (Value, String) {
    let json = run(session, &["status", "--json", "--client", client]);
    assert_eq!((json.code, json.out.lines().count()), (Some(0), 1), "{}", json.err);
    let text = run(session, &["status", "--client", client]);
    assert_eq!(text.code, Some(0), "{}", text.err);
    (serde_json::from_str(&json.out).unwrap(), text.out)
}

/// Checks for control characters, line breaks and changes of the text direction.
#[track_caller]
fn is_harmless(text: &str) {
    let bad = |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c);
    assert!(!text.contains(bad), "{text:?}");
    assert!(text.lines().all(|line| line.chars().count() < 200), "{text:?}");
}

#[test]
fn an_account_may_be_called_anything() {
    let mut session = TestSession::new();
    let mut service = Service::sane(&mut session);
    let long = "ж".repeat(5 * 1024);
    for name in [
        "",
        "al\"ice\\'s & <b>\"",
        "al\nice\r\n\tfinch  signed-in",
        "\u{202e}ecila\u{2066}",
        "\u{1b}[31m\u{1b}]0;title\u{7}",
        "{{ status }}",
        "アリス 🦀 \u{0}".trim_end_matches('\u{0}'),
        &long,
    ] {
        service.order(json!(["call_it", name]));
        let (json, text) = status(&session, NAMED);
        assert_eq!(json["accounts"][0]["account"], name);
        assert_eq!(text.lines().count(), 2, "{text}");
        is_harmless(&text);
        let format = ["status", "--format", "{% for a in accounts %}{{ a.account }}{% endfor %}"];
        let formatted = run(&session, &[&format[..], &["--client", NAMED]].concat()).out;
        assert_eq!(formatted.lines().count(), 1, "{formatted}");
        let doctor = run(&session, &["doctor"]);
        assert_eq!(doctor.code, Some(0), "{doctor:?}");
        is_harmless(&doctor.out);
        assert!(doctor.out.contains("signed in, available"), "{doctor:?}");
    }
}

#[test]
fn an_endless_name_is_truncated_and_the_account_reported() {
    let mut session = TestSession::new();
    let mut service = Service::start(&mut session);
    service.order(json!(["call_it", "x".repeat(10 * 1024 * 1024)]));
    service.order(json!(["have_status", 20, "y".repeat(1024 * 1024), 5]));
    service.tell("own");
    let (json, text) = status(&session, NAMED);
    assert_eq!((&json["status"], &json["availability"]), (&json!("signed-in"), &json!("away")));
    assert_eq!(json["accounts"][0]["account"].as_str().unwrap().len(), 16 * 1024);
    assert_eq!(json["raw"].as_str().unwrap().len(), 16 * 1024);
    is_harmless(&text);
}

#[test]
fn an_unknown_status_has_the_meaning_of_its_primitive() {
    let mut session = TestSession::new();
    let mut service = Service::sane(&mut session);
    for (handle, (id, primitive, availability)) in (20..).zip([
        ("feeling-blue", 5, "away"),
        ("deep \"work\"\n", 3, "busy"),
        ("signed-out", 2, "available"),
        ("offline", 1, "other"),
        ("from-the-future", 77, "other"),
        ("", i64::from(i32::MIN), "other"),
    ]) {
        service.order(json!(["have_status", handle, id, primitive]));
        let (json, _) = status(&session, NAMED);
        assert_eq!(json["status"], "signed-in", "{id}");
        assert_eq!((&json["raw"], &json["availability"]), (&json!(id), &json!(availability)));
    }
}

#[test]
fn a_client_may_say_that_it_is_anything() {
    for (says, is) in [
        ("", "libpurple"),
        ("gnt-purple", "finch"),
        ("Pidgin, the \"best\"", "Pidgin, the \"best\""),
        ("a\nb", "a\nb"),
        ("\u{202e}nigdip", "\u{202e}nigdip"),
    ] {
        let mut session = TestSession::new();
        let mut service = Service::start(&mut session);
        service.order(json!(["name_ui", says]));
        service.tell("own");
        let lines = run(&session, &["status", "--json"]).out;
        let objects = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let signed_in: Vec<_> = objects.filter(|object| object["status"] == "signed-in").collect();
        assert_eq!(signed_in.len(), 1, "{lines}");
        assert_eq!(signed_in[0]["client"], is);
        is_harmless(&run(&session, &["status"]).out);
    }
}
