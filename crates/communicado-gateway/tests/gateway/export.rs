//! `people export` beside a running gateway, a stopped one, and NATS.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cluster::Nats;
use crate::fixture::{Gateway, program};

fn export(gateway: &Gateway, file: &Path) -> Output {
    gateway.command(&["people", "export", file.to_str().unwrap()])
}

#[track_caller]
fn succeeds(output: &Output, text: &str) {
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), text);
}

/// Adds two people and exports them to a file, and returns its text.
fn exported(gateway: &Gateway, file: &Path) -> String {
    let ada = json!({"id": "ada", "name": "Ada \"L\" Zoë", "groups": ["london", "maths"],
        "sign_in": ["Ada@Example.org"]});
    gateway.request("POST", "/v1/people", Some(&ada)).expect_json(201);
    gateway.add("bob", &[]);
    gateway.publish("bob", "laptop", "busy");
    succeeds(&export(gateway, file), "exported 2\n");
    let text = fs::read_to_string(file).unwrap();
    let people: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(people, json!([ada, {"id": "bob", "name": "bob", "groups": [], "sign_in": []}]));
    text
}

#[test]
fn people_move_to_another_gateway_while_both_run_or_neither() {
    let folder = TempDir::new().unwrap();
    let (mut one, mut other) = (Gateway::start(), Gateway::start());
    let file = folder.path().join("people.json");
    let text = exported(&one, &file);
    let import = ["people", "import", file.to_str().unwrap()];
    succeeds(&other.command(&import), "added 2\nchanged 0\n");
    succeeds(&other.command(&["people", "export", "-"]), &text);
    one.stop();
    other.stop();
    succeeds(&one.command(&["people", "export", "-"]), &text);
    succeeds(&other.command(&import), "added 0\nchanged 2\n");
    succeeds(&other.command(&["people", "export", "-"]), &text);
}

#[test]
fn an_exported_file_is_private_and_replaces_no_other() {
    let gateway = Gateway::start();
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("people.json");
    let mut command = Command::new("sh");
    command.args(["-c", "umask 000; exec \"$@\"", "sh"]).arg(program());
    command.args(["people", "export"]).arg(&file).arg("--data").arg(gateway.folder());
    succeeds(&command.output().unwrap(), "exported 0\n");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let before = fs::read(&file).unwrap();
    let missing = folder.path().join("missing/people.json");
    for path in [&file, &missing] {
        let output = export(&gateway, path);
        assert_eq!(output.status.code(), Some(5), "{output:?}");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(errors.contains("cannot write") && errors.contains("help: "), "{errors}");
    }
    assert_eq!(fs::read(&file).unwrap(), before);
    assert_eq!(folder.path().read_dir().unwrap().count(), 1);
}

#[test]
fn a_damaged_store_exports_nothing() {
    let mut gateway = Gateway::start();
    gateway.stop();
    fs::write(gateway.folder().join("gateway.sqlite"), vec![b'x'; 8192]).unwrap();
    let folder = TempDir::new().unwrap();
    let output = export(&gateway, &folder.path().join("people.json"));
    assert_eq!(output.status.code(), Some(5), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("damaged"), "{output:?}");
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
}

#[test]
fn the_people_of_a_bucket_are_exported_with_and_without_a_gateway() {
    let nats = Nats::start();
    let mut gateway = nats.gateway_with(None, &[]);
    let folder = TempDir::new().unwrap();
    let text = exported(&gateway, &folder.path().join("people.json"));
    gateway.stop();
    succeeds(&gateway.command(&["people", "export", "-"]), &text);
}
