//! Notices to the user, beside the statuses.

use std::fmt;
use std::time::Duration;

use crate::{LimitReached, SourceError};

/// A notice to the user who runs the program.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Notice {
    /// A source failed. It restarts after a delay.
    Lost {
        /// The source's name.
        source: String,
        /// The cause, and what to do.
        error: SourceError,
        /// The delay before the restart.
        retry_in: Duration,
        /// The number of other sources that are working.
        others: usize,
    },
    /// A source that had failed works again.
    Recovered {
        /// The source's name.
        source: String,
    },
    /// A source works, but has a problem that the user can solve.
    Warning {
        /// The source's name.
        source: String,
        /// The problem, and what to do.
        warning: SourceError,
    },
    /// A message from a program that a source runs.
    Message {
        /// The source's name.
        source: String,
        /// The message, in one line.
        text: String,
    },
    /// A name exceeded a limit and was ignored.
    Limit {
        /// The source's name.
        source: String,
        /// The limit.
        limit: LimitReached,
    },
    /// A write to the journal failed. There is no journal from here on; everything else works.
    JournalFailed {
        /// The error of the system.
        cause: String,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost { source, error, retry_in, others } => {
                writeln!(f, "error: source `{source}` failed")?;
                writeln!(f, "  cause: {}", error.cause)?;
                writeln!(f, "  help: {}", error.help)?;
                write!(f, "  meanwhile: retrying in {}", rounded(*retry_in))?;
                match others {
                    0 => write!(f, "; its clients are `unknown`"),
                    1 => write!(f, "; 1 other source is working"),
                    _ => write!(f, "; {others} other sources are working"),
                }
            }
            Self::Recovered { source } => write!(f, "note: source `{source}` works again"),
            Self::Warning { source, warning } => {
                writeln!(f, "warning: source `{source}`: {}", warning.cause)?;
                write!(f, "  help: {}", warning.help)
            }
            Self::Message { source, text } => write!(f, "note: source `{source}`: {text}"),
            Self::Limit { source, limit } => {
                writeln!(f, "warning: source `{source}` saw {limit}")?;
                write!(f, "  meanwhile: the first ones are still reported")
            }
            Self::JournalFailed { cause } => {
                writeln!(f, "error: cannot write to the journal any more")?;
                writeln!(f, "  cause: {cause}")?;
                write!(
                    f,
                    "  meanwhile: statuses are still reported; you can replay the journal up to here"
                )
            }
        }
    }
}

fn rounded(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        return format!("{} ms", duration.as_millis());
    }
    format!("{} s", (duration + Duration::from_millis(500)).as_secs())
}
