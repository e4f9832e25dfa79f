//! The faults of a script, as another program meets them.

use communicado_conformance::{Must as _, Stage, within};

use crate::provider::{
    ACCOUNT, ACCOUNT_PATH, NAME, PATH, busctl, call, play, property, provide, user,
};

#[test]
fn one_that_refuses_answers_with_an_error_until_it_behaves() {
    let mut stage = Stage::new();
    let _provider = play(&stage, "0s running\n0s refuse\n3s behave\n");
    let error = call(&mut stage, &["SignIn"]).expect_err("it refuses");
    assert!(error.contains("the provider was told to refuse"), "{error}");
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
