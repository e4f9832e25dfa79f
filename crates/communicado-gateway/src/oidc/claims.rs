//! The claims in an ID token; a pure module.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use communicado_wire::Timestamp;
use serde_json::Value;

/// Tolerated clock difference in seconds.
const SKEW: i64 = 60;

#[derive(Debug)]
pub(crate) struct Claims(Value);

impl Claims {
    /// Parses the payload of a token.
    ///
    /// # Errors
    ///
    /// If the text is not a token; the error says why.
    pub(crate) fn of_token(token: &str) -> Result<Self, String> {
        let mut parts = token.split('.');
        let (Some(_), Some(claims), Some(_), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err("the token does not have three parts".to_owned());
        };
        let bytes = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('='));
        let bytes = bytes.map_err(|error| format!("the claims are not base64: {error}"))?;
        let claims: Value = serde_json::from_slice(&bytes)
            .map_err(|error| format!("the claims are not JSON: {error}"))?;
        if claims.is_object() {
            Ok(Self(claims))
        } else {
            Err("the claims are not an object".to_owned())
        }
    }

    /// Validates issuer, client, nonce and expiry.
    ///
    /// If the token is for another issuer, client or sign-in, or has expired.
    pub(crate) fn check(
        &self,
        issuer: &str,
        client: &str,
        nonce: &str,
        now: Timestamp,
    ) -> Result<(), String> {
        let text = |key: &str| self.0.get(key).and_then(Value::as_str);
        if text("iss") != Some(issuer) {
            let other = text("iss").unwrap_or_default();
            return Err(format!("it comes from the issuer `{other}` and not from `{issuer}`"));
        }
        let audience: Vec<&str> = match self.0.get("aud") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        if !audience.contains(&client) {
            return Err("the token is for another client".to_owned());
        }
        let party = text("azp");
        if (audience.len() > 1 || party.is_some()) && party != Some(client) {
            return Err("the token was issued to another client".to_owned());
        }
        if text("nonce") != Some(nonce) {
            return Err("the token belongs to another sign-in".to_owned());
        }
        let end = self.0.get("exp").map_or(0, whole_seconds);
        if end.saturating_add(SKEW) <= now.micros() / 1_000_000 {
            return Err("the token has expired".to_owned());
        }
        Ok(())
    }

    /// Claims from the userinfo endpoint.
    pub(super) const fn of_userinfo(claims: Value) -> Self {
        Self(claims)
    }

    /// The names of the claims, for the log.
    pub(super) fn names(&self) -> String {
        let names = self.0.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
        names.take(40).collect::<Vec<_>>().join(", ")
    }

    /// False if the issuer has not verified the value of `claim`.
    pub(super) fn is_verified(&self, claim: &str) -> bool {
        let verified = self.0.get(format!("{claim}_verified"));
        // Some issuers send the text "false".
        !verified.is_some_and(|value| *value == Value::Bool(false) || value == "false")
    }

    pub(crate) fn text(&self, claim: &str) -> Option<String> {
        self.0.get(claim).and_then(Value::as_str).map(ToOwned::to_owned)
    }
}

/// A NumericDate without its fraction (RFC 7519, 2); 0 if it is not a number.
fn whole_seconds(value: &Value) -> i64 {
    let Some(number) = value.as_number() else { return 0 };
    let text = number.to_string();
    text.split('.').next().and_then(|whole| whole.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn token(claims: &Value) -> String {
        format!("e30.{}.x", URL_SAFE_NO_PAD.encode(claims.to_string()))
    }

    #[test]
    fn a_token_is_valid_for_one_client_one_sign_in_and_a_limited_time() {
        let now = Timestamp::from_micros(1_795_000_000_000_000).unwrap();
        let good = json!({"iss": "https://a", "aud": "us", "nonce": "n", "exp": 1_795_000_100,
            "sub": "ada"});
        let check = |key: &str, value: Value| {
            let mut claims = good.clone();
            claims[key] = value;
            let claims = Claims::of_token(&token(&claims)).unwrap();
            claims.check("https://a", "us", "n", now)
        };
        assert_eq!(check("sub", json!("ada")), Ok(()));
        assert_eq!(check("aud", json!(["us"])), Ok(()));
        assert_eq!(check("exp", json!(1_794_999_990)), Ok(()));
        assert_eq!(check("exp", json!(1_795_000_100.5)), Ok(()));
        let other = check("iss", json!("https://b")).unwrap_err();
        assert!(other.contains("`https://b`") && other.contains("`https://a`"), "{other}");
        for (key, value) in [
            ("iss", json!("https://b")),
            ("iss", json!(null)),
            ("aud", json!("them")),
            ("aud", json!(["us", "them"])),
            ("azp", json!("them")),
            ("nonce", json!("m")),
            ("nonce", json!(null)),
            ("exp", json!(1_794_999_900)),
            ("exp", json!(1_794_999_900.5)),
            ("exp", json!(1e300)),
            ("exp", json!("tomorrow")),
        ] {
            assert!(check(key, value.clone()).is_err(), "{key} {value}");
        }
    }

    #[test]
    fn a_malformed_token_is_refused() {
        for bad in ["", "a.b", "a.b.c.d", "a.!.c", "a.bm8.c", &token(&json!(7))] {
            assert!(Claims::of_token(bad).is_err(), "{bad}");
        }
    }
}
