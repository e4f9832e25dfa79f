//! The promise of a gateway to strangers, and to its next version: what was written stays
//! readable, and is written the same way again.

use communicado_wire::gateway::{OwnPerson, Person, Publish, stored};

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.is_empty())
}

/// Checks that every line is read and written to the letter.
#[track_caller]
fn check<T, E: std::fmt::Display>(
    golden: &str,
    read: impl Fn(&str) -> Result<T, E>,
    write: impl Fn(&T) -> String,
) {
    assert!(lines(golden).count() > 0, "there are no lines");
    for line in lines(golden) {
        let value = read(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(write(&value), line);
    }
}

#[test]
fn every_golden_person_is_read_and_written_to_the_letter() {
    let golden = include_str!("golden/people-v1.jsonl");
    check(golden, |line| serde_json::from_str::<Person>(line), Person::to_json);
    let golden = include_str!("golden/own-people-v1.jsonl");
    check(golden, |line| serde_json::from_str::<OwnPerson>(line), OwnPerson::to_json);
    // A gateway of version 0.1.0 sends no sign-in names.
    for line in lines(golden) {
        let former = line.replace(r#","sign_in":["ada@example.org"]"#, "");
        assert_ne!(former, line);
        let person = serde_json::from_str::<OwnPerson>(&former).expect(&former);
        assert!(person.sign_in.is_empty());
    }
}

#[test]
fn every_golden_entry_of_a_store_is_read_and_written_to_the_letter() {
    let golden = include_str!("golden/stored-people-v1.jsonl");
    check(golden, stored::Person::from_json, stored::Person::to_json);
    // A store of version 0.1.0 has no notes of clients, and no positions of changes.
    for line in lines(golden) {
        let former = line.replace(r#""note":null,"reason""#, r#""reason""#);
        let former = former.replace(r#""changed":3,"#, "");
        stored::Person::from_json(&former).unwrap_or_else(|error| panic!("{error}: {former}"));
    }
    let golden = include_str!("golden/stored-tokens-v1.jsonl");
    check(golden, stored::Token::from_json, stored::Token::to_json);
}

#[test]
fn what_is_no_publication_is_refused_with_the_reason() {
    let check = |text: &str, expected: &str| {
        let error = Publish::from_json(text.as_bytes()).expect_err(text).to_string();
        assert!(error.contains(expected), "{error}");
    };
    check("", "EOF");
    check(r#"{"v":1,"clients":[]}"#, "lease_ms");
    check(r#"{"v":1,"lease_ms":-1,"clients":[]}"#, "`-1` is not a whole number");
    check(r#"{"v":1,"lease_ms":null,"clients":[]}"#, "`null` is not a number");
    check(r#"{"v":1,"lease_ms":1.5,"clients":[]}"#, "`1.5` is not a whole number");
    check(r#"{"v":1,"lease_ms":1,"clients":[],"mood":1}"#, "mood");
    let whole = Publish::from_json(br#"{"v":1,"lease_ms":6e4,"clients":[]}"#);
    assert_eq!(whole.map(|publish| publish.lease_ms).ok(), Some(60_000));
}
