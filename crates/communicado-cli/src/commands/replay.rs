//! `replay`: repeats a journal.

use std::fs::File;
use std::io::{BufRead, BufReader, Read as _};
use std::path::PathBuf;

use clap::Args;
use communicado::Update;
use communicado_runtime::Replay;

use crate::commands::status::{FormChoice, lines};
use crate::commands::{print, tell};
use crate::failure::{Failure, Outcome};
use crate::settings::Settings;

/// A line of a journal is a few hundred bytes; a longer one than this is none.
const LINE_BYTES_MAX: u64 = 1024 * 1024;
/// So many bad lines are told one by one: a file that is no journal has nothing but.
const REPORTED_MAX: u32 = 20;

/// Print what a journal makes of it, as `watch` would have.
#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// The journal.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    form: FormChoice,
}

impl ReplayArgs {
    /// A line that cannot be read is told and passed over: the rest is still worth reading.
    pub(crate) fn run(self, settings: Settings) -> Result<Outcome, Failure> {
        let shown = self.file.display();
        let cannot = |error: std::io::Error| {
            let what = format!("the journal `{shown}` cannot be read");
            Failure::new(Outcome::Failed, what).cause(error)
        };
        let form = self.form.form(true, &settings)?;
        let mut lines = lines(form, &settings);
        let mut journal = BufReader::new(File::open(&self.file).map_err(cannot)?);
        let mut replay = Replay::default();
        let mut bad: u32 = 0;
        for number in 1_u64.. {
            let Some(line) = next_line(&mut journal).map_err(cannot)? else { break };
            let replayed = match &line {
                JournalLine::Whole(line) => replay.line(line).map_err(|error| cause(&error)),
                JournalLine::TooLong => Err(format!("it is longer than {LINE_BYTES_MAX} bytes")),
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
                    let what = format!("line {number} of `{shown}` cannot be replayed");
                    let failure = Failure::new(Outcome::Failed, what).cause(error);
                    if replay.began().is_none() {
                        let help = "give it a file that `communicado record` wrote";
                        return Err(failure.help(help));
                    }
                    bad = bad.saturating_add(1);
                    if bad <= REPORTED_MAX {
                        failure.tell();
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
            tell(&format!("note: {more} more lines of `{shown}` cannot be replayed\n"));
        }
        Ok(if bad == 0 { Outcome::Yes } else { Outcome::Failed })
    }
}

/// Why a line cannot be replayed. To the parser it is the first, which only confuses.
fn cause(error: &communicado_runtime::ReplayError) -> String {
    error.to_string().replacen(" at line 1 column", " at column", 1)
}

enum JournalLine {
    Whole(String),
    TooLong,
}

/// The next line; nothing at the end.
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
