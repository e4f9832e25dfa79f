//! Home Assistant, and one of its users, which reads every change.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use communicado_conformance::{ExpectOk as _, Process, Signal, free_port, within_of};
use serde_json::{Value, json};

use crate::START;

/// Home Assistant with its MQTT integration, on a free port.
pub(crate) struct HomeAssistant {
    folder: PathBuf,
    port: u16,
    starts: u32,
    server: Process,
    reader: Process,
}

/// A change of an entity.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    /// Seconds since 1970.
    pub(crate) at: f64,
    pub(crate) entity: String,
    /// The state, or none if the entity was removed.
    pub(crate) state: Option<String>,
}

impl HomeAssistant {
    /// Starts Home Assistant with an account and an entry for the broker at this port.
    pub(crate) fn start(folder: &Path, broker: u16) -> Self {
        Self::with(folder, &entries(broker), "", "")
    }

    /// The same without a broker, with more configuration and these secrets.
    pub(crate) fn configured(folder: &Path, more: &str, secrets: &str) -> Self {
        Self::with(folder, &json!([]), more, secrets)
    }

    fn with(folder: &Path, entries: &Value, more: &str, secrets: &str) -> Self {
        let folder = folder.join("home-assistant");
        let port = free_port();
        fs::create_dir_all(folder.join(".storage")).expect_ok("make a configuration folder");
        let write = |name: &str, text: &str| {
            fs::write(folder.join(name), text).expect_ok("configure Home Assistant");
        };
        write("configuration.yaml", &format!("{CONFIGURATION}  server_port: {port}\n{more}\n"));
        write("secrets.yaml", secrets);
        write("ui-lovelace.yaml", DASHBOARD);
        let entries = json!({
            "version": 1, "minor_version": 5, "key": "core.config_entries",
            "data": { "entries": entries },
        });
        write(".storage/core.config_entries", &entries.to_string());
        let (server, reader) = start(&folder, port, 0);
        Self { folder, port, starts: 0, server, reader }
    }

    /// The address of the user interface.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// An access token of the user.
    pub(crate) fn token(&self) -> String {
        let first = self.lines().into_iter().next().unwrap_or_default();
        first["token"].as_str().expect_ok("find the token").to_owned()
    }

    /// Ends the server with SIGTERM.
    pub(crate) fn stop(&mut self) {
        self.server.signal(Signal::TERM);
        self.server.wait();
    }

    /// Ends the server with SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.server.kill();
    }

    /// Starts the server again, with a new reader.
    pub(crate) fn start_again(&mut self) {
        self.starts += 1;
        (self.server, self.reader) = start(&self.folder, self.port, self.starts);
    }

    /// Calls an action with this data.
    pub(crate) fn act(&self, action: &str, data: &Value) {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--fail-with-body", "--json", &data.to_string()]);
        curl.args(["--header", &format!("Authorization: Bearer {}", self.token())]);
        let done = curl.arg(format!("{}/api/services/{action}", self.url())).output();
        let done = done.expect_ok("start curl");
        assert!(done.status.success(), "{done:?}");
    }

    /// All changes of an entity since the start of this server.
    pub(crate) fn changes(&self, entity: &str) -> Vec<Change> {
        let change = |line: Value| {
            Some(Change {
                at: line["at"].as_f64()?,
                entity: line["entity"].as_str()?.to_owned(),
                state: line["new"].as_str().map(str::to_owned),
            })
        };
        let changes = self.lines().into_iter().filter_map(change);
        changes.filter(|change| change.entity == entity).collect()
    }

    /// The state of an entity, if it exists.
    pub(crate) fn state(&self, entity: &str) -> Option<String> {
        self.changes(entity).pop()?.state
    }

    fn lines(&self) -> Vec<Value> {
        let output = self.reader.output();
        output.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }
}

/// Starts the server and its reader, and waits until the reader has signed in.
fn start(folder: &Path, port: u16, number: u32) -> (Process, Process) {
    let bin =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/peers/home-assistant/python/bin");
    assert!(bin.is_dir(), "{} is missing\n  help: cargo xtask home-assistant", bin.display());
    let program = |name: &str| bin.join(name).to_string_lossy().into_owned();
    let server = Process::start(&format!("server-{number}"), &program("hass"), folder, |command| {
        command.arg("--config").arg(folder).arg("--skip-pip").env("HOME", folder);
    });
    let reader =
        Process::start(&format!("reader-{number}"), &program("python3"), folder, |command| {
            command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/peers/home_assistant.py"));
            command.arg(port.to_string()).arg(folder.join("refresh-token"));
        });
    within_of(START, &format!("Home Assistant starts, see {}", folder.display()), || {
        reader.output().contains("token").then_some(())
    });
    (server, reader)
}

/// The configuration, without the integrations that search the network.
const CONFIGURATION: &str = "homeassistant:\n  name: Home\n  latitude: 0\n  longitude: 0\n  \
                             elevation: 0\n  unit_system: metric\n  time_zone: UTC\n  country: GB\n\
                             frontend:\nlovelace:\n  mode: yaml\nhttp:\n  server_host: 127.0.0.1\n";

/// A dashboard with the card of `docs/home-assistant.md`.
const DASHBOARD: &str = "title: Home\nviews:\n- title: Home\n  cards:\n  - type: entities\n    \
                         title: Presence\n    entities:\n    - sensor.laptop_finch_status\n    \
                         - sensor.laptop_finch_availability\n    \
                         - binary_sensor.laptop_finch_in_call\n";

/// The entries that the steps for MQTT in the user interface create.
fn entries(broker: u16) -> Value {
    let time = "2026-01-01T00:00:00+00:00";
    let entry = json!({
        "domain": "mqtt", "version": 1, "minor_version": 2, "title": "MQTT",
        "data": {
            "broker": "127.0.0.1", "port": broker,
            "discovery": true, "discovery_prefix": "homeassistant",
        },
        "options": {}, "source": "user", "entry_id": "01JQ0000000000000000000000",
        "unique_id": null, "subentries": [], "discovery_keys": {}, "disabled_by": null,
        "pref_disable_new_entities": false, "pref_disable_polling": false,
        "created_at": time, "modified_at": time,
    });
    json!([entry])
}
