//! Traces of real clients, replayed without a bus.
//!
//! Each case has two files: the messages of a real client (`NAME.trace`) and the simultaneous
//! output of `communicado watch --json` (`NAME.expected`). `cargo xtask traces` records them.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::Path;

use communicado_sources::trace;
use communicado_wire::Client;

/// A client without its times.
fn without_times(client: &Client) -> String {
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
fn every_trace_replays_to_the_recorded_output() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/traces");
    let mut count = 0;
    for entry in fs::read_dir(&folder).expect("the folder of traces exists") {
        let path = entry.expect("the folder is readable").path();
        if path.extension().is_none_or(|extension| extension != "trace") {
            continue;
        }
        let name = path.display();
        let recorded = fs::read_to_string(&path).expect("the trace is readable");
        let expected = fs::read_to_string(path.with_extension("expected"));
        let expected: Vec<String> = expected
            .expect("the recorded output is readable")
            .lines()
            .map(|line| {
                without_times(&Client::from_json(line).unwrap_or_else(|e| panic!("{name}: {e}")))
            })
            .collect();
        let replayed = trace::replay(&recorded).unwrap_or_else(|e| panic!("{name}: {e}"));
        let replayed: Vec<String> = replayed.iter().map(|client| without_times(client)).collect();
        assert_eq!(replayed, expected, "{name}");
        count += 1;
    }
    assert!(count >= 15, "only {count} traces in {}", folder.display());
}

#[test]
fn an_invalid_trace_is_refused_with_its_line() {
    let check = |trace: &str, expected: &str| {
        let error = trace::replay(trace).expect_err(trace).to_string();
        assert!(error.contains(expected), "{error}");
    };
    check("nonsense", "trace line 1");
    check("{}", "`at` is not a number");
    check(r#"{"at":1,"begin":true}"#, "not two durations");
    check(r#"{"at":1}"#, "expected a signal");
    check("{\"at\":1,\"begin\":[9,9]}\n{\"at\":1,\"signal\":\"Quitting\"}", "line 2");
    check(r#"{"at":1,"answer":"PurpleCoreGetUi","about":"x"}"#, "`about` is not a handle");
    let signal = |signature: &str, args: &str| {
        format!(
            r#"{{"at":1,"signal":"Quitting","from":":1.1","signature":"{signature}","args":{args}}}"#
        )
    };
    check(&signal("i", r#"["x"]"#), "do not fit `i`");
    check(&signal("zz", "[]"), "unknown signature `zz`");
    check(r#"{"at":1,"signal":"ReceivedImMsg","from":":1.1"}"#, "does not subscribe");
    check(r#"{"at":1,"signal":"Quitting","from":"not a name"}"#, "line 1");
}
