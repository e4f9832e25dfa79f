//! Sign-in failure reasons, with the names of Communicator's SDK.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use communicado_codes::{Code, Family, by_name, lookup};

use crate::words::UnknownWord;

const PREFIX: &str = "MSGR_E_";

/// The reason why a sign-in failed or the server ended it: an error of the Messenger API.
///
/// The word for `MSGR_E_INVALID_PASSWORD` is `invalid-password`.
#[derive(Clone, Copy)]
pub struct Reason(&'static Code);

impl Reason {
    /// Parses a word, in any letter case and with or without `MSGR_E_`.
    ///
    /// # Errors
    ///
    /// If no error of the Messenger API has this name.
    pub fn from_word(word: &str) -> Result<Self, UnknownWord> {
        let begins = word.get(..PREFIX.len()).is_some_and(|it| it.eq_ignore_ascii_case(PREFIX));
        let name = if begins { String::from(word) } else { format!("{PREFIX}{word}") };
        let code = by_name(&name).filter(|code| code.family == Family::MessengerError);
        code.map(Self).ok_or_else(|| {
            let known = Self::all().into_iter().map(Self::word);
            UnknownWord::new("sign-in failure reason", word, known)
        })
    }

    /// The reason for an HRESULT.
    #[must_use]
    pub fn from_code(code: u32) -> Option<Self> {
        lookup(code).find(|code| code.family == Family::MessengerError).map(Self)
    }

    /// All reasons, ordered by code.
    #[must_use]
    pub fn all() -> Vec<Self> {
        // All codes are in one facility, from the same base (`msgrua.h`).
        (0x8100_0300..0x8100_0400).filter_map(Self::from_code).collect()
    }

    /// The word, as used in all output.
    #[must_use]
    pub fn word(self) -> String {
        let name = self.0.name.strip_prefix(PREFIX).unwrap_or(self.0.name);
        name.to_ascii_lowercase().replace('_', "-")
    }

    /// The HRESULT, as `OnSignin` passes it.
    #[must_use]
    pub const fn code(self) -> u32 {
        self.0.number
    }

    /// The meaning, in one sentence.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        self.0.meaning
    }
}

impl PartialEq for Reason {
    fn eq(&self, other: &Self) -> bool {
        self.code() == other.code()
    }
}

impl Eq for Reason {}

impl fmt::Debug for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_and_a_code_lead_to_the_same_reason() {
        let reason = Reason::from_word("invalid-password").unwrap();
        assert_eq!((reason.code(), &*reason.word()), (0x8100_0303, "invalid-password"));
        assert_eq!(Reason::from_code(0x8100_0303), Some(reason));
        assert_eq!(Reason::from_word("MSGR_E_INVALID_PASSWORD"), Ok(reason));
    }

    #[test]
    fn every_word_round_trips() {
        let all = Reason::all();
        assert!(all.len() > 100, "{}", all.len());
        for reason in all {
            assert_eq!(Reason::from_word(&reason.word()), Ok(reason));
        }
    }

    #[test]
    fn codes_of_other_families_are_rejected() {
        for word in ["online", "MISTATUS_BUSY", "80040111", "", "é"] {
            let error = Reason::from_word(word).unwrap_err();
            assert_eq!(error.word, word);
        }
        assert_eq!(Reason::from_code(0x8004_0111), None);
    }
}
