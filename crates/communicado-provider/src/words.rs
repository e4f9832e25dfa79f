//! The words that a person or a program may say to a provider.

use alloc::borrow::ToOwned as _;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use communicado_core::{Activity, Availability};

/// A word that means nothing in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownWord {
    /// What the word should have been, such as `availability`.
    pub expected: &'static str,
    /// The word.
    pub word: String,
    /// The words that there are.
    pub known: Vec<String>,
}

/// The availability that `word` names. `other` is what cannot be said in words, so nobody can say
/// it.
///
/// # Errors
///
/// If there is no such availability.
pub fn availability(word: &str) -> Result<Availability, UnknownWord> {
    let known = || Availability::ALL.into_iter().filter(|it| *it != Availability::Other);
    let found = known().find(|it| it.word() == word);
    found.ok_or_else(|| UnknownWord::new("availability", word, known().map(Availability::word)))
}

/// The activity that `word` names; as with the availability, `other` is none.
///
/// # Errors
///
/// If there is no such activity.
pub fn activity(word: &str) -> Result<Activity, UnknownWord> {
    let known = || Activity::ALL.into_iter().filter(|it| *it != Activity::Other);
    let found = known().find(|it| it.word() == word);
    found.ok_or_else(|| UnknownWord::new("activity", word, known().map(Activity::word)))
}

/// A span of time such as `500ms`, `3s` or `1h30m`; none that is negative.
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
        write!(f, "`{word}` is no {}", self.expected)
    }
}

impl core::error::Error for UnknownWord {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_core_can_be_said_but_other() {
        assert_eq!(availability("do-not-disturb"), Ok(Availability::DoNotDisturb));
        assert_eq!(activity("in-a-meeting"), Ok(Activity::InAMeeting));
        let error = availability("other").unwrap_err();
        assert_eq!(error.known.len(), Availability::ALL.len() - 1);
        assert_eq!(activity("busy\n").unwrap_err().to_string(), "`busy\\n` is no activity");
    }

    #[test]
    fn a_span_is_never_negative() {
        assert_eq!(duration("1m30s"), Some(Duration::from_secs(90)));
        assert_eq!(duration("500ms"), Some(Duration::from_millis(500)));
        for wrong in ["-1s", "5", "", "soon", "1 y"] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
    }
}
