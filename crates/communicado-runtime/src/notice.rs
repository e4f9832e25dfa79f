//! What the person who runs communicado should know, beside the statuses.

use std::fmt;
use std::time::Duration;

use crate::{LimitReached, SourceError};

/// Something that the person who runs communicado should know.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Notice {
    /// A source can see no longer, and is started again after a while.
    Lost {
        /// The source's name.
        source: String,
        /// Why, and what to do.
        error: SourceError,
        /// When it is tried again.
        retry_in: Duration,
        /// How many other sources are watching.
        others: usize,
    },
    /// A source that was lost sees again.
    Recovered {
        /// The source's name.
        source: String,
    },
    /// A name was not taken in.
    Limit {
        /// The source's name.
        source: String,
        /// The limit.
        limit: LimitReached,
    },
    /// The journal can be written no longer; everything else goes on.
    JournalFailed {
        /// What the system said.
        cause: String,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost { source, error, retry_in, others } => {
                writeln!(f, "error: source `{source}` cannot watch")?;
                writeln!(f, "  cause: {}", error.cause)?;
                writeln!(f, "  help: {}", error.help)?;
                write!(f, "  meanwhile: trying again in {}", rounded(*retry_in))?;
                match others {
                    0 => write!(f, "; its clients are `unknown`"),
                    1 => write!(f, "; 1 other source is watching"),
                    _ => write!(f, "; {others} other sources are watching"),
                }
            }
            Self::Recovered { source } => write!(f, "note: source `{source}` is watching again"),
            Self::Limit { source, limit } => {
                writeln!(f, "warning: source `{source}` saw {limit}")?;
                write!(f, "  meanwhile: those known before are still told")
            }
            Self::JournalFailed { cause } => {
                writeln!(f, "error: the journal cannot be written any further")?;
                writeln!(f, "  cause: {cause}")?;
                write!(f, "  meanwhile: statuses are still told; what was written can be replayed")
            }
        }
    }
}

fn rounded(span: Duration) -> String {
    if span < Duration::from_secs(1) {
        return format!("{} ms", span.as_millis());
    }
    format!("{} s", (span + Duration::from_millis(500)).as_secs())
}
