//! `people import`: files of spreadsheets and programs, with and without a running gateway.

use std::process::Output;

use serde_json::{Value, json};

use crate::fixture::Gateway;
use crate::foreign_clients::script;

fn import(gateway: &Gateway, content: &str) -> Output {
    let file = gateway.folder().join("people");
    std::fs::write(&file, content).unwrap();
    gateway.command(&["people", "import", file.to_str().unwrap()])
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The name, the groups and the sign-in names of a person.
fn parts(gateway: &Gateway, id: &str) -> [Value; 3] {
    let person = gateway.get(&format!("/v1/people/{id}"));
    ["name", "groups", "sign_in"].map(|key| person[key].clone())
}

#[test]
fn a_file_adds_people_and_changes_only_what_it_states() {
    let mut gateway = Gateway::start();
    gateway.add("bob", &["boston"]);
    let csv = "id,name,sign_in\nada,\"Lovelace, Ada\",ada@example.org; A.Lovelace@example.org\n\
               bob,Bob,bob@example.org\n";
    let output = import(&gateway, csv);
    assert_eq!(text(&output.stdout), "added 1\nchanged 1\n", "{output:?}");
    let names = json!(["A.Lovelace@example.org", "ada@example.org"]);
    assert_eq!(parts(&gateway, "ada"), [json!("Lovelace, Ada"), json!([]), names.clone()]);
    let own = [json!("Bob"), json!(["boston"]), json!(["bob@example.org"])];
    assert_eq!(parts(&gateway, "bob"), own);
    // Without a running gateway the command works on the store.
    gateway.stop();
    let output =
        import(&gateway, r#"[{"id":"ada","groups":["london"]},{"id":"bob","sign_in":[]}]"#);
    assert_eq!(text(&output.stdout), "added 0\nchanged 2\n", "{output:?}");
    gateway.restart();
    assert_eq!(parts(&gateway, "ada"), [json!("Lovelace, Ada"), json!(["london"]), names]);
    assert_eq!(parts(&gateway, "bob"), [json!("Bob"), json!(["boston"]), json!([])]);
}

#[test]
fn the_file_of_the_documentation_imports_as_pasted() {
    let gateway = Gateway::start();
    let guide = std::fs::read_to_string(script("../../../../docs/gateway.md")).unwrap();
    let file = guide.split("```csv\n").nth(1).and_then(|rest| rest.split("```").next());
    let output = import(&gateway, file.expect("a CSV file in the documentation"));
    assert_eq!(text(&output.stdout), "added 2\nchanged 0\n", "{output:?}");
    let [name, groups, sign_in] = parts(&gateway, "ada");
    assert_eq!((name, groups), (json!("Ada Lovelace"), json!(["london", "research"])));
    assert_eq!(sign_in, json!(["Ada.Lovelace@example.org", "ada@example.org"]));
    assert_eq!(parts(&gateway, "bob")[0], "Noyce, Bob");
}

#[test]
fn a_malformed_file_changes_nobody_and_a_refused_person_is_named() {
    let gateway = Gateway::start();
    let output = import(&gateway, "id,name\nada,Ada\nbob\n");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let errors = text(&output.stderr);
    assert!(errors.contains("no person was changed") && errors.contains("line: 3"), "{errors}");
    assert_eq!(gateway.get("/v1/people")["people"], json!([]));
    // Two people cannot have one sign-in name.
    let twice = "id,sign_in\nada,same@example.org\nbob,SAME@example.org\ncarol,c@example.org\n";
    let output = import(&gateway, twice);
    assert_eq!(output.status.code(), Some(5), "{output:?}");
    let errors = text(&output.stderr);
    for part in ["`bob`", "the person before was imported", "import the same file again"] {
        assert!(errors.contains(part), "{part}: {errors}");
    }
    let output = import(&gateway, &twice.replace("SAME", "bob"));
    assert_eq!(text(&output.stdout), "added 2\nchanged 1\n", "{output:?}");
    let missing = gateway.command(&["people", "import", "/nonexistent"]);
    assert!(text(&missing.stderr).contains("cannot read /nonexistent"), "{missing:?}");
}
