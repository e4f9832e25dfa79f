//! The stream of events.

use serde_json::{Value, json};

use crate::fixture::{Events, Gateway, within};

fn ids(snapshot: &Value) -> Vec<&str> {
    snapshot["people"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap()).collect()
}

#[test]
fn a_stream_begins_with_a_snapshot_and_continues_with_changes() {
    let gateway = Gateway::start();
    gateway.add("ada", &["london"]);
    let mut events = Events::of(&gateway, &gateway.token, "", "");
    let snapshot = events.expect_event("snapshot");
    assert_eq!((snapshot.id, &snapshot.data["missed"]), (Some(1), &json!(false)));
    assert_eq!(ids(&snapshot.data), ["ada"]);
    gateway.publish("ada", "laptop", "available");
    let change = events.expect_event("change");
    assert_eq!(change.id, Some(2));
    assert_eq!(change.data["before"], json!({"status": "absent", "availability": null}));
    assert_eq!(change.data["availability"], "available");
    gateway.add("bob", &[]);
    assert_eq!(events.expect_event("change").data["before"], json!(null));
    gateway.request("DELETE", "/v1/people/bob", None).expect_json(204);
    assert_eq!(events.expect_event("gone").data, json!({"id": "bob"}));
}

#[test]
fn a_reader_of_one_person_gets_no_event_of_another() {
    let gateway = Gateway::start();
    gateway.add("ada", &["london"]);
    gateway.add("bob", &["rome"]);
    let mut ada = Events::of(&gateway, &gateway.token, "?person=ada", "");
    let mut rome = Events::of(&gateway, &gateway.token, "?group=rome", "");
    let mut both = Events::of(&gateway, &gateway.token, "?person=ada&group=rome", "");
    assert_eq!(ids(&ada.expect_event("snapshot").data), ["ada"]);
    assert_eq!(ids(&rome.expect_event("snapshot").data), ["bob"]);
    assert_eq!(ids(&both.expect_event("snapshot").data), ["ada", "bob"]);
    gateway.publish("bob", "laptop", "busy");
    gateway.publish("ada", "laptop", "busy");
    assert_eq!(ada.expect_event("change").data["id"], "ada");
    assert_eq!(rome.expect_event("change").data["id"], "bob");
    assert_eq!(both.expect_event("change").data["id"], "bob");
    assert_eq!(both.expect_event("change").data["id"], "ada");
    // A person who changes groups appears to readers of the new group and disappears from the old.
    let london = json!({"groups": ["london"]});
    let mut in_london = Events::of(&gateway, &gateway.token, "?group=london", "");
    in_london.expect_event("snapshot");
    gateway.request("PATCH", "/v1/people/bob", Some(&london)).expect_json(200);
    assert_eq!(rome.expect_event("gone").data["id"], "bob");
    let change = in_london.expect_event("change").data;
    assert_eq!((&change["id"], &change["before"]), (&json!("bob"), &json!(null)));
}

#[test]
fn a_reader_gets_only_changes_that_its_view_shows() {
    let gateway = Gateway::start();
    gateway.add("ada", &[]);
    let token = gateway.token(&["read"], &json!({"view": "in-out"})).0;
    let mut events = Events::of(&gateway, &token, "", "");
    events.expect_event("snapshot");
    for availability in ["available", "busy", "away", "invisible"] {
        gateway.publish("ada", "laptop", availability);
    }
    let received = events.expect_event("change");
    assert_eq!(
        (&received.data["in"], &received.data["before"]),
        (&json!(true), &json!({"in": false}))
    );
    let left = events.expect_event("change");
    assert_eq!(left.data["in"], false);
    // The view does not show the two changes between.
    assert_eq!(left.id.unwrap() - received.id.unwrap(), 3);
    assert!(left.data.get("availability").is_none());
}

