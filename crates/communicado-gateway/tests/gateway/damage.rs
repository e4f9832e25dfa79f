//! Damaged stores: the gateway refuses to start, or keeps acknowledged writes.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::fixture::{program, within};

const PAGE: usize = 4096;
const PEOPLE: usize = 40;
const STORE: &str = "gateway.sqlite";
const LOG: &str = "gateway.sqlite-wal";

/// A pseudorandom generator with a fixed seed (Knuth's MMIX generator).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}

/// Damages a file in the way of this number, and returns a description.
fn damage(number: usize, bytes: &mut Vec<u8>) -> String {
    let mut numbers = Numbers(number as u64);
    let (pages, size) = (bytes.len().div_ceil(PAGE), bytes.len());
    let page = numbers.below(pages);
    let range = page * PAGE..size.min((page + 1) * PAGE);
    match number % 8 {
        0 => {
            bytes[range].fill(0);
            format!("page {page} is zero")
        }
        1 => {
            bytes[range]
                .iter_mut()
                .for_each(|byte| *byte = u8::try_from(numbers.below(256)).unwrap());
            format!("page {page} is noise")
        }
        2 => {
            let rest = numbers.below(pages) * PAGE;
            bytes.truncate(rest);
            format!("{rest} bytes are left, whole pages")
        }
        3 => {
            let rest = numbers.below(size);
            bytes.truncate(rest);
            format!("{rest} bytes are left")
        }
        4 => {
            // The header of the file.
            let at = numbers.below(100);
            bytes[at] ^= 1 << numbers.below(8);
            format!("a bit of the byte {at} is flipped")
        }
        5 => {
            let copy = bytes[range.clone()].to_vec();
            let other = numbers.below(size / PAGE) * PAGE;
            let length = copy.len();
            bytes[other..size.min(other + length)]
                .copy_from_slice(&copy[..length.min(size - other)]);
            format!("page {page} is also at {other}")
        }
        6 => {
            // The header of a page.
            let at = (page * PAGE + numbers.below(12)).min(size - 1);
            bytes[at] ^= 1 << numbers.below(8);
            format!("a bit of the byte {at} is flipped")
        }
        _ => {
            for _ in 0..16 {
                let at = numbers.below(size);
                bytes[at] ^= 1 << numbers.below(8);
            }
            "16 bits are flipped".to_owned()
        }
    }
}

/// A gateway that may refuse to start.
struct Attempt {
    child: Child,
    listens: bool,
}

impl Attempt {
    fn of(folder: &Path) -> Self {
        let mut child = Command::new(program())
            .args(["serve", "--listen", "127.0.0.1:0", "--history", "720h", "--data"])
            .arg(folder)
            .args(["--requests-per-second", "100000"])
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(folder.join("errors")).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let _ = BufReader::new(child.stdout.take().unwrap()).read_line(&mut line);
        Self { child, listens: line.starts_with("listening ") }
    }

