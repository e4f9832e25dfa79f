//! A program on Linux: a process group below a guard, if there is one.

use std::io;
use std::pin::pin;
use std::process::Stdio;

use futures_util::future::{Either, select};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

use super::{ProgramCommand, ProgramEvent, READ_MAX, environment};

/// The variables that the program gets: no others, so that it gets no secrets by accident.
const ENVIRONMENT: &[&str] = &[
    "DBUS_SESSION_BUS_ADDRESS",
    "HOME",
    "LANG",
    "LOGNAME",
    "PATH",
    "SSH_AUTH_SOCK",
    "TZ",
    "USER",
    "XDG_CONFIG_HOME",
    "XDG_RUNTIME_DIR",
    "XDG_STATE_HOME",
];

/// A running program, which is ended when this is dropped.
pub(in crate::lines) struct RunningProgram {
    child: Child,
    has_guard: bool,
    stdout: ChildStdout,
    stderr: ChildStderr,
    /// Ends with this process, so that the program notices that.
    _stdin: Option<ChildStdin>,
}

impl RunningProgram {
    pub(in crate::lines) fn start(program: &ProgramCommand) -> io::Result<Self> {
        let mut words = program.words();
        let mut command = Command::new(words.next().ok_or(io::ErrorKind::NotFound)?);
        command.args(words).env_clear().envs(environment(ENVIRONMENT)).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let (Some(stdout), Some(stderr)) = (stdout, stderr) else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let stdin = child.stdin.take();
        Ok(Self { child, has_guard: !program.guard.is_empty(), stdout, stderr, _stdin: stdin })
    }

    /// Waits for the next event. It is cancel safe.
    pub(in crate::lines) async fn next(&mut self, has_messages: bool) -> ProgramEvent {
        let Self { child, stdout, stderr, .. } = self;
        let messages =
            async { if has_messages { read(stderr).await } else { std::future::pending().await } };
        match select(pin!(read(stdout)), select(pin!(messages), pin!(child.wait()))).await {
            Either::Left((bytes, _)) if !bytes.is_empty() => ProgramEvent::Output(bytes),
            Either::Left(_) | Either::Right((Either::Right(_), _)) => ProgramEvent::Ended,
            Either::Right((Either::Left((bytes, _)), _)) => ProgramEvent::Message(bytes),
        }
    }

    /// Waits for bytes of standard error: none at the end.
    pub(in crate::lines) async fn next_message(&mut self) -> Vec<u8> {
        read(&mut self.stderr).await
    }

    /// Waits until the program ends, and returns how.
    pub(in crate::lines) async fn ended(&mut self) -> String {
        self.child.wait().await.map_or_else(|error| error.to_string(), |status| status.to_string())
    }
}

/// The next bytes of a pipe: none at its end.
async fn read(pipe: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
    let mut bytes = vec![0; READ_MAX];
    let length = pipe.read(&mut bytes).await.unwrap_or(0);
    bytes.truncate(length);
    bytes
}

impl Drop for RunningProgram {
    fn drop(&mut self) {
        let Some(process) = self.child.id().and_then(|id| Pid::from_raw(id.cast_signed())) else {
            return;
        };
        // The program may have ended meanwhile. A guard sends SIGTERM, then SIGKILL.
        let _ = if self.has_guard {
            kill_process(process, Signal::TERM)
        } else {
            kill_process_group(process, Signal::KILL)
        };
    }
}