#[test]
fn a_reader_that_reconnects_gets_the_missed_changes_or_a_snapshot_marked_missed() {
    let mut gateway = Gateway::start();
    gateway.add("ada", &[]);
    for availability in ["available", "busy", "away"] {
        gateway.publish("ada", "laptop", availability);
    }
    let mut events = Events::of(&gateway, &gateway.token, "", "Last-Event-ID: 2\r\n");
    assert_eq!(events.expect_event("change").id, Some(3));
    assert_eq!(events.expect_event("change").id, Some(4));
    let mut events = Events::of(&gateway, &gateway.token, "?last_event_id=3", "");
    assert_eq!(events.expect_event("change").id, Some(4));
    let mut events = Events::of(&gateway, &gateway.token, "?last_event_id=999", "");
    assert_eq!(events.expect_event("snapshot").data["missed"], true);
    // After a clean stop, the reader missed nothing; after a kill, it may have missed changes.
    gateway.stop();
    gateway.restart();
    let mut events = Events::of(&gateway, &gateway.token, "?last_event_id=4", "");
    gateway.publish("ada", "laptop", "busy");
    assert_eq!(events.expect_event("change").id, Some(5));
    let mut events = Events::of(&gateway, &gateway.token, "?last_event_id=3", "");
    assert_eq!(events.expect_event("snapshot").data["missed"], true);
    gateway.kill();
    gateway.restart();
    let mut events = Events::of(&gateway, &gateway.token, "?last_event_id=5", "");
    let snapshot = events.expect_event("snapshot");
    assert_eq!(snapshot.data["missed"], true);
    assert_eq!(snapshot.data["people"][0]["availability"], "busy");
}

#[test]
fn a_stream_ends_when_its_token_is_revoked_or_the_gateway_stops() {
    let mut gateway = Gateway::start();
    let (token, id) = gateway.token(&["read"], &json!({}));
    let mut events = Events::of(&gateway, &token, "", "");
    events.expect_event("snapshot");
    let mut others = Events::of(&gateway, &gateway.token, "", "");
    others.expect_event("snapshot");
    gateway.request("DELETE", &format!("/v1/tokens/{id}"), None).expect_json(204);
    assert_eq!(events.expect_event("end").data, json!({"reason": "token-revoked"}));
    assert_eq!(events.next(), None);
    // The expiry of a token ends its streams too.
    let (short, _) = gateway.token(&["read"], &json!({"for_ms": 700}));
    let mut events = Events::of(&gateway, &short, "", "");
    events.expect_event("snapshot");
    assert_eq!(events.expect_event("end").data, json!({"reason": "token-revoked"}));
    gateway.request_as(&short, "GET", "/v1/people", None).expect_problem(401);
    gateway.signal(rustix::process::Signal::TERM);
    assert_eq!(others.expect_event("end").data, json!({"reason": "stopping"}));
    assert_eq!(others.next(), None);
    assert!(gateway.wait().success());
}

#[test]
fn a_stream_on_a_reused_connection_is_the_same() {
    use std::io::{Read as _, Write as _};
    let gateway = Gateway::start();
    gateway.add("ada", &[]);
    let mut socket = std::net::TcpStream::connect(gateway.address()).unwrap();
    let head = format!("Host: localhost\r\nAuthorization: Bearer {}\r\n\r\n", gateway.token);
    let ask = format!("GET /readyz HTTP/1.1\r\n{head}GET /v1/events HTTP/1.1\r\n{head}");
    socket.write_all(ask.as_bytes()).unwrap();
    socket.set_read_timeout(Some(std::time::Duration::from_millis(50))).unwrap();
    let mut read = Vec::new();
    let mut until = |word: &str| {
        within(word, || {
            let mut part = [0; 4096];
            let count = socket.read(&mut part).unwrap_or(0);
            read.extend_from_slice(&part[..count]);
            String::from_utf8_lossy(&read).contains(word).then_some(())
        });
    };
    until("event: snapshot");
    gateway.publish("ada", "laptop", "busy");
    until("event: change");
}

#[test]
fn invalid_stream_requests_get_an_error() {
    let gateway = Gateway::start();
    let get = |query: &str| gateway.request("GET", &format!("/v1/events{query}"), None);
    get("?person=Ada").expect_problem(400);
    get("?persn=ada").expect_problem(400);
    get("?last_event_id=x").expect_problem(400);
    gateway.curl("/v1/events", &[]).expect_problem(401);
    let publisher = gateway.token(&["publish"], &json!({})).0;
    gateway.request_as(&publisher, "GET", "/v1/events", None).expect_problem(403);
    gateway.add("ada", &[]);
    let only = gateway.token(&["read"], &json!({"person": "ada"})).0;
    gateway.request_as(&only, "GET", "/v1/events?person=bob", None).expect_problem(403);
    let mut events = Events::of(&gateway, &only, "", "");
    assert_eq!(ids(&events.expect_event("snapshot").data), ["ada"]);
}
