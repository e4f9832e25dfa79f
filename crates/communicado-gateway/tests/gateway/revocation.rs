//! Revocation: it ends all access, even that of a request that began earlier.
//!
//! The tests hold a request with `Expect: 100-continue`: once the gateway asks for the body, it has
//! authorized the caller.

use std::io;
use std::sync::Barrier;

use serde_json::{Value, json};

use crate::client::{
    Client, HANDSHAKE, Target, bearer, cookie_of, head_and_body, request, session,
};
use crate::fixture::{Events, Gateway, Response, publication};

/// The number of removals of a person, each with concurrent creations of tokens.
const ROUNDS: usize = 40;
const CREATORS: usize = 4;

/// A request whose body the gateway waits for.
struct HeldRequest {
    client: Client,
    rest: Vec<u8>,
}

impl HeldRequest {
    fn new(target: &Target, method: &str, path: &str, headers: &str, body: &Value) -> Self {
        let headers = format!("{headers}Expect: 100-continue\r\n");
        let (head, body) = head_and_body(method, path, &headers, Some(&body.to_string()));
        let mut client = target.connect().unwrap();
        client.send(head.as_bytes()).unwrap();
        let asked = client.through(b"\r\n\r\n").unwrap();
        assert!(asked.starts_with(b"HTTP/1.1 100 "), "{}", String::from_utf8_lossy(&asked));
        let (first, rest) = body.as_bytes().split_at(body.len() / 2);
        client.send(first).unwrap();
        Self { client, rest: rest.to_vec() }
    }

    /// Sends the rest of the body.
    fn finish(mut self) -> io::Result<Response> {
        self.client.send(&self.rest)?;
        self.client.answer()
    }
}

/// Checks that a response denies access, or that there is no connection.
#[track_caller]
fn expect_refused(what: &str, answer: io::Result<Response>) {
    match answer {
        Ok(response) => {
            assert_eq!(response.status, 401, "{what}: {response:?}");
            response.expect_problem(401);
            assert!(!response.head.contains("set-cookie"), "{what}: {response:?}");
        }
        Err(error) => {
            let is_end = matches!(
                error.kind(),
                io::ErrorKind::UnexpectedEof
                    | io::ErrorKind::ConnectionReset
                    | io::ErrorKind::ConnectionAborted
                    | io::ErrorKind::BrokenPipe
            );
            assert!(is_end, "{what}: {error}");
        }
    }
}

/// The requests with a body, and the person or administrator whose token may send them.
fn with_a_body() -> [(&'static str, &'static str, Value); 5] {
    let manual = json!({"status": "signed-in", "availability": "busy", "note": "held"});
    [
        ("POST", "/v1/tokens", json!({"name": "held", "scopes": ["read"]})),
        ("POST", "/v1/people", json!({"id": "held"})),
        ("PATCH", "/v1/people/ada", json!({"name": "held"})),
        ("PUT", "/v1/people/ada/devices/held", publication("busy", 60_000)),
        ("PUT", "/v1/people/ada/manual", manual),
    ]
}

fn nothing_was_done(gateway: &Gateway) {
    let tokens = gateway.get("/v1/tokens");
    let names = |it: &Value| it["name"].as_str().unwrap().to_owned();
    let names: Vec<String> = tokens["tokens"].as_array().unwrap().iter().map(names).collect();
    assert!(!names.iter().any(|name| name == "held"), "{names:?}");
    let ada = gateway.get("/v1/people/ada");
    assert!(!ada.to_string().contains("held"), "{ada}");
    gateway.request("GET", "/v1/people/held", None).expect_problem(404);
}

fn session_of(target: &Target, token: &str) -> String {
    let body = json!({"token": token}).to_string();
    let opened = target.request(&request("POST", "/v1/session", "", Some(&body))).unwrap();
    opened.expect_json(200);
    cookie_of(&opened).unwrap()
}

/// A token for all requests of [`with_a_body`].
fn administrator(gateway: &Gateway) -> (String, String) {
    gateway.token(&["administer"], &json!({"name": "an administrator"}))
}

