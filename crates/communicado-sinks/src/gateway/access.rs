//! Who publishes where, and by which right.

use std::fmt;

use hyper::header::HeaderValue;

use super::{Address, Id};
use crate::publish::PublishError;

/// The longest token that is taken.
const TOKEN_MAX: usize = 1024;

/// Everything that is needed to publish at a gateway.
#[derive(Clone, Debug)]
pub struct Access {
    /// The gateway.
    pub address: Address,
    /// The person who publishes.
    pub person: Id,
    /// The device that is published.
    pub device: Id,
    /// The right to do so.
    pub token: AccessToken,
    /// The only authorities that are trusted to know the gateway, in PEM; the system's, if there
    /// are none here.
    pub authorities: Option<Vec<u8>>,
}

/// A token, which is written nowhere but into a request.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken(HeaderValue);

impl AccessToken {
    /// Takes a token as it stands in a file.
    ///
    /// # Errors
    ///
    /// If it can be no token; the error does not say what it is instead.
    pub fn new(text: &str) -> Result<Self, PublishError> {
        let text = text.trim();
        let help = "put the token, as the gateway showed it, into the file alone on one line";
        let wrong = |why| Err(PublishError::permanent(format!("the token {why}"), help));
        if text.is_empty() {
            return wrong("is empty");
        }
        if text.len() > TOKEN_MAX {
            return wrong("is too long to be one");
        }
        // RFC 6750, b64token.
        if !text.chars().all(|c| c.is_ascii_alphanumeric() || "-._~+/=".contains(c)) {
            return wrong("holds what no token can hold");
        }
        let Ok(mut value) = HeaderValue::try_from(format!("Bearer {text}")) else {
            return wrong("holds what no token can hold");
        };
        value.set_sensitive(true);
        Ok(Self(value))
    }

    pub(super) fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_taken_as_it_stands_in_a_file_and_never_shown() {
        let token = AccessToken::new(" cmt_abc-DEF_123\n").unwrap();
        assert_eq!(token.header(), "Bearer cmt_abc-DEF_123");
        assert!(!format!("{token:?} {:?}", token.header()).contains("abc"));
    }

    #[test]
    fn what_can_be_no_token_is_refused_without_being_told() {
        for bad in
            ["", "\n", "a b", "cmt_secret\ncmt_secret", "cmt_sécret", "x\0", &"x".repeat(2000)]
        {
            let error = AccessToken::new(bad).unwrap_err();
            assert!(!error.cause.contains("cret"), "{}", error.cause);
        }
    }
}
