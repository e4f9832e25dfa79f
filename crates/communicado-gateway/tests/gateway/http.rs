//! What HTTP itself asks of a server, with and without TLS.

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

use crate::stage::{Gateway, within_of};

const TLS: &[&str] = &["--tls-self-made", "127.0.0.1"];

type Tls = StreamOwned<ClientConnection, TcpStream>;

fn plain(gateway: &Gateway) -> TcpStream {
    let socket = TcpStream::connect(gateway.address()).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
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

/// Sends no more, and reads on.
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

/// What is left to read.
fn rest(socket: &mut impl Read) -> String {
    let mut answer = Vec::new();
    let read = socket.read_to_end(&mut answer);
    let text = String::from_utf8_lossy(&answer).into_owned();
    read.unwrap_or_else(|error| panic!("{error} after {text:?}"));
    text
}

/// What comes for a request after which the client sends no more.
fn answer_after_end(socket: &mut (impl Read + Write + HalfClose), request: &str) -> String {
    socket.write_all(request.as_bytes()).unwrap();
    socket.half_close();
    rest(socket)
}

#[test]
fn a_client_that_has_sent_all_gets_its_answer() {
    for arguments in [&[] as &[&str], TLS] {
        let gateway = Gateway::with(arguments);
        gateway.add("ada", &["london"]);
        let ask = |request: &str| match arguments {
            [] => answer_after_end(&mut plain(&gateway), request),
            _ => answer_after_end(&mut tls(&gateway), request),
        };
        let bearer = format!("Host: localhost\r\nAuthorization: Bearer {}\r\n", gateway.token);
        let people = ask(&format!("GET /v1/people HTTP/1.1\r\n{bearer}\r\n"));
        assert!(people.starts_with("HTTP/1.1 200") && people.contains("london"), "{people}");
        let body = json!({"id": "bob"}).to_string();
        let length = body.len();
        let made = ask(&format!(
            "POST /v1/people HTTP/1.1\r\n{bearer}Content-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        ));
        assert!(made.starts_with("HTTP/1.1 201"), "{made}");
        let stream = ask(&format!("GET /v1/events HTTP/1.1\r\n{bearer}\r\n"));
        assert!(stream.starts_with("HTTP/1.1 200"), "{stream}");
        assert!(stream.contains("event: snapshot") && stream.contains("london"), "{stream}");
    }
}

#[test]
fn a_client_that_sends_no_more_gets_all_of_a_large_snapshot() {
    let gateway = Gateway::start();
    let groups: Vec<String> = (0..32).map(|it| format!("{:a<60}{it}", "")).collect();
    let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
    for number in 0..100 {
        gateway.add(&format!("a{number}"), &groups);
    }
    // The system takes less of it at once than there is.
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.connect(&gateway.address().into()).unwrap();
    let mut socket = TcpStream::from(socket);
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let bearer = format!("Authorization: Bearer {}", gateway.token);
    let request = format!("GET /v1/events HTTP/1.1\r\nHost: localhost\r\n{bearer}\r\n\r\n");
    let stream = answer_after_end(&mut socket, &request);
    let snapshot = stream.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
    let snapshot: Value = serde_json::from_str(snapshot).unwrap();
    assert_eq!(snapshot["people"].as_array().unwrap().len(), 100);
}

#[test]
fn a_reader_over_tls_that_goes_is_let_go() {
    let gateway = Gateway::with(TLS);
    gateway.add("ada", &[]);
    let readers = |count: usize| {
        let metrics = gateway.ask("GET", "/metrics", None).body;
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
    // Sooner than a sign of life that cannot be written would tell it.
    let soon = Duration::from_secs(20);
    within_of(soon, "a reader", || readers(1).then_some(()));
    drop(socket);
    within_of(soon, "no reader", || readers(0).then_some(()));
}
