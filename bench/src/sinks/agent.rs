//! An agent with sinks, in a separate home.

use std::fs;
use std::path::{Path, PathBuf};

use communicado_conformance::ExpectOk;

use crate::fixture::{Empty, Follower};
use crate::peers;

/// A home whose user has consented to the sinks.
pub(crate) struct AgentHome(PathBuf);

impl AgentHome {
    /// Makes a home below the folder of the bus, with these sinks.
    pub(crate) fn new(empty: &Empty, name: &str, sinks: &str) -> Result<Self, String> {
        let home = Self(empty.folder().join(name));
        fs::create_dir_all(home.0.join("communicado")).expect_ok("make a home");
        let config = format!("[sources.purple]\nother-buses = false\n{sinks}");
        fs::write(home.0.join("communicado/config.toml"), config).expect_ok("configure the agent");
        for sink in ["mqtt", "webhook"] {
            if sinks.contains(&format!("[sinks.{sink}]")) {
                let mut allow = home.command(empty)?;
                let allowed = allow.args(["allow", sink, "--yes"]).output();
                let allowed = allowed.expect_ok("start communicado");
                if !allowed.status.success() {
                    return Err(format!("`agent allow {sink}` failed"));
                }
            }
        }
        Ok(home)
    }

    /// Starts the agent.
    pub(crate) fn start(&self, empty: &Empty) -> Result<Follower, String> {
        Ok(Follower::start(self.command(empty)?))
    }

    fn command(&self, empty: &Empty) -> Result<std::process::Command, String> {
        let mut command = empty.command(&peers::communicado()?);
        let home: &Path = &self.0;
        for name in ["HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"] {
            command.env(name, home);
        }
        command.arg("agent");
        Ok(command)
    }
}

/// The section of the sink `mqtt` with this broker.
pub(crate) fn mqtt(port: u16) -> String {
    format!("[sinks.mqtt]\nbroker = \"mqtt://127.0.0.1:{port}\"\ndevice = \"bench\"\n")
}

/// The section of the sink `webhook` with this receiver.
pub(crate) fn webhook(port: u16) -> String {
    format!("[sinks.webhook]\nurl = \"http://127.0.0.1:{port}/\"\n")
}
