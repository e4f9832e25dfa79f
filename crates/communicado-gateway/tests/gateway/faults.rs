//! Faults: kills, full and failing disks, stalled readers.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::net::TcpStream;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;

use crate::fixture::{Events, Gateway, program, within};
use crate::websocket::Socket;

/// The number of acknowledged writes before the test kills the gateway.
const ACKNOWLEDGED: usize = 60;

#[test]
fn acknowledged_writes_survive_a_kill_during_writes() {
    let mut gateway = Gateway::start();
    let people: Vec<String> = (0..4).map(|number| format!("p{number}")).collect();
    for person in &people {
        gateway.add(person, &[]);
    }
    for round in 0..3 {
        let acknowledged: Mutex<BTreeMap<&str, usize>> = Mutex::default();
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for person in &people {
                let (gateway, acknowledged, over) = (&gateway, &acknowledged, &over);
                scope.spawn(move || {
                    for number in 1.. {
                        let note = format!("{round} {number}");
                        let path = format!("/v1/people/{person}/manual");
                        let response = try_set_note(gateway, &path, &note);
                        if over.load(Ordering::SeqCst) {
                            return;
                        }
                        if response {
                            acknowledged.lock().unwrap().insert(person, number);
                        }
                    }
                });
            }
            within("enough writes are acknowledged", || {
                let count: usize = acknowledged.lock().unwrap().values().sum();
                (count >= ACKNOWLEDGED).then_some(())
            });
            rustix::process::kill_process(
                rustix::process::Pid::from_raw(gateway.id().cast_signed()).unwrap(),
                Signal::KILL,
            )
            .unwrap();
            over.store(true, Ordering::SeqCst);
        });
        gateway.restart();
        let mut lost = 0;
        for (person, number) in acknowledged.into_inner().unwrap() {
            let note = gateway.get(&format!("/v1/people/{person}"))["note"].clone();
            let (of, kept) = note.as_str().unwrap().split_once(' ').unwrap();
            assert_eq!(of, round.to_string());
            // The next write may have been stored without an acknowledgement.
            lost += number.saturating_sub(kept.parse().unwrap());
        }
        assert_eq!(lost, 0, "acknowledged writes are lost");
    }
}

/// Sets a note. Returns true if the gateway acknowledged the write.
fn try_set_note(gateway: &Gateway, path: &str, note: &str) -> bool {
    let body = json!({"status": "signed-in", "note": note}).to_string();
    let output = Command::new("curl")
        .args(["--silent", "--max-time", "5", "-X", "PUT", "-o", "/dev/null"])
        .args(["-w", "%{http_code}", "-H", "Content-Type: application/json"])
        .args(["-H", &format!("Authorization: Bearer {}", gateway.token), "-d", &body])
        .arg(format!("{}{path}", gateway.base))
        .output()
        .unwrap();
    output.stdout == b"200"
}

#[test]
fn a_full_disk_rejects_only_writes() {
    let mut gateway = Gateway::start();
    gateway.add("ada", &[]);
    gateway.set_note("ada", "before").expect_json(200);
    // The log of the store grows with each write, so writes soon fail as on a full disk.
    set_file_size_limit(&gateway, "--fsize=300000:");
    let mut events = Events::of(&gateway, &gateway.token, "", "");
    events.expect_event("snapshot");
    let mut last = "before".to_owned();
    let refused = within("the disk is full", || {
        let note = format!("{last:.20}{}", "x".repeat(200));
        let response = gateway.set_note("ada", &note);
        if response.status == 200 {
            last = note;
            return None;
        }
        Some(response)
    });
    let problem = refused.expect_problem(503);
    assert_eq!(problem["limit"], "store");
    assert!(
        problem["detail"].as_str().unwrap().contains("the disk of the store is full"),
        "{problem}"
    );
    assert!(gateway.runs());
    let person = gateway.get("/v1/people/ada");
    assert_eq!(person["note"], json!(last), "a refused write was partly stored");
    let health = within("the health check fails", || {
        let response = gateway.curl("/healthz", &[]);
        (response.status == 503).then(|| response.expect_json(503))
    });
    assert_eq!((&health["store"], &health["front"]), (&json!(false), &json!(true)));
    assert_eq!(gateway.curl("/readyz", &[]).status, 200);
    // With free space, the gateway recovers without a restart.
    set_file_size_limit(&gateway, "--fsize=unlimited:");
    gateway.set_note("ada", "after").expect_json(200);
    within("the health check succeeds", || {
        (gateway.curl("/healthz", &[]).status == 200).then_some(())
    });
    gateway.kill();
    gateway.restart();
    assert_eq!(gateway.get("/v1/people/ada")["note"], "after");
}

