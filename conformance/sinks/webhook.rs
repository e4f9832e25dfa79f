//! `webhook`: receivers in Python and JavaScript, and their faults.

use communicado_conformance::{AgentSession, Receiver, ReceiverKind, Saved, ends, within};
use serde_json::Value;

use crate::contract::{self, Listener};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OLD_SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
const CHANGED: &str = "org.communicado.client.changed.v1";

/// A receiver's knowledge of Finch.
struct Reader(Receiver);

impl Listener for Reader {
    const NAME: &'static str = "webhook";
    // A receiver cannot see that a sender is gone.
    const SEES_DEATH: bool = false;

    fn finch(&mut self) -> Option<(String, String)> {
        let requests = self.0.requests();
        let is_about_finch =
            |it: &&Value| it["event"]["type"] != CHANGED || it["event"]["subject"] == "finch";
        let last = requests.iter().rfind(is_about_finch)?;
        let data = &last["event"]["data"];
        let text = |key: &str| data[key].as_str().unwrap_or_default().to_owned();
        (last["event"]["type"] == CHANGED).then(|| (text("status"), text("availability")))
    }

    fn hold(&mut self, is_held: bool) {
        self.0.hang(is_held);
    }

    fn restart(&mut self) {
        self.0.restart();
    }
}

/// A fixture whose user has allowed the receiver.
fn allowed(kind: ReceiverKind, more: &str) -> (AgentSession, Receiver) {
    let fixture = AgentSession::new("");
    let receiver = Receiver::start(kind, fixture.session.folder(), SECRET);
    let secret = fixture.secret("webhook-secret", SECRET);
    configure(&fixture, &receiver, &format!("secret-file = \"{secret}\"\n{more}"));
    fixture.expect_success(&["allow", "webhook", "--yes"]);
    (fixture, receiver)
}

fn configure(fixture: &AgentSession, receiver: &Receiver, more: &str) {
    let url = receiver.url("/presence");
    fixture.configure(&format!("[sinks.webhook]\nurl = \"{url}\"\ndevice = \"laptop\"\n{more}"));
}

#[test]
fn webhook_keeps_the_contract() {
    let (fixture, receiver) = allowed(ReceiverKind::Python, "");
    contract::check(&fixture, Reader(receiver));
}

#[test]
fn both_libraries_accept_the_signature_and_the_event() {
    for kind in [ReceiverKind::Python, ReceiverKind::Node] {
        let (fixture, receiver) = allowed(kind, "clients = [\"finch\"]\n");
        let mut agent = fixture.agent();
        let request = within("the receiver has the status", || {
            receiver.requests().into_iter().find(|it| it["event"]["data"]["status"] == "absent")
        });
        assert_eq!(request["refusal"], Value::Null, "{kind:?}: {request}");
        let event = &request["event"];
        assert_eq!(event["type"], CHANGED, "{kind:?}: {request}");
        assert_eq!(event["source"], "urn:communicado:laptop");
        assert_eq!(event["id"], request["headers"]["webhook-id"]);
        fixture.expect_sink("webhook", "reporting");
        ends(&mut agent);
    }
}

#[test]
fn nothing_is_sent_before_the_consent_and_a_pause_sends_a_goodbye() {
    let (fixture, receiver) = allowed(ReceiverKind::Python, "");
    fixture.expect_success(&["forbid", "webhook"]);
    let mut reader = Reader(receiver);
    let mut agent = fixture.agent();
    fixture.expect_sink("webhook", "not-allowed");
    assert_eq!(fixture.run(&["try", "webhook"]).code, Some(1));
    assert_eq!(reader.0.requests(), Vec::<Value>::new());
    fixture.expect_success(&["allow", "webhook", "--yes"]);
    contract::knows(&mut reader, "absent", "");
    fixture.expect_success(&["pause"]);
    contract::forgets(&mut reader);
    fixture.expect_sink("webhook", "paused");
    fixture.expect_success(&["resume"]);
    contract::knows(&mut reader, "absent", "");
    ends(&mut agent);
    contract::forgets(&mut reader);
    let requests = reader.0.requests();
    assert!(requests.iter().all(|it| it["refusal"].is_null()), "{requests:?}");
}