    fn end(mut self, signal: Signal) -> Option<i32> {
        if self.listens {
            kill_process(Pid::from_child(&self.child), signal).unwrap();
        }
        within("the gateway ends", || self.child.try_wait().unwrap()).code()
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a request over the control socket, which needs no token.
fn request(folder: &Path, method: &str, path: &str, body: &Value) -> (u16, String) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let length = body.len();
    let mut socket = UnixStream::connect(folder.join("control")).unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    socket.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

fn person(number: usize) -> String {
    format!("person-{}", number * 7919 % 1000)
}

/// A folder with people, tokens and history, with or without its write-ahead log.
fn content(has_log: bool) -> tempfile::TempDir {
    let folder = tempfile::TempDir::new().unwrap();
    let attempt = Attempt::of(folder.path());
    for number in 0..PEOPLE {
        let new = json!({"id": person(number), "groups": ["london", "paris"]});
        assert_eq!(request(folder.path(), "POST", "/v1/people", &new).0, 201);
        let token = json!({"name": "a test's", "scopes": ["read"], "person": person(number)});
        assert_eq!(request(folder.path(), "POST", "/v1/tokens", &token).0, 201);
        assert_eq!(set_note(folder.path(), number, "before"), 200);
    }
    attempt.end(if has_log { Signal::KILL } else { Signal::TERM });
    assert_eq!(folder.path().join(LOG).exists(), has_log);
    folder
}

fn set_note(folder: &Path, number: usize, note: &str) -> u16 {
    let body = json!({"status": "signed-in", "note": note});
    request(folder, "PUT", &format!("/v1/people/{}/manual", person(number)), &body).0
}

/// Starts a gateway on a damaged store. Returns true if the gateway refused.
fn try_damaged(folder: &Path, context: &str) -> bool {
    let errors = || std::fs::read_to_string(folder.join("errors")).unwrap();
    let attempt = Attempt::of(folder);
    if !attempt.listens {
        assert_eq!(attempt.end(Signal::TERM), Some(5), "{context}: {}", errors());
        let errors = errors();
        assert!(errors.contains("error: ") && errors.contains("help: "), "{context}: {errors}");
        assert!(!errors.contains("panicked"), "{context}: {errors}");
        return true;
    }
    let mut acknowledged = BTreeMap::new();
    let mut is_refused = false;
    for number in 0..PEOPLE {
        match set_note(folder, number, "after") {
            200 => {
                acknowledged.insert(person(number), "after");
            }
            503 => is_refused = true,
            // The damage removed this person.
            404 => {}
            other => panic!("{context}: {other}"),
        }
        let id = format!("new-{number}");
        match request(folder, "POST", "/v1/people", &json!({"id": id})).0 {
            201 => {
                acknowledged.insert(id, "");
            }
            503 => is_refused = true,
            other => panic!("{context}: {other}"),
        }
        let history = format!("/v1/people/{}/history", person(number));
        is_refused |= request(folder, "GET", &history, &Value::Null).0 == 503;
    }
    let health = || request(folder, "GET", "/healthz", &Value::Null).0;
    if is_refused {
        within(&format!("the health check fails: {context}"), || (health() == 503).then_some(()));
    } else {
        assert_eq!(health(), 200, "{context}: {}", errors());
    }
    assert!(!errors().contains("panicked"), "{context}: {}", errors());
    attempt.end(Signal::KILL);
    let again = Attempt::of(folder);
    if !again.listens {
        assert!(is_refused, "{context}: {}", errors());
        return false;
    }
    for (id, note) in acknowledged {
        let (status, person) = request(folder, "GET", &format!("/v1/people/{id}"), &Value::Null);
        assert_eq!(status, 200, "{context}: {id}");
        let person: Value = serde_json::from_str(&person).unwrap();
        assert_eq!(person["note"].as_str().unwrap_or_default(), note, "{context}: {person}");
    }
    again.end(Signal::TERM);
    false
}

/// Damages one file in `count` ways, and returns how often the gateway refused to start.
fn try_all(has_log: bool, name: &str, count: usize) -> usize {
    let sound = content(has_log);
    let copy = |folder: &Path, name: &str| {
        let from = sound.path().join(name);
        if from.exists() {
            std::fs::copy(from, folder.join(name)).unwrap();
        }
    };
    let is_refused = |number: &usize| {
        let folder = tempfile::TempDir::new().unwrap();
        copy(folder.path(), STORE);
        copy(folder.path(), LOG);
        let path = folder.path().join(name);
        let mut bytes = std::fs::read(&path).unwrap();
        let how = damage(*number, &mut bytes);
        std::fs::write(&path, bytes).unwrap();
        try_damaged(folder.path(), &format!("{name}, damage {number}: {how}"))
    };
    (0..count).filter(is_refused).count()
}

#[test]
fn a_damaged_store_is_refused_or_keeps_acknowledged_writes() {
    let refused = try_all(false, STORE, 96);
    assert!(refused >= 48, "only {refused} were refused");
}

#[test]
fn a_store_with_a_damaged_log_is_refused_or_keeps_acknowledged_writes() {
    try_all(true, LOG, 32);
}

/// A program that overwrites all pages but those of `facts`, and prints how many it spares.
const RUIN: &str = "
import sqlite3, sys
store = sqlite3.connect(sys.argv[1])
store.execute('PRAGMA wal_checkpoint(TRUNCATE)')
size, = store.execute('PRAGMA page_size').fetchone()
pages, = store.execute('PRAGMA page_count').fetchone()
spared = {1} | {page for page, in store.execute(
    'SELECT rootpage FROM sqlite_schema WHERE tbl_name = ?', ('facts',))}
with open(sys.argv[1], 'r+b') as file:
    for page in range(1, pages + 1):
        if page not in spared:
            file.seek((page - 1) * size)
            file.write(bytes([0xa5]) * size)
# SQLite believes its memory until another program changes the store.
store.execute('PRAGMA application_id = 7')
print(len(spared))
";

fn corrupt_pages(store: &Path) -> usize {
    let output = Command::new("python3").args(["-c", RUIN]).arg(store).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
}

#[test]
fn a_gateway_that_finds_damage_rejects_writes_until_it_is_restarted() {
    let folder = content(false);
    let attempt = Attempt::of(folder.path());
    assert!(attempt.listens);
    assert_eq!(set_note(folder.path(), 0, "after"), 200);
    let health = || request(folder.path(), "GET", "/healthz", &Value::Null).0;
    assert_eq!(health(), 200);
    // The health check of the store reads only undamaged pages.
    let sound = corrupt_pages(&folder.path().join(STORE));
    assert!(sound >= 2, "{sound}");
    within("the damage is found", || {
        (0..PEOPLE).any(|number| set_note(folder.path(), number, "lost") == 503).then_some(())
    });
    within("the health check fails", || (health() == 503).then_some(()));
    assert_eq!(set_note(folder.path(), 0, "lost"), 503);
    attempt.end(Signal::KILL);
    let again = Attempt::of(folder.path());
    assert!(!again.listens);
    let errors = std::fs::read_to_string(folder.path().join("errors")).unwrap();
    assert!(errors.contains("damaged") && errors.contains("restore FILE"), "{errors}");
}

#[test]
fn a_damaged_backup_is_not_restored() {
    let folder = content(false);
    let backup = folder.path().join("backup");
    let mut bytes = std::fs::read(folder.path().join(STORE)).unwrap();
    let last = bytes.len() - PAGE;
    bytes[last..].fill(0xa5);
    std::fs::write(&backup, bytes).unwrap();
    let mut restore = Command::new(program());
    restore.arg("restore").arg(&backup).arg("--data").arg(folder.path());
    let output = restore.output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{output:?}");
    let attempt = Attempt::of(folder.path());
    assert!(attempt.listens);
    let (status, _) =
        request(folder.path(), "GET", &format!("/v1/people/{}", person(0)), &Value::Null);
    assert_eq!(status, 200);
}
