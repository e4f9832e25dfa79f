//! Secrets of tokens: random values, ids and hashes.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::api_error::{ApiError, ApiErrorKind};

/// How a token begins, so that one which was lost can be looked for.
const PREFIX: &str = "cmt_";
/// Characters after it: 32 bytes.
const SECRET_CHARS: usize = 43;

/// The SHA-256 of a secret; the only thing of it that is kept.
pub(crate) type SecretHash = [u8; 32];

/// A new secret.
///
/// # Errors
///
/// If the system has no random numbers.
pub(crate) fn new_secret() -> Result<String, ApiError> {
    Ok(format!("{PREFIX}{}", random::<32>()?))
}

/// A new name that cannot be guessed.
///
/// # Errors
///
/// If the system has no random numbers.
pub(crate) fn random<const N: usize>() -> Result<String, ApiError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| {
        let detail = format!("the system has no random numbers: {error}");
        ApiError::new(ApiErrorKind::Unavailable, detail, "try again later")
    })?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// A new id of a token. A letter is first: what begins with `-` a command line takes for an option.
///
/// # Errors
///
/// If the system has no random numbers.
pub(crate) fn new_id() -> Result<Arc<str>, ApiError> {
    Ok(format!("t{}", random::<9>()?).into())
}

/// The hash of a secret, if the text has the form of one.
pub(crate) fn hash(secret: &str) -> Option<SecretHash> {
    let rest = secret.strip_prefix(PREFIX)?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if rest.len() != SECRET_CHARS || !rest.bytes().all(plain) {
        return None;
    }
    Some(Sha256::digest(secret.as_bytes()).into())
}

pub(crate) fn hex(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_known_by_its_hash_and_nothing_else_is_one() {
        let secret = new_secret().unwrap();
        assert_eq!(secret.len(), 47);
        assert!(hash(&secret).is_some());
        assert_ne!(hash(&secret), hash(&new_secret().unwrap()));
        for other in ["", "cmt_", &secret[1..], &format!("{secret}a"), &secret.replace('_', "!")] {
            assert_eq!(hash(other), None, "{other}");
        }
    }
}
