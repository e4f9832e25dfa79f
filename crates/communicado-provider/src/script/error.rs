//! Script errors.

use alloc::string::String;
use core::fmt;
use core::time::Duration;

use crate::TextError;
use crate::words::UnknownWord;

/// The error of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptError {
    /// The line number, from 1.
    pub line: usize,
    /// The kind of error.
    pub kind: ScriptErrorKind,
}

/// The kind of a script error.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScriptErrorKind {
    /// The line does not begin with a duration.
    InvalidTime(String),
    /// The line is earlier than the previous line.
    TimeDecreases {
        /// The time of the line.
        after: Duration,
        /// The time of the previous line.
        before: Duration,
    },
    /// A word is unknown.
    UnknownWord(UnknownWord),
    /// An argument is missing.
    Missing {
        /// The word before the missing argument.
        previous: String,
        /// The kind of the missing argument.
        expected: &'static str,
    },
    /// A duration is invalid.
    InvalidDuration {
        /// The word before it.
        previous: String,
        /// The invalid word.
        word: String,
    },
    /// A note is invalid.
    Note(TextError),
    /// A quotation mark is not closed.
    OpenQuote,
    /// The script is too long.
    TooManyLines {
        /// The maximum number of lines.
        lines_max: usize,
    },
}

impl ScriptError {
    /// The unknown word and the known ones, if that is the error.
    #[must_use]
    pub const fn unknown_word(&self) -> Option<&UnknownWord> {
        match &self.kind {
            ScriptErrorKind::UnknownWord(word) => Some(word),
            ScriptErrorKind::InvalidTime(_)
            | ScriptErrorKind::TimeDecreases { .. }
            | ScriptErrorKind::Missing { .. }
            | ScriptErrorKind::InvalidDuration { .. }
            | ScriptErrorKind::Note(_)
            | ScriptErrorKind::OpenQuote
            | ScriptErrorKind::TooManyLines { .. } => None,
        }
    }
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        match &self.kind {
            ScriptErrorKind::InvalidTime(word) => {
                let word = word.escape_debug();
                write!(f, "invalid time `{word}`: expected a duration such as `500ms` or `3s`")
            }
            ScriptErrorKind::TimeDecreases { after, before } => {
                write!(f, "{after:?} is earlier than the previous line ({before:?})")
            }
            ScriptErrorKind::UnknownWord(word) => word.fmt(f),
            ScriptErrorKind::Missing { previous, expected } => {
                write!(f, "missing {expected} after `{}`", previous.escape_debug())
            }
            ScriptErrorKind::InvalidDuration { previous, word } => {
                let (previous, word) = (previous.escape_debug(), word.escape_debug());
                write!(
                    f,
                    "invalid duration `{word}` after `{previous}`: expected one such as `500ms`"
                )
            }
            ScriptErrorKind::Note(error) => write!(f, "invalid note: {error}"),
            ScriptErrorKind::OpenQuote => f.write_str("unclosed quotation mark"),
            ScriptErrorKind::TooManyLines { lines_max } => {
                write!(f, "the script has more than {lines_max} lines")
            }
        }
    }
}

impl core::error::Error for ScriptError {}
