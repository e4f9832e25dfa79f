//! The two processes between `run` and its command.

use std::ffi::OsString;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use clap::Parser;
use futures_util::future::{Either, select};
use rustix::process::{Pid, Signal, WaitOptions};
use tokio::signal::unix::{SignalKind, signal};

use super::cgroup::Cgroup;
use super::descendants;
use crate::failure::{Failure, Outcome};
use crate::runtime::{block_on, shutdown_signal};

/// The first argument of the process that guards.
pub(super) const GUARD: &str = "run-guard";
/// The first argument of the process that becomes the user's command.
const EXEC: &str = "run-exec";

/// What one of the two processes does. They are no commands: nobody but `run` starts them, and
/// no help or completion tells of them.
pub(super) struct HelperMode(fn(&HelperArgs) -> Result<Outcome, Failure>);

/// What both are given.
#[derive(Debug, Parser)]
struct HelperArgs {
    /// The process that must be there still.
    parent: i32,
    /// Milliseconds before a kill.
    grace: u64,
    /// The cgroup of the command.
    #[arg(long)]
    cgroup: Option<PathBuf>,
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

impl HelperMode {
    /// The one that a first argument stands for, if it does.
    pub(super) fn from_argument(argument: Option<OsString>) -> Option<Self> {
        match argument?.to_str() {
            Some(GUARD) => Some(Self(HelperArgs::guard)),
            Some(EXEC) => Some(Self(HelperArgs::exec)),
            _ => None,
        }
    }

    pub(super) fn run(&self) -> Result<Outcome, Failure> {
        let given = HelperArgs::try_parse_from(std::env::args_os().skip(1));
        self.0(&given.map_err(|_| not_by_hand())?)
    }
}

impl HelperArgs {
    /// Runs the command, and ends it and all that it started when this process is asked to end
    /// or its parent is gone.
    fn guard(&self) -> Result<Outcome, Failure> {
        self.end_with_parent(Signal::TERM)?;
        let adopted = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
        adopted.map_err(|error| failed("orphans cannot be adopted", error))?;
        block_on(async {
            let mut changed = signal(SignalKind::child())
                .map_err(|error| failed("children cannot be waited for", error))?;
            let mut end = std::pin::pin!(shutdown_signal());
            // Polled once, so that a signal from here on is not missed.
            let _ = futures_util::poll!(end.as_mut());
            let own = rustix::process::getpid().as_raw_nonzero().to_string();
            let exe = std::env::current_exe();
            let exe = exe.map_err(|error| failed("the command cannot be started", error))?;
            let mut command = Command::new(exe);
            command.arg(EXEC).arg(own).arg("0");
            if let Some(cgroup) = &self.cgroup {
                command.arg("--cgroup").arg(cgroup);
            }
            command.arg("--").args(&self.command);
            let child = command.spawn();
            let child = child.map_err(|error| failed("the command cannot be started", error))?;
            let child = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
            let ended = async {
                loop {
                    if let Some(status) = reap(child) {
                        return status;
                    }
                    changed.recv().await;
                }
            };
            let status = match select(std::pin::pin!(ended), end).await {
                Either::Left((status, _)) => Some(status),
                Either::Right(_) => None,
            };
            let cgroup = self.cgroup.clone().map(Cgroup::at);
            descendants::end(Duration::from_millis(self.grace), cgroup.as_ref()).await;
            if let Some(cgroup) = cgroup.filter(|_| !self.has_parent()) {
                cgroup.remove();
            }
            // Ends as the command did, as far as an exit status can say.
            let code = status.map_or(0, |status| {
                status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
            });
            std::process::exit(code)
        })
    }

    /// Becomes the command, which ends when its guard is killed.
    fn exec(&self) -> Result<Outcome, Failure> {
        self.end_with_parent(Signal::KILL)?;
        if let Some(cgroup) = self.cgroup.clone().map(Cgroup::at) {
            // Not everywhere where one can be made can a process be moved; it is found without.
            let _ = cgroup.enter();
        }
        let Some((program, arguments)) = self.command.split_first() else {
            return Err(Failure::usage("there is no command to run"));
        };
        let error = Command::new(program).args(arguments).exec();
        Err(failed(&format!("the command `{}` cannot be run", program.display()), error))
    }

    /// Has the kernel send `signal` when the parent ends (prctl(2), `PR_SET_PDEATHSIG`).
    fn end_with_parent(&self, signal: Signal) -> Result<(), Failure> {
        let set = rustix::process::set_parent_process_death_signal(Some(signal));
        set.map_err(|error| failed("the end of the parent cannot be watched for", error))?;
        // It may have ended before the kernel was asked.
        if self.has_parent() { Ok(()) } else { Err(not_by_hand()) }
    }

    fn has_parent(&self) -> bool {
        let parent = rustix::process::getppid().map(|pid| pid.as_raw_nonzero().get());
        parent == Some(self.parent)
    }
}

fn not_by_hand() -> Failure {
    Failure::usage("this is for `communicado run` itself").help("see `communicado run --help`")
}

/// Takes in every child that has ended; the status of `child` if it is among them.
fn reap(child: Option<Pid>) -> Option<ExitStatus> {
    let mut found = None;
    while let Ok(Some((pid, status))) = rustix::process::wait(WaitOptions::NOHANG) {
        if Some(pid) == child {
            found = Some(ExitStatus::from_raw(status.as_raw()));
        }
    }
    found
}

fn failed(what: &str, error: impl ToString) -> Failure {
    Failure::new(Outcome::Failed, what).cause(error)
}
