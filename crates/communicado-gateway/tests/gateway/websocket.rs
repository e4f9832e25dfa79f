//! The WebSocket: the same events as a stream, with subscriptions that can change.

use std::net::TcpStream;

use serde_json::{Value, json};
use tungstenite::client::IntoClientRequest as _;
use tungstenite::{Message, WebSocket};

use crate::fixture::Gateway;

pub(crate) struct Socket(WebSocket<TcpStream>);

impl Socket {
    pub(crate) fn open(gateway: &Gateway, token: &str) -> Self {
        let mut request =
            format!("ws://{}/v1/socket", gateway.address()).into_client_request().unwrap();
        let bearer = format!("Bearer {token}").parse().unwrap();
        request.headers_mut().insert("authorization", bearer);
        let stream = TcpStream::connect(gateway.address()).unwrap();
        stream.set_read_timeout(Some(crate::fixture::HANG)).unwrap();
        Self(tungstenite::client(request, stream).unwrap().0)
    }

    pub(crate) fn stream(&self) -> &TcpStream {
        self.0.get_ref()
    }

    pub(crate) fn send_json(&mut self, value: &Value) {
        self.0.send(Message::text(value.to_string())).unwrap();
    }

    pub(crate) fn next(&mut self) -> Value {
        loop {
            match self.0.read().unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Close(_) => return Value::Null,
                _ => {}
            }
        }
    }
}

#[test]
fn a_subscription_can_change_while_the_socket_is_open() {
    let gateway = Gateway::start();
    gateway.add("ada", &[]);
    gateway.add("bob", &[]);
    let (token, id) = gateway.token(&["read"], &json!({}));
    let mut socket = Socket::open(&gateway, &token);
    socket.send_json(&json!({"type": "ping"}));
    assert_eq!(socket.next(), json!({"type": "pong"}));
    socket.send_json(&json!({"type": "subscribe", "person": ["ada"]}));
    let snapshot = socket.next();
    assert_eq!((&snapshot["type"], &snapshot["id"]), (&json!("snapshot"), &json!(2)));
    assert_eq!(snapshot["data"]["people"][0]["id"], "ada");
    gateway.publish("bob", "laptop", "busy");
    gateway.publish("ada", "laptop", "busy");
    let change = socket.next();
    assert_eq!((&change["type"], &change["data"]["id"]), (&json!("change"), &json!("ada")));
    socket.send_json(&json!({"type": "subscribe", "person": ["bob"]}));
    assert_eq!(socket.next()["data"]["people"][0]["availability"], "busy");
    socket.send_json(&json!({"type": "unsubscribe", "person": ["ada"]}));
    socket.send_json(&json!({"type": "ping"}));
    assert_eq!(socket.next()["type"], "pong");
    gateway.publish("ada", "laptop", "away");
    gateway.publish("bob", "laptop", "away");
    assert_eq!(socket.next()["data"]["id"], "bob");
    // An invalid message gets an error, and the WebSocket stays open.
    for wrong in [json!({"type": "dance"}), json!({"type": "subscribe", "person": ["A"]}), json!(7)]
    {
        socket.send_json(&wrong);
        let error = socket.next();
        assert_eq!((&error["type"], &error["data"]["status"]), (&json!("error"), &json!(400)));
    }
    gateway.request("DELETE", &format!("/v1/tokens/{id}"), None).expect_json(204);
    assert_eq!(socket.next()["data"], json!({"reason": "token-revoked"}));
    assert_eq!(socket.next(), Value::Null);
}

#[test]
fn a_websocket_client_that_reconnects_gets_the_missed_changes() {
    let gateway = Gateway::start();
    gateway.add("ada", &[]);
    for number in 0..100 {
        gateway.publish("ada", "laptop", if number % 2 == 0 { "busy" } else { "away" });
    }
    let mut socket = Socket::open(&gateway, &gateway.token);
    socket.send_json(&json!({"type": "subscribe", "last_event_id": 1}));
    for id in 2..=101 {
        assert_eq!(socket.next()["id"], id);
    }
}

#[test]
fn a_page_of_another_origin_cannot_open_a_websocket_with_a_cookie() {
    let gateway = Gateway::start();
    let authorization = format!("Authorization: Bearer {}", gateway.token);
    let upgrade = [
        "-H",
        &authorization,
        "-H",
        "Connection: Upgrade",
        "-H",
        "Upgrade: websocket",
        "-H",
        "Sec-WebSocket-Version: 13",
        "-H",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "-H",
        "Origin: https://evil.example",
    ];
    gateway.curl("/v1/socket", &upgrade).expect_problem(403);
    gateway.request("GET", "/v1/socket", None).expect_problem(400);
}
