//! Those who play in the demo: two children of this program, and what they write.

use std::process::Stdio;
use std::time::Duration;

use communicado_runtime::{Clock as _, SystemClock};
use communicado_sources::session_bus::within;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::failure::{Failure, Outcome};

/// Nothing in the demo takes longer, or something is wrong.
const PATIENCE: Duration = Duration::from_secs(10);

/// One of them. It is killed when it is dropped, and ends by itself once its bus is gone.
pub(super) struct Player {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    /// What it is called when something is wrong.
    name: &'static str,
}

impl Player {
    /// The provider, playing this script.
    pub(super) async fn provider(bus: &str, script: &str) -> Result<Self, Failure> {
        let arguments = ["provide", "--account", "ada@example.com", "--name", "Ada Lovelace"];
        let script_too = ["--json", "--script", "-"];
        let mut player = Self::start("the provider", bus, &[&arguments[..], &script_too].concat())?;
        if let Some(mut input) = player.child.stdin.take() {
            let written = input.write_all(script.as_bytes()).await;
            written.map_err(|error| player.failed(&error.to_string()))?;
        }
        Ok(player)
    }

    /// A `watch` of the provider, and of nothing else.
    pub(super) fn watch(bus: &str) -> Result<Self, Failure> {
        // The reader's own configuration has no part in it.
        let arguments = ["watch", "--json", "--config", "/dev/null"];
        let only =
            ["--set", "sources.purple.enabled=false", "--set", "sources.provider.clients=provider"];
        Self::start("the watcher", bus, &[&arguments[..], &only].concat())
    }

    fn start(name: &'static str, bus: &str, arguments: &[&str]) -> Result<Self, Failure> {
        let cannot = |error: std::io::Error| {
            Failure::new(Outcome::Failed, format!("{name} cannot be started")).because(error)
        };
        let mut command = Command::new(std::env::current_exe().map_err(cannot)?);
        command.args(arguments).env_clear().env("DBUS_SESSION_BUS_ADDRESS", bus);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.kill_on_drop(true).spawn().map_err(cannot)?;
        let Some(output) = child.stdout.take() else {
            return Err(Failure::new(Outcome::Failed, format!("{name} has no output")));
        };
        Ok(Self { child, lines: BufReader::new(output).lines(), name })
    }

    /// The next line that it writes.
    pub(super) async fn line(&mut self) -> Result<String, Failure> {
        let clock = SystemClock::start();
        match within(&clock, clock.now().after(PATIENCE), self.lines.next_line()).await {
            Some(Ok(Some(line))) => Ok(line),
            Some(Ok(None)) => Err(self.failed("it has ended")),
            Some(Err(error)) => Err(self.failed(&error.to_string())),
            None => Err(self.failed("it wrote nothing for 10 s")),
        }
    }

    /// Kills it, as `kill -9` does.
    pub(super) fn kill(&mut self) -> Result<(), Failure> {
        self.child.start_kill().map_err(|error| self.failed(&error.to_string()))
    }

    /// Waits until it is gone.
    pub(super) async fn gone(&mut self) {
        // It was killed, or has said that it ends; there is nothing to wait for if it is gone.
        let _ = self.child.wait().await;
    }

    fn failed(&self, because: &str) -> Failure {
        Failure::new(Outcome::Failed, format!("the demo cannot go on: {} failed", self.name))
            .because(because)
            .help("report it with the output of `communicado doctor`")
    }
}
