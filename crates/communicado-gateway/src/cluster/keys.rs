//! What is an entry of the bucket, and under which key.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// What an entry is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Person(Arc<str>),
    Token(Arc<str>),
    /// Whom, and which token.
    Audience(Arc<str>, Arc<str>),
    /// A sign of life, of the gateway with this name.
    Canary(String),
}

impl Key {
    pub(super) fn written(&self) -> String {
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
    pub(super) fn read(text: &str) -> Option<Self> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_is_a_key_to_nats() {
        for key in [
            Key::Person("ada".into()),
            Key::Person("a..b.".into()),
            Key::Token("oidc:ada".into()),
            Key::Audience("*".into(), "a-_".into()),
            Key::Audience("@london".into(), "x".into()),
            Key::Canary("n".into()),
        ] {
            let written = key.written();
            let plain = |c: char| c.is_ascii_alphanumeric() || "-/_=.".contains(c);
            assert!(
                written.chars().all(plain) && !written.contains("..") && !written.ends_with('.')
            );
            assert_eq!(Key::read(&written), Some(key));
        }
        assert_eq!(Key::read("later.x"), None);
        assert_eq!(Key::read(""), None);
    }
}
