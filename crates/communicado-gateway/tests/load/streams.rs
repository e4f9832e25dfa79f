//! Attacks with streams of events and WebSockets, with a token that can only read.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::attack::{Admitted, assert_withstands, exclusive, status_of};
use crate::client::{Client, HANDSHAKE, Target, bearer, request, text_message};
use crate::fixture::within;
use crate::measure::paced;
use crate::workload::{GROUP, Workload, operate, operator, person};

/// The number of messages in a burst of half a megabyte.
const BURST: usize = 20_000;
/// The streams per second of an attacker, as fast as one program can open them.
const STREAMS_PER_SECOND: u32 = 3_000;
const STREAMS: usize = 15_000;
/// The number of names in a message.
const NAMES: usize = 1_000;
/// The number of readers, each of which leaves a snapshot of some 200 kB unread.
const SLOW_READERS: usize = 600;
/// The requests per second about people who do not exist.
const ABSENT_PER_SECOND: u32 = 100;

/// A bare socket after a WebSocket handshake, which the test does not read.
fn socket(target: &Target, token: &str) -> Option<TcpStream> {
    let stream = TcpStream::connect(target.address).ok()?;
    // The gateway need not read all bytes.
    stream.set_write_timeout(Some(Duration::from_millis(100))).ok()?;
    let mut client = Client::over(stream.try_clone().ok()?, None).ok()?;
    stream.set_write_timeout(Some(Duration::from_millis(100))).ok()?;
    let handshake = request("GET", "/v1/socket", &format!("{}{HANDSHAKE}", bearer(token)), None);
    (client.request(&handshake).ok()?.status == 101).then_some(stream)
}

