//! The account, and the validation of texts that other programs display.

use alloc::borrow::ToOwned as _;
use alloc::string::String;
use core::fmt;

/// The only account of a provider. Its protocol is `manual`: the user sets its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    name: String,
    friendly_name: String,
}

/// The error for a text that other programs cannot display.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TextError {
    /// The text is empty.
    Empty,
    /// The text is too long for a listener to store.
    TooLong {
        /// The maximum length in bytes.
        bytes_max: usize,
    },
    /// The text contains a control character, which could end the text or control a terminal.
    Control,
}

impl Account {
    /// The maximum length of a name. The longest sign-in names have 320 bytes (RFC 5321 §4.5.3.1).
    pub const NAME_BYTES_MAX: usize = 512;

    /// An account with the sign-in name `name`, such as `alice@example.com`, and the display name
    /// `friendly_name`.
    ///
    /// # Errors
    ///
    /// If other programs cannot display one of the names.
    pub fn new(name: &str, friendly_name: &str) -> Result<Self, TextError> {
        let name = text(name, Self::NAME_BYTES_MAX)?;
        let friendly_name = text(friendly_name, Self::NAME_BYTES_MAX)?;
        Ok(Self { name, friendly_name })
    }

    /// The sign-in name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The display name.
    #[must_use]
    pub fn friendly_name(&self) -> &str {
        &self.friendly_name
    }
}

/// Validates a text.
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
            Self::Empty => f.write_str("the text is empty"),
            Self::TooLong { bytes_max } => write!(f, "the text has more than {bytes_max} bytes"),
            Self::Control => {
                f.write_str("the text contains a line break or another control character")
            }
        }
    }
}

impl core::error::Error for TextError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_with_control_characters_and_long_or_empty_texts_are_rejected() {
        assert_eq!(Account::new("", "Alice"), Err(TextError::Empty));
        assert_eq!(Account::new("alice", "Al\u{1b}[2Jice"), Err(TextError::Control));
        assert_eq!(Account::new("a\0b", "Alice"), Err(TextError::Control));
        let long = "a".repeat(Account::NAME_BYTES_MAX + 1);
        let too_long = TextError::TooLong { bytes_max: Account::NAME_BYTES_MAX };
        assert_eq!(Account::new(&long, "Alice"), Err(too_long));
    }
}
