//! The two helper processes between `run` and its command.

use std::ffi::OsString;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use clap::Parser;
use communicado_cli_support::{Failure, Outcome};
use futures_util::future::{Either, select};
use rustix::process::{Pid, Signal, WaitOptions};
use tokio::signal::unix::{SignalKind, signal};

use super::cgroup::Cgroup;
use super::descendants;
use crate::guard::GUARD;
use crate::runtime::{block_on, shutdown_signal};

/// The first argument of the process that becomes the command.
const EXEC: &str = "run-exec";

/// A hidden mode of this program that only `run` starts. Help and completions omit it.
pub(super) struct HelperMode(fn(&HelperArgs) -> Result<Outcome, Failure>);

/// The arguments of a helper process.
#[derive(Debug, Parser)]
struct HelperArgs {
    /// The parent, which must still exist.
    parent: i32,
    /// Milliseconds between SIGTERM and SIGKILL.
    grace: u64,
    /// The cgroup of the command.
    #[arg(long)]
    cgroup: Option<PathBuf>,
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

impl HelperMode {
    /// The mode that a first argument names, if any.
    pub(super) fn from_argument(argument: Option<OsString>) -> Option<Self> {
        match argument?.to_str() {
            Some(GUARD) => Some(Self(HelperArgs::guard)),
            Some(EXEC) => Some(Self(HelperArgs::exec)),
            _ => None,
        }
    }

    pub(super) fn run(&self) -> Result<Outcome, Failure> {
        let arguments = HelperArgs::try_parse_from(std::env::args_os().skip(1));
        self.0(&arguments.map_err(|_| internal_only())?)
    }
}

impl HelperArgs {
    /// Runs the command. Ends the command and its descendants on a shutdown signal or when the
    /// parent ends.
    fn guard(&self) -> Result<Outcome, Failure> {
        self.end_with_parent(Signal::TERM)?;
        let set = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
        set.map_err(|error| failed("cannot become a child subreaper", error))?;
        block_on(async {
            let mut changed = signal(SignalKind::child())
                .map_err(|error| failed("cannot watch child processes", error))?;
            let mut end = std::pin::pin!(shutdown_signal());
            // Polled once, which installs the signal handlers before the command starts.
            let _ = futures_util::poll!(end.as_mut());
            let own = rustix::process::getpid().as_raw_nonzero().to_string();
            let exe = std::env::current_exe();
            let exe = exe.map_err(|error| failed("cannot start the command", error))?;
            let mut command = Command::new(exe);
            command.arg(EXEC).arg(own).arg("0");
            if let Some(cgroup) = &self.cgroup {
                command.arg("--cgroup").arg(cgroup);
            }
            command.arg("--").args(&self.command);
            let child = command.spawn();
            let child = child.map_err(|error| failed("cannot start the command", error))?;
            let child = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
            // The reader of a pipe gets its end when the command closes it. Without /dev/null the
            // end comes with that of the command.
            if let Ok(null) = std::fs::File::options().write(true).open("/dev/null") {
                let _ = rustix::stdio::dup2_stdout(null);
            }
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
            // The exit status of the command, or 128 plus the signal as shells report it.
            let code = status.map_or(0, |status| {
                status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
            });
            std::process::exit(code)
        })
    }

    /// Becomes the command. The kernel kills the command when its guard ends.
    fn exec(&self) -> Result<Outcome, Failure> {
        self.end_with_parent(Signal::KILL)?;
        if let Some(cgroup) = self.cgroup.clone().map(Cgroup::at) {
            // A system may permit a new cgroup but not the move of a process. The command is found
            // without the cgroup.
            let _ = cgroup.enter();
        }
        let Some((program, arguments)) = self.command.split_first() else {
            return Err(Failure::usage("no command to run"));
        };
        let error = Command::new(program).args(arguments).exec();
        Err(failed(&format!("cannot run the command `{}`", program.display()), error))
    }

    /// Has the kernel send `signal` when the parent ends (prctl(2), `PR_SET_PDEATHSIG`).
    fn end_with_parent(&self, signal: Signal) -> Result<(), Failure> {
        let set = rustix::process::set_parent_process_death_signal(Some(signal));
        set.map_err(|error| failed("cannot watch the parent process", error))?;
        // The parent may have ended before the call.
        if self.has_parent() { Ok(()) } else { Err(internal_only()) }
    }

    fn has_parent(&self) -> bool {
        let parent = rustix::process::getppid().map(|pid| pid.as_raw_nonzero().get());
        parent == Some(self.parent)
    }
}

fn internal_only() -> Failure {
    Failure::usage("this command is internal to `communicado run`")
        .help("run: communicado run --help")
}

/// Reaps every child that has ended. Returns the status of `child` if it is one of them.
fn reap(child: Option<Pid>) -> Option<ExitStatus> {
    let mut found = None;
    while let Ok(Some((pid, status))) = rustix::process::wait(WaitOptions::NOHANG) {
        if Some(pid) == child {
            found = Some(ExitStatus::from_raw(status.as_raw()));
        }
    }
    found
}

fn failed(message: &str, error: impl ToString) -> Failure {
    Failure::new(Outcome::Failed, message).cause(error)
}
