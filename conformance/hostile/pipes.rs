//! Readers of `watch` that are slow or close the pipe.

use std::io::{BufRead as _, BufReader, PipeReader};

use communicado_conformance::{ExpectOk as _, Line, Process, Signal, TestSession, within};
use serde_json::{Value, json};

use crate::service::{NAMED, SOON, Service, memory_max};

/// Starts a watch with a pipe that the test does not read yet.
fn unread(session: &TestSession, arguments: &[&str]) -> (Process, PipeReader) {
    let (reader, writer) = std::io::pipe().expect_ok("make a pipe");
    let arguments = [&["watch"], arguments, &SOON].concat();
    let watch = session.communicado().start(&arguments, |command| {
        command.stdout(writer);
    });
    (watch, reader)
}

/// Waits for the next query to the service, which proves that the watch is not blocked.
#[track_caller]
fn is_asked_again(service: &mut Service) {
    let before = service.asked();
    within("the service is asked again", || (service.asked() > before).then_some(()));
}

/// Makes the watch read a second status, so that a flood between the two needs no further queries.
#[track_caller]
fn knows_away(service: &mut Service) {
    let before = service.asked();
    service.order(json!(["change_status", 11, "away", 5]));
    // The five queries of one status.
    within("the status is asked for", || (service.asked() >= before + 5).then_some(()));
}

#[test]
fn a_slow_reader_blocks_nothing_and_gets_the_latest_and_how_much_it_missed() {
    let mut session = TestSession::new();
    let mut service = Service::sane(&mut session);
    let (mut watch, reader) = unread(&session, &["--json"]);
    is_asked_again(&mut service);
    knows_away(&mut service);
    service.order(json!(["flip", 20_000]));
    service.tell("sign_off");
    is_asked_again(&mut service);
    is_asked_again(&mut service);
    let memory = memory_max(watch.id());
    assert!(memory < 32 * 1024, "{memory} kB");
    // It reads again, and gets the current state.
    let mut lines = BufReader::new(reader).lines().map_while(Result::ok);
    let (mut revision, mut missed, mut skipped) = (0, 0, 0);
    loop {
        let text = lines.next().expect_ok("read to the sign-out");
        let object: Value = serde_json::from_str(&text).expect_ok("read a line");
        if object["client"] != NAMED {
            continue;
        }
        let now = object["revision"].as_u64().expect_ok("read a revision");
        let missing = object["missed"].as_u64().unwrap_or(0);
        if missing == 0 {
            Line::of_watch(&text).expect_ok("read a line");
        } else {
            skipped += now - revision - 1;
        }
        missed += missing;
        revision = now;
        if object["status"] == "signed-out" {
            break;
        }
    }
    assert!(missed > 10_000, "{missed}");
    assert!(
        missed >= skipped,
        "the line reports {missed} missed changes, and {skipped} are missing"
    );
    // It has caught up.
    service.tell("sign_on");
    let text = lines.next().expect_ok("read the sign-in");
    let line = Line::of_watch(&text).expect_ok("read a line");
    assert_eq!((line.status.as_str(), line.before.as_deref()), ("signed-in", Some("signed-out")));
    watch.signal(Signal::TERM);
    assert_eq!(watch.wait().code(), Some(0));
}

#[test]
fn a_watch_ends_with_its_reader_though_nothing_happens() {
    for arguments in [&[][..], &["--json"], &["--bar", "waybar"]] {
        let session = TestSession::new();
        let (mut watch, reader) = unread(&session, arguments);
        let mut reader = BufReader::new(reader);
        let mut line = String::new();
        reader.read_line(&mut line).expect_ok("read the first line");
        drop(reader);
        assert_eq!(watch.wait().code(), Some(0), "{}", watch.output());
        assert_eq!(watch.output(), "", "nothing is wrong");
    }
}

#[test]
fn a_watch_with_a_stalled_reader_ends_when_the_reader_closes() {
    let mut session = TestSession::new();
    let mut service = Service::sane(&mut session);
    let (mut watch, reader) = unread(&session, &["--json"]);
    is_asked_again(&mut service);
    knows_away(&mut service);
    service.order(json!(["flip", 2_000]));
    drop(reader);
    assert_eq!(watch.wait().code(), Some(0), "{}", watch.output());
}

#[test]
fn every_way_to_ask_a_watch_to_end_ends_it_with_0() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let session = TestSession::new();
        let (mut watch, reader) = unread(&session, &[]);
        let mut line = String::new();
        BufReader::new(&reader).read_line(&mut line).expect_ok("read the first line");
        watch.signal(signal);
        assert_eq!(watch.wait().code(), Some(0), "{signal:?}");
        assert_eq!(watch.output(), "");
    }
}

#[test]
fn a_signal_ends_a_watch_with_a_stalled_reader() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let mut session = TestSession::new();
        let mut service = Service::sane(&mut session);
        let (mut watch, _reader) = unread(&session, &["--json"]);
        is_asked_again(&mut service);
        knows_away(&mut service);
        service.order(json!(["flip", 2_000]));
        is_asked_again(&mut service);
        watch.signal(signal);
        assert_eq!(watch.wait().code(), Some(0), "{signal:?}");
    }
}
