//! Hostile and malformed requests.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

use serde_json::json;

use crate::fixture::{Events, Gateway, HANG, publication};

/// Sends raw bytes, and returns the response until the gateway closes or a timeout.
fn raw(gateway: &Gateway, bytes: &[u8]) -> String {
    let mut socket = TcpStream::connect(gateway.address()).unwrap();
    socket.set_read_timeout(Some(HANG)).unwrap();
    // It may close before the request is complete.
    let _ = socket.write_all(bytes);
    let _ = socket.shutdown(Shutdown::Write);
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn malformed_requests_do_not_stop_the_gateway() {
    let mut gateway = Gateway::start();
    gateway.add("ada", &[]);
    let mut events = Events::of(&gateway, &gateway.token, "", "");
    events.expect_event("snapshot");
    let long = "a".repeat(100_000);
    let many = "a: b\r\n".repeat(5_000);
    for text in [
        "".to_owned(),
        "\0\0\0\0".to_owned(),
        "GET".to_owned(),
        "GET / HTTP/9.9\r\n\r\n".to_owned(),
        "GET /v1/events HTTP/1.1\r\n\r\n\r\n\r\n".to_owned(),
        format!("GET /{long} HTTP/1.1\r\n\r\n"),
        format!("GET / HTTP/1.1\r\n{many}\r\n"),
        format!("GET /v1/events?person={long} HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        "GET /v1/events?person=%zz HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(),
        "GET /v1/people/%ff%fe HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(),
        "GET /v1/people/..%2f..%2fetc%2fpasswd HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(),
        "POST /v1/people HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n".to_owned(),
        "POST /v1/people HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\
         \r\n\r\n0\r\n\r\nGET /v1/tokens HTTP/1.1\r\n\r\n"
            .to_owned(),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        "GET /v1/people HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \u{1F600}\r\n\r\n".to_owned(),
    ] {
        let answer = raw(&gateway, text.as_bytes());
        let start: String = text.chars().take(60).collect();
        assert!(!answer.starts_with("HTTP/1.1 200"), "{start:?} {answer}");
        assert!(!answer.starts_with("HTTP/1.1 5"), "{start:?} {answer}");
        assert!(gateway.runs(), "{start:?}");
    }
    gateway.publish("ada", "laptop", "busy");
    events.expect_event("change");
}

#[test]
fn malformed_bodies_are_refused_with_the_position_of_the_error() {
    let gateway = Gateway::start();
    gateway.add("ada", &[]);
    let path = "/v1/people/ada/devices/laptop";
    let authorization = format!("Authorization: Bearer {}", gateway.token);
    let put = |kind: &str, body: &str| {
        let kind = format!("Content-Type: {kind}");
        // A body of this size does not fit into an argument.
        let file = gateway.folder().join("body");
        std::fs::write(&file, body).unwrap();
        let body = format!("@{}", file.display());
        let put = ["-X", "PUT", "-H", &authorization, "-H", &kind, "--data-binary", &body];
        gateway.curl(path, &put)
    };
    let good = publication("busy", 60_000);
    put("text/plain", &good.to_string()).expect_problem(415);
    put("application/json", "").expect_problem(400);
    put("application/json", "[1,60000,[]]").expect_problem(400);
    put("application/json", "\u{feff}{}").expect_problem(400);
    let deep = "[".repeat(100_000);
    assert!(put("application/json", &deep).expect_problem(400)["detail"].is_string());
    let huge = format!("{{\"v\":1,\"lease_ms\":60000,\"clients\":[{}", " ".repeat(300_000));
    assert_eq!(put("application/json", &huge).expect_problem(413)["limit"], "body-bytes");
    let check = |key: &str, value: serde_json::Value, status: u16, word: &str| {
        let mut body = good.clone();
        body[key] = value;
        let problem = put("application/json", &body.to_string()).expect_problem(status);
        assert!(problem.to_string().contains(word), "{problem}");
    };
    check("v", 2.into(), 400, "version 2");
    check("lease_ms", 1.into(), 400, "lease-ms");
    check("lease_ms", 3_600_001.into(), 400, "lease-ms");
    let client = good["clients"][0].clone();
    check("clients", vec![client.clone(); 33].into(), 400, "\"limit\":\"clients\"");
    let mut long = client;
    long["raw"] = "x".repeat(2000).into();
    check("clients", vec![long].into(), 400, "text-chars");
    let mut long = good["clients"][0].clone();
    long["note"] = "x".repeat(281).into();
    check("clients", vec![long].into(), 400, "note-chars");
    put("application/json; charset=utf-8", &good.to_string()).expect_json(200);
}

#[test]
fn texts_cannot_change_the_writing_direction_for_readers() {
    let gateway = Gateway::with(&["--history", "24h"]);
    let reader = gateway.token(&["read"], &json!({"view": "availability"})).0;
    let marks = "\u{202e}\u{2066}\u{1b}[31m\u{200f}";
    gateway
        .request("POST", "/v1/people", Some(&json!({"id": "ada", "name": "A\u{202e}da"})))
        .expect_json(201);
    let path = "/v1/people/ada/devices/laptop";
    let mut body = publication("", 60_000);
    let client = &mut body["clients"][0];
    client["reason"] = format!("network{marks}-error").into();
    client["raw"] = format!("off{marks}").into();
    client["note"] = format!("back{marks}").into();
    client["client"] = format!("fin{marks}ch").into();
    gateway.request("PUT", path, Some(&body)).expect_json(200);
    let ada = gateway.request_as(&reader, "GET", "/v1/people/ada", None).expect_json(200);
    assert_eq!((&ada["name"], &ada["reason"]), (&json!("Ada"), &json!("network[31m-error")));
    let client = gateway.get("/v1/people/ada")["devices"][0]["clients"][0].clone();
    assert_eq!(client["note"], "back[31m");
    assert_eq!((&client["raw"], &client["client"]), (&json!("off[31m"), &json!("fin[31mch")));
    assert_eq!(gateway.get("/v1/people/ada/history")["people"][0]["reason"], "network[31m-error");
    body["clients"][0]["reason"] = "x".repeat(65).into();
    assert_eq!(
        gateway.request("PUT", path, Some(&body)).expect_problem(400)["limit"],
        "reason-chars"
    );
    body["clients"][0]["reason"] = "0x8100031E".into();
    gateway.request("PUT", path, Some(&body)).expect_json(200);
    // The gateway removes marks, which users paste by accident, and refuses control characters.
    assert_eq!(gateway.set_note("ada", "back\u{202e} soon").expect_json(200)["note"], "back soon");
    gateway.set_note("ada", "back\u{1b}[31m soon").expect_problem(400);
    gateway.set_note("ada", "\u{202e}\u{2069}").expect_problem(400);
    let (_, id) = gateway.token(&["read"], &json!({"name": "the\u{202e} lobby"}));
    let tokens = gateway.get("/v1/tokens");
    let token = tokens["tokens"].as_array().unwrap().iter().find(|it| it["id"] == *id).unwrap();
    assert_eq!(token["name"], "the lobby");
    let name = json!({"name": "A\u{7}da"});
    gateway.request("PATCH", "/v1/people/ada", Some(&name)).expect_problem(400);
}
