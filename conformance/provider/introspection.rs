//! The introspection of the provider matches its documentation.

use std::fs;
use std::path::Path;

use communicado_conformance::{ExpectOk as _, TestSession};

use crate::provider::{ACCOUNT_PATH, NAME, PATH, busctl, start};

#[test]
fn introspection_and_both_documents_agree() {
    let mut session = TestSession::new();
    let _provider = start(&session, &[]);
    let mut printed = Vec::new();
    for path in [PATH, ACCOUNT_PATH] {
        let xml = busctl(&mut session, &["introspect", "--xml-interface", NAME, path]);
        printed.extend(members(&xml.expect_ok("introspect")));
    }
    printed.sort();
    printed.dedup();
    let documents = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let xml = fs::read_to_string(documents.join("org.communicado.Provider1.xml"));
    let mut documented = members(&xml.expect_ok("read the XML"));
    documented.sort();
    assert_eq!(printed, documented);
    assert!(documented.len() > 15, "{documented:#?}");

    let text = fs::read_to_string(documents.join("provider.md")).expect_ok("read provider.md");
    for member in &documented {
        let name = member.split(' ').nth(2).expect_ok("find a name");
        assert!(text.contains(&format!("`{name}`")), "docs/provider.md does not tell of {name}");
    }
}

/// The members of our interfaces, a line each: interface, kind, name and arguments.
fn members(xml: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut interface = String::new();
    for tag in xml.split('<').skip(1) {
        let tag = tag.split('>').next().unwrap_or_default().trim_end_matches('/');
        let name = attribute(tag, "name");
        match tag.split_whitespace().next() {
            Some("interface") => interface = name,
            Some(kind @ ("method" | "property" | "signal")) if interface.starts_with(NAME) => {
                let more = ["type", "access"].map(|key| attribute(tag, key)).join(" ");
                found.push(format!("{interface} {kind} {name} {more}").trim_end().to_owned());
            }
            Some("arg" | "annotation") if interface.starts_with(NAME) => {
                let keys = ["type", "direction", "value"];
                let more = keys.map(|key| attribute(tag, key)).join(" ");
                let last = found.last_mut().expect_ok("find what an argument belongs to");
                last.push_str(&format!(" | {name} {}", more.trim()));
            }
            _ => {}
        }
    }
    found
}

fn attribute(tag: &str, key: &str) -> String {
    let value = tag.split(&format!(" {key}=\"")).nth(1).and_then(|rest| rest.split('"').next());
    value.unwrap_or_default().to_owned()
}

#[test]
fn a_member_that_is_another_one_is_noticed() {
    let xml = "<interface name=\"org.communicado.Provider1\"><method name=\"A\">\
               <arg name=\"b\" type=\"s\" direction=\"in\"/></method></interface>";
    assert_eq!(members(xml), ["org.communicado.Provider1 method A | b s in"]);
    let other = members(&xml.replace("type=\"s\"", "type=\"u\""));
    assert_ne!(members(xml), other);
}
