//! Signals: floods, invalid ones, and ones from other programs.

use communicado_conformance::{TestSession, Watch, within};
use serde_json::json;

use crate::service::{AVAILABLE, NAMED, Service, memory_max, run, watch};

/// The limit includes the debug build's 14 MB at rest. The release build needs less than half.
const MEMORY_MAX: u64 = 32 * 1024;

#[track_caller]
fn signed_in(session: &TestSession) -> Watch {
    let mut watch = watch(session);
    watch.expect_all_absent();
    watch.expect(NAMED, &[AVAILABLE]);
    watch
}

#[track_caller]
fn signs_off(service: &mut Service, watch: &mut Watch) {
    service.tell("sign_off");
    watch.expect(NAMED, &["signed-out saved=available"]);
}

#[track_caller]
fn is_bounded(watch: &Watch) {
    let memory = memory_max(watch.id());
    assert!(memory < MEMORY_MAX, "{memory} kB");
}

#[test]
fn every_change_of_a_flood_is_reported_in_order_with_few_queries() {
    let mut session = TestSession::new();
    let mut service = Service::sane(&mut session);
    let mut watch = signed_in(&session);
    service.order(json!(["change_status", 11, "away", 5]));
    watch.expect(NAMED, &["signed-in away/away saved=available"]);
    let asked = service.asked();
    for _ in 0..50 {
        // Small batches, so that a busy machine does not make the reader slow.
        service.order(json!(["flip", 100]));
        for _ in 0..50 {
            watch.expect(NAMED, &[AVAILABLE, "signed-in away/away saved=available"]);
        }
    }
    let asked = service.asked() - asked;
    assert!(asked < 1000, "{asked} questions");
    is_bounded(&watch);
    signs_off(&mut service, &mut watch);
    watch.end();
}

#[test]
fn signals_with_wrong_arguments_change_nothing() {
    let mut session = TestSession::new();
    let mut service = Service::sane(&mut session);
    let mut watch = signed_in(&session);
    for member in ["AccountSignedOn", "AccountSignedOff", "AccountStatusChanged", "Quitting"] {
        if member != "Quitting" {
            service.order(json!(["flood", 500, member, "s", "nonsense"]));
            service.order(json!(["flood", 500, member, ""]));
            service.order(json!(["flood", 500, member, "a{sv}", {}]));
        }
        // An account that does not exist.
        if member == "AccountSignedOff" {
            service.order(json!(["flood", 500, member, "i", 77]));
        }
    }
    service.order(json!(["emit", "SavedstatusChanged", "ss", "a", "b"]));
    service.order(json!(["emit", "AccountConnectionError", "iis", 77, -1, "\u{202e}\n"]));
    service.order(json!(["emit", "NoSuchSignal", "i", 1]));
    is_bounded(&watch);
    signs_off(&mut service, &mut watch);
    watch.end();
}

#[test]
fn a_flood_from_a_client_that_never_answers_is_bounded() {
    let mut session = TestSession::new();
    let mut service = Service::sane(&mut session);
    let mut watch = signed_in(&session);
    let asked = service.asked();
    service.behave("silence");
    service.order(json!(["flood", 50_000, "AccountStatusChanged", "iii", 1, 10, 10]));
    service.order(json!(["flood", 50_000, "AccountSignedOn", "i", 1]));
    service.order(json!(["flood", 50_000, "AccountAdded", "i", 5]));
    watch.expect(NAMED, &["unknown reason=not-responding"]);
    assert!(service.asked() - asked < 100, "{} questions", service.asked() - asked);
    is_bounded(&watch);
    service.behave("sane");
    watch.expect(NAMED, &[AVAILABLE]);
    watch.end();
}

#[test]
fn more_statuses_than_can_be_remembered_do_not_leave_a_stale_one() {
    let mut session = TestSession::new();
    let mut service = Service::sane(&mut session);
    let mut watch = signed_in(&session);
    service.order(json!(["new_statuses", 6000]));
    let last = "signed-in away/status-5999 saved=available";
    // The number of lines in between depends on the timing.
    within("the latest status is printed", || {
        let status = run(&session, &["status", "--client", NAMED, "--format", "{{raw}}"]);
        (status.out == "status-5999\n").then_some(())
    });
    watch.expect_eventually(NAMED, last);
    is_bounded(&watch);
    signs_off(&mut service, &mut watch);
    watch.end();
}

#[test]
fn signals_of_other_programs_are_ignored() {
    let mut session = TestSession::new();
    let mut service = Service::sane(&mut session);
    let mut watch = signed_in(&session);
    let path = "/im/pidgin/purple/PurpleObject";
    for member in ["AccountSignedOff", "AccountDisabled", "AccountRemoved", "Quitting"] {
        let signal = format!("im.pidgin.purple.PurpleInterface.{member}");
        session.bus().emit(path, &signal, &["int32:1"]);
    }
    let mut stranger = Service::start(&mut session);
    stranger.order(json!(["flood", 20_000, "AccountSignedOff", "i", 1]));
    stranger.order(json!(["flood", 20_000, "Quitting", ""]));
    is_bounded(&watch);
    assert_eq!(stranger.asked(), 0, "communicado queries no other program");
    signs_off(&mut service, &mut watch);
    watch.end();
}

#[test]
fn a_forged_change_of_a_name_owner_is_ignored() {
    let mut session = TestSession::new();
    let mut service = Service::sane(&mut session);
    let mut watch = signed_in(&session);
    let name = "string:im.pidgin.purple.PurpleService";
    for new in ["string:", "string::1.999"] {
        let signal = "org.freedesktop.DBus.NameOwnerChanged";
        session.bus().emit("/org/freedesktop/DBus", signal, &[name, "string::1.1", new]);
    }
    signs_off(&mut service, &mut watch);
    watch.end();
}

#[test]
fn a_program_queued_for_the_name_is_a_separate_client() {
    let mut session = TestSession::new();
    let mut first = Service::sane(&mut session);
    let mut watch = signed_in(&session);
    let mut second = Service::sane(&mut session);
    // Communicado sees a queued program only when it sends something.
    second.order(json!(["emit", "AccountSignedOn", "i", 1]));
    watch.expect("strange-ui-2", &["starting", AVAILABLE]);
    signs_off(&mut first, &mut watch);
    drop(first);
    watch.expect(NAMED, &["absent"]);
    second.tell("sign_off");
    watch.expect("strange-ui-2", &["signed-out saved=available"]);
    watch.end();
}
