//! `record`: writes a journal of all observations.

use std::fs::File;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Mutex;
use std::time::Duration;

use clap::Args;
use communicado::Notice;
use communicado_cli_support::{Failure, Outcome, note};
use communicado_runtime::{Clock as _, SystemClock, sleep_until};
use futures_util::future::{Either, select};
use tokio::sync::oneshot;

use crate::parsers::parse_duration;
use crate::runtime::{or_shutdown, with_monitor_and_notices};
use crate::settings::Settings;

/// Record all observations to a journal, until stopped.
///
/// `communicado replay` prints a journal. The journal contains no account names, so you can attach
/// it to a public report.
#[derive(Debug, Args)]
pub(crate) struct RecordArgs {
    /// The journal to create. An existing file is not overwritten.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Include account names and notes.
    #[arg(long)]
    names: bool,
    /// Stop after this time.
    #[arg(long = "for", value_name = "DURATION", value_parser = parse_duration)]
    duration: Option<Duration>,
}

impl RecordArgs {
    pub(crate) fn run(self, settings: &Settings) -> Result<Outcome, Failure> {
        let builder = settings.builder()?;
        let shown = self.file.display();
        let file = File::create_new(&self.file).map_err(|error| {
            let what = format!("cannot create the journal `{shown}`");
            let help = "name a new file in a folder that you may write to";
            Failure::new(Outcome::Failed, what).cause(error).help(help)
        })?;
        note(&format!("recording to {shown}; press Ctrl-C to stop"));
        let builder = builder.journal(file, self.names);
        let (failed, journal_failed) = oneshot::channel();
        let failed = Mutex::new(Some(failed));
        let describe = move |notice: &Notice| match notice {
            Notice::JournalFailed { cause } => {
                let failed = failed.lock().ok()?.take()?;
                // The receiver is gone if the recording has just ended.
                let _ = failed.send(cause.clone());
                None
            }
            _ => Some(notice.to_string()),
        };
        with_monitor_and_notices(describe, builder, async |_monitor| {
            let clock = SystemClock::start();
            let end = async {
                match self.duration {
                    Some(duration) => {
                        let _ = sleep_until(&clock, clock.now().after(duration)).await;
                    }
                    None => std::future::pending().await,
                }
            };
            let end = or_shutdown(end, ());
            match select(pin!(end), journal_failed).await {
                Either::Right((Ok(cause), _)) => {
                    let what = format!("cannot write to the journal `{shown}`");
                    let help = "free disk space and record again; you can replay what was written";
                    Err(Failure::new(Outcome::Failed, what).cause(cause).help(help))
                }
                _ => Ok(Outcome::Yes),
            }
        })
    }
}
