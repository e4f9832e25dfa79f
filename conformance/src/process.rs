//! A process of a test, with its children.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

pub use rustix::process::Signal;
use rustix::process::{Pid, kill_process, kill_process_group};

use crate::deadline::{Deadline, within};
use crate::expect_ok::ExpectOk;
use crate::reaper;

/// A running peer in its own session and process group.
///
/// The process id stays reserved until the wait, so no signal reaches another process. Dropping the
/// value kills the group.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    ended: Option<ExitStatus>,
    log: PathBuf,
}

impl Process {
    /// Starts `program`, prepared by `prepare`, its output in `folder`/`name`.log.
    ///
    /// The environment has only `PATH` and the C locale.
    pub fn start(
        name: &str,
        program: &str,
        folder: &Path,
        prepare: impl FnOnce(&mut Command),
    ) -> Self {
        let log = folder.join(format!("{name}.log"));
        let output = File::options().create(true).append(true).open(&log).expect_ok("write a log");
        let errors = output.try_clone().expect_ok("write a log");
        // `setsid` becomes `program`: the number of the child is that of its group and session.
        let mut command = Command::new("setsid");
        command.arg(program);
        clean(&mut command).stdin(Stdio::null()).stdout(output).stderr(errors);
        prepare(&mut command);
        Self::spawn(name, command, log)
    }

    /// Starts a prepared `setsid` command.
    pub(crate) fn spawn(name: &str, mut command: Command, log: PathBuf) -> Self {
        let child = command.spawn().expect_ok(&format!("start {name}"));
        reaper::watch_over(child.id());
        Self { name: name.to_owned(), child, ended: None, log }
    }

    /// The process id, also that of the process group.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// The output so far.
    pub fn output(&self) -> String {
        std::fs::read(&self.log)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// Sends a signal to the process itself.
    pub fn signal(&mut self, signal: Signal) {
        self.assert_runs();
        kill_process(self.pid(), signal).expect_ok(&format!("signal {}", self.name));
    }

    /// Sends a signal to the process group.
    pub fn signal_all(&mut self, signal: Signal) {
        self.assert_runs();
        kill_process_group(self.pid(), signal).expect_ok(&format!("signal {}", self.name));
    }

    /// Kills the process group with SIGKILL, and waits for the process.
    pub fn kill(&mut self) {
        self.signal_all(Signal::KILL);
        self.wait();
    }

    /// Ends the standard input, which the test has piped.
    pub fn close_input(&mut self) {
        drop(self.child.stdin.take().expect_ok("find the standard input"));
    }

    /// Waits until the process has exited.
    ///
    /// # Panics
    ///
    /// When the process still runs at the deadline.
    #[track_caller]
    pub fn wait(&mut self) -> ExitStatus {
        let what = format!("{} ends", self.name);
        within(&what, || self.poll())
    }

    /// The exit status, if the process has exited.
    pub fn poll(&mut self) -> Option<ExitStatus> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait().expect_ok("wait for a child");
            if self.ended.is_some() {
                // Kill the children that it left.
                _ = kill_process_group(self.pid(), Signal::KILL);
                reaper::let_go(self.id());
            }
        }
        self.ended
    }

    #[track_caller]
    pub(crate) fn assert_runs(&mut self) {
        if let Some(status) = self.poll() {
            panic!("{} has ended, {status}, and printed:\n{}", self.name, self.output());
        }
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }
}

impl Process {
    /// Asks the process to exit and to wait for its own children.
    ///
    /// The first process of a container inherits the children of a killed one, and may never wait
    /// for them.
    pub(crate) fn end_soon(&mut self) {
        if self.poll().is_none() && kill_process(self.pid(), Signal::TERM).is_ok() {
            _ = Deadline::new(Duration::from_secs(2)).poll(|| self.poll());
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.poll().is_none() {
            // Just after the start the group may not exist yet, so the process is killed as well.
            _ = kill_process_group(self.pid(), Signal::KILL);
            _ = self.child.kill();
            _ = self.child.wait();
            reaper::let_go(self.id());
        }
    }
}

/// Empties the environment, except for the variables that every program needs.
pub(crate) fn clean(command: &mut Command) -> &mut Command {
    let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into());
    let mut path = path.into_string().unwrap_or_default();
    // Servers are in the administrator's folders, which a user's PATH may lack.
    path.push_str(":/usr/local/sbin:/usr/sbin:/sbin");
    command.env_clear().env("PATH", path).env("LC_ALL", "C.UTF-8")
}

/// Reads all of a file that a peer may not have written yet.
pub(crate) fn read(path: &Path) -> io::Result<String> {
    std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}
