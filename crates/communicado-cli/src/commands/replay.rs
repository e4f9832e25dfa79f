//! `replay`: prints the changes that a journal contains.

use std::fs::File;
use std::io::{BufRead, BufReader, Read as _};
use std::path::PathBuf;

use clap::Args;
use communicado::Update;
use communicado_cli_support::{Failure, Outcome, note, print};
use communicado_runtime::Replay;

use crate::form::{FormChoice, line_writer};
use crate::settings::Settings;

/// The maximum length of a line. A line of a journal has a few hundred bytes.
const LINE_BYTES_MAX: u64 = 1024 * 1024;
/// The number of invalid lines that are reported one by one.
const REPORTED_MAX: u32 = 20;

/// Replay a journal: print the changes as `watch` would have printed them.
#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// The journal to replay.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    form: FormChoice,
}

impl ReplayArgs {
    /// Prints the changes. An invalid line is reported and skipped.
    pub(crate) fn run(self, settings: Settings) -> Result<Outcome, Failure> {
        let shown = self.file.display();
        let cannot = |error: std::io::Error| {
            let what = format!("cannot read the journal `{shown}`");
            Failure::new(Outcome::Failed, what).cause(error)
        };
        let form = self.form.form(true, &settings)?;
        let mut lines = line_writer(form, &settings);
        let mut journal = BufReader::new(File::open(&self.file).map_err(cannot)?);
        let mut replay = Replay::default();
        let mut bad: u32 = 0;
        for number in 1_u64.. {
            let Some(line) = next_line(&mut journal).map_err(cannot)? else { break };
            let replayed = match &line {
                JournalLine::Whole(line) => replay.line(line).map_err(|error| cause(&error)),
                JournalLine::TooLong => {
                    Err(format!("the line is longer than {LINE_BYTES_MAX} bytes"))
                }
            };
            match replayed {
                Ok(changes) => {
                    let mut text = String::new();
                    for change in changes {
                        lines.add(&Update::Change(change), &mut text)?;
                    }
                    print(&text)?;
                }
                Err(error) => {
                    let what = format!("cannot replay line {number} of `{shown}`");
                    let failure = Failure::new(Outcome::Failed, what).cause(error);
                    if replay.began().is_none() {
                        let help = "name a file that `communicado record` wrote";
                        return Err(failure.help(help));
                    }
                    bad = bad.saturating_add(1);
                    if bad <= REPORTED_MAX {
                        failure.print();
                    }
                }
            }
        }
        if replay.began().is_none() {
            let what = format!("the journal `{shown}` is empty");
            return Err(Failure::new(Outcome::Failed, what));
        }
        if bad > REPORTED_MAX {
            let more = bad - REPORTED_MAX;
            note(&format!("cannot replay {more} more lines of `{shown}`"));
        }
        Ok(if bad == 0 { Outcome::Yes } else { Outcome::Failed })
    }
}

/// The cause of an invalid line. The line number of the parser is always 1, so it is removed.
fn cause(error: &communicado_runtime::ReplayError) -> String {
    error.to_string().replacen(" at line 1 column", " at column", 1)
}

/// A line of a journal.
enum JournalLine {
    Whole(String),
    TooLong,
}

/// The next line, or `None` at the end.
fn next_line(journal: &mut impl BufRead) -> std::io::Result<Option<JournalLine>> {
    let mut bytes = Vec::new();
    if journal.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut bytes)? == 0 {
        return Ok(None);
    }
    let too_long = u64::try_from(bytes.len()).is_ok_and(|length| length == LINE_BYTES_MAX);
    if too_long && bytes.last() != Some(&b'\n') {
        journal.skip_until(b'\n')?;
        return Ok(Some(JournalLine::TooLong));
    }
    Ok(Some(JournalLine::Whole(String::from_utf8_lossy(&bytes).trim_end().to_owned())))
}
