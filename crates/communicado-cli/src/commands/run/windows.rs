//! A command on Windows, with nothing of it left behind.
//!
//! It runs in a job that ends with this process, however that ends, and all that the command
//! starts runs in the job too (Microsoft, "Job Objects").

use std::cell::RefCell;
use std::ffi::{OsStr, OsString};
use std::future::poll_fn;
use std::io;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use communicado_runtime::{Clock as _, SystemClock, sleep_until};
use communicado_windows::{JobObject, Process};

use crate::failure::{Failure, Outcome};

/// How often it is looked whether all have ended; the system tells of the first of them only.
const CHECK_INTERVAL: Duration = Duration::from_millis(20);

/// Where commands run.
pub(super) struct ProcessTree {
    job: JobObject,
    grace: Duration,
    /// The group of processes that the last command began.
    group: RefCell<Option<u32>>,
}

/// A command at work.
pub(super) struct RunningCommand {
    child: Child,
    process: Process,
}

impl ProcessTree {
    pub(super) fn new(grace: Duration) -> Result<Self, Failure> {
        let job = JobObject::new().map_err(|error| {
            Failure::new(Outcome::Failed, "the command cannot be kept together").cause(error)
        })?;
        Ok(Self { job, grace, group: RefCell::new(None) })
    }

    pub(super) fn start(&self, command: &[OsString]) -> Result<RunningCommand, Failure> {
        let cannot = |error: io::Error| {
            Failure::new(Outcome::Failed, "the command cannot be started").cause(error)
        };
        let Some((program, arguments)) = command.split_first() else {
            return Err(Failure::usage("there is no command to run"));
        };
        let child = self.job.start(Command::new(program).args(arguments)).map_err(cannot)?;
        *self.group.borrow_mut() = Some(child.id());
        let process = Process::open(child.id()).map_err(|error| cannot(error.into()))?;
        Ok(RunningCommand { child, process })
    }

    /// Ends what is left of every command: asks it as Ctrl-Break does, and ends it for good when
    /// the grace is over.
    pub(super) async fn end_all(&self) {
        let group = self.group.borrow_mut().take();
        if self.job.is_empty() {
            return;
        }
        if let Some(group) = group {
            // A program without a console is not asked, and is ended below.
            let _ = JobObject::ask_to_end(group);
        }
        let clock = SystemClock::start();
        let end = clock.now().after(self.grace);
        while !self.job.is_empty() {
            if clock.now() >= end {
                let _ = self.job.end();
            }
            if sleep_until(&clock, clock.now().after(CHECK_INTERVAL)).await.is_err() {
                return;
            }
        }
    }
}

impl RunningCommand {
    /// Waits until the command has ended by itself.
    pub(super) async fn ended(&mut self) -> io::Result<ExitStatus> {
        poll_fn(|cx| self.process.poll_ended(cx)).await?;
        self.child.wait()
    }

    /// The cage ends it.
    #[expect(clippy::unused_async, reason = "elsewhere it waits")]
    pub(super) async fn end(&mut self) {}
}

/// There are no inner processes.
pub(crate) fn run_helper(_: Option<OsString>) -> Option<Result<Outcome, Failure>> {
    None
}

/// The file of a program, found as `CreateProcess` finds it, as far as it says so: in the folders
/// of the path, with `.exe` where there is no ending.
pub(super) fn find(program: &OsStr, path: Option<&OsStr>) -> Option<PathBuf> {
    let mut file = PathBuf::from(program);
    if file.extension().is_none() {
        file.set_extension("exe");
    }
    let folders = path.map(std::env::split_paths).into_iter().flatten();
    let mut files = folders.map(|folder| folder.join(&file));
    if file.is_file() { Some(file) } else { files.find(|file| file.is_file()) }
}
