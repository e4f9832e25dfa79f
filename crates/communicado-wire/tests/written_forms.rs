//! The stability of the JSON: golden files stay readable, and are written unchanged.

use std::collections::BTreeSet;

use communicado_wire::journal::Entry;
use communicado_wire::{Account, Client, Status};

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.is_empty())
}

#[test]
fn every_golden_client_is_read_and_written_unchanged() {
    for line in lines(include_str!("golden/clients-v1.jsonl")) {
        let client = Client::from_json(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(client.to_json(), line);
    }
}

#[test]
fn the_lists_of_keys_are_complete() {
    fn keys(value: &serde_json::Value) -> BTreeSet<&str> {
        value.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect()
    }
    let golden = lines(include_str!("golden/clients-v1.jsonl"));
    let clients = golden.map(|line| Client::from_json(line).expect(line));
    let mut client = clients.into_iter().find(|it| !it.accounts.is_empty()).unwrap();
    (client.missed, client.before) = (1, Some(None));
    client.accounts[0].name = Some("Alice".into());
    let written = serde_json::to_value(&client).unwrap();
    assert_eq!(keys(&written), BTreeSet::from_iter(Client::KEYS.iter().copied()));
    assert_eq!(keys(&written["accounts"][0]), BTreeSet::from_iter(Account::KEYS.iter().copied()));
}

#[test]
fn a_client_without_the_key_note_has_no_note() {
    for line in lines(include_str!("golden/clients-v1.jsonl")) {
        let former = line.replace(r#""note":null,"#, "").replace(r#""note":"back at two","#, "");
        assert!(former != line && !former.contains("note"), "{line}");
        let client = Client::from_json(&former).expect(&former);
        assert!(client.accounts.iter().all(|account| account.note.is_none()));
        assert_eq!(client.note, None);
    }
}

#[test]
fn every_golden_journal_entry_is_read_and_written_unchanged() {
    for line in lines(include_str!("golden/journal-v1.jsonl")) {
        let entry = Entry::from_json(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(entry.to_json(), line);
    }
}

#[test]
fn an_invalid_client_is_an_error_with_the_reason() {
    let golden = include_str!("golden/clients-v1.jsonl");
    let line = lines(golden).next().expect("the golden file has a line");
    let check = |from: &str, to: &str, expected: &str| {
        assert!(line.contains(from), "{from}");
        let error = Client::from_json(&line.replacen(from, to, 1)).expect_err(to).to_string();
        assert!(error.contains(expected), "{error}");
    };
    check(r#""v":1"#, r#""v":2"#, "unsupported version 2");
    check(r#""status":"signed-in""#, r#""status":"online""#, "unknown variant `online`");
    check(
        r#""availability":"away""#,
        r#""availability":"Away""#,
        "`Away` is not a valid availability",
    );
    check(r#""client":"#, r#""app":"#, "unknown field `app`");
    check(r#""revision":7"#, r#""revision":-7"#, "invalid value");
    check(r#""at":"20"#, r#""at":"yesterday 20"#, "is not a time");
}

#[test]
fn an_invalid_journal_entry_is_an_error_with_the_reason() {
    let check = |line: &str, expected: &str| {
        let error = Entry::from_json(line).expect_err(line).to_string();
        assert!(error.contains(expected), "{error}");
    };
    check("", "EOF");
    check("{}", "expected value");
    check(r#"{"seen":1}"#, "unknown variant `seen`");
    check(r#"{"lost":{"at":1,"source":70000}}"#, "invalid value");
    let observed = |fact: &str| {
        format!(r#"{{"observed":{{"at":1,"made":1,"source":0,"client":0,"link":1,{fact}}}}}"#)
    };
    check(&observed(r#""life":{"is":"unknown"}"#), "an unknown life needs a `reason`");
    check(&observed(r#""life":{"is":"absent","reason":"source-lost"}"#), "only an unknown life");
    check(&observed(r#""account":{"id":0,"is":"signed-in"}"#), "if and only if it is signed-in");
    let signed_out = r#""account":{"id":0,"is":"signed-out","note":1}"#;
    check(&observed(signed_out), "a `note` only if it is signed-in");
    check(&observed(r#""account":{"id":0,"is":"asleep"}"#), "unknown variant `asleep`");
    check(&observed(r#""life":{"is":"absent"},"mood":1"#), "mood");
}

#[test]
fn running_differs_from_unknown() {
    assert_eq!(Status::Absent.runs(None), Some(false));
    assert_eq!(Status::SignedOut.runs(Some("network-error")), Some(true));
    assert_eq!(Status::Unknown.runs(Some("not-responding")), Some(true));
    assert_eq!(Status::Unknown.runs(Some("source-lost")), None);
    assert_eq!(Status::Unknown.runs(None), None);
}