/// Writes all bytes, unless the gateway closes the connection or `stop` is set.
fn push(mut stream: &TcpStream, mut bytes: &[u8], stop: &AtomicBool) {
    while !bytes.is_empty() && !stop.load(Ordering::SeqCst) {
        match stream.write(bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
    }
}

fn wait_until_set(stop: &AtomicBool) {
    for _ in paced(50, stop) {}
}

fn subscribe(names: impl Iterator<Item = String>) -> Vec<u8> {
    let names: Vec<Value> = names.map(Value::from).collect();
    text_message(&json!({"type": "subscribe", "person": names}).to_string())
}

fn bursts(sockets: usize) {
    let _alone = exclusive();
    let mut workload = Workload::start();
    let token = workload.attacker().0;
    let burst = text_message(r#"{"type":"subscribe"}"#).repeat(BURST);
    assert_withstands(
        &format!("{sockets} bursts of subscriptions"),
        &mut workload,
        |target, stop| {
            let open: Vec<TcpStream> =
                (0..sockets).filter_map(|_| socket(target, &token)).collect();
            std::thread::scope(|scope| {
                for stream in &open {
                    scope.spawn(|| push(stream, &burst, stop));
                }
            });
            wait_until_set(stop);
        },
    );
}

#[test]
fn a_burst_of_subscriptions_on_a_stalled_socket() {
    bursts(1);
}

#[test]
fn bursts_of_subscriptions_on_ten_stalled_sockets() {
    bursts(10);
}

#[test]
fn many_streams_with_different_subscriptions() {
    let _alone = exclusive();
    let mut workload = Workload::start();
    let token = workload.attacker_without_a_group().0;
    let open = |target: &Target, number: usize| {
        let path = format!("/v1/events?group={GROUP}&person=zz{number}");
        status_of(target, &request("GET", &path, &bearer(&token), None))
    };
    // Without changes, no snapshot of a reader becomes outdated.
    let admitted = Admitted::new();
    for number in 0..STREAMS {
        let status = open(&workload.target, number);
        assert!(matches!(status, Some(200 | 429)), "{status:?}");
        admitted.count(status);
        if number % 100 == 0 {
            workload.assert_memory_bounded();
        }
    }
    admitted.assert_within_rate("a token");
    assert_withstands("streams with different subscriptions", &mut workload, |target, stop| {
        for number in paced(STREAMS_PER_SECOND, stop) {
            open(target, STREAMS + usize::try_from(number).unwrap());
        }
    });
}

#[test]
fn streams_that_open_and_close() {
    let _alone = exclusive();
    let mut workload = Workload::start();
    let token = workload.attacker().0;
    assert_withstands("streams that open and close", &mut workload, |target, stop| {
        let open = request("GET", "/v1/events", &bearer(&token), None);
        let admitted = Admitted::new();
        for _ in paced(STREAMS_PER_SECOND, stop) {
            admitted.count(status_of(target, &open));
        }
        admitted.assert_within_rate("a token");
    });
}

#[test]
fn many_names_on_one_socket() {
    let _alone = exclusive();
    let mut workload = Workload::start();
    let token = workload.attacker().0;
    assert_withstands("many names on one socket", &mut workload, |target, stop| {
        for messages in [60, 150] {
            let Some(stream) = socket(target, &token) else { continue };
            for message in 0..messages {
                let names = (0..NAMES).map(|name| format!("n{message}-{name}"));
                push(&stream, &subscribe(names), stop);
            }
        }
        wait_until_set(stop);
    });
}

#[test]
fn slow_readers() {
    let _alone = exclusive();
    let mut workload = Workload::start();
    let token = workload.attacker().0;
    assert_withstands("slow readers", &mut workload, |target, stop| {
        let open = request("GET", "/v1/events", &bearer(&token), None);
        let mut streams = Vec::new();
        for _ in 0..SLOW_READERS {
            let Ok(mut stream) = TcpStream::connect(target.address) else { continue };
            let _ = socket2::SockRef::from(&stream).set_recv_buffer_size(1024);
            let _ = stream.write_all(open.as_bytes());
            streams.push(stream);
        }
        wait_until_set(stop);
    });
}

#[test]
fn reading_people_who_do_not_exist_stores_nothing() {
    let _alone = exclusive();
    let mut workload = Workload::start();
    let token = workload.attacker().0;
    let by = bearer(&token);
    let absent = |number: u32| format!("absent{number}");
    assert_withstands("people who do not exist", &mut workload, |target, stop| {
        let stream = socket(target, &token);
        for number in paced(ABSENT_PER_SECOND, stop) {
            let name = absent(number);
            let path = match number % 2 {
                0 => format!("/v1/events?person={name}"),
                _ => format!("/v1/people/{name}"),
            };
            status_of(target, &request("GET", &path, &by, None));
            if let Some(stream) = &stream {
                push(stream, &subscribe([name].into_iter()), stop);
            }
        }
    });
    // The store records a reader of an existing person.
    let read = request("GET", &format!("/v1/people/{}", person(0)), &by, None);
    within("the attacker may read", || {
        (status_of(&workload.target, &read) == Some(200)).then_some(())
    });
    workload.gateway.stop();
    let store = workload.gateway.folder().join("gateway.sqlite");
    let store = rusqlite::Connection::open(store).unwrap();
    let count = |whom: &str| -> u32 {
        let count = "SELECT count(*) FROM audience WHERE whom LIKE ?1";
        store.query_row(count, (whom,), |row| row.get(0)).unwrap()
    };
    assert!(count(&person(0)) > 0);
    assert_eq!(count("absent%"), 0, "rows of the audience of nobody");
    drop(store);
    workload.gateway.restart();
    let mut socket = operator(&workload.gateway);
    for number in [0, 1, 2] {
        let id = absent(number);
        operate(&mut socket, "POST", "/v1/people", Some(&json!({"id": id, "groups": [GROUP]})));
        let path = format!("/v1/people/{id}/audience");
        let audience = operate(&mut socket, "GET", &path, None);
        assert_eq!(audience["readers"], json!([]), "{audience}");
    }
}
