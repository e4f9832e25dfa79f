//! Parsing of the words that a person or a program sends to a provider.

use alloc::borrow::ToOwned as _;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use communicado_core::{Activity, Availability};

/// The error for an unknown word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownWord {
    /// The expected kind of word, such as `availability`.
    pub expected: &'static str,
    /// The word.
    pub word: String,
    /// The known words of this kind.
    pub known: Vec<String>,
}

/// Parses an availability. `other` stands for unknown values, so it is rejected.
///
/// # Errors
///
/// If the word is unknown.
pub fn availability(word: &str) -> Result<Availability, UnknownWord> {
    let known = || Availability::ALL.into_iter().filter(|it| *it != Availability::Other);
    let found = known().find(|it| it.word() == word);
    found.ok_or_else(|| UnknownWord::new("availability", word, known().map(Availability::word)))
}

/// Parses an activity. `other` is rejected, as for the availability.
///
/// # Errors
///
/// If the word is unknown.
pub fn activity(word: &str) -> Result<Activity, UnknownWord> {
    let known = || Activity::ALL.into_iter().filter(|it| *it != Activity::Other);
    let found = known().find(|it| it.word() == word);
    found.ok_or_else(|| UnknownWord::new("activity", word, known().map(Activity::word)))
}

/// Parses a duration such as `500ms`, `3s` or `1h30m`; `None` if it is invalid or negative.
#[must_use]
pub fn duration(word: &str) -> Option<Duration> {
    let duration = word.parse::<jiff::SignedDuration>().ok()?;
    Duration::try_from(duration).ok()
}

impl UnknownWord {
    pub(crate) fn new<W: AsRef<str>>(
        expected: &'static str,
        word: &str,
        known: impl IntoIterator<Item = W>,
    ) -> Self {
        let known = known.into_iter().map(|it| it.as_ref().to_owned()).collect();
        Self { expected, word: word.to_string(), known }
    }
}

impl fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.word.escape_debug();
        write!(f, "unknown {} `{word}`", self.expected)
    }
}

impl core::error::Error for UnknownWord {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_core_except_other_is_known() {
        assert_eq!(availability("do-not-disturb"), Ok(Availability::DoNotDisturb));
        assert_eq!(activity("in-a-meeting"), Ok(Activity::InAMeeting));
        let error = availability("other").unwrap_err();
        assert_eq!(error.known.len(), Availability::ALL.len() - 1);
        assert_eq!(activity("busy\n").unwrap_err().to_string(), "unknown activity `busy\\n`");
    }

    #[test]
    fn negative_durations_are_rejected() {
        assert_eq!(duration("1m30s"), Some(Duration::from_secs(90)));
        assert_eq!(duration("500ms"), Some(Duration::from_millis(500)));
        for wrong in ["-1s", "5", "", "soon", "1 y"] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
    }
}
