//! The alerts and the dashboard beside `promtool` and the metrics of a running gateway.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::fixture::{Events, Gateway};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("dist/monitoring").join(name)
}

#[track_caller]
fn promtool(arguments: &[&str], path: &Path) {
    let run = Command::new("promtool").args(arguments).arg(path).output();
    let output = run.expect("promtool\n  help: cargo xtask peers");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

/// The queries of the panels of the dashboard.
fn queries() -> Vec<String> {
    let dashboard = fs::read_to_string(file("dashboard.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&dashboard).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap());
    targets.map(|target| target["expr"].as_str().unwrap().to_owned()).collect()
}

/// The names of metrics of the gateway in a text.
fn names(text: &str) -> BTreeSet<&str> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let words = text.split(|letter| !is_part(letter));
    words.filter(|word| word.starts_with("communicado_gateway_")).collect()
}

#[test]
fn promtool_accepts_the_alerts_and_each_alert_fires_for_its_cause_alone() {
    promtool(&["check", "rules"], &file("alerts.yml"));
    promtool(&["test", "rules"], &file("alerts.test.yml"));
    let alerts = fs::read_to_string(file("alerts.yml")).unwrap();
    let tests = fs::read_to_string(file("alerts.test.yml")).unwrap();
    for alert in alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")) {
        assert!(tests.contains(&format!("alertname=\"{alert}\"")), "{alert} has no test");
    }
}

#[test]
fn promtool_accepts_the_documented_configuration() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operations.md");
    let page = fs::read_to_string(page).unwrap();
    let block = page.split_once("```yaml\n").and_then(|(_, rest)| rest.split_once("```"));
    let folder = tempfile::TempDir::new().unwrap();
    fs::copy(file("alerts.yml"), folder.path().join("alerts.yml")).unwrap();
    let path = folder.path().join("prometheus.yml");
    fs::write(&path, block.expect("a block `yaml`").0).unwrap();
    promtool(&["check", "config"], &path);
}

#[test]
fn prometheus_can_evaluate_each_query_of_the_dashboard() {
    let rules: Vec<Value> = (0..)
        .zip(queries())
        .map(|(number, query)| {
            let query = query.replace("$__rate_interval", "5m");
            json!({"record": format!("panel:{number}"), "expr": query})
        })
        .collect();
    assert!(rules.len() > 5, "{rules:?}");
    let groups = json!({"groups": [{"name": "dashboard", "rules": rules}]});
    let path = tempfile::NamedTempFile::new().unwrap();
    // YAML contains JSON.
    fs::write(path.path(), groups.to_string()).unwrap();
    promtool(&["check", "rules"], path.path());
}

#[test]
fn the_alerts_and_the_dashboard_name_only_metrics_that_the_gateway_has() {
    let gateway = Gateway::start();
    gateway.add("ada", &[]);
    let mut events = Events::of(&gateway, &gateway.token, "", "");
    events.expect_event("snapshot");
    gateway.publish("ada", "laptop", "busy");
    let metrics = gateway.curl("/metrics", &[]).body;
    let samples = metrics.lines().filter(|line| !line.starts_with('#'));
    let samples: BTreeSet<&str> = samples.flat_map(names).collect();
    let alerts = fs::read_to_string(file("alerts.yml")).unwrap();
    let queries = queries().join("\n");
    let used: BTreeSet<&str> = names(&alerts).union(&names(&queries)).copied().collect();
    assert!(used.len() > 5, "{used:?}");
    let missing: Vec<_> = used.difference(&samples).collect();
    assert!(missing.is_empty(), "{missing:?}\n{metrics}");
    for label in ["status=\"2xx\"", "transport=\"sse\""] {
        assert!(metrics.contains(label), "{label}: {metrics}");
    }
}
