//! `record`: writes a journal.

use std::fs::File;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use communicado_runtime::{Clock as _, SystemClock, sleep_until};

use crate::arguments::span;
use crate::failure::{Failure, Outcome};
use crate::live::{beside_monitor, unless_asked_to_end};
use crate::settings::Settings;

/// Write a journal of everything observed, until stopped; `replay` repeats it.
///
/// The names of accounts are left out, so that it can be attached to a public report.
#[derive(Debug, Args)]
pub(crate) struct Record {
    /// Where to write it; a file that is there is not overwritten.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Write the names of accounts too.
    #[arg(long)]
    names: bool,
    /// Stop after this time.
    #[arg(long = "for", value_name = "SPAN", value_parser = span)]
    duration: Option<Duration>,
}

impl Record {
    #[expect(clippy::print_stderr, reason = "this is told beside the data")]
    pub(crate) fn run(self, settings: &Settings) -> Result<Outcome, Failure> {
        let shown = self.file.display();
        let file = File::create_new(&self.file).map_err(|error| {
            let what = format!("the journal `{shown}` cannot be written");
            let help = "choose a file that is not there yet, in a folder that can be written";
            Failure::new(Outcome::Failed, what).because(error).help(help)
        })?;
        eprintln!("note: recording to {shown}; end it with Ctrl-C");
        let builder = settings.builder().journal(file, self.names);
        beside_monitor(builder, async |_monitor| {
            let clock = SystemClock::start();
            let end = async {
                match self.duration {
                    Some(duration) => {
                        let _ = sleep_until(&clock, clock.now().after(duration)).await;
                    }
                    None => std::future::pending().await,
                }
            };
            unless_asked_to_end(end, ()).await;
            Ok(Outcome::Yes)
        })
    }
}
