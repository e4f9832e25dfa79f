//! The gateway, the person, the device and the access token to publish with.

use std::fmt;

use hyper::header::HeaderValue;

use super::{Address, Id};
use crate::publish::PublishError;

/// The longest token to accept.
const TOKEN_MAX: usize = 1024;

/// The parameters of a [`GatewayClient`](super::GatewayClient).
#[derive(Clone, Debug)]
pub struct Access {
    /// The gateway.
    pub address: Address,
    /// The person to publish for.
    pub person: Id,
    /// The name of this device.
    pub device: Id,
    /// The access token.
    pub token: AccessToken,
    /// The CA certificates to verify the gateway with, in PEM. `None` means the system's.
    pub authorities: Option<Vec<u8>>,
}

/// An access token, which is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken(HeaderValue);

impl AccessToken {
    /// Reads a token from the text of a file.
    ///
    /// # Errors
    ///
    /// If the text is not a token. The error does not contain the text.
    pub fn new(text: &str) -> Result<Self, PublishError> {
        let text = text.trim();
        let help = "write the token as the only line of the file, as the gateway printed it";
        let wrong = |why| Err(PublishError::permanent(format!("the token {why}"), help));
        if text.is_empty() {
            return wrong("is empty");
        }
        if text.len() > TOKEN_MAX {
            return wrong("is too long");
        }
        // RFC 6750, b64token.
        if !text.chars().all(|c| c.is_ascii_alphanumeric() || "-._~+/=".contains(c)) {
            return wrong("has invalid characters");
        }
        let Ok(mut value) = HeaderValue::try_from(format!("Bearer {text}")) else {
            return wrong("has invalid characters");
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
    fn a_token_is_read_from_the_text_of_a_file_and_never_printed() {
        let token = AccessToken::new(" cmt_abc-DEF_123\n").unwrap();
        assert_eq!(token.header(), "Bearer cmt_abc-DEF_123");
        assert!(!format!("{token:?} {:?}", token.header()).contains("abc"));
    }

    #[test]
    fn an_invalid_token_is_rejected_and_not_printed() {
        for bad in
            ["", "\n", "a b", "cmt_secret\ncmt_secret", "cmt_sécret", "x\0", &"x".repeat(2000)]
        {
            let error = AccessToken::new(bad).unwrap_err();
            assert!(!error.cause.contains("cret"), "{}", error.cause);
        }
    }
}
