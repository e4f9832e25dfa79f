//! HTTP parsing: the gateway refuses ambiguous requests, which proxies may read differently.
//!
//! Each request is the first of a connection and a later one, with and without TLS.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::fixture::{Events, Gateway};

const TLS: &[&str] = &["--tls-self-signed", "127.0.0.1"];

type Tls = StreamOwned<ClientConnection, TcpStream>;

fn plain(gateway: &Gateway) -> TcpStream {
    let socket = TcpStream::connect(gateway.address()).unwrap();
    socket.set_read_timeout(Some(crate::fixture::HANG)).unwrap();
    socket
}

fn tls(gateway: &Gateway) -> Tls {
    let certificate = CertificateDer::from_pem_file(gateway.folder().join("tls.pem")).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = "127.0.0.1".try_into().unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    StreamOwned::new(connection, plain(gateway))
}

/// Closes the sending side of a connection.
trait HalfClose {
    fn half_close(&mut self);
}

impl HalfClose for TcpStream {
    fn half_close(&mut self) {
        self.shutdown(Shutdown::Write).unwrap();
    }
}

impl HalfClose for Tls {
    fn half_close(&mut self) {
        self.conn.send_close_notify();
        self.flush().unwrap();
        self.sock.half_close();
    }
}

/// The bytes until the end of the connection.
fn rest(socket: &mut impl Read) -> String {
    let mut answer = Vec::new();
    let read = socket.read_to_end(&mut answer);
    let text = String::from_utf8_lossy(&answer).into_owned();
    read.unwrap_or_else(|error| panic!("{error} after {text:?}"));
    text
}

/// Sends a request that ends the connection, and returns the response.
fn answer(socket: &mut (impl Read + Write), request: &str) -> String {
    socket.write_all(request.as_bytes()).unwrap();
    rest(socket)
}

/// Sends a request, closes the sending side, and returns the response.
fn answer_after_end(socket: &mut (impl Read + Write + HalfClose), request: &str) -> String {
    socket.write_all(request.as_bytes()).unwrap();
    socket.half_close();
    rest(socket)
}

/// The problem in a response, which must be the last of its connection.
#[track_caller]
fn problem(answer: &str, status: u16) -> Value {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer:?}");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let head = head.to_ascii_lowercase();
    assert!(head.contains("content-type: application/problem+json"), "{answer:?}");
    let problem: Value = serde_json::from_str(body).unwrap();
    let is_last = head.contains("connection: close") || body.contains("the body ended early");
    assert!(is_last, "{answer:?}");
    assert_eq!(problem["status"], status);
    for key in ["type", "title", "detail", "help"] {
        assert!(problem[key].as_str().is_some_and(|text| !text.is_empty()), "{problem}");
    }
    problem
}

fn ambiguous(token: &str) -> Vec<String> {
    let bearer = format!("Authorization: Bearer {token}\r\n");
    let host = "Host: localhost\r\n";
    let put = "PUT /v1/people/ada/manual HTTP/1.1\r\nHost: localhost\r\n";
    vec![
        format!("GET /v1/people HTTP/1.1\r\n{bearer}\r\n"),
        format!("GET /v1/events HTTP/1.1\r\n{bearer}\r\n"),
        format!("GET /v1/people HTTP/1.1\r\n{host}{host}{bearer}\r\n"),
        format!("GET /v1/people HTTP/1.1\r\nHost: a b\r\n{bearer}\r\n"),
        format!("GET /v1/people HTTP/1.1\r\n{host}{bearer}{bearer}\r\n"),
        format!("GET /v1/events HTTP/1.1\r\n{host}{bearer}{bearer}\r\n"),
        format!("GET /v1/people HTTP/1.1\n{host}{bearer}\n"),
        format!("GET /v1/events HTTP/1.1\r\n{host}A: b\nC: d\r\n{bearer}\r\n"),
        format!("GET /v1/people HTTP/1.1\r\n{host}A: b\r\n c\r\n{bearer}\r\n"),
        format!("GET http://elsewhere/v1/people HTTP/1.1\r\n{host}{bearer}\r\n"),
        format!("{put}{bearer}Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        format!("{put}{bearer}Content-Length: 2\r\nContent-Length: 2\r\n\r\n{{}}"),
        format!("{put}{bearer}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        format!(
            "{put}{bearer}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n\
             2\n{{}}\r\n0\r\n\r\n"
        ),
    ]
}

/// Sends each request as the first of a connection and as a later one.
fn assert_refused_each_time<S: Read + Write>(gateway: &Gateway, connect: impl Fn(&Gateway) -> S) {
    let before = "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for request in ambiguous(&gateway.token) {
        problem(&answer(&mut connect(gateway), &request), 400);
        let both = answer(&mut connect(gateway), &format!("{before}{request}"));
        assert!(both.starts_with("HTTP/1.1 200 "), "{request:?} {both:?}");
        let second = both.rfind("HTTP/1.1 ").unwrap();
        problem(&both[second..], 400);
    }
}

#[test]
fn an_ambiguous_request_is_refused() {
    let gateway = Gateway::start();
    gateway.add("ada", &[]);
    assert_refused_each_time(&gateway, plain);
}

#[test]
fn an_ambiguous_request_is_refused_over_tls() {
    let gateway = Gateway::with(TLS);
    gateway.add("ada", &[]);
    assert_refused_each_time(&gateway, tls);
}

#[test]
fn a_head_that_is_too_large_is_refused_also_on_a_reused_connection() {
    let gateway = Gateway::start();
    let before = "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let large = format!("GET / HTTP/1.1\r\nHost: localhost\r\nA: {}", "a".repeat(20_000));
    let many = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{}\r\n", "a: b\r\n".repeat(100));
    for (request, limit) in [(large, "head-bytes"), (many, "headers")] {
        let both = answer(&mut plain(&gateway), &format!("{before}{request}"));
        let second = both.rfind("HTTP/1.1 ").unwrap();
        assert_eq!(problem(&both[second..], 431)["limit"], limit);
    }
}

