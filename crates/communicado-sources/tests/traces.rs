//! What came off a real bus, played to the decoder without one, and what must come of it.
//!
//! Each case is two files: what a real client sent (`NAME.trace`) and what `communicado watch
//! --json` told beside it (`NAME.told`). `cargo xtask traces` records them.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::Path;

use communicado_sources::trace;
use communicado_wire::Client;

/// What a listener is told, but for when.
fn timeless(client: &Client) -> String {
    let accounts = client.accounts.iter().map(|account| {
        format!(
            "{} {} {} {:?} {:?} {:?} {:?}",
            account.account,
            account.protocol,
            account.status.word(),
            account.availability,
            account.activity,
            account.raw,
            account.reason
        )
    });
    format!(
        "{} {} {:?} {:?} {:?} {:?} {:?} before {:?} [{}]",
        client.client,
        client.status.word(),
        client.availability,
        client.activity,
        client.raw,
        client.reason,
        client.saved,
        client.before,
        accounts.collect::<Vec<_>>().join(", ")
    )
}

#[test]
fn every_recorded_trace_leads_to_what_was_told_beside_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/traces");
    let mut played = 0;
    for entry in fs::read_dir(&folder).expect("the folder of traces is there") {
        let path = entry.expect("the folder can be read").path();
        if path.extension().is_none_or(|extension| extension != "trace") {
            continue;
        }
        let name = path.display();
        let recorded = fs::read_to_string(&path).expect("a trace can be read");
        let told = fs::read_to_string(path.with_extension("told")).expect("what was told is there");
        let told: Vec<String> = told
            .lines()
            .map(|line| {
                timeless(&Client::from_json(line).unwrap_or_else(|e| panic!("{name}: {e}")))
            })
            .collect();
        let played_back = trace::play(&recorded).unwrap_or_else(|e| panic!("{name}: {e}"));
        let played_back: Vec<String> = played_back.iter().map(|client| timeless(client)).collect();
        assert_eq!(played_back, told, "{name}");
        played += 1;
    }
    assert!(played >= 15, "only {played} traces were found in {}", folder.display());
}

#[test]
fn what_is_no_trace_is_refused_with_the_line() {
    let check = |trace: &str, expected: &str| {
        let error = trace::play(trace).expect_err(trace).to_string();
        assert!(error.contains(expected), "{error}");
    };
    check("nonsense", "line 1 of the trace");
    check("{}", "`at` is no number");
    check(r#"{"at":1,"begin":true}"#, "not two spans");
    check(r#"{"at":1}"#, "neither a signal");
    check("{\"at\":1,\"begin\":[9,9]}\n{\"at\":1,\"signal\":\"Quitting\"}", "line 2");
    check(r#"{"at":1,"answer":"PurpleCoreGetUi","about":"x"}"#, "`about` is no handle");
    let signal = |signature: &str, args: &str| {
        format!(
            r#"{{"at":1,"signal":"Quitting","from":":1.1","signature":"{signature}","args":{args}}}"#
        )
    };
    check(&signal("i", r#"["x"]"#), "do not fit `i`");
    check(&signal("zz", "[]"), "the signature `zz` is not known");
    check(r#"{"at":1,"signal":"ReceivedImMsg","from":":1.1"}"#, "not listened to");
    check(r#"{"at":1,"signal":"Quitting","from":"not a name"}"#, "line 1");
}
