//! A client of this computer beside a client of the same name from a program.

use communicado_conformance::TestSession;

use crate::{watch, with_config};

/// A configuration with a program that reports a Finch. The first answer waits for all sources.
fn config(first: &str, last: &str) -> String {
    let line = r#"{"client":"finch","status":"signed-in","raw":"busy","availability":"busy"}"#;
    let run = format!(r#"["sh", "-c", "echo '$0'; exec sleep 100000", '{line}']"#);
    let run = run.replace("'$0'", "\\\"$0\\\"");
    format!(
        "patience = \"1h\"\n{first}[sources.purple]\nother-buses = false\n\
         [sources.lines]\nrun = {run}\n{last}"
    )
}

#[test]
fn a_client_of_another_computer_is_another_client() {
    let session = TestSession::new();
    let config = config("", "clients = [\"finch\"]\n");
    let mut watch = watch(&with_config(&session, &config));
    watch.expect_all_absent();
    watch.expect("finch@lines", &["signed-in busy/busy by lines"]);
    watch.end();
}

#[test]
fn a_merged_client_is_as_the_first_source_says() {
    let session = TestSession::new();
    let merged = "with = [\"finch\"]\n";
    let mut local = watch(&with_config(&session, &config("", merged)));
    local.expect_all_absent();
    local.end();
    let ranks = "ranks = [\"lines\"]\n";
    let mut ranked = watch(&with_config(&session, &config(ranks, merged)));
    ranked.expect_all_absent_but("finch");
    ranked.expect("finch", &["signed-in busy/busy by lines"]);
    ranked.end();
}
