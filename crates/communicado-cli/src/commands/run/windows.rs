//! The process tree of a command on Windows.
//!
//! The command and all processes that it starts run in a job. The job ends with this process,
//! however that ends (Microsoft, "Job Objects").

mod launcher;

use std::cell::RefCell;
use std::ffi::OsString;
use std::future::poll_fn;
use std::io;
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use communicado_cli_support::{Failure, Outcome};
use communicado_runtime::{Clock as _, SystemClock, sleep_until};
use communicado_windows::{JobObject, Process};

pub(crate) use self::launcher::CommandLauncher;

/// The interval between checks of the job. Windows only reports the end of the first process.
const CHECK_INTERVAL: Duration = Duration::from_millis(20);

/// The processes of one command at a time.
pub(super) struct ProcessTree {
    job: JobObject,
    grace: Duration,
    /// The process group of the last command.
    group: RefCell<Option<u32>>,
}

/// A running command.
pub(super) struct RunningCommand {
    child: Child,
    process: Process,
}

impl ProcessTree {
    pub(super) fn new(grace: Duration) -> Result<Self, Failure> {
        let job = JobObject::new().map_err(|error| {
            Failure::new(Outcome::Failed, "cannot create a job for the command").cause(error)
        })?;
        Ok(Self { job, grace, group: RefCell::new(None) })
    }

    pub(super) fn start(&self, command: &[OsString]) -> Result<RunningCommand, Failure> {
        let cannot = |error: io::Error| {
            Failure::new(Outcome::Failed, "cannot start the command").cause(error)
        };
        let Some((program, arguments)) = command.split_first() else {
            return Err(Failure::usage("no command to run"));
        };
        let child = self.job.spawn(Command::new(program).args(arguments)).map_err(cannot)?;
        *self.group.borrow_mut() = Some(child.id());
        let process = Process::open(child.id()).map_err(|error| cannot(error.into()))?;
        Ok(RunningCommand { child, process })
    }

    /// Ends all processes: sends Ctrl-Break, and terminates the rest when the grace period ends.
    pub(super) async fn end_all(&self) {
        let group = self.group.borrow_mut().take();
        if self.job.is_empty() {
            return;
        }
        if let Some(group) = group {
            // A program without a console does not get Ctrl-Break; it is terminated below.
            let _ = JobObject::send_ctrl_break(group);
        }
        let clock = SystemClock::start();
        let end = clock.now().after(self.grace);
        while !self.job.is_empty() {
            if clock.now() >= end {
                let _ = self.job.terminate();
            }
            if sleep_until(&clock, clock.now().after(CHECK_INTERVAL)).await.is_err() {
                return;
            }
        }
    }
}

impl RunningCommand {
    /// Waits until the command ends by itself.
    pub(super) async fn ended(&mut self) -> io::Result<ExitStatus> {
        poll_fn(|cx| self.process.poll_ended(cx)).await?;
        self.child.wait()
    }

    /// Does nothing, because the job ends the command.
    #[expect(clippy::unused_async, reason = "the Linux twin waits")]
    pub(super) async fn end(&mut self) {}
}

/// Windows has no helper processes.
pub(crate) fn run_helper(_: Option<OsString>) -> Option<Result<Outcome, Failure>> {
    None
}
