//! The entries of the bucket and their keys.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use communicado_wire::gateway::stored;

/// The subject of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EntryKey {
    Person(Arc<str>),
    Token(Arc<str>),
    /// The audience name and the token.
    Audience(Arc<str>, Arc<str>),
    /// The canary of the gateway with this name.
    Canary(String),
}

impl EntryKey {
    pub(crate) fn written(&self) -> String {
        match self {
            // A dot separates names in a key, but may occur anywhere in an id.
            Self::Person(id) => format!("person.{}", id.replace('.', "=")),
            Self::Token(id) => format!("token.{}", URL_SAFE_NO_PAD.encode(&**id)),
            Self::Audience(whom, token) => format!(
                "audience.{}.{}",
                URL_SAFE_NO_PAD.encode(&**whom),
                URL_SAFE_NO_PAD.encode(&**token)
            ),
            Self::Canary(name) => format!("canary.{name}"),
        }
    }

    /// Parses a key; `None` for one of a later version.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let text_of = |part: &str| {
            let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
            String::from_utf8(bytes).ok().map(Arc::<str>::from)
        };
        let (kind, rest) = text.split_once('.')?;
        match kind {
            "person" => Some(Self::Person(rest.replace('=', ".").into())),
            "token" => text_of(rest).map(Self::Token),
            "audience" => {
                let (whom, token) = rest.split_once('.')?;
                Some(Self::Audience(text_of(whom)?, text_of(token)?))
            }
            "canary" => Some(Self::Canary(rest.to_owned())),
            _ => None,
        }
    }
}

/// Parses the stored person `id`.
///
/// # Errors
///
/// If the entry is malformed or stores another person.
pub(crate) fn person(id: &str, value: &str) -> Result<stored::Person, String> {
    under(id, stored::Person::from_json(value), |person| &person.id)
}

/// Parses the stored token `id`. Fails like [`person`].
pub(crate) fn token(id: &str, value: &str) -> Result<stored::Token, String> {
    under(id, stored::Token::from_json(value), |token| &token.id)
}

fn under<T>(
    id: &str,
    stored: Result<T, serde_json::Error>,
    own: impl Fn(&T) -> &str,
) -> Result<T, String> {
    let stored = stored.map_err(|error| error.to_string())?;
    if own(&stored) == id {
        Ok(stored)
    } else {
        Err("the entry is stored under another key".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_round_trip_and_are_valid_for_nats() {
        for key in [
            EntryKey::Person("ada".into()),
            EntryKey::Person("a..b.".into()),
            EntryKey::Token("oidc:ada".into()),
            EntryKey::Audience("*".into(), "a-_".into()),
            EntryKey::Audience("@london".into(), "x".into()),
            EntryKey::Canary("n".into()),
        ] {
            let written = key.written();
            let plain = |c: char| c.is_ascii_alphanumeric() || "-/_=.".contains(c);
            assert!(
                written.chars().all(plain) && !written.contains("..") && !written.ends_with('.')
            );
            assert_eq!(EntryKey::read(&written), Some(key));
        }
        assert_eq!(EntryKey::read("later.x"), None);
        assert_eq!(EntryKey::read(""), None);
    }

    #[test]
    fn an_entry_under_the_key_of_another_is_refused() {
        let ada = r#"{"v":1,"id":"ada"}"#;
        assert!(person("ada", ada).unwrap_err().contains("missing field"));
        let whole = include_str!("../../../../fuzz/corpus/gateway_entry/person");
        let (key, value) = whole.split_once('\n').unwrap();
        assert_eq!(key, "person.ada");
        assert_eq!(&*person("ada", value).unwrap().id, "ada");
        assert!(person("bob", value).unwrap_err().contains("another"));
    }
}
