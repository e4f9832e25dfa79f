//! A program on Windows, in a job that ends it and its descendants.

use std::future::poll_fn;
use std::io::{self, Read};
use std::pin::pin;
use std::process::{Child, ChildStdin, Command, Stdio};

use communicado_windows::{JobObject, Process};
use futures_util::future::{Either, select};
use tokio::sync::mpsc::{Receiver, channel};

use super::{ProgramCommand, ProgramEvent, READ_MAX, environment};

/// The variables that the program gets: no others, so that it gets no secrets by accident.
const ENVIRONMENT: &[&str] = &[
    "APPDATA",
    "ComSpec",
    "HOMEDRIVE",
    "HOMEPATH",
    "LOCALAPPDATA",
    "PATH",
    "PATHEXT",
    "ProgramData",
    "ProgramFiles",
    "SystemDrive",
    "SystemRoot",
    "TEMP",
    "TMP",
    "USERNAME",
    "USERPROFILE",
];

/// The reads that wait for the source. The program waits when there are more.
const READS_MAX: usize = 4;

/// A running program, which is ended when this is dropped.
pub(in crate::lines) struct RunningProgram {
    /// Windows ends its processes when this is dropped, and when this process ends.
    _job: JobObject,
    child: Child,
    process: Process,
    stdout: Receiver<Vec<u8>>,
    stderr: Receiver<Vec<u8>>,
    /// Ends with this process, so that the program notices that.
    _stdin: Option<ChildStdin>,
}

impl RunningProgram {
    pub(in crate::lines) fn start(program: &ProgramCommand) -> io::Result<Self> {
        let mut words = program.words();
        let mut command = Command::new(words.next().ok_or(io::ErrorKind::NotFound)?);
        command.args(words).env_clear().envs(environment(ENVIRONMENT));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let job = JobObject::new()?;
        let mut child = job.spawn(&mut command)?;
        let process = Process::open(child.id())?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let (Some(stdout), Some(stderr)) = (stdout, stderr) else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let stdin = child.stdin.take();
        let (stdout, stderr) = (read_on_thread(stdout), read_on_thread(stderr));
        Ok(Self { _job: job, child, process, stdout, stderr, _stdin: stdin })
    }

    /// Waits for the next event. It is cancel safe.
    pub(in crate::lines) async fn next(&mut self, has_messages: bool) -> ProgramEvent {
        let Self { process, stdout, stderr, .. } = self;
        let messages =
            async { if has_messages { stderr.recv().await } else { std::future::pending().await } };
        let ended = poll_fn(|cx| process.poll_ended(cx));
        match select(pin!(stdout.recv()), select(pin!(messages), ended)).await {
            Either::Left((Some(bytes), _)) => ProgramEvent::Output(bytes),
            Either::Left((None, _)) | Either::Right((Either::Right(_), _)) => ProgramEvent::Ended,
            Either::Right((Either::Left((bytes, _)), _)) => {
                ProgramEvent::Message(bytes.unwrap_or_default())
            }
        }
    }

    /// Waits for bytes of standard error: none at the end.
    pub(in crate::lines) async fn next_message(&mut self) -> Vec<u8> {
        self.stderr.recv().await.unwrap_or_default()
    }

    /// Waits until the program ends, and returns how.
    pub(in crate::lines) async fn ended(&mut self) -> String {
        if let Err(error) = poll_fn(|cx| self.process.poll_ended(cx)).await {
            return error.to_string();
        }
        self.child.wait().map_or_else(|error| error.to_string(), |status| status.to_string())
    }
}

/// The bytes of a pipe, whose reads block. The thread ends with the pipe, and so with the program.
fn read_on_thread(mut pipe: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel(READS_MAX);
    std::thread::spawn(move || {
        let mut bytes = vec![0; READ_MAX];
        while let Ok(length @ 1..) = pipe.read(&mut bytes) {
            let read = bytes.iter().copied().take(length).collect();
            if sender.blocking_send(read).is_err() {
                return;
            }
        }
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cmd(arguments: &[&str]) -> RunningProgram {
        let words = [&["cmd", "/c"], arguments].concat();
        let command = words.into_iter().map(str::to_owned).collect();
        RunningProgram::start(&ProgramCommand::new(command, Vec::new())).unwrap()
    }

    #[test]
    fn the_output_and_the_exit_status_of_a_program_are_read() {
        let runtime = communicado_runtime::desktop_executor().unwrap();
        runtime.block_on(async {
            let mut program = cmd(&["echo {}&exit 3"]);
            let mut output = Vec::new();
            while let ProgramEvent::Output(bytes) = program.next(false).await {
                output.extend(bytes);
            }
            assert_eq!(String::from_utf8_lossy(&output).trim(), "{}");
            assert_eq!(program.ended().await, "exit code: 3");
        });
    }

    #[test]
    fn a_dropped_program_has_ended() {
        let runtime = communicado_runtime::desktop_executor().unwrap();
        runtime.block_on(async {
            // It waits for a line of its standard input.
            let program = cmd(&["set /p line="]);
            let mut process = Process::open(program.child.id()).unwrap();
            assert!(!process.has_ended());
            drop(program);
            poll_fn(|cx| process.poll_ended(cx)).await.unwrap();
        });
    }
}
