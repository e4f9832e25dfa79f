//! Secrets of tokens: random values, ids and hashes.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::api_error::{ApiError, ApiErrorKind};

/// The prefix of a token, by which secret scanners find leaked tokens.
const PREFIX: &str = "cmt_";
/// The number of characters after the prefix: 32 bytes.
const SECRET_CHARS: usize = 43;

/// The SHA-256 of a secret. The gateway stores only this hash.
pub(crate) type SecretHash = [u8; 32];

/// Generates a secret.
///
/// # Errors
///
/// If the system's random number generator fails.
pub(crate) fn new_secret() -> Result<String, ApiError> {
    Ok(format!("{PREFIX}{}", random::<32>()?))
}

/// Generates an unguessable name.
///
/// # Errors
///
/// If the system's random number generator fails.
pub(crate) fn random<const N: usize>() -> Result<String, ApiError> {
    Ok(URL_SAFE_NO_PAD.encode(random_bytes::<N>()?))
}

/// Generates unguessable bytes.
///
/// # Errors
///
/// If the system's random number generator fails.
pub(crate) fn random_bytes<const N: usize>() -> Result<[u8; N], ApiError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| {
        let detail = format!("the system's random number generator failed: {error}");
        ApiError::new(ApiErrorKind::Unavailable, detail, "try again later")
    })?;
    Ok(bytes)
}

/// Generates a token id. It begins with a letter, because command lines treat a leading `-` as an
/// option.
///
/// # Errors
///
/// If the system's random number generator fails.
pub(crate) fn new_id() -> Result<Arc<str>, ApiError> {
    Ok(format!("t{}", random::<9>()?).into())
}

/// The hash of a secret, if the text has the form of a secret.
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
    fn a_secret_is_identified_by_its_hash_and_other_text_is_not_a_secret() {
        let secret = new_secret().unwrap();
        assert_eq!(secret.len(), 47);
        assert!(hash(&secret).is_some());
        assert_ne!(hash(&secret), hash(&new_secret().unwrap()));
        for other in ["", "cmt_", &secret[1..], &format!("{secret}a"), &secret.replace('_', "!")] {
            assert_eq!(hash(other), None, "{other}");
        }
    }
}
