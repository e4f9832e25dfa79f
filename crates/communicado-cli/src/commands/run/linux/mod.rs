//! The process tree of a command on Linux.
//!
//! The command runs below a guard, which is a process of this program. If this process is killed,
//! the guard ends the command. If the guard is killed, this process ends the command. Both are
//! child subreapers, so every orphan of the command becomes a child of one of them. If the system
//! permits, the command also runs in a cgroup, for a command that forks faster than `/proc` can be
//! read.

mod cgroup;
mod descendants;
mod helper;
mod launcher;

use std::ffi::OsString;
use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use communicado_cli_support::{Failure, Outcome};
use rustix::process::{Pid, Signal, kill_process};

use self::cgroup::Cgroup;
use self::helper::HelperMode;
pub(crate) use self::launcher::CommandLauncher;
use crate::guard::GUARD;

/// The processes of one command at a time.
pub(super) struct ProcessTree {
    grace: Duration,
    cgroup: Option<Cgroup>,
}

/// A running command, represented by its guard.
pub(super) struct RunningCommand(tokio::process::Child);

impl ProcessTree {
    pub(super) fn new(grace: Duration) -> Result<Self, Failure> {
        rustix::process::set_child_subreaper(Some(rustix::process::getpid())).map_err(|error| {
            Failure::new(Outcome::Failed, "cannot become a child subreaper").cause(error)
        })?;
        Ok(Self { grace, cgroup: Cgroup::create() })
    }

    pub(super) fn start(&self, command: &[OsString]) -> Result<RunningCommand, Failure> {
        let cannot = |error: io::Error| {
            Failure::new(Outcome::Failed, "cannot start the guard of the command").cause(error)
        };
        let mut guard = tokio::process::Command::new(std::env::current_exe().map_err(cannot)?);
        guard.arg(GUARD).arg(rustix::process::getpid().as_raw_nonzero().to_string());
        guard.arg(self.grace.as_millis().to_string());
        if let Some(cgroup) = &self.cgroup {
            guard.arg("--cgroup").arg(cgroup.path());
        }
        guard.arg("--").args(command);
        guard.spawn().map(RunningCommand).map_err(cannot)
    }

    /// Ends all remaining processes.
    pub(super) async fn end_all(&self) {
        descendants::end(self.grace, self.cgroup.as_ref()).await;
    }
}

impl Drop for ProcessTree {
    fn drop(&mut self) {
        if let Some(cgroup) = &self.cgroup {
            cgroup.remove();
        }
    }
}

impl RunningCommand {
    /// Waits until the command ends by itself.
    pub(super) async fn ended(&mut self) -> io::Result<ExitStatus> {
        self.0.wait().await
    }

    /// Ends the command and waits for its guard.
    pub(super) async fn end(&mut self) {
        if let Some(guard) = self.0.id().and_then(|id| Pid::from_raw(id.cast_signed())) {
            // The guard may have ended meanwhile.
            let _ = kill_process(guard, Signal::TERM);
        }
        let _ = self.0.wait().await;
    }
}

/// Runs a helper process, if the first argument names one.
pub(crate) fn run_helper(argument: Option<OsString>) -> Option<Result<Outcome, Failure>> {
    Some(HelperMode::from_argument(argument)?.run())
}
