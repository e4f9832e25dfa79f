//! The commands that share one commit. Their results are stored and published together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use communicado_wire::gateway::EndReason;
use communicado_wire::gateway::stored::Token;

use crate::api_error::{ApiError, ApiErrorKind};
use crate::app_state::AppState;
use crate::limits::{SESSIONS, SESSIONS_PER_TOKEN};
use crate::model::{Batch, Input};
use crate::principal::Principal;
use crate::store::{FirstRead, Store, StoreError};
use crate::store_writer::{ReplySender, WriteCommand, WriteReply};
use crate::token_table::{TokenTable, require_person};
use crate::traces::RequestContext;

/// The commands of one commit and their effects.
#[derive(Default)]
pub(super) struct WriteBatch {
    pub(super) tokens: Vec<Token>,
    /// The known tokens with a new last use.
    pub(super) used: Vec<Token>,
    /// The revoked tokens, in no order: one commit removes them all.
    pub(super) revoked: BTreeMap<Arc<str>, EndReason>,
    pub(super) audience: Vec<FirstRead>,
    pub(super) replies: Vec<PendingReply>,
}

/// The result of a command that waits for the commit.
pub(super) struct PendingReply {
    pub(super) reply: Option<ReplySender>,
    pub(super) result: Result<WriteReply, ApiError>,
    pub(super) person: Option<Arc<str>>,
}

impl WriteBatch {
    /// Runs one command on the batch, without storing or publishing the result.
    pub(super) fn execute(
        &mut self,
        app: &AppState,
        store: &Store,
        batch: &mut Batch<'_>,
        caller: Option<&Principal>,
        command: WriteCommand,
    ) -> Result<WriteReply, ApiError> {
        if let Some(caller) = caller {
            self.authorize(app, caller)?;
        }
        match command {
            WriteCommand::Stop => {}
            WriteCommand::Check => store.check()?,
            WriteCommand::History(person, max) => {
                return Ok(WriteReply::History(store.history(&person, max)?));
            }
            WriteCommand::Audience(readers) => {
                let (known, unknown): (Vec<_>, Vec<_>) = readers.into_iter().partition(|reader| {
                    !reader.is_of_person() || batch.person(&reader.whom).is_some()
                });
                app.forget_readers(&unknown);
                self.audience.extend(known);
            }
            WriteCommand::Token(token) => self.create(app, batch, token)?,
            WriteCommand::Used(id, at) => {
                let known = app.tokens().token(&id).cloned();
                if let Some(token) = known.filter(|_| !self.revoked.contains_key(&id)) {
                    self.used.push(Token { last_used: Some(at), ..Arc::unwrap_or_clone(token) });
                }
            }
            WriteCommand::Revoke(id, reason) => {
                let all = self.with_descendants(&app.tokens(), &id);
                if all.is_empty() {
                    return Err(ApiError::no_token(&id));
                }
                self.revoke(all, reason);
            }
            WriteCommand::Person(input) => {
                let gone = matches!(input, Input::Remove(_)).then(|| input.person().clone());
                batch.handle(input, app.now())?;
                if let Some(gone) = gone {
                    let tokens = app.tokens();
                    let new =
                        self.tokens.iter().filter(|token| token.person.as_ref() == Some(&gone));
                    let roots: BTreeSet<Arc<str>> = tokens
                        .of_person(&gone)
                        .chain(new.map(|token| &token.id))
                        .cloned()
                        .collect();
                    for root in roots {
                        let all = self.with_descendants(&tokens, &root);
                        self.revoke(all, EndReason::TokenRevoked);
                    }
                }
            }
        }
        Ok(WriteReply::Nothing)
    }

    /// # Errors
    ///
    /// If the caller's token was revoked, even earlier in this batch.
    fn authorize(&self, app: &AppState, caller: &Principal) -> Result<(), ApiError> {
        let now = app.now().civil;
        let is_valid = caller.is_operator()
            || (app.tokens().is_valid(&caller.token, now)
                && !self.revoked.contains_key(&caller.token.id));
        if is_valid { Ok(()) } else { Err(ApiError::token_revoked()) }
    }

    fn create(&mut self, app: &AppState, batch: &Batch<'_>, token: Token) -> Result<(), ApiError> {
        let exists = token.person.as_ref().is_none_or(|person| batch.person(person).is_some());
        require_person(&token, exists)?;
        let tokens = app.tokens();
        let more = self.tokens.iter().filter(|token| token.session_of.is_none()).count();
        tokens.require_capacity_for(&token, more, app.now().civil)?;
        if let Some(parent) = &token.session_of {
            let stored = tokens.sessions_of(parent).into_iter().map(|session| &**session);
            let new = self.tokens.iter().filter(|it| it.session_of.as_ref() == Some(parent));
            let live = stored.chain(new).filter(|it| !self.revoked.contains_key(&it.id));
            let mut live: Vec<Arc<str>> = live.map(|session| session.id.clone()).collect();
            let spare = live.len().saturating_sub(SESSIONS_PER_TOKEN.max - 1);
            live.truncate(spare);
            let new = self.tokens.len() - more;
            if live.is_empty() && !SESSIONS.allows(tokens.session_count() + new + 1) {
                let oldest = tokens.oldest_sessions();
                live.extend(oldest.filter(|id| !self.revoked.contains_key(*id)).take(1).cloned());
            }
            for oldest in live {
                let all = self.with_descendants(&tokens, &oldest);
                self.revoke(all, EndReason::SessionEnded);
            }
        }
        self.tokens.push(token);
        Ok(())
    }

    pub(super) fn revoke(&mut self, ids: Vec<Arc<str>>, reason: EndReason) {
        for id in ids {
            self.revoked.entry(id).or_insert(reason);
        }
    }

    /// A token and all its descendants, with those that this batch creates.
    fn with_descendants(&self, tokens: &TokenTable, id: &str) -> Vec<Arc<str>> {
        let mut all: BTreeSet<Arc<str>> = tokens.with_descendants(id).into_iter().collect();
        for token in &self.tokens {
            if *token.id == *id || token.parent().is_some_and(|it| all.contains(it) || **it == *id)
            {
                all.insert(token.id.clone());
            }
        }
        all.into_iter().filter(|id| !self.revoked.contains_key(id)).collect()
    }

    /// Replaces the successful results by an error, because the commit failed.
    pub(super) fn refuse(&mut self, error: &StoreError) {
        for pending in &mut self.replies {
            if pending.result.is_ok() {
                let error =
                    ApiError::new(ApiErrorKind::Unavailable, error.to_string(), error.help());
                pending.result = Err(error.with_limit("store").retry_after(5));
            }
        }
    }

    /// The requests that have something to store.
    pub(super) fn request_contexts(&self) -> impl Iterator<Item = &RequestContext> {
        let result = self.replies.iter().filter(|it| matches!(it.result, Ok(WriteReply::Nothing)));
        result.filter_map(|it| it.reply.as_ref()).map(|reply| &reply.request_context)
    }

    pub(super) fn answer(self, app: &AppState) {
        for PendingReply { reply, result, person } in self.replies {
            let result = match (result, person) {
                (Ok(WriteReply::Nothing), Some(id)) => {
                    Ok(WriteReply::Person(app.people().person(&id).cloned()))
                }
                (result, _) => result,
            };
            if let Some(reply) = reply {
                reply.send(result);
            }
        }
    }
}
