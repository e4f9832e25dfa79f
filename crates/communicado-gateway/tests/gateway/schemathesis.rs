//! Schemathesis: it generates requests from the OpenAPI description and checks the responses.
//!
//! The tests skip `/v1/events` and `/v1/socket`, because a stream does not end. `cargo xtask
//! gateway` installs Schemathesis.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::fixture::{Gateway, peer};

#[test]
fn responses_match_the_openapi_description() {
    check(&gateway(), "", &[]);
}

#[test]
fn responses_match_the_openapi_description_for_an_existing_person() {
    let gateway = gateway();
    gateway.add("ada", &["london"]);
    gateway.publish("ada", "laptop", "busy");
    let badge =
        gateway.request("PATCH", "/v1/people/ada", Some(&json!({"badge": true}))).expect_json(200);
    let badge = badge["badge"].as_str().unwrap();
    let settings = format!(
        "[parameters]\n\"path.pseudonym\" = \"{badge}\"\n\"path.file\" = \"{badge}.svg\"\n\
         \"path.person\" = \"ada\"\n"
    );
    // Schemathesis must not remove a person or revoke a token such as its own.
    let without = ["--exclude-operation-id", "revoke", "--exclude-operation-id", "removePerson"];
    check(&gateway, &settings, &without);
}

/// A gateway with high rate limits.
fn gateway() -> Gateway {
    let rates = ["--requests-per-second", "--wrong-tokens-per-minute"];
    Gateway::with(&["--history", "24h", rates[0], "1000000", rates[1], "1000000"])
}

fn check(gateway: &Gateway, settings: &str, more: &[&str]) {
    let file = gateway.folder().join("schemathesis.toml");
    let auth = format!("[auth.openapi.token]\nbearer = \"{}\"\n{settings}", gateway.token);
    std::fs::write(&file, auth).unwrap();
    let url = format!("{}/v1/openapi.json", gateway.base);
    let output = Command::new(peer("schemathesis"))
        .current_dir(gateway.folder())
        .arg("--config-file")
        .arg(Path::new(&file))
        .args(["run", &url, "--exclude-path", "/v1/events", "--exclude-path", "/v1/socket"])
        .args(["--max-examples", "25", "--continue-on-failure", "--no-color"])
        // The requests are the same in each run, so a failure can be reproduced.
        .args(["--generation-deterministic"])
        .args(more)
        .output()
        .unwrap();
    let [stdout, errors] = [output.stdout, output.stderr];
    let stdout = String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&errors);
    assert!(output.status.success(), "{stdout}");
    assert!(!stdout.contains("Rate limited"), "{stdout}");
}
