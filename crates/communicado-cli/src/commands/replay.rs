//! `replay`: repeats a journal.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;

use clap::Args;
use communicado::Update;
use communicado_runtime::Replay as Run;

use crate::commands::print;
use crate::commands::status::{FormChoice, lines};
use crate::failure::{Failure, Outcome};
use crate::settings::Settings;

/// A line of a journal is a few hundred bytes; a longer one than this is none.
const LINE_BYTES_MAX: u64 = 1024 * 1024;

/// Print what a journal makes of it, as `watch` would have.
#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// The journal.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    form: FormChoice,
}

impl Replay {
    /// A line that cannot be read is told and passed over: the rest is still worth reading.
    pub(crate) fn run(self, settings: Settings) -> Result<Outcome, Failure> {
        let shown = self.file.display();
        let cannot = |error: std::io::Error| {
            let what = format!("the journal `{shown}` cannot be read");
            Failure::new(Outcome::Failed, what).because(error)
        };
        let form = self.form.form(true, &settings)?;
        let mut lines = lines(form, &settings);
        let mut journal = BufReader::new(File::open(&self.file).map_err(cannot)?);
        let mut run = Run::default();
        let mut bad = 0;
        for number in 1_u64.. {
            let mut bytes = Vec::new();
            let mut limited = std::io::Read::take(&mut journal, LINE_BYTES_MAX);
            if limited.read_until(b'\n', &mut bytes).map_err(cannot)? == 0 {
                break;
            }
            let line = String::from_utf8_lossy(&bytes);
            match run.line(line.trim_end()) {
                Ok(changes) => {
                    let mut text = String::new();
                    for change in changes {
                        lines.add(&Update::Change(change), &mut text)?;
                    }
                    print(&text)?;
                }
                Err(error) => {
                    let what = format!("line {number} of `{shown}` cannot be replayed");
                    let failure = Failure::new(Outcome::Failed, what).because(&error);
                    if run.began().is_none() {
                        let help = "give it a file that `communicado record` wrote";
                        return Err(failure.help(help));
                    }
                    failure.tell();
                    bad += 1;
                }
            }
        }
        if run.began().is_none() {
            let what = format!("the journal `{shown}` is empty");
            return Err(Failure::new(Outcome::Failed, what));
        }
        Ok(if bad == 0 { Outcome::Yes } else { Outcome::Failed })
    }
}
