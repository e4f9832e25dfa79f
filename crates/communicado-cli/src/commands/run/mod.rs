//! `run`: a command for as long as it is so.
//!
//! Where a command runs, nothing of it is left behind, whatever ends first; how, is the platform's.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(windows)]
mod windows;

use std::ffi::{OsStr, OsString};
use std::process::ExitStatus;
use std::time::Duration;

use clap::Args;
use communicado::{Condition, Monitor, Snapshot};
use futures_util::future::{Either, select};

#[cfg(target_os = "linux")]
use self::linux as platform;
#[cfg(windows)]
use self::windows as platform;
pub(crate) use platform::inner;
use platform::{Cage, find};

use crate::arguments::{condition, span};
use crate::failure::{Failure, Outcome};
use crate::live::{beside_monitor, tell_unknown_clients, unless_asked_to_end};
use crate::settings::Settings;

/// Run a command for as long as it is so.
///
/// Starts COMMAND when it becomes so, and ends it (TERM, then KILL) when it stops being so or
/// can no longer be told. A command that ends by itself is not started again before it has
/// stopped being so. Nothing that it started is left behind, whatever ends first.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// A status, an availability, or `running`.
    #[arg(long = "while", value_name = "WORD", value_parser = condition())]
    condition: Condition,
    /// How long the command may take to end by itself before it is killed.
    #[arg(long, value_name = "SPAN", value_parser = span, default_value = "5s")]
    grace: Duration,
    /// The command and its arguments.
    #[arg(value_name = "COMMAND", required = true, last = true)]
    command: Vec<OsString>,
}

impl Run {
    pub(crate) fn run(self, settings: &Settings) -> Result<Outcome, Failure> {
        let Some(program) = self.command.first() else {
            return Err(Failure::usage("there is no command to run"));
        };
        if find(program, std::env::var_os("PATH").as_deref()).is_none() {
            let what = format!("the command `{}` cannot be run", program.display());
            let help = "give the path of a program, or install it";
            return Err(Failure::new(Outcome::Failed, what)
                .cause("there is no such program, or it is not executable")
                .help(help));
        }
        let cage = Cage::new(self.grace)?;
        let condition = self.condition.clone().of(settings.clients.clone());
        beside_monitor(settings.builder()?, async |monitor| {
            tell_unknown_clients(settings, &monitor.snapshot().await);
            let done = unless_asked_to_end(self.repeat(&monitor, &condition, &cage), Ok(())).await;
            // Asked to end in the middle, with a command at work.
            cage.clear().await;
            done.map(|()| Outcome::Yes)
        })
    }

    async fn repeat(
        &self,
        monitor: &Monitor,
        condition: &Condition,
        cage: &Cage,
    ) -> Result<(), Failure> {
        let so = |snapshot: &Snapshot| condition.evaluate(snapshot) == Some(true);
        let mut changes = monitor.live_snapshot();
        loop {
            changes.until(so).await?;
            tell(&format!(
                "it is {condition}: starting `{}`",
                self.command.join(OsStr::new(" ")).display()
            ));
            let mut running = cage.start(&self.command)?;
            let ended = {
                let no_more = std::pin::pin!(changes.until(|snapshot| !so(snapshot)));
                match select(std::pin::pin!(running.ended()), no_more).await {
                    Either::Left((ended, no_more)) => {
                        tell(&format!("the command ended: {}", how(&ended)));
                        // It may have left something.
                        cage.clear().await;
                        no_more.await?;
                        true
                    }
                    Either::Right((no_more, _)) => {
                        no_more?;
                        false
                    }
                }
            };
            if !ended {
                tell(&format!("it is not {condition} any more: ending the command"));
                running.end().await;
            }
            cage.clear().await;
        }
    }
}

fn how(ended: &std::io::Result<ExitStatus>) -> String {
    match ended {
        Ok(status) => status.to_string(),
        Err(error) => error.to_string(),
    }
}

fn tell(what: &str) {
    crate::commands::tell(&format!("note: {what}\n"));
}