/// A library that makes writes to the store fail with `EIO` while a file exists.
const BROKEN_DISK: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int fails(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return strstr(path, "gateway.sqlite") && access(getenv("BROKEN"), F_OK) == 0;
}

ssize_t write(int fd, const void *bytes, size_t count) {
    static ssize_t (*real)(int, const void *, size_t);
    if (!real) real = dlsym(RTLD_NEXT, "write");
    if (fails(fd)) { errno = EIO; return -1; }
    return real(fd, bytes, count);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
    static ssize_t (*real)(int, const void *, size_t, off64_t);
    if (!real) real = dlsym(RTLD_NEXT, "pwrite64");
    if (fails(fd)) { errno = EIO; return -1; }
    return real(fd, bytes, count, at);
}
"#;

#[test]
fn a_failing_disk_is_distinguished_from_a_full_one() {
    let mut gateway = Gateway::start();
    gateway.add("ada", &[]);
    let file = |name| gateway.folder().join(name);
    let (source, library, broken) = (file("disk.c"), file("disk.so"), file("broken"));
    std::fs::write(&source, BROKEN_DISK).unwrap();
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).arg("-ldl");
    assert!(compiler.status().unwrap().success());
    let mut command = Command::new(program());
    gateway.restart_as(command.env("LD_PRELOAD", &library).env("BROKEN", &broken));
    gateway.set_note("ada", "before").expect_json(200);
    std::fs::write(&broken, "").unwrap();
    let problem = gateway.set_note("ada", "lost").expect_problem(503);
    let text = |key: &str| problem[key].as_str().unwrap().to_owned();
    assert!(text("detail").contains("the disk of the store failed"), "{problem}");
    assert!(text("help").contains("the system log") && !text("help").contains("space"));
    within("the health check fails", || {
        (gateway.curl("/healthz", &[]).status == 503).then_some(())
    });
    assert_eq!(gateway.get("/v1/people/ada")["note"], "before");
    std::fs::remove_file(&broken).unwrap();
    gateway.set_note("ada", "after").expect_json(200);
    within("the health check succeeds", || {
        (gateway.curl("/healthz", &[]).status == 200).then_some(())
    });
}

/// Limits the size of the gateway's files; `limit` is an option of `prlimit`.
fn set_file_size_limit(gateway: &Gateway, limit: &str) {
    let id = gateway.id().to_string();
    let status = Command::new("prlimit").args(["--pid", &id, limit]).status();
    assert!(status.unwrap().success());
}

#[test]
fn a_lease_expires_for_all_readers_even_if_the_expiry_cannot_be_stored() {
    let mut gateway = Gateway::start();
    // The gateway's log is on the same disk.
    let log = std::fs::File::create(gateway.folder().join("log")).unwrap();
    gateway.restart_as(Command::new(program()).stderr(log));
    gateway.add("ada", &[]);
    let mut events = Events::of(&gateway, &gateway.token, "", "");
    events.expect_event("snapshot");
    let path = "/v1/people/ada/devices/laptop";
    let body = crate::fixture::publication("busy", 5_000);
    gateway.request("PUT", path, Some(&body)).expect_json(200);
    events.expect_event("change");
    set_file_size_limit(&gateway, "--fsize=0:");
    let change = events.expect_event("change");
    assert_eq!(change.data["reason"], "lease-expired");
    set_file_size_limit(&gateway, "--fsize=unlimited:");
    gateway.add("bob", &[]);
    gateway.kill();
    gateway.restart();
    // A later commit stored the expiry, and no two changes have the same revision.
    assert_eq!(gateway.get("/v1/people/ada")["reason"], "lease-expired");
    let people = gateway.get("/v1/people");
    assert!(people["revision"].as_u64() > change.id, "{people}");
}

