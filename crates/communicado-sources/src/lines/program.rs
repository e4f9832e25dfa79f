//! The program of a source: its command, its environment, and its end.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::Stdio;

use futures_util::future::{Either, select};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

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

/// The command of a program.
#[derive(Clone, Debug)]
pub(super) struct ProgramCommand {
    command: Vec<String>,
    guard: Vec<OsString>,
}

/// A running program, which is ended when this is dropped.
pub(super) struct RunningProgram {
    child: Child,
    has_guard: bool,
    stdout: ChildStdout,
    stderr: ChildStderr,
    /// Ends with this process, so that the program notices that.
    _stdin: Option<ChildStdin>,
}

/// An event of a running program.
pub(super) enum ProgramEvent {
    /// Standard output has so many bytes.
    Output(usize),
    /// Standard error has so many bytes, or none at its end.
    Message(usize),
    /// The program has ended, or has closed its standard output.
    Ended,
}

impl ProgramCommand {
    pub(super) const fn new(command: Vec<String>, guard: Vec<OsString>) -> Self {
        Self { command, guard }
    }

    /// The program, as the configuration names it.
    pub(super) fn name(&self) -> &str {
        self.command.first().map_or("", String::as_str)
    }

    /// The file of the program, if it exists and is executable.
    pub(super) fn find(&self) -> Option<PathBuf> {
        find(self.name(), std::env::var_os("PATH").as_deref())
    }

    pub(super) fn start(&self) -> io::Result<RunningProgram> {
        let mut words = self.guard.iter().map(OsString::as_os_str);
        let mut words = words.by_ref().chain(self.command.iter().map(OsStr::new));
        let program = words.next().ok_or(io::ErrorKind::NotFound)?;
        let mut command = Command::new(program);
        command.args(words).env_clear().process_group(0);
        let variables = ENVIRONMENT.iter().map(|name| (name, std::env::var_os(name)));
        command.envs(variables.filter_map(|(name, value)| Some((name, value?))));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let (Some(stdout), Some(stderr)) = (stdout, stderr) else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let stdin = child.stdin.take();
        let has_guard = !self.guard.is_empty();
        Ok(RunningProgram { child, has_guard, stdout, stderr, _stdin: stdin })
    }
}

impl RunningProgram {
    /// Waits for the next event. It is cancel safe.
    pub(super) async fn next(
        &mut self,
        output: &mut [u8],
        errors: &mut [u8],
        has_messages: bool,
    ) -> ProgramEvent {
        let Self { child, stdout, stderr, .. } = self;
        let messages = async {
            if has_messages { stderr.read(errors).await } else { std::future::pending().await }
        };
        let (output, messages) = (pin!(stdout.read(output)), pin!(messages));
        match select(output, select(messages, pin!(child.wait()))).await {
            Either::Left((Ok(length @ 1..), _)) => ProgramEvent::Output(length),
            Either::Left(_) | Either::Right((Either::Right(_), _)) => ProgramEvent::Ended,
            Either::Right((Either::Left((length, _)), _)) => {
                ProgramEvent::Message(length.unwrap_or(0))
            }
        }
    }

    /// Waits for bytes of standard error, and returns their number: 0 at the end.
    pub(super) async fn next_message(&mut self, errors: &mut [u8]) -> usize {
        self.stderr.read(errors).await.unwrap_or(0)
    }

    /// Waits until the program ends, and returns how.
    pub(super) async fn ended(&mut self) -> String {
        self.child.wait().await.map_or_else(|error| error.to_string(), |status| status.to_string())
    }
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

/// Finds a program as execvp(3) does.
fn find(program: &str, path: Option<&OsStr>) -> Option<PathBuf> {
    if program.contains('/') {
        return Some(PathBuf::from(program)).filter(|file| is_executable(file));
    }
    let folders = path.map(std::env::split_paths).into_iter().flatten();
    folders.map(|folder| folder.join(program)).find(|file| is_executable(file))
}

fn is_executable(file: &Path) -> bool {
    let metadata = file.metadata();
    metadata.is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_by_its_path_or_in_the_search_path() {
        let path = Some(OsStr::new("/nowhere:/bin"));
        assert_eq!(find("sh", path), Some(PathBuf::from("/bin/sh")));
        assert_eq!(find("/bin/sh", None), Some(PathBuf::from("/bin/sh")));
        assert_eq!(find("sh", None), None);
        assert_eq!(find("/bin", path), None);
        assert_eq!(find("/etc/passwd", path), None);
        assert_eq!(find("", path), None);
    }
}
