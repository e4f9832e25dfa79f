//! `record`: writes a journal.

use std::fs::File;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Mutex;
use std::time::Duration;

use clap::Args;
use communicado::Notice;
use communicado_runtime::{Clock as _, SystemClock, sleep_until};
use futures_util::future::{Either, select};
use tokio::sync::oneshot;

use crate::arguments::parse_duration;
use crate::commands::tell;
use crate::failure::{Failure, Outcome};
use crate::runtime::{or_shutdown, with_monitor_and_notices};
use crate::settings::Settings;

/// Write a journal of everything observed, until stopped; `replay` repeats it.
///
/// The names of accounts are left out, so that it can be attached to a public report.
#[derive(Debug, Args)]
pub(crate) struct RecordArgs {
    /// Where to write it; a file that is there is not overwritten.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Write the names of accounts too.
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
            let what = format!("the journal `{shown}` cannot be written");
            let help = "choose a file that is not there yet, in a folder that can be written";
            Failure::new(Outcome::Failed, what).cause(error).help(help)
        })?;
        tell(&format!("note: recording to {shown}; end it with Ctrl-C\n"));
        let builder = builder.journal(file, self.names);
        let (failed, journal_failed) = oneshot::channel();
        let failed = Mutex::new(Some(failed));
        let say = move |notice: &Notice| match notice {
            Notice::JournalFailed { cause } => {
                let failed = failed.lock().ok()?.take()?;
                // Nobody waits for it any more where the recording has just ended.
                let _ = failed.send(cause.clone());
                None
            }
            _ => Some(notice.to_string()),
        };
        with_monitor_and_notices(say, builder, async |_monitor| {
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
                    let what = format!("the journal `{shown}` cannot be written any further");
                    let help = "make room and record again; what was written can be replayed";
                    Err(Failure::new(Outcome::Failed, what).cause(cause).help(help))
                }
                _ => Ok(Outcome::Yes),
            }
        })
    }
}
