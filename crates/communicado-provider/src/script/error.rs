//! Why a script cannot be played.

use alloc::string::String;
use core::fmt;
use core::time::Duration;

use crate::TextError;
use crate::words::NoSuchWord;

/// Why a script cannot be played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptError {
    /// The number of the line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: What,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// The line does not begin with a time.
    NotATime(String),
    /// The line is earlier than the one above it.
    TimeGoesBack {
        /// The time of the line.
        after: Duration,
        /// The time of the one above it.
        before: Duration,
    },
    /// A word means nothing in its place.
    NoSuchWord(NoSuchWord),
    /// Something is missing behind a word.
    Missing {
        /// The word.
        behind: String,
        /// What is missing.
        what: &'static str,
    },
    /// A span of time is none.
    NotASpan {
        /// What it is for.
        behind: String,
        /// What stands there.
        word: String,
    },
    /// A note cannot be shown.
    Note(TextError),
    /// A quotation mark is not closed.
    OpenQuote,
    /// There are more lines than can be played.
    TooLong {
        /// How many there may be.
        lines_max: usize,
    },
}

impl ScriptError {
    /// The word that is not known, with those that could have been meant.
    #[must_use]
    pub const fn unknown_word(&self) -> Option<&NoSuchWord> {
        match &self.what {
            What::NoSuchWord(word) => Some(word),
            What::NotATime(_)
            | What::TimeGoesBack { .. }
            | What::Missing { .. }
            | What::NotASpan { .. }
            | What::Note(_)
            | What::OpenQuote
            | What::TooLong { .. } => None,
        }
    }
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        match &self.what {
            What::NotATime(word) => {
                let word = word.escape_debug();
                write!(f, "`{word}` is no time since the start, such as `500ms` or `3s`")
            }
            What::TimeGoesBack { after, before } => {
                write!(f, "{after:?} comes after {before:?}: time does not go back")
            }
            What::NoSuchWord(word) => word.fmt(f),
            What::Missing { behind, what } => {
                write!(f, "behind `{}` there is no {what}", behind.escape_debug())
            }
            What::NotASpan { behind, word } => {
                let (behind, word) = (behind.escape_debug(), word.escape_debug());
                write!(f, "`{word}` behind `{behind}` is no span of time, such as `500ms`")
            }
            What::Note(error) => write!(f, "the note cannot be shown: {error}"),
            What::OpenQuote => f.write_str("a quotation mark is not closed"),
            What::TooLong { lines_max } => {
                write!(f, "no script of more than {lines_max} lines is played")
            }
        }
    }
}

impl core::error::Error for ScriptError {}
