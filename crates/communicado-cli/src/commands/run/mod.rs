//! `run`: runs a command while a condition is true.
//!
//! No process of the command survives `run`, however either ends. Each platform has its own
//! implementation of the process tree.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(windows)]
mod windows;

use std::ffi::{OsStr, OsString};
use std::process::ExitStatus;
use std::time::Duration;

use clap::Args;
use communicado::{Condition, Monitor, Snapshot};
use communicado_cli_support::{Failure, Outcome, note};
use futures_util::future::{Either, select};

#[cfg(target_os = "linux")]
use self::linux as platform;
#[cfg(windows)]
use self::windows as platform;
pub(crate) use platform::run_helper;
use platform::{ProcessTree, find};

use crate::errors::sdk_failure;
use crate::parsers::{condition, parse_duration};
use crate::runtime::{or_shutdown, warn_unknown_clients, with_monitor};
use crate::settings::Settings;

/// Run a command while a condition is true.
///
/// Starts COMMAND when the condition becomes true. Stops COMMAND when the condition becomes
/// false or unknown: SIGTERM, then SIGKILL; on Windows Ctrl-Break, then termination. If COMMAND
/// exits by itself, it starts again only after the condition was false or unknown. All processes
/// that COMMAND started end with it.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// A status, an availability, or `running`.
    #[arg(long = "while", value_name = "CONDITION", value_parser = condition())]
    condition: Condition,
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
        if find(program, std::env::var_os("PATH").as_deref()).is_none() {
            let message = format!("cannot run the command `{}`", program.display());
            let help = "name the path of a program, or install it";
            return Err(Failure::new(Outcome::Failed, message)
                .cause("the program does not exist or is not executable")
                .help(help));
        }
        let process_tree = ProcessTree::new(self.grace)?;
        let condition = self.condition.clone().of(settings.clients.clone());
        with_monitor(settings.builder()?, async |monitor| {
            warn_unknown_clients(settings, &monitor.snapshot().await);
            let done = or_shutdown(self.repeat(&monitor, &condition, &process_tree), Ok(())).await;
            // A signal may have come while a command was running.
            process_tree.end_all().await;
            done.map(|()| Outcome::Yes)
        })
    }

    async fn repeat(
        &self,
        monitor: &Monitor,
        condition: &Condition,
        process_tree: &ProcessTree,
    ) -> Result<(), Failure> {
        let holds = |snapshot: &Snapshot| condition.evaluate(snapshot) == Some(true);
        let mut changes = monitor.live_snapshot();
        loop {
            changes.until(holds).await.map_err(sdk_failure)?;
            note(&format!(
                "{condition}: starting `{}`",
                self.command.join(OsStr::new(" ")).display()
            ));
            let mut running = process_tree.start(&self.command)?;
            let ended = {
                let no_longer = std::pin::pin!(changes.until(|snapshot| !holds(snapshot)));
                match select(std::pin::pin!(running.ended()), no_longer).await {
                    Either::Left((ended, no_longer)) => {
                        note(&format!("the command ended: {}", describe(&ended)));
                        // The command may have left processes.
                        process_tree.end_all().await;
                        no_longer.await.map_err(sdk_failure)?;
                        true
                    }
                    Either::Right((changed, _)) => {
                        changed.map_err(sdk_failure)?;
                        false
                    }
                }
            };
            if !ended {
                note(&format!("no longer {condition}: stopping the command"));
                running.end().await;
            }
            process_tree.end_all().await;
        }
    }
}

fn describe(ended: &std::io::Result<ExitStatus>) -> String {
    match ended {
        Ok(status) => status.to_string(),
        Err(error) => error.to_string(),
    }
}
