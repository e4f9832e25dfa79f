//! Why a script cannot be played.

use alloc::string::String;
use core::fmt;
use core::time::Duration;

use crate::TextError;
use crate::words::UnknownWord;

/// Why a script cannot be played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptError {
    /// The number of the line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub kind: ScriptErrorKind,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScriptErrorKind {
    /// The line does not begin with a time.
    InvalidTime(String),
    /// The line is earlier than the one above it.
    TimeDecreases {
        /// The time of the line.
        after: Duration,
        /// The time of the one above it.
        before: Duration,
    },
    /// A word means nothing in its place.
    UnknownWord(UnknownWord),
    /// Something is missing behind a word.
    Missing {
        /// The word.
        previous: String,
        /// What is missing.
        expected: &'static str,
    },
    /// A span of time is none.
    InvalidDuration {
        /// What it is for.
        previous: String,
        /// What stands there.
        word: String,
    },
    /// A note cannot be shown.
    Note(TextError),
    /// A quotation mark is not closed.
    OpenQuote,
    /// There are more lines than can be played.
    TooManyLines {
        /// How many there may be.
        lines_max: usize,
    },
}

impl ScriptError {
    /// The word that is not known, with those that could have been meant.
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
                write!(f, "`{word}` is no time since the start, such as `500ms` or `3s`")
            }
            ScriptErrorKind::TimeDecreases { after, before } => {
                write!(f, "{after:?} comes after {before:?}: time does not go back")
            }
            ScriptErrorKind::UnknownWord(word) => word.fmt(f),
            ScriptErrorKind::Missing { previous, expected } => {
                write!(f, "behind `{}` there is no {expected}", previous.escape_debug())
            }
            ScriptErrorKind::InvalidDuration { previous, word } => {
                let (previous, word) = (previous.escape_debug(), word.escape_debug());
                write!(f, "`{word}` behind `{previous}` is no span of time, such as `500ms`")
            }
            ScriptErrorKind::Note(error) => write!(f, "the note cannot be shown: {error}"),
            ScriptErrorKind::OpenQuote => f.write_str("a quotation mark is not closed"),
            ScriptErrorKind::TooManyLines { lines_max } => {
                write!(f, "no script of more than {lines_max} lines is played")
            }
        }
    }
}

impl core::error::Error for ScriptError {}
