//! What was chosen outlives a run, however that ends.

use communicado_conformance::{Signal, Stage};

use crate::provider::{provide, start, user};

#[track_caller]
fn says(stage: &Stage, expected: &str) {
    let ended = provide(stage, &["status"]);
    assert_eq!((ended.code, ended.out.trim_end()), (Some(0), expected), "{}", ended.err);
}

#[test]
fn what_was_chosen_outlives_every_end() {
    let stage = Stage::new();
    let mut provider = start(&stage, &["--remember"]);
    says(&stage, "signed-out");
    user(&stage, &["sign-in"]);
    user(&stage, &["set", "away", "--note", "back at four"]);
    provider.signal(Signal::TERM);
    assert_eq!(provider.wait().code(), Some(0));

    let mut provider = start(&stage, &["--remember"]);
    says(&stage, "signed-in    away, \"back at four\"");
    user(&stage, &["set", "busy", "--for", "1h"]);
    provider.kill();

    let mut provider = start(&stage, &["--remember"]);
    let ended = provide(&stage, &["status"]);
    assert!(ended.out.starts_with("signed-in    busy, until "), "{}", ended.out);
    user(&stage, &["set", "available"]);
    user(&stage, &["sign-out"]);
    provider.kill();

    let _provider = start(&stage, &["--remember"]);
    says(&stage, "signed-out");
}

#[test]
fn without_the_wish_nothing_is_kept() {
    let stage = Stage::new();
    let mut provider = start(&stage, &["--sign-in"]);
    user(&stage, &["set", "away"]);
    provider.kill();
    let _provider = start(&stage, &[]);
    says(&stage, "signed-out");
    assert!(!stage.folder().join("communicado/state/communicado").exists());
}