fn revoke(gateway: &Gateway, id: &str) {
    gateway.request("DELETE", &format!("/v1/tokens/{id}"), None).expect_json(204);
}

#[test]
fn a_request_whose_token_is_revoked_before_the_body_is_complete_does_nothing() {
    a_held_body_does_nothing(&Gateway::start());
}

#[test]
fn over_tls_a_request_whose_token_is_revoked_before_the_body_is_complete_does_nothing() {
    a_held_body_does_nothing(&Gateway::with(&[
        "--tls-self-signed",
        "localhost",
        "--tls-self-signed",
        "127.0.0.1",
    ]));
}

fn a_held_body_does_nothing(gateway: &Gateway) {
    let target = Target::of(gateway);
    gateway.add("ada", &[]);
    for (method, path, body) in with_a_body() {
        let (token, id) = administrator(gateway);
        let cookie = session_of(&target, &token);
        let held = [bearer(&token), session(&cookie)]
            .map(|headers| HeldRequest::new(&target, method, path, &headers, &body));
        revoke(gateway, &id);
        for (held, by) in held.into_iter().zip(["token", "session"]) {
            expect_refused(&format!("{method} {path} by a {by}"), held.finish());
        }
        nothing_was_done(gateway);
    }
}

#[test]
fn a_request_whose_session_ends_before_the_body_is_complete_does_nothing() {
    let gateway = Gateway::start();
    let target = Target::of(&gateway);
    gateway.add("ada", &[]);
    let token = administrator(&gateway).0;
    for (method, path, body) in with_a_body() {
        let cookie = session_of(&target, &token);
        let held = HeldRequest::new(&target, method, path, &session(&cookie), &body);
        let end = request("DELETE", "/v1/session", &session(&cookie), None);
        target.request(&end).unwrap().expect_json(204);
        expect_refused(&format!("{method} {path}"), held.finish());
        nothing_was_done(&gateway);
    }
}

#[test]
fn a_token_that_is_revoked_before_the_body_arrives_opens_no_session() {
    let gateway = Gateway::start();
    let target = Target::of(&gateway);
    for headers in ["none", "token", "session"] {
        let (token, id) = administrator(&gateway);
        let by = match headers {
            "token" => bearer(&token),
            "session" => session(&session_of(&target, &token)),
            _ => String::new(),
        };
        let held = HeldRequest::new(&target, "POST", "/v1/session", &by, &json!({"token": token}));
        revoke(&gateway, &id);
        expect_refused(&format!("POST /v1/session by {headers}"), held.finish());
    }
}

#[test]
fn a_websocket_handshake_that_ends_after_the_revocation_fails() {
    for arguments in
        [&[][..], &["--tls-self-signed", "localhost", "--tls-self-signed", "127.0.0.1"]]
    {
        let gateway = Gateway::with(arguments);
        let target = Target::of(&gateway);
        let (token, id) = gateway.token(&["read"], &json!({}));
        let cookie = session_of(&target, &token);
        let mut held = Vec::new();
        for by in [bearer(&token), session(&cookie)] {
            for (path, handshake) in [("/v1/socket", HANDSHAKE), ("/v1/events", "")] {
                for keep_alive in [false, true] {
                    let mut client = target.connect().unwrap();
                    if keep_alive {
                        let first =
                            client.request(&request("GET", "/v1/people", &by, None)).unwrap();
                        first.expect_json(200);
                    }
                    let whole = request("GET", path, &format!("{by}{handshake}"), None);
                    client.send(&whole.as_bytes()[..whole.len() - 2]).unwrap();
                    held.push((format!("{path} keep-alive: {keep_alive}"), client));
                }
            }
        }
        revoke(&gateway, &id);
        for (what, mut client) in held {
            let answer = client.send(b"\r\n").and_then(|()| client.answer());
            expect_refused(&what, answer);
        }
    }
}

