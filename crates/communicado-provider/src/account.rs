//! Who is signed in, and the texts that strangers will read.

use alloc::borrow::ToOwned as _;
use alloc::string::String;
use core::fmt;

/// The one account of a provider, which is `manual`: its user says what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    name: String,
    friendly_name: String,
}

/// Why a text cannot be shown to other programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TextError {
    /// It says nothing.
    Empty,
    /// It is longer than a listener may be asked to hold.
    TooLong {
        /// How many bytes it may have.
        bytes_max: usize,
    },
    /// It has a control character, which would end a text or steer a terminal.
    Control,
}

impl Account {
    /// So long may a name be; the longest sign-in names (RFC 5321 §4.5.3.1) have 320 bytes.
    pub const NAME_BYTES_MAX: usize = 512;

    /// An account that signs in as `name`, such as `alice@example.com`, and is shown to others as
    /// `friendly_name`.
    ///
    /// # Errors
    ///
    /// If one of both cannot be shown to other programs.
    pub fn new(name: &str, friendly_name: &str) -> Result<Self, TextError> {
        let name = text(name, Self::NAME_BYTES_MAX)?;
        let friendly_name = text(friendly_name, Self::NAME_BYTES_MAX)?;
        Ok(Self { name, friendly_name })
    }

    /// The name that it signs in with.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name by which others see its user.
    #[must_use]
    pub fn friendly_name(&self) -> &str {
        &self.friendly_name
    }
}

/// A text that can be shown.
pub(crate) fn text(text: &str, bytes_max: usize) -> Result<String, TextError> {
    if text.is_empty() {
        return Err(TextError::Empty);
    }
    if text.len() > bytes_max {
        return Err(TextError::TooLong { bytes_max });
    }
    if text.chars().any(char::is_control) {
        return Err(TextError::Control);
    }
    Ok(text.to_owned())
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("it is empty"),
            Self::TooLong { bytes_max } => write!(f, "it has more than {bytes_max} bytes"),
            Self::Control => f.write_str("it has a line break or another control character"),
        }
    }
}

impl core::error::Error for TextError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_would_steer_a_reader_is_refused() {
        assert_eq!(Account::new("", "Alice"), Err(TextError::Empty));
        assert_eq!(Account::new("alice", "Al\u{1b}[2Jice"), Err(TextError::Control));
        assert_eq!(Account::new("a\0b", "Alice"), Err(TextError::Control));
        let long = "a".repeat(Account::NAME_BYTES_MAX + 1);
        let too_long = TextError::TooLong { bytes_max: Account::NAME_BYTES_MAX };
        assert_eq!(Account::new(&long, "Alice"), Err(too_long));
    }
}
