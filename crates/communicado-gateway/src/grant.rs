//! What a token is good for: pure, from what was kept of it.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use communicado_wire::gateway::stored::Token;
use communicado_wire::gateway::{Scope, View};
use sha2::{Digest as _, Sha256};

use crate::model::Person;
use crate::rates::Who;
use crate::refusal::{Kind, Refusal};

/// How a token begins, so that one which was lost can be looked for.
const PREFIX: &str = "cmt_";
/// Characters after it: 32 bytes.
const SECRET_CHARS: usize = 43;

/// The SHA-256 of a secret; the only thing of it that is kept.
pub(crate) type Hash = [u8; 32];

/// What whoever asks may do.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) token: Arc<Token>,
    /// The caller has the data folder, and the token is in no table.
    is_operator: bool,
}

/// How much of one person may be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sight {
    pub(crate) view: View,
    /// It is the person, or an administrator: also devices are shown.
    pub(crate) own: bool,
}

impl Grant {
    pub(crate) const fn of(token: Arc<Token>) -> Self {
        Self { token, is_operator: false }
    }

    /// The grant of a caller who has the data folder. It cannot be revoked.
    pub(crate) const fn of_operator(token: Arc<Token>) -> Self {
        Self { token, is_operator: true }
    }

    /// The caller under which its requests count.
    pub(crate) fn who(&self) -> Who {
        Who::Family(self.token.family().clone())
    }

    pub(crate) const fn is_operator(&self) -> bool {
        self.is_operator
    }

    pub(crate) fn has(&self, scope: Scope) -> bool {
        self.token.scopes.has(scope)
    }

    pub(crate) fn is_administrator(&self) -> bool {
        self.has(Scope::Administer)
    }

    /// The person whose token it is.
    pub(crate) fn own(&self) -> Option<&Arc<str>> {
        self.token.person.as_ref().filter(|_| self.has(Scope::Publish))
    }

    /// The only person whom it may read.
    pub(crate) fn only_person(&self) -> Option<&Arc<str>> {
        let whole = self.is_administrator()
            || (self.has(Scope::Publish) && self.has(Scope::Read))
            || self.token.group.is_some();
        self.token.person.as_ref().filter(|_| !whole)
    }

    /// The only group whose people it may read; its own person comes on top.
    pub(crate) fn only_group(&self) -> Option<&Arc<str>> {
        self.token.group.as_ref().filter(|_| !self.is_administrator())
    }

    /// How much of people in general it may read.
    pub(crate) fn view(&self) -> View {
        if self.is_administrator() { View::Everything } else { self.token.view }
    }

    /// How much of `person` it may see, if anything.
    pub(crate) fn sight(&self, person: &Person) -> Option<Sight> {
        let is_own = self.own().is_some_and(|own| *own == person.id);
        if self.is_administrator() || is_own {
            return Some(Sight { view: View::Everything, own: true });
        }
        let within = self.only_person().is_none_or(|only| *only == person.id)
            && self.only_group().is_none_or(|only| person.is_of(only));
        (self.has(Scope::Read) && within).then(|| Sight { view: self.view(), own: false })
    }

    /// # Errors
    ///
    /// If it is not good for `scope`.
    pub(crate) fn require(&self, scope: Scope) -> Result<(), Refusal> {
        if self.has(scope) || self.is_administrator() {
            return Ok(());
        }
        let word = scope.word();
        let detail = format!("the token `{}` has not the scope `{word}`", self.token.id);
        let help = format!("ask an administrator for a token with the scope `{word}`");
        Err(Refusal::new(Kind::NotAllowed, detail, help))
    }

    /// # Errors
    ///
    /// If it may not speak for `person`.
    pub(crate) fn require_publish_for(&self, person: &str) -> Result<(), Refusal> {
        self.require(Scope::Publish)?;
        if self.is_administrator() || self.token.person.as_ref().is_none_or(|own| **own == *person)
        {
            return Ok(());
        }
        let detail = format!("the token `{}` is not that of `{person}`", self.token.id);
        let help = "publish with a token of this person";
        Err(Refusal::new(Kind::NotAllowed, detail, help))
    }
}

/// A new secret.
///
/// # Errors
///
/// If the system has no random numbers.
pub(crate) fn new_secret() -> Result<String, Refusal> {
    Ok(format!("{PREFIX}{}", random::<32>()?))
}

/// A new name that cannot be guessed.
///
/// # Errors
///
/// If the system has no random numbers.
pub(crate) fn random<const N: usize>() -> Result<String, Refusal> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| {
        let detail = format!("the system has no random numbers: {error}");
        Refusal::new(Kind::Unavailable, detail, "try again later")
    })?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// A new id of a token. A letter is first: what begins with `-` a command line takes for an option.
///
/// # Errors
///
/// If the system has no random numbers.
pub(crate) fn new_id() -> Result<Arc<str>, Refusal> {
    Ok(format!("t{}", random::<9>()?).into())
}

/// The hash of a secret, if the text has the form of one.
pub(crate) fn hash(secret: &str) -> Option<Hash> {
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
