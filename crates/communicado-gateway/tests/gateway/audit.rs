//! The audit log.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::fixture::{Gateway, program};

/// The fields of the audit lines.
fn audited(log: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(log).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["target"] == "audit").map(|line| line["fields"].clone()).collect()
}

#[test]
fn administration_and_new_addresses_are_in_the_audit_log_without_names() {
    let folder = TempDir::new().unwrap();
    let log = folder.path().join("log");
    let mut gateway = Gateway::with(&["--log", "error", "--trusted-proxy", "127.0.0.1"]);
    gateway.restart_as(Command::new(program()).stderr(std::fs::File::create(&log).unwrap()));
    gateway.add("ada-lovelace", &["london"]);
    let (secret, id) =
        gateway.token(&["read"], &json!({"name": "Ada's", "person": "ada-lovelace"}));
    let read = |secret: &str, address: &str| {
        let authorization = format!("Authorization: Bearer {secret}");
        let address = format!("X-Forwarded-For: {address}");
        gateway.curl("/v1/people", &["-H", &authorization, "-H", &address]).status
    };
    // The second use from an address is no news.
    for address in ["192.0.2.7", "192.0.2.7", "192.0.2.8"] {
        assert_eq!(read(&secret, address), 200);
    }
    let wrong = format!("cmt_{}", "x".repeat(43));
    assert_eq!(read(&wrong, "192.0.2.9"), 401);
    let changed = json!({"name": "Ada Byron"});
    gateway.request("PATCH", "/v1/people/ada-lovelace", Some(&changed)).expect_json(200);
    let revoked = gateway.command(&["tokens", "revoke", &id]);
    assert!(revoked.status.success(), "{revoked:?}");
    gateway.request("DELETE", "/v1/people/ada-lovelace", None).expect_json(204);
    gateway.request("DELETE", "/v1/people/ada-lovelace", None).expect_problem(404);
    gateway.stop();

    let lines = audited(&log);
    let what: Vec<&str> = lines.iter().map(|line| line["what"].as_str().unwrap()).collect();
    let expected = [
        "started",
        "token-used",
        "person-added",
        "token-created",
        "token-used",
        "token-used",
        "sign-in-failed",
        "person-changed",
        "token-revoked",
        "person-removed",
        "stopped",
    ];
    assert_eq!(what, expected, "{lines:?}");
    let used: Vec<&Value> = lines.iter().filter(|line| line["token"] == json!(id)).collect();
    assert_eq!(used[0]["scopes"], "read");
    assert_eq!(
        (&used[1]["address"], &used[2]["address"]),
        (&json!("192.0.2.7"), &json!("192.0.2.8"))
    );
    assert_eq!(lines[6]["address"], "192.0.2.9");
    assert_eq!(used[3]["by"], "operator");
    // People have the same redacted form in each line.
    assert_eq!(lines[2]["person"], lines[9]["person"]);
    assert_eq!(lines[2]["person"], lines[3]["person"]);
    let text = std::fs::read_to_string(&log).unwrap();
    for name in ["ada", "Ada", "cmt_"] {
        assert!(!text.contains(name), "{name}: {text}");
    }
}
