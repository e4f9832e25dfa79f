//! What is an entry of the bucket, and under which key.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use communicado_wire::gateway::stored;

/// What an entry is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EntryKey {
    Person(Arc<str>),
    Token(Arc<str>),
    /// Whom, and which token.
    Audience(Arc<str>, Arc<str>),
    /// A sign of life, of the gateway with this name.
    Canary(String),
}

impl EntryKey {
    pub(crate) fn written(&self) -> String {
        match self {
            // A dot parts names in a key, and may stand anywhere in an id.
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

    /// The key that was written so; nothing for one of a later version.
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

/// Who is kept in the entry of the person `id`.
///
/// # Errors
///
/// If it cannot be read, or is somebody else.
pub(crate) fn person(id: &str, value: &str) -> Result<stored::Person, String> {
    under(id, stored::Person::from_json(value), |person| &person.id)
}

/// What is kept in the entry of the token `id`; the same holds for it.
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
        Err("it is kept under the key of another".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_is_a_key_to_nats() {
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
    fn nobody_is_taken_for_the_one_whose_key_it_is() {
        let ada = r#"{"v":1,"id":"ada"}"#;
        assert!(person("ada", ada).unwrap_err().contains("missing field"));
        let whole = include_str!("../../../../fuzz/corpus/gateway_entry/person");
        let (key, value) = whole.split_once('\n').unwrap();
        assert_eq!(key, "person.ada");
        assert_eq!(&*person("ada", value).unwrap().id, "ada");
        assert!(person("bob", value).unwrap_err().contains("another"));
    }
}
