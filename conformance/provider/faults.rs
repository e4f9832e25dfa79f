//! The faults of a script, as another program meets them.

use std::io::{BufRead as _, BufReader};

use communicado_conformance::{Must as _, Signal, Stage, within};
use serde_json::Value;

use crate::provider::{
    ACCOUNT, ACCOUNT_PATH, NAME, PATH, busctl, call, play, property, provide, user,
};

#[test]
fn one_that_refuses_answers_with_an_error_until_it_behaves() {
    let mut stage = Stage::new();
    let _provider = play(&stage, "0s running\n0s refuse\n3s behave\n");
    let error = call(&mut stage, &["SignIn"]).expect_err("it refuses");
    assert!(error.contains("the active faults refuse all calls"), "{error}");
    let status = ["get-property", NAME, PATH, NAME, "UpAndRunning"];
    assert!(busctl(&mut stage, &status).is_err());
    let ended = provide(&stage, &["sign-in"]);
    assert_eq!(ended.code, Some(5), "{}", ended.err);
    within("it behaves", || (busctl(&mut stage, &status).ok()? == "u 2").then_some(()));
    user(&stage, &["sign-in"]);
    assert_eq!(property(&mut stage, "Status"), "s \"signed-in\"");
}

#[test]
fn one_that_is_late_answers_and_others_need_not_wait_for_that() {
    let mut stage = Stage::new();
    let _provider = play(&stage, "0s running\n0s sign-in\n0s late 7s\n");
    let ended = provide(&stage, &["status"]);
    assert_eq!(ended.code, Some(4), "it takes longer than 5 s: {}", ended.err);
    assert!(ended.err.starts_with("error: the provider did not answer within 5 s\n"));
    // busctl waits for 25 s.
    assert_eq!(property(&mut stage, "Status"), "s \"signed-in\"");
}

#[test]
fn one_that_is_late_is_so_once_for_all_that_is_asked_in_one_call() {
    let stage = Stage::new();
    let _provider = play(&stage, "0s running\n0s sign-in\n0s late 2s\n");
    // It has ten properties, and 5 s for all of them.
    let ended = provide(&stage, &["status"]);
    assert_eq!((ended.code, &*ended.out), (Some(0), "signed-in    available\n"), "{}", ended.err);
}

#[test]
fn one_that_refuses_from_the_beginning_is_there_all_the_same() {
    let mut stage = Stage::new();
    let _provider = play(&stage, "0s refuse\n0s late 100ms\n500ms running\n2s behave\n");
    let read = ["get-property", NAME, ACCOUNT_PATH, ACCOUNT, "Status"];
    within("it behaves", || (busctl(&mut stage, &read).ok()? == "s \"signed-out\"").then_some(()));
}

#[test]
fn a_reader_that_is_slow_holds_up_no_client_and_learns_what_it_missed() {
    let stage = Stage::new();
    let (reader, writer) = std::io::pipe().must("make a pipe");
    let mut script = String::from("0s sign-in\n");
    for _ in 0..5_000 {
        script.push_str("0s set busy\n0s set available\n");
    }
    let file = stage.folder().join("flood");
    std::fs::write(&file, script + "0s set away\n").must("write a script");
    let arguments = ["provide", "--json", "--script", &file.to_string_lossy()];
    let mut provider = stage.communicado().start(&arguments, |command| {
        command.stdout(writer);
    });
    within("it answers all the while", || {
        let ended = provide(&stage, &["status"]);
        (ended.out == "signed-in    away\n").then_some(())
    });
    provider.signal(Signal::TERM);
    let lines = BufReader::new(reader).lines().map_while(Result::ok);
    let lines: Vec<Value> =
        lines.map(|line| serde_json::from_str(&line).must("read a line")).collect();
    assert_eq!(provider.wait().code(), Some(0));
    let missed: u64 = lines.iter().filter_map(|line| line["missed"].as_u64()).sum();
    assert_eq!(lines.last().map(|line| &line["status"]), Some(&"shutting-down".into()));
    assert_eq!(lines.len() as u64 + missed, 4 + 10_001 + 3, "every line is there or missed");
    assert!(missed > 0);
}

#[test]
fn a_stale_flag_is_not_taken_back() {
    let check = |script: &str, is_stale: bool| {
        let mut stage = Stage::new();
        let monitor = stage.bus().overhear();
        let mut provider = play(&stage, script);
        assert_eq!(provider.wait().code(), Some(0));
        let said = within("the monitor has seen it go", || {
            let said = monitor.output();
            let gone = said.rsplit_once("NameOwnerChanged").must("find an owner").1;
            let gone = gone.contains(NAME) || said.matches(NAME).count() > 3;
            gone.then_some(said)
        });
        let taken_back = said.contains("variant             uint32 0")
            && said.contains("string \"UpAndRunning\"");
        assert_eq!(taken_back, !is_stale, "{said}");
    };
    check("0s running\n500ms quit\n", false);
    check("0s running\n0s stale-flag\n500ms quit\n", true);
}