#[test]
fn a_pause_while_the_receiver_fails_is_told_to_it() {
    let (fixture, receiver) = allowed(ReceiverKind::Python, "");
    let mut reader = Reader(receiver);
    let mut agent = fixture.agent();
    contract::knows(&mut reader, "absent", "");
    // A long delay, in which the pause begins.
    reader.0.behave("503 300");
    let _person = fixture.person();
    fixture.expect_sink("webhook", "failing");
    reader.0.behave("take");
    fixture.expect_success(&["pause"]);
    contract::forgets(&mut reader);
    ends(&mut agent);
}

#[test]
fn during_a_rotation_the_old_secret_and_the_new_one_are_valid() {
    let (fixture, receiver) = allowed(ReceiverKind::Python, "clients = [\"finch\"]\n");
    fixture.secret("webhook-secret", OLD_SECRET);
    let refused = fixture.run(&["try", "webhook"]);
    assert_eq!(refused.code, Some(5), "{}", refused.err);
    assert!(refused.err.contains("401 Unauthorized"), "{}", refused.err);
    for order in [format!("{OLD_SECRET}\n{SECRET}\n"), format!("{SECRET} {OLD_SECRET}")] {
        fixture.secret("webhook-secret", &order);
        let tried = fixture.expect_success(&["try", "webhook"]);
        assert!(tried.err.contains("`finch`: 204 No Content"), "{}", tried.err);
    }
    assert_eq!(receiver.requests().len(), 3);
    fixture.secret("webhook-secret", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let refused = fixture.run(&["try", "webhook"]);
    assert!(refused.err.contains("does not start with `whsec_`"), "{}", refused.err);
    assert!(!refused.err.contains("MfKQ"), "{}", refused.err);
}

#[test]
fn a_wrong_clock_is_explained() {
    let (fixture, receiver) = allowed(ReceiverKind::PythonInTheFuture, "");
    let refused = fixture.run(&["try", "webhook"]);
    assert_eq!(refused.code, Some(5), "{}", refused.err);
    for expected in ["401 Unauthorized", "10 min behind the clock of the receiver", "set the clock"]
    {
        assert!(refused.err.contains(expected), "{}", refused.err);
    }
    let requests = receiver.requests();
    assert!(
        requests[0]["refusal"].as_str().unwrap_or_default().contains("too old"),
        "{requests:?}"
    );
}

#[test]
fn each_fault_has_a_cause_and_a_redirect_is_not_followed() {
    let (fixture, receiver) = allowed(ReceiverKind::Python, "clients = [\"finch\"]\n");
    for (manner, expected) in [
        ("redirect", "redirects to http://127.0.0.1:"),
        ("close", "closed the connection"),
        ("cut", "closed the connection"),
        ("endless", "sent a response of more than 65536 bytes"),
        ("garbage", "does not speak HTTP"),
        ("hang", "did not answer within 10 s"),
        ("404", "rejected the request: 404 Not Found"),
        ("415", "check `body` and `content-type`"),
    ] {
        receiver.behave(manner);
        let tried = fixture.run(&["try", "webhook"]);
        assert_eq!(tried.code, Some(5), "{manner}: {}", tried.err);
        assert!(tried.err.contains(expected), "{manner}: {}", tried.err);
    }
    let requests = receiver.requests();
    assert!(requests.iter().all(|it| it["path"] == "/presence"), "{requests:?}");
}

#[test]
fn the_agent_retries_and_the_latest_state_wins() {
    for manner in ["500", "close", "cut", "503 1", "429 date"] {
        let (fixture, receiver) = allowed(ReceiverKind::Python, "clients = [\"finch\"]\n");
        let mut reader = Reader(receiver);
        let mut agent = fixture.agent();
        contract::knows(&mut reader, "absent", "");
        reader.0.behave(manner);
        let person = fixture.person();
        fixture.expect_sink("webhook", "failing");
        for saved in [Saved::Away, Saved::Unavailable] {
            person.pick(saved);
        }
        contract::settles(&fixture, "do-not-disturb");
        reader.0.behave("take");
        contract::knows(&mut reader, "signed-in", "do-not-disturb");
        fixture.expect_sink("webhook", "reporting");
        let requests = reader.0.requests();
        let first = requests.iter().find(|it| it["manner"] != "take");
        let first = first.unwrap_or(&Value::Null);
        let attempts = requests.iter().filter(|it| it["event"]["id"] == first["event"]["id"]);
        // The attempts of one event differ only in their time and signature.
        let bodies: Vec<_> = attempts.map(|it| it["text"].as_str()).collect();
        assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]), "{bodies:?}");
        assert!(requests.iter().all(|it| it["refusal"].is_null()), "{requests:?}");
        let missed = requests.iter().map(|it| it["event"]["data"]["missed"].as_u64());
        assert!(missed.flatten().any(|missed| missed > 0), "{manner}: {requests:?}");
        ends(&mut agent);
    }
}

