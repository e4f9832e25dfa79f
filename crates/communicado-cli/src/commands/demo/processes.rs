//! Those who play in the demo: children of this program, and what they write.

use std::process::Stdio;
use std::time::Duration;

use communicado_runtime::{Clock as _, SystemClock, timeout_at};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::failure::{Failure, Outcome};

/// Nothing in the demo takes longer, or something is wrong.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);

/// Has a program read the provider and nothing else; the reader's own configuration has no part in
/// it.
pub(super) const PROVIDER_ONLY: &[&str] = &[
    "--config",
    "/dev/null",
    "--set",
    "sources.purple.enabled=false",
    "--set",
    "sources.provider.clients=provider",
];

/// This program, in an empty environment.
pub(super) fn own_program(name: &str) -> Result<Command, Failure> {
    let program = std::env::current_exe().map_err(|error| cannot_start(name, error))?;
    let mut command = Command::new(program);
    command.env_clear();
    Ok(command)
}

pub(super) fn cannot_start(name: &str, error: std::io::Error) -> Failure {
    Failure::new(Outcome::Failed, format!("{name} cannot be started")).cause(error)
}

/// One of them. It is gone once it is dropped, and ends by itself once its bus or its input does.
pub(super) struct DemoProcess {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    /// What it is called when something is wrong.
    name: &'static str,
}

impl DemoProcess {
    /// The provider, playing this script.
    pub(super) async fn provider(bus: &str, script: &str) -> Result<Self, Failure> {
        let arguments = ["provide", "--account", "ada@example.com", "--name", "Ada Lovelace"];
        let script_too = ["--json", "--script", "-"];
        let mut process =
            Self::start("the provider", bus, &[&arguments[..], &script_too].concat())?;
        if let Some(mut input) = process.child.stdin.take() {
            let written = input.write_all(script.as_bytes()).await;
            written.map_err(|error| process.failed(&error.to_string()))?;
        }
        Ok(process)
    }

    /// A `watch` of the provider, and of nothing else.
    pub(super) fn watch(bus: &str) -> Result<Self, Failure> {
        Self::start("the watcher", bus, &[&["watch", "--json"][..], PROVIDER_ONLY].concat())
    }

    fn start(name: &'static str, bus: &str, arguments: &[&str]) -> Result<Self, Failure> {
        let mut command = own_program(name)?;
        command.args(arguments).env("DBUS_SESSION_BUS_ADDRESS", bus);
        Self::of(name, &mut command)
    }

    /// A program with pipes for its input and its output.
    pub(super) fn of(name: &'static str, command: &mut Command) -> Result<Self, Failure> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| cannot_start(name, error))?;
        let Some(output) = child.stdout.take() else {
            return Err(Failure::new(Outcome::Failed, format!("{name} has no output")));
        };
        Ok(Self { child, lines: BufReader::new(output).lines(), name })
    }

    /// The next line that it writes.
    pub(super) async fn line(&mut self) -> Result<String, Failure> {
        let clock = SystemClock::start();
        match timeout_at(&clock, clock.now().after(TIMEOUT), self.lines.next_line()).await {
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

    pub(super) fn failed(&self, cause: &str) -> Failure {
        Failure::new(Outcome::Failed, format!("the demo cannot go on: {} failed", self.name))
            .cause(cause)
            .help("report it with the output of `communicado doctor`")
    }
}

impl Drop for DemoProcess {
    fn drop(&mut self) {
        let _ = self.child.start_kill();
        let id = self.child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        if let Some(id) = id {
            // It writes no more then, and its folder can go.
            let _ = waitid(WaitId::Pid(id), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
        }
    }
}
