//! `run`: runs a command while a condition is true.
//!
//! No process of the command survives `run`, however either ends. Each platform has its own
//! implementation of the process tree.

mod launch_error;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(windows)]
mod windows;

use std::ffi::{OsStr, OsString};
use std::process::ExitStatus;
use std::time::Duration;

use clap::Args;
use communicado::{Condition, LiveSnapshot, Monitor, Snapshot};
use communicado_cli_support::{Failure, Outcome, note};
use communicado_sources::find_program;
use futures_util::future::{Either, select};

#[cfg(target_os = "linux")]
use self::linux as platform;
#[cfg(windows)]
use self::windows as platform;
use platform::ProcessTree;
pub(crate) use platform::{CommandLauncher, run_helper};

use crate::condition::{AccountChoice, ConditionWords};
use crate::errors::sdk_failure;
use crate::parsers::parse_duration;
use crate::runtime::{or_shutdown, warn_unknown_clients, with_monitor};
use crate::settings::Settings;

/// Run a command while a condition is true.
///
/// Starts COMMAND when the condition becomes true. Stops COMMAND when the condition becomes
/// false or unknown: SIGTERM, then SIGKILL; on Windows Ctrl-Break, then termination. If COMMAND
/// exits by itself, it starts again only after the condition was false or unknown. All processes
/// that COMMAND started end with it.
///
/// With `--once`, COMMAND runs once, and `run` exits with its exit status. If the condition becomes
/// false or unknown first, or you interrupt `run`, the exit status is 1.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// `running`, a status, an availability or an activity; several with commas. `not` before
    /// them tests for the opposite.
    #[arg(
        long = "while",
        value_name = "CONDITION",
        required = true,
        num_args = 1..=2,
        value_parser = ConditionWords
    )]
    condition: Vec<String>,
    #[command(flatten)]
    accounts: AccountChoice,
    /// Run COMMAND only once, and exit with its exit status.
    #[arg(long)]
    once: bool,
    /// Time for COMMAND to exit before it is killed.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "5s")]
    grace: Duration,
    /// The command and its arguments.
    #[arg(value_name = "COMMAND", required = true, last = true)]
    command: Vec<OsString>,
}

impl RunArgs {
    pub(crate) fn run(self, settings: &Settings) -> Result<Outcome, Failure> {
        let Some(program) = self.command.first() else {
            return Err(Failure::usage("no command to run"));
        };
        if find_program(program, std::env::var_os("PATH").as_deref()).is_none() {
            let message = format!("cannot run the command `{}`", program.display());
            let help = "name the path of a program, or install it";
            return Err(Failure::new(Outcome::Failed, message)
                .cause("the program does not exist or is not executable")
                .help(help));
        }
        let condition = self.accounts.condition(&self.condition, settings)?;
        let process_tree = ProcessTree::new(self.grace)?;
        let work = Work { command: self.command, condition, process_tree };
        let once = self.once;
        let status = with_monitor(settings.builder()?, async |monitor| {
            let snapshot = monitor.snapshot().await;
            warn_unknown_clients(settings, &snapshot);
            self.accounts.warn_unknown(settings, &snapshot);
            let done = or_shutdown(work.run(&monitor, once), Ok(None)).await;
            // A signal may have come while a command was running.
            work.process_tree.end_all().await;
            done
        })?;
        drop(work);
        match status {
            Some(status) => std::process::exit(status),
            None if once => Ok(Outcome::No),
            None => Ok(Outcome::Yes),
        }
    }
}

/// A command, the condition to run it, and its processes.
struct Work {
    command: Vec<OsString>,
    condition: Condition,
    process_tree: ProcessTree,
}

impl Work {
    /// Runs the command whenever the condition holds, or `once`: then the result is its exit
    /// status, or `None` if the condition became false first.
    async fn run(&self, monitor: &Monitor, once: bool) -> Result<Option<i32>, Failure> {
        let mut changes = monitor.live_snapshot();
        loop {
            changes.until(|snapshot| self.holds(snapshot)).await.map_err(sdk_failure)?;
            let ended = self.run_while_true(&mut changes).await?;
            if once {
                return ended.map(exit_status).transpose();
            }
            changes.until(|snapshot| !self.holds(snapshot)).await.map_err(sdk_failure)?;
        }
    }

    /// Runs the command until it ends or the condition is no longer true. The result is how the
    /// command ended by itself, or `None`.
    async fn run_while_true(
        &self,
        changes: &mut LiveSnapshot,
    ) -> Result<Option<std::io::Result<ExitStatus>>, Failure> {
        let condition = &self.condition;
        let command = self.command.join(OsStr::new(" "));
        note(&format!("{condition}: starting `{}`", command.display()));
        let mut running = self.process_tree.start(&self.command)?;
        let no_longer = std::pin::pin!(changes.until(|snapshot| !self.holds(snapshot)));
        let ended = match select(std::pin::pin!(running.ended()), no_longer).await {
            Either::Left((ended, _)) => {
                note(&format!("the command ended: {}", describe(&ended)));
                Some(ended)
            }
            Either::Right((changed, _)) => {
                changed.map_err(sdk_failure)?;
                None
            }
        };
        if ended.is_none() {
            note(&format!("no longer {condition}: stopping the command"));
            running.end().await;
        }
        // The command may have left processes.
        self.process_tree.end_all().await;
        Ok(ended)
    }

    fn holds(&self, snapshot: &Snapshot) -> bool {
        self.condition.evaluate(snapshot) == Some(true)
    }
}

fn exit_status(ended: std::io::Result<ExitStatus>) -> Result<i32, Failure> {
    let failed = |cause: String| {
        Failure::new(Outcome::Failed, "the exit status of the command is unknown").cause(cause)
    };
    let status = ended.map_err(|error| failed(error.to_string()))?;
    status.code().ok_or_else(|| failed(status.to_string()))
}

fn describe(ended: &std::io::Result<ExitStatus>) -> String {
    match ended {
        Ok(status) => status.to_string(),
        Err(error) => error.to_string(),
    }
}
