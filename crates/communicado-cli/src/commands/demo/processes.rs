//! The child processes of the demo, and the lines that they print.

use std::process::Stdio;
use std::time::Duration;

use communicado_cli_support::{Failure, Outcome};
use communicado_runtime::{Clock as _, SystemClock, timeout_at};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// The time limit for each step of the demo.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);

/// Options that make a program read only the provider, without the user's configuration.
pub(super) const PROVIDER_ONLY: &[&str] = &[
    "--config",
    "/dev/null",
    "--set",
    "sources.purple.enabled=false",
    "--set",
    "sources.provider.clients=provider",
];

/// A command that starts this program in an empty environment.
pub(super) fn own_program(name: &str) -> Result<Command, Failure> {
    let program = std::env::current_exe().map_err(|error| cannot_start(name, error))?;
    let mut command = Command::new(program);
    command.env_clear();
    Ok(command)
}

pub(super) fn cannot_start(name: &str, error: std::io::Error) -> Failure {
    Failure::new(Outcome::Failed, format!("cannot start {name}")).cause(error)
}

/// A child process. It is killed on drop, and ends by itself when its bus or its input ends.
pub(super) struct DemoProcess {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    /// The name for error messages.
    name: &'static str,
}

impl DemoProcess {
    /// Starts a provider that plays a script.
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

    /// Starts a `watch` of the provider only.
    pub(super) fn watch(bus: &str) -> Result<Self, Failure> {
        Self::start("the watcher", bus, &[&["watch", "--json"][..], PROVIDER_ONLY].concat())
    }

    fn start(name: &'static str, bus: &str, arguments: &[&str]) -> Result<Self, Failure> {
        let mut command = own_program(name)?;
        command.args(arguments).env("DBUS_SESSION_BUS_ADDRESS", bus);
        Self::spawn(name, &mut command)
    }

    /// Starts a program with pipes for its input and output.
    pub(super) fn spawn(name: &'static str, command: &mut Command) -> Result<Self, Failure> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| cannot_start(name, error))?;
        let Some(output) = child.stdout.take() else {
            return Err(Failure::new(Outcome::Failed, format!("{name} has no output")));
        };
        Ok(Self { child, lines: BufReader::new(output).lines(), name })
    }

    /// The next line that the process prints.
    pub(super) async fn line(&mut self) -> Result<String, Failure> {
        let clock = SystemClock::start();
        match timeout_at(&clock, clock.now().after(TIMEOUT), self.lines.next_line()).await {
            Some(Ok(Some(line))) => Ok(line),
            Some(Ok(None)) => Err(self.failed("the process ended")),
            Some(Err(error)) => Err(self.failed(&error.to_string())),
            None => Err(self.failed("the process printed nothing for 10 s")),
        }
    }

    /// Kills the process, as `kill -9` does.
    pub(super) fn kill(&mut self) -> Result<(), Failure> {
        self.child.start_kill().map_err(|error| self.failed(&error.to_string()))
    }

    /// Waits until the process has ended.
    pub(super) async fn ended(&mut self) {
        // An error means that the process has already ended.
        let _ = self.child.wait().await;
    }

    pub(super) fn failed(&self, cause: &str) -> Failure {
        Failure::new(Outcome::Failed, format!("the demo failed: {} stopped", self.name))
            .cause(cause)
            .help("report this with the output of `communicado doctor`")
    }
}

impl Drop for DemoProcess {
    fn drop(&mut self) {
        let _ = self.child.start_kill();
        let id = self.child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        if let Some(id) = id {
            // After its end, the process writes no more, so its folder can be removed.
            let _ = waitid(WaitId::Pid(id), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
        }
    }
}