#[test]
fn a_client_that_closed_its_side_gets_its_response() {
    for arguments in [&[] as &[&str], TLS] {
        let gateway = Gateway::with(arguments);
        gateway.add("ada", &["london"]);
        let send = |request: &str| match arguments {
            [] => answer_after_end(&mut plain(&gateway), request),
            _ => answer_after_end(&mut tls(&gateway), request),
        };
        let bearer = format!("Host: localhost\r\nAuthorization: Bearer {}\r\n", gateway.token);
        let people = send(&format!("GET /v1/people HTTP/1.1\r\n{bearer}\r\n"));
        assert!(people.starts_with("HTTP/1.1 200") && people.contains("london"), "{people}");
        let body = json!({"id": "bob"}).to_string();
        let length = body.len();
        let made = send(&format!(
            "POST /v1/people HTTP/1.1\r\n{bearer}Content-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        ));
        assert!(made.starts_with("HTTP/1.1 201"), "{made}");
        let stream = send(&format!("GET /v1/events HTTP/1.1\r\n{bearer}\r\n"));
        assert!(stream.starts_with("HTTP/1.1 200"), "{stream}");
        assert!(stream.contains("event: snapshot") && stream.contains("london"), "{stream}");
        // An incomplete request gets no response.
        assert_eq!(send(&format!("GET /v1/people HTTP/1.1\r\n{bearer}")), "");
    }
}

#[test]
fn a_client_that_closed_its_side_gets_all_of_a_large_snapshot() {
    let gateway = Gateway::start();
    let groups: Vec<String> = (0..32).map(|it| format!("{:a<60}{it}", "")).collect();
    let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
    for number in 0..100 {
        gateway.add(&format!("a{number}"), &groups);
    }
    // The receive buffer is smaller than the snapshot.
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.connect(&gateway.address().into()).unwrap();
    let mut socket = TcpStream::from(socket);
    socket.set_read_timeout(Some(crate::fixture::HANG)).unwrap();
    let bearer = format!("Authorization: Bearer {}", gateway.token);
    let request = format!("GET /v1/events HTTP/1.1\r\nHost: localhost\r\n{bearer}\r\n\r\n");
    let stream = answer_after_end(&mut socket, &request);
    let snapshot = stream.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
    let snapshot: Value = serde_json::from_str(snapshot).unwrap();
    assert_eq!(snapshot["people"].as_array().unwrap().len(), 100);
}

#[test]
fn the_gateway_notices_that_a_reader_over_tls_closed_the_connection() {
    let gateway = Gateway::with(TLS);
    gateway.add("ada", &[]);
    let readers = |count: usize| {
        let metrics = gateway.request("GET", "/metrics", None).body;
        let lines = metrics.lines().filter(|line| line.starts_with("communicado_gateway_readers{"));
        lines.filter_map(|line| line.rsplit(' ').next()?.parse::<usize>().ok()).sum::<usize>()
            == count
    };
    let mut socket = tls(&gateway);
    let request = format!(
        "GET /v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\r\n",
        gateway.token
    );
    socket.write_all(request.as_bytes()).unwrap();
    let mut part = [0; 1024];
    assert!(socket.read(&mut part).unwrap() > 0);
    // Sooner than the next heartbeat.
    let soon = Duration::from_secs(20);
    communicado_conformance::within_of(soon, "a reader", || readers(1).then_some(()));
    drop(socket);
    communicado_conformance::within_of(soon, "no reader", || readers(0).then_some(()));
}

#[test]
fn foreign_host_names_are_refused_unless_the_operator_gave_a_public_url() {
    let gateway = Gateway::start();
    let get = |gateway: &Gateway, host: &str, path: &str| {
        let bearer = format!("Authorization: Bearer {}", gateway.token);
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
        answer(&mut plain(gateway), &format!("{request}{bearer}\r\n\r\n"))
    };
    for path in ["/v1/people", "/v1/events", "/", "/readyz"] {
        let refused = problem(&get(&gateway, "evil.example:8427", path), 421);
        assert!(refused["help"].as_str().unwrap().contains("--public-url"), "{refused}");
    }
    for host in ["localhost", "x.localhost:1", "127.0.0.1:8427", "[::1]:8427", "192.0.2.1"] {
        let people = get(&gateway, host, "/v1/people");
        assert!(people.starts_with("HTTP/1.1 200"), "{host} {people}");
    }
    // The check covers later requests of a connection too.
    let pipelined = "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n\
                GET /readyz HTTP/1.1\r\nHost: evil.example\r\n\r\n";
    let both = answer(&mut plain(&gateway), pipelined);
    assert!(both.starts_with("HTTP/1.1 200"), "{both}");
    problem(&both[both.rfind("HTTP/1.1 ").unwrap()..], 421);
    assert!(gateway.command(&["people", "list"]).status.success());
    let public = Gateway::with(&["--public-url", "https://status.example"]);
    let people = get(&public, "status.example", "/v1/people");
    assert!(people.starts_with("HTTP/1.1 200"), "{people}");
    Events::of(&public, &public.token, "", "").expect_event("snapshot");
    let secure = Gateway::with(TLS);
    let request = format!(
        "GET /v1/people HTTP/1.1\r\nHost: status.example\r\nConnection: close\r\n\
         Authorization: Bearer {}\r\n\r\n",
        secure.token
    );
    let people = answer(&mut tls(&secure), &request);
    assert!(people.starts_with("HTTP/1.1 200"), "{people}");
}
