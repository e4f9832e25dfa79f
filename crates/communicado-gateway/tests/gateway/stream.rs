//! The stream of events.

use serde_json::{Value, json};

use crate::stage::{Events, Gateway, within};

fn ids(snapshot: &Value) -> Vec<&str> {
    snapshot["people"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap()).collect()
}

#[test]
fn what_is_comes_first_and_then_each_change() {
    let gateway = Gateway::start();
    gateway.add("ada", &["london"]);
    let mut events = Events::of(&gateway, &gateway.token, "", "");
    let snapshot = events.must("snapshot");
    assert_eq!((snapshot.id, &snapshot.data["missed"]), (Some(1), &json!(false)));
    assert_eq!(ids(&snapshot.data), ["ada"]);
    gateway.publish("ada", "laptop", "available");
    let change = events.must("change");
    assert_eq!(change.id, Some(2));
    assert_eq!(change.data["before"], json!({"status": "absent", "availability": null}));
    assert_eq!(change.data["availability"], "available");
    gateway.add("bob", &[]);
    assert_eq!(events.must("change").data["before"], json!(null));
    gateway.ask("DELETE", "/v1/people/bob", None).must(204);
    assert_eq!(events.must("gone").data, json!({"id": "bob"}));
}

#[test]
fn who_wants_one_person_is_not_woken_for_another() {
    let gateway = Gateway::start();
    gateway.add("ada", &["london"]);
    gateway.add("bob", &["rome"]);
    let mut ada = Events::of(&gateway, &gateway.token, "?person=ada", "");
    let mut rome = Events::of(&gateway, &gateway.token, "?group=rome", "");
    let mut both = Events::of(&gateway, &gateway.token, "?person=ada&group=rome", "");
    assert_eq!(ids(&ada.must("snapshot").data), ["ada"]);
    assert_eq!(ids(&rome.must("snapshot").data), ["bob"]);
    assert_eq!(ids(&both.must("snapshot").data), ["ada", "bob"]);
    gateway.publish("bob", "laptop", "busy");
    gateway.publish("ada", "laptop", "busy");
    assert_eq!(ada.must("change").data["id"], "ada");
    assert_eq!(rome.must("change").data["id"], "bob");
    assert_eq!(both.must("change").data["id"], "bob");
    assert_eq!(both.must("change").data["id"], "ada");
    // Who moves to another group comes into sight here and goes out of it there.
    let london = json!({"groups": ["london"]});
    let mut in_london = Events::of(&gateway, &gateway.token, "?group=london", "");
    in_london.must("snapshot");
    gateway.ask("PATCH", "/v1/people/bob", Some(&london)).must(200);
    assert_eq!(rome.must("gone").data["id"], "bob");
    let change = in_london.must("change").data;
    assert_eq!((&change["id"], &change["before"]), (&json!("bob"), &json!(null)));
}

#[test]
fn a_view_is_told_only_what_it_sees() {
    let gateway = Gateway::start();
    gateway.add("ada", &[]);
    let token = gateway.token(&["read"], &json!({"view": "in-out"})).0;
    let mut events = Events::of(&gateway, &token, "", "");
    events.must("snapshot");
    for availability in ["available", "busy", "away", "invisible"] {
        gateway.publish("ada", "laptop", availability);
    }
    let came = events.must("change");
    assert_eq!((&came.data["in"], &came.data["before"]), (&json!(true), &json!({"in": false})));
    let left = events.must("change");
    assert_eq!(left.data["in"], false);
    // The two between were nothing to it.
    assert_eq!(left.id.unwrap() - came.id.unwrap(), 3);
    assert!(left.data.get("availability").is_none());
}

#[test]
fn who_comes_back_gets_what_was_missed_or_an_honest_snapshot() {
    let mut gateway = Gateway::start();
    gateway.add("ada", &[]);
    for availability in ["available", "busy", "away"] {
        gateway.publish("ada", "laptop", availability);
    }
    let mut events = Events::of(&gateway, &gateway.token, "", "Last-Event-ID: 2\r\n");
    assert_eq!(events.must("change").id, Some(3));
    assert_eq!(events.must("change").id, Some(4));
    let mut events = Events::of(&gateway, &gateway.token, "?last_event_id=3", "");
    assert_eq!(events.must("change").id, Some(4));
    let mut events = Events::of(&gateway, &gateway.token, "?last_event_id=999", "");
    assert_eq!(events.must("snapshot").data["missed"], true);
    // After a stop nothing was missed; after a fall, who knows.
    gateway.stop();
    gateway.again();
    let mut events = Events::of(&gateway, &gateway.token, "?last_event_id=4", "");
    gateway.publish("ada", "laptop", "busy");
    assert_eq!(events.must("change").id, Some(5));
    let mut events = Events::of(&gateway, &gateway.token, "?last_event_id=3", "");
    assert_eq!(events.must("snapshot").data["missed"], true);
    gateway.kill();
    gateway.again();
    let mut events = Events::of(&gateway, &gateway.token, "?last_event_id=5", "");
    let snapshot = events.must("snapshot");
    assert_eq!(snapshot.data["missed"], true);
    assert_eq!(snapshot.data["people"][0]["availability"], "busy");
}

#[test]
fn a_stream_ends_when_its_token_is_revoked_or_the_gateway_stops() {
    let mut gateway = Gateway::start();
    let (token, id) = gateway.token(&["read"], &json!({}));
    let mut events = Events::of(&gateway, &token, "", "");
    events.must("snapshot");
    let mut others = Events::of(&gateway, &gateway.token, "", "");
    others.must("snapshot");
    gateway.ask("DELETE", &format!("/v1/tokens/{id}"), None).must(204);
    assert_eq!(events.must("end").data, json!({"reason": "token-revoked"}));
    assert_eq!(events.next(), None);
    // One that ends by itself ends its streams too.
    let (short, _) = gateway.token(&["read"], &json!({"for_ms": 700}));
    let mut events = Events::of(&gateway, &short, "", "");
    events.must("snapshot");
    assert_eq!(events.must("end").data, json!({"reason": "token-revoked"}));
    gateway.ask_as(&short, "GET", "/v1/people", None).problem(401);
    gateway.signal(rustix::process::Signal::TERM);
    assert_eq!(others.must("end").data, json!({"reason": "stopping"}));
    assert_eq!(others.next(), None);
    assert!(gateway.wait().success());
}

#[test]
fn a_stream_on_a_connection_that_was_used_before_is_the_same() {
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
fn what_cannot_be_streamed_is_said() {
    let gateway = Gateway::start();
    let get = |query: &str| gateway.ask("GET", &format!("/v1/events{query}"), None);
    get("?person=Ada").problem(400);
    get("?persn=ada").problem(400);
    get("?last_event_id=x").problem(400);
    gateway.curl("/v1/events", &[]).problem(401);
    let publisher = gateway.token(&["publish"], &json!({})).0;
    gateway.ask_as(&publisher, "GET", "/v1/events", None).problem(403);
    gateway.add("ada", &[]);
    let only = gateway.token(&["read"], &json!({"person": "ada"})).0;
    gateway.ask_as(&only, "GET", "/v1/events?person=bob", None).problem(403);
    let mut events = Events::of(&gateway, &only, "", "");
    assert_eq!(ids(&events.must("snapshot").data), ["ada"]);
}