#[test]
fn no_token_of_a_person_is_created_while_the_person_is_removed() {
    let gateway = Gateway::start();
    let target = Target::of(&gateway);
    gateway.add("ada", &[]);
    let body = json!({"name": "held", "scopes": ["publish"], "person": "ada"});
    let held = HeldRequest::new(&target, "POST", "/v1/tokens", &bearer(&gateway.token), &body);
    gateway.request("DELETE", "/v1/people/ada", None).expect_json(204);
    let response = held.finish().unwrap();
    assert!(matches!(response.status, 404 | 409), "{response:?}");
    gateway.add("ada", &[]);
    let tokens = gateway.get("/v1/tokens").to_string();
    assert!(!tokens.contains("held"), "{tokens}");
}

#[test]
fn no_interleaving_of_removal_and_creation_leaves_a_token_of_a_removed_person() {
    let gateway = Gateway::with(&["--requests-per-second", "9999"]);
    let target = Target::of(&gateway);
    let admin = bearer(&gateway.token);
    for _ in 0..ROUNDS {
        gateway.add("ada", &[]);
        let start = Barrier::new(CREATORS + 1);
        std::thread::scope(|scope| {
            for _ in 0..CREATORS {
                scope.spawn(|| {
                    let body = json!({"name": "raced", "scopes": ["publish"], "person": "ada"});
                    let create = request("POST", "/v1/tokens", &admin, Some(&body.to_string()));
                    let mut client = target.connect().unwrap();
                    start.wait();
                    client.request(&create).unwrap();
                });
            }
            let mut client = target.connect().unwrap();
            start.wait();
            client
                .request(&request("DELETE", "/v1/people/ada", &admin, None))
                .unwrap()
                .expect_json(204);
        });
        let tokens = gateway.get("/v1/tokens").to_string();
        assert!(!tokens.contains("raced"), "{tokens}");
    }
}

#[test]
fn a_revocation_ends_tokens_created_by_sessions_and_not_those_created_by_the_token() {
    let mut gateway = Gateway::start();
    let target = Target::of(&gateway);
    let (token, id) = administrator(&gateway);
    let make = |by: &str| {
        let new = json!({"name": "made", "scopes": ["administer"]}).to_string();
        let made = target
            .request(&request("POST", "/v1/tokens", by, Some(&new)))
            .unwrap()
            .expect_json(201);
        made["secret"].as_str().unwrap().to_owned()
    };
    let by_token = make(&bearer(&token));
    let cookie = session_of(&target, &token);
    let by_session = make(&session(&cookie));
    let second_cookie = session_of(&target, &by_session);
    let by_second_session = make(&session(&second_cookie));
    // Its creator is a token that a session created.
    let by_token_of_session = make(&bearer(&by_session));
    let people = |by: &str| target.request(&request("GET", "/v1/people", by, None)).unwrap();
    let ended = [
        bearer(&token),
        session(&cookie),
        bearer(&by_session),
        session(&second_cookie),
        bearer(&by_second_session),
        bearer(&by_token_of_session),
    ];
    for by in &ended {
        people(by).expect_json(200);
    }
    let mut events = Events::of(&gateway, &by_second_session, "", "");
    events.expect_event("snapshot");
    revoke(&gateway, &id);
    assert_eq!(events.expect_event("end").data["reason"], "token-revoked");
    assert_eq!(events.next(), None);
    for again in [false, true] {
        if again {
            gateway.stop();
            gateway.restart();
        }
        for by in &ended {
            people(by).expect_problem(401);
        }
        people(&bearer(&by_token)).expect_json(200);
        // The first administrator's token, and the one that the revoked token created.
        let tokens = gateway.get("/v1/tokens");
        assert_eq!(tokens["tokens"].as_array().unwrap().len(), 2, "{tokens}");
    }
}

#[test]
fn the_end_of_a_session_does_not_affect_its_token_and_other_sessions() {
    let gateway = Gateway::start();
    let target = Target::of(&gateway);
    let token = administrator(&gateway).0;
    let [one, other] = [session_of(&target, &token), session_of(&target, &token)];
    target
        .request(&request("DELETE", "/v1/session", &session(&one), None))
        .unwrap()
        .expect_json(204);
    let people = |by: &str| target.request(&request("GET", "/v1/people", by, None)).unwrap();
    people(&session(&one)).expect_problem(401);
    people(&session(&other)).expect_json(200);
    people(&bearer(&token)).expect_json(200);
}