#[test]
fn gone_ends_the_sink() {
    let (fixture, receiver) = allowed(ReceiverKind::Python, "clients = [\"finch\"]\n");
    receiver.behave("410");
    let mut agent = fixture.agent();
    let status = fixture.expect_sink("webhook", "ended");
    assert!(status["error"]["cause"].as_str().unwrap_or_default().contains("410 Gone"), "{status}");
    receiver.behave("take");
    let _person = fixture.person();
    contract::settles(&fixture, "signed-in");
    assert_eq!(receiver.requests().len(), 1);
    ends(&mut agent);
}

#[test]
fn a_light_gets_its_own_body_method_and_secret_headers() {
    let fixture = AgentSession::new("");
    let receiver = Receiver::start(ReceiverKind::Python, fixture.session.folder(), "");
    let header = fixture.secret("header", "hue-application-key: s3cret-key\n");
    let path = fixture.secret("path", "/clip/v2/s3cret?a=b\n");
    configure(
        &fixture,
        &receiver,
        &format!(
            "method = \"PUT\"\nclients = [\"finch\"]\ncontent-type = \"text/plain\"\n\
             headers = [\"Title: Presence\"]\nheader-file = \"{header}\"\npath-file = \"{path}\"\n\
             body = '{{\"on\": {{{{ (status == \"absent\") | json }}}}}}'\n"
        ),
    );
    let allowed = fixture.expect_success(&["allow", "webhook", "--yes"]);
    let mut agent = fixture.agent();
    let request = within("the light is on", || {
        receiver.requests().into_iter().find(|it| it["text"] == "{\"on\": true}")
    });
    assert_eq!(
        (&request["method"], &request["path"]),
        (&"PUT".into(), &"/clip/v2/s3cret?a=b".into())
    );
    let headers = &request["headers"];
    assert_eq!(headers["hue-application-key"], "s3cret-key");
    assert_eq!(
        (&headers["title"], &headers["content-type"]),
        (&"Presence".into(), &"text/plain".into())
    );
    assert_eq!(headers["webhook-signature"], Value::Null);
    receiver.behave("404");
    let tried = fixture.run(&["try", "webhook"]);
    ends(&mut agent);
    let output = [allowed.out, allowed.err, tried.err, agent.output()].concat();
    let status = fixture.run(&["status", "--json"]).out;
    assert!(!(output.clone() + &status).contains("s3cret"), "{output}{status}");
    // A light does not understand a goodbye.
    let requests = receiver.requests();
    let is_for_a_light =
        |it: &Value| it["text"].as_str().is_some_and(|text| text.starts_with("{\"on\""));
    assert!(requests.iter().all(is_for_a_light), "{requests:?}");
}
