//! The signatures of Standard Webhooks (standardwebhooks.com). Pure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;

use crate::publish::PublishError;

/// The start of a secret.
const PREFIX: &str = "whsec_";
/// The valid lengths of a secret, in bytes.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;
/// The maximum number of secrets. A rotation needs two.
const SECRETS_MAX: usize = 8;

/// The secrets that a receiver may know.
pub(super) struct Secrets(Vec<hmac::Key>);

impl Secrets {
    /// Parses secrets, which spaces or line breaks separate. The error does not contain them.
    pub(super) fn parse(text: &str) -> Result<Self, PublishError> {
        let parse = |text: &str| {
            let text = text.strip_prefix(PREFIX).ok_or("does not start with `whsec_`")?;
            let bytes = STANDARD.decode(text).map_err(|_| "is not base64 after `whsec_`")?;
            if !LENGTHS.contains(&bytes.len()) {
                return Err("does not have 24 to 64 bytes");
            }
            Ok(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
        };
        let keys: Result<Vec<_>, _> = text.split_whitespace().map(parse).collect();
        let wrong = |why: &str| {
            let help = "write each secret on its own line, as the receiver shows it (whsec_...)";
            PublishError::needs_action(format!("a secret of `secret-file` {why}"), help)
        };
        match keys {
            Ok(keys) if keys.len() > SECRETS_MAX => Err(wrong("is one too many: 8 are possible")),
            Ok(keys) => Ok(Self(keys)),
            Err(why) => Err(wrong(why)),
        }
    }

    /// The value of the header `webhook-signature`: one signature for each secret.
    pub(super) fn sign(&self, id: &str, seconds: i64, body: &str) -> String {
        let content = format!("{id}.{seconds}.{body}");
        let sign = |key| {
            let tag = hmac::sign(key, content.as_bytes());
            format!("v1,{}", STANDARD.encode(tag))
        };
        self.0.iter().map(sign).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's libraries.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn sign(secrets: &str) -> String {
        let secrets = Secrets::parse(secrets).unwrap();
        let body = r#"{"test": 2432232314}"#;
        secrets.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body)
    }

    #[test]
    fn the_signature_is_the_one_of_the_specification() {
        assert_eq!(sign(SECRET), SIGNATURE);
    }

    #[test]
    fn every_secret_of_a_rotation_signs() {
        let other = format!("whsec_{}", STANDARD.encode([7; 32]));
        let both = sign(&format!("{other}\n{SECRET}"));
        let signatures: Vec<_> = both.split(' ').collect();
        assert_eq!((signatures.len(), signatures[1]), (2, SIGNATURE));
    }

    #[test]
    fn an_invalid_secret_is_an_error_that_does_not_contain_it() {
        let short = format!("whsec_{}", STANDARD.encode([7; 23]));
        let many = [SECRET; 9].join(" ");
        for bad in ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_?MfKQ", &short, &many] {
            let error = Secrets::parse(bad).err().unwrap();
            assert!(!error.cause.contains("MfKQ"), "{error}");
        }
    }
}
