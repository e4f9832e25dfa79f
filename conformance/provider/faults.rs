//! Injected faults, as another program sees them.

use std::io::{BufRead as _, BufReader};

use communicado_conformance::{ExpectOk as _, Signal, TestSession, within};
use serde_json::Value;

use crate::provider::{
    ACCOUNT, ACCOUNT_PATH, NAME, PATH, busctl, call, play, property, provide, user,
};

#[test]
fn one_that_refuses_answers_with_an_error_until_it_behaves() {
    let mut session = TestSession::new();
    let _provider = play(&session, "0s running\n0s refuse\n3s behave\n");
    let error = call(&mut session, &["SignIn"]).expect_err("it refuses");
    assert!(error.contains("the active faults refuse all calls"), "{error}");
    let status = ["get-property", NAME, PATH, NAME, "UpAndRunning"];
    assert!(busctl(&mut session, &status).is_err());
    let ended = provide(&session, &["sign-in"]);
    assert_eq!(ended.code, Some(5), "{}", ended.err);
    within("it behaves", || (busctl(&mut session, &status).ok()? == "u 2").then_some(()));
    user(&session, &["sign-in"]);
    assert_eq!(property(&mut session, "Status"), "s \"signed-in\"");
}

#[test]
fn a_delayed_answer_does_not_block_other_callers() {
    let mut session = TestSession::new();
    let _provider = play(&session, "0s running\n0s sign-in\n0s late 7s\n");
    let ended = provide(&session, &["status"]);
    assert_eq!(ended.code, Some(4), "it takes longer than 5 s: {}", ended.err);
    assert!(ended.err.starts_with("error: the provider did not answer within 5 s\n"));
    // busctl waits for 25 s.
    assert_eq!(property(&mut session, "Status"), "s \"signed-in\"");
}

#[test]
fn a_delay_applies_once_to_a_call() {
    let session = TestSession::new();
    let _provider = play(&session, "0s running\n0s sign-in\n0s late 2s\n");
    // It has ten properties, and 5 s for all of them.
    let ended = provide(&session, &["status"]);
    assert_eq!((ended.code, &*ended.out), (Some(0), "signed-in    available\n"), "{}", ended.err);
}

#[test]
fn a_provider_that_refuses_from_the_start_is_visible() {
    let mut session = TestSession::new();
    let _provider = play(&session, "0s refuse\n0s late 100ms\n500ms running\n2s behave\n");
    let read = ["get-property", NAME, ACCOUNT_PATH, ACCOUNT, "Status"];
    within("it behaves", || {
        (busctl(&mut session, &read).ok()? == "s \"signed-out\"").then_some(())
    });
}

#[test]
fn a_slow_reader_blocks_no_client_and_learns_what_it_missed() {
    let session = TestSession::new();
    let (reader, writer) = std::io::pipe().expect_ok("make a pipe");
    let mut script = String::from("0s sign-in\n");
    for _ in 0..5_000 {
        script.push_str("0s set busy\n0s set available\n");
    }
    let file = session.folder().join("flood");
    std::fs::write(&file, script + "0s set away\n").expect_ok("write a script");
    let arguments = ["provide", "--json", "--script", &file.to_string_lossy()];
    let mut provider = session.communicado().start(&arguments, |command| {
        command.stdout(writer);
    });
    within("it answers all the while", || {
        let ended = provide(&session, &["status"]);
        (ended.out == "signed-in    away\n").then_some(())
    });
    provider.signal(Signal::TERM);
    let lines = BufReader::new(reader).lines().map_while(Result::ok);
    let lines: Vec<Value> =
        lines.map(|line| serde_json::from_str(&line).expect_ok("read a line")).collect();
    assert_eq!(provider.wait().code(), Some(0));
    let missed: u64 = lines.iter().filter_map(|line| line["missed"].as_u64()).sum();
    assert_eq!(lines.last().map(|line| &line["status"]), Some(&"shutting-down".into()));
    assert_eq!(lines.len() as u64 + missed, 4 + 10_001 + 3, "every line is there or missed");
    assert!(missed > 0);
}

#[test]
fn a_stale_flag_is_left() {
    let check = |script: &str, is_stale: bool| {
        let mut session = TestSession::new();
        let monitor = session.bus().overhear();
        let mut provider = play(&session, script);
        assert_eq!(provider.wait().code(), Some(0));
        let printed = within("the monitor has seen it go", || {
            let printed = monitor.output();
            let gone = printed.rsplit_once("NameOwnerChanged").expect_ok("find an owner").1;
            let gone = gone.contains(NAME) || printed.matches(NAME).count() > 3;
            gone.then_some(printed)
        });
        let taken_back = printed.contains("variant             uint32 0")
            && printed.contains("string \"UpAndRunning\"");
        assert_eq!(taken_back, !is_stale, "{printed}");
    };
    check("0s running\n500ms quit\n", false);
    check("0s running\n0s stale-flag\n500ms quit\n", true);
}
