//! The principal of a request and its permissions, derived from its stored token; a pure module.

use std::sync::Arc;

use communicado_wire::gateway::stored::Token;
use communicado_wire::gateway::{Scope, View};

use crate::api_error::{ApiError, ApiErrorKind};
use crate::model::Person;
use crate::rate_limits::CallerKey;

/// The authenticated principal of a request.
#[derive(Clone, Debug)]
pub(crate) struct Principal {
    pub(crate) token: Arc<Token>,
    /// True if the caller has the data folder. Its token is in no table.
    is_operator: bool,
}

/// The visible part of one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Visibility {
    pub(crate) view: View,
    /// True for the person and for administrators, who also see devices.
    pub(crate) is_own: bool,
}

impl Principal {
    pub(crate) const fn of(token: Arc<Token>) -> Self {
        Self { token, is_operator: false }
    }

    /// The principal of a caller with the data folder. It cannot be revoked.
    pub(crate) const fn of_operator(token: Arc<Token>) -> Self {
        Self { token, is_operator: true }
    }

    /// The caller that the principal's requests count for.
    pub(crate) fn caller_key(&self) -> CallerKey {
        CallerKey::Family(self.token.family().clone())
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

    /// The person that the token belongs to.
    pub(crate) fn own_person(&self) -> Option<&Arc<str>> {
        self.token.person.as_ref().filter(|_| self.has(Scope::Publish))
    }

    /// The only person that the principal may read.
    pub(crate) fn only_person(&self) -> Option<&Arc<str>> {
        let whole = self.is_administrator()
            || (self.has(Scope::Publish) && self.has(Scope::Read))
            || self.token.group.is_some();
        self.token.person.as_ref().filter(|_| !whole)
    }

    /// The only group whose people the principal may read. The principal's own person is readable
    /// too.
    pub(crate) fn only_group(&self) -> Option<&Arc<str>> {
        self.token.group.as_ref().filter(|_| !self.is_administrator())
    }

    /// The view on people in general.
    pub(crate) fn view(&self) -> View {
        if self.is_administrator() { View::Everything } else { self.token.view }
    }

    /// The view on `person`; `None` if the person is hidden.
    pub(crate) fn visibility(&self, person: &Person) -> Option<Visibility> {
        let is_own = self.own_person().is_some_and(|own| *own == person.id);
        if self.is_administrator() || is_own {
            return Some(Visibility { view: View::Everything, is_own: true });
        }
        let within = self.only_person().is_none_or(|only| *only == person.id)
            && self.only_group().is_none_or(|only| person.is_of(only));
        (self.has(Scope::Read) && within).then(|| Visibility { view: self.view(), is_own: false })
    }

    /// # Errors
    ///
    /// If the token lacks `scope`.
    pub(crate) fn require(&self, scope: Scope) -> Result<(), ApiError> {
        if self.has(scope) || self.is_administrator() {
            return Ok(());
        }
        let word = scope.word();
        let detail = format!("the token `{}` lacks the scope `{word}`", self.token.id);
        let help = format!("ask an administrator for a token with the scope `{word}`");
        Err(ApiError::new(ApiErrorKind::NotAllowed, detail, help))
    }

    /// # Errors
    ///
    /// If the principal may not act for `person`.
    pub(crate) fn require_publish_for(&self, person: &str) -> Result<(), ApiError> {
        self.require(Scope::Publish)?;
        if self.is_administrator() || self.token.person.as_ref().is_none_or(|own| **own == *person)
        {
            return Ok(());
        }
        let detail = format!("the token `{}` does not belong to `{person}`", self.token.id);
        let help = "publish with a token of this person";
        Err(ApiError::new(ApiErrorKind::NotAllowed, detail, help))
    }
}
