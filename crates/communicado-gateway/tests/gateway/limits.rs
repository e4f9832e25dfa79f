//! Each limit refuses by its name, and what is within it goes on.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use serde_json::json;
use socket2::{Domain, Socket, Type};

use crate::client::cookie_of;
use crate::stage::{Events, Gateway, HANG, publication, within};

#[test]
fn who_asks_too_often_is_told_when_to_ask_again() {
    let gateway = Gateway::start();
    let token = gateway.token(&["read"], &json!({})).0;
    let mut socket = TcpStream::connect(gateway.address()).unwrap();
    let ask = format!(
        "GET /v1/people HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    socket.set_read_timeout(Some(HANG)).unwrap();
    let mut said = String::new();
    within("too many requests", || {
        socket.write_all(ask.repeat(50).as_bytes()).unwrap();
        let mut part = [0; 65536];
        let count = socket.read(&mut part).unwrap();
        said.push_str(&String::from_utf8_lossy(&part[..count]));
        said.contains("requests-per-second").then_some(())
    });
    assert!(said.contains("429 Too Many Requests") && said.contains("retry-after: 1"), "{said}");
    // Others are not held up.
    gateway.get("/v1/people");
}

#[test]
fn who_guesses_tokens_is_stopped() {
    let gateway = Gateway::start();
    let guess = format!("cmt_{}", "x".repeat(43));
    let limited = within("guessing is refused", || {
        let said = gateway.ask_as(&guess, "GET", "/v1/people", None);
        (said.status == 429).then_some(said)
    });
    assert_eq!(limited.problem(429)["limit"], "wrong-tokens-per-minute");
    // Who has a right one is not held up by a neighbour who guesses.
    gateway.get("/v1/people");
}

#[test]
fn a_person_has_so_many_devices_and_a_note_so_many_characters() {
    let gateway = Gateway::start();
    gateway.add("ada", &[]);
    let body = publication("busy", 60_000);
    for number in 0..32 {
        let path = format!("/v1/people/ada/devices/d{number}");
        gateway.ask("PUT", &path, Some(&body)).must(200);
    }
    let more = gateway.ask("PUT", "/v1/people/ada/devices/one-more", Some(&body)).problem(409);
    assert_eq!(more["limit"], "devices");
    gateway.ask("PUT", "/v1/people/ada/devices/d0", Some(&body)).must(200);
    gateway.say("ada", &"ö".repeat(280)).must(200);
    assert_eq!(gateway.say("ada", &"ö".repeat(281)).problem(400)["limit"], "note-chars");
}

#[test]
fn a_head_that_does_not_come_or_does_not_end_is_given_up() {
    let gateway = Gateway::start();
    let mut slow = TcpStream::connect(gateway.address()).unwrap();
    slow.write_all(b"GET /v1/people HTTP/1.1\r\nHost").unwrap();
    let mut large = TcpStream::connect(gateway.address()).unwrap();
    let _ = large.write_all(format!("GET / HTTP/1.1\r\nA: {}", "a".repeat(20_000)).as_bytes());
    for (socket, status, limit) in
        [(&mut large, "431", "head-bytes"), (&mut slow, "408", "head-time")]
    {
        socket.set_read_timeout(Some(HANG)).unwrap();
        let mut answer = String::new();
        let _ = socket.read_to_string(&mut answer);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
        assert!(answer.contains(limit), "{answer}");
    }
}

#[test]
fn there_are_so_many_connections_and_no_more() {
    let mut gateway = Gateway::start();
    let mut command = std::process::Command::new("sh");
    // The program gets the limit of the shell that it replaces.
    let script = format!("ulimit -n 128; exec {} \"$@\"", crate::stage::program().display());
    command.args(["-c", &script, "sh"]);
    gateway.again_as(&mut command);
    let mut open = Vec::new();
    let mut refusal = |from: [u8; 4]| {
        within("connections are refused", || {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
            socket.bind(&SocketAddr::from((from, 0)).into()).unwrap();
            socket.connect(&gateway.address().into()).unwrap();
            let mut socket = TcpStream::from(socket);
            socket.set_read_timeout(Some(std::time::Duration::from_millis(20))).unwrap();
            let mut answer = String::new();
            let _ = socket.read_to_string(&mut answer);
            open.push(socket);
            (!answer.is_empty()).then_some(answer)
        })
    };
    // One address leaves room for another.
    for (from, limit) in
        [([127, 0, 0, 1], "connections-per-address"), ([127, 0, 0, 2], "connections")]
    {
        let refused = refusal(from);
        assert!(refused.starts_with("HTTP/1.1 503"), "{refused}");
        assert!(refused.contains(&format!("\"limit\":\"{limit}\"")), "{refused}");
    }
    drop(open);
    // A WebSocket is a connection too, for as long as it is open.
    let connections = || {
        let metrics = gateway.curl("/metrics", &[]).body;
        let line =
            metrics.lines().find_map(|it| it.strip_prefix("communicado_gateway_connections "));
        line.unwrap().parse::<usize>().unwrap()
    };
    within("they are closed", || (connections() == 1).then_some(()));
    let mut socket = crate::websocket::Socket::open(&gateway, &gateway.token);
    socket.say(&json!({"type": "ping"}));
    assert_eq!(socket.next()["type"], "pong");
    assert_eq!(connections(), 2);
    drop(socket);
    within("the WebSocket is closed", || (connections() == 1).then_some(()));
    within("there is room again", || {
        (gateway.ask("GET", "/readyz", None).status == 200).then_some(())
    });
}

#[test]
fn a_stream_beyond_a_limit_is_refused_by_its_name_and_an_event_source_comes_back() {
    let origin = "https://intranet.example";
    let gateway = Gateway::with(&["--streams-per-token", "2", "--allow-origin", origin]);
    let token = gateway.token(&["read"], &json!({})).0;
    let open = || Events::ask(gateway.address(), &token, "", "");
    let (mut first, second) = (open(), open());
    assert!(open().head.contains(" 429 ") && first.head.contains(" 200 "), "{}", first.head);
    let authorization = format!("Authorization: Bearer {token}");
    let said = gateway.curl("/v1/events", &["-H", &authorization]);
    assert_eq!(said.problem(429)["limit"], "streams-per-token");
    let from = format!("Origin: {origin}");
    let accept = ["-H", &authorization, "-H", "Accept: text/event-stream", "-H", &from];
    // The event loop answers a request without a body, and hyper one that has a body.
    for body in [&[][..], &["-X", "GET", "--data-binary", "{}"]] {
        let said = gateway.curl("/v1/events", &[&accept[..], body].concat());
        assert_eq!(said.status, 200, "{said:?}");
        assert!(said.body.starts_with(": ") && said.body.contains("\nretry: "), "{said:?}");
        assert_eq!(said.header("access-control-allow-origin").as_deref(), Some(origin));
    }
    // A session counts as its token.
    let body = json!({"token": token}).to_string();
    let post = ["-X", "POST", "-H", "Content-Type: application/json", "--data-binary", &body];
    let session = gateway.curl("/v1/session", &post);
    let cookie = format!("Cookie: communicado_session={}", cookie_of(&session).unwrap());
    let said = gateway.curl("/v1/events", &["-H", &cookie]);
    assert_eq!(said.problem(429)["limit"], "streams-per-token");
    first.must("snapshot");
    drop(second);
    within("there is room again", || open().head.contains(" 200 ").then_some(()));
}

/// Opens connections that send `part` and wait, until one of them is refused. Each has asked for
/// something else before if it is `used`.
fn until_refused(gateway: &Gateway, part: &str, used: bool) -> (Vec<TcpStream>, String) {
    let mut open = Vec::new();
    let refused = within("a connection is refused", || {
        let mut socket = TcpStream::connect(gateway.address()).unwrap();
        if used {
            socket.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
            let (mut said, mut byte) = (Vec::new(), [0; 1]);
            while !said.ends_with(b"\r\n\r\nready\n") {
                socket.read_exact(&mut byte).unwrap();
                said.extend(byte);
            }
        }
        socket.set_read_timeout(Some(std::time::Duration::from_millis(20))).unwrap();
        // It may be refused before all is sent.
        let _ = socket.write_all(part.as_bytes());
        let mut answer = [0; 1024];
        let count = socket.read(&mut answer).unwrap_or(0);
        open.push(socket);
        (count > 0).then(|| String::from_utf8_lossy(&answer[..count]).into_owned())
    });
    (open, refused)
}

#[test]
fn heads_that_are_not_whole_are_limited_for_each_address() {
    let gateway = Gateway::start();
    let part = format!("GET /v1/people HTTP/1.1\r\nHost: localhost\r\nA: {}", "a".repeat(16_000));
    for used in [false, true] {
        let (open, refused) = until_refused(&gateway, &part, used);
        let is_right = refused.contains(" 429 ") && refused.contains("head-bytes-per-address");
        assert!(is_right, "{used} {refused}");
        assert!(open.len() > 200, "{used} {}", open.len());
        // A whole head waits for nothing.
        gateway.get("/v1/people");
    }
    within("others may send slowly again", || {
        let mut socket = TcpStream::connect(gateway.address()).unwrap();
        socket.write_all(part.as_bytes()).unwrap();
        socket.write_all(b"\r\n\r\n").unwrap();
        let mut answer = [0; 12];
        socket.read_exact(&mut answer).unwrap();
        (&answer == b"HTTP/1.1 401").then_some(())
    });
}

#[test]
fn bodies_that_are_not_whole_are_limited_for_each_token() {
    let gateway = Gateway::with(&["--requests-per-second", "99999"]);
    gateway.add("ada", &[]);
    let (publisher, _) = gateway.token(&["publish"], &json!({}));
    let part = format!(
        "PUT /v1/people/ada/devices/laptop HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \
         {publisher}\r\nContent-Type: application/json\r\nContent-Length: 260000\r\n\r\n{}",
        " ".repeat(250_000)
    );
    let (open, refused) = until_refused(&gateway, &part, false);
    assert!(refused.contains(" 429 ") && refused.contains("body-bytes-per-owner"), "{refused}");
    assert!(open.len() > 20, "{}", open.len());
    // Another token is not concerned.
    gateway.publish("ada", "phone", "busy");
    drop(open);
    within("the token may publish again", || {
        let path = "/v1/people/ada/devices/laptop";
        let said = gateway.ask_as(&publisher, "PUT", path, Some(&publication("busy", 60_000)));
        (said.status == 200).then_some(())
    });
}
