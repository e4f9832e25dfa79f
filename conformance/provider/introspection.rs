//! The introspection of the provider matches its documentation.

use std::fs;
use std::path::Path;

use communicado_conformance::{ExpectOk as _, TestSession, members};

use crate::provider::{ACCOUNT_PATH, NAME, PATH, busctl, start};

#[test]
fn introspection_and_both_documents_agree() {
    let mut session = TestSession::new();
    let _provider = start(&session, &[]);
    let mut printed = Vec::new();
    for path in [PATH, ACCOUNT_PATH] {
        let xml = busctl(&mut session, &["introspect", "--xml-interface", NAME, path]);
        printed.extend(members(&xml.expect_ok("introspect"), NAME));
    }
    printed.sort();
    printed.dedup();
    let documents = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let xml = fs::read_to_string(documents.join("org.communicado.Provider1.xml"));
    let mut documented = members(&xml.expect_ok("read the XML"), NAME);
    documented.sort();
    assert_eq!(printed, documented);
    assert!(documented.len() > 15, "{documented:#?}");

    let text = fs::read_to_string(documents.join("provider.md")).expect_ok("read provider.md");
    for member in &documented {
        let name = member.split(' ').nth(2).expect_ok("find a name");
        assert!(text.contains(&format!("`{name}`")), "docs/provider.md does not tell of {name}");
    }
}