#[test]
fn a_stalled_reader_delays_no_other_and_gets_coalesced_changes() {
    let gateway = Gateway::start();
    let people: Vec<String> = (0..40).map(|number| format!("p{number}")).collect();
    for person in &people {
        gateway.add(person, &[]);
    }
    let mut slow = Events::of(&gateway, &gateway.token, "", "");
    // The smallest possible receive buffer.
    rustix::net::sockopt::set_socket_recv_buffer_size(slow.socket(), 4096).unwrap();
    let mut quick = Events::of(&gateway, &gateway.token, "", "");
    slow.expect_event("snapshot");
    quick.expect_event("snapshot");
    let rounds = 60;
    let mut last = 0;
    for round in 0..rounds {
        for person in &people {
            let token = &gateway.token;
            let note = format!("{round} {}", "x".repeat(250));
            put(&gateway, token, person, &note);
            let change = quick.expect_event("change");
            assert!(change.id.unwrap() > last);
            last = change.id.unwrap();
        }
    }
    // The slow reader gets fewer events, in order, and the last change of each person.
    let mut notes: BTreeMap<String, String> = BTreeMap::new();
    let (mut count, mut id) = (0, 0);
    while id < last {
        let change = slow.expect_event("change");
        assert!(change.id.unwrap() > id, "out of order");
        id = change.id.unwrap();
        let text = |key: &str| change.data[key].as_str().unwrap().to_owned();
        notes.insert(text("id"), text("note"));
        count += 1;
    }
    assert!(count < rounds * people.len(), "nothing was coalesced: {count}");
    assert_eq!(notes.len(), people.len());
    let end = format!("{} ", rounds - 1);
    assert!(notes.values().all(|note| note.starts_with(&end)));
}

/// Simulates a machine without power or network: it receives and sends nothing.
fn drop_packets(socket: &TcpStream) {
    // The filter program is `return 0`: drop every packet.
    let drop_all = socket2::SockFilter::new(6, 0, 0, 0);
    socket2::SockRef::from(socket).attach_filter(&[drop_all]).unwrap();
}

#[test]
fn readers_without_network_are_closed_and_delay_no_other() {
    let gateway = Gateway::start();
    gateway.add("ada", &[]);
    let readers = |transport: &str| {
        let metrics = gateway.curl("/metrics", &[]).body;
        let line = format!("communicado_gateway_readers{{transport=\"{transport}\"}} ");
        let count = metrics.lines().find_map(|it| it.strip_prefix(&line).map(ToOwned::to_owned));
        count.unwrap_or_else(|| panic!("{metrics}"))
    };
    let mut events = Events::of(&gateway, &gateway.token, "", "");
    let mut stays = Events::of(&gateway, &gateway.token, "", "");
    let mut socket = Socket::open(&gateway, &gateway.token);
    socket.send_json(&json!({"type": "subscribe"}));
    events.expect_event("snapshot");
    stays.expect_event("snapshot");
    assert_eq!(socket.next()["type"], "snapshot");
    assert_eq!((readers("sse"), readers("websocket")), ("2".to_owned(), "1".to_owned()));
    drop_packets(events.socket());
    drop_packets(socket.stream());
    gateway.set_note("ada", "lost on two").expect_json(200);
    assert_eq!(stays.expect_event("change").data["note"], "lost on two");
    // The limit for a reader that takes nothing, and as much again on a busy machine.
    communicado_conformance::within_of(Duration::from_secs(120), "both are let go", || {
        let left = (readers("sse"), readers("websocket"));
        (left == ("1".to_owned(), "0".to_owned())).then_some(())
    });
    gateway.set_note("ada", "after").expect_json(200);
    assert_eq!(stays.expect_event("change").data["note"], "after");
}

/// Sets a note over a reused connection, which is faster than `curl`.
fn put(gateway: &Gateway, token: &str, person: &str, note: &str) {
    use std::io::Write as _;
    thread_local! {
        static SOCKET: std::cell::RefCell<Option<TcpStream>> =
            const { std::cell::RefCell::new(None) };
    }
    let body = json!({"status": "signed-in", "note": note}).to_string();
    let length = body.len();
    let request = format!(
        "PUT /v1/people/{person}/manual HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    SOCKET.with_borrow_mut(|socket| {
        let connect = || TcpStream::connect(gateway.address()).unwrap();
        let socket = socket.get_or_insert_with(connect);
        within("the rate limit admits the request", || {
            socket.write_all(request.as_bytes()).unwrap();
            let mut answer = [0; 65536];
            let count = socket.read(&mut answer).unwrap();
            let answer = String::from_utf8_lossy(&answer[..count]);
            assert!(answer.contains(" 200 ") || answer.contains(" 429 "), "{answer}");
            answer.contains(" 200 ").then_some(())
        });
    });
}
