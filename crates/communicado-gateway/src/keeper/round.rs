//! Orders that are carried out together, and what comes of them: nothing of it is stored, or told to
//! anybody, before all of it is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use communicado_wire::gateway::EndReason;
use communicado_wire::gateway::kept::Token;

use super::{Answer, Done, Order};
use crate::grant::Grant;
use crate::limits::{SESSIONS, SESSIONS_PER_TOKEN};
use crate::model::{Batch, Input};
use crate::refusal::{Kind, Refusal};
use crate::shared::Shared;
use crate::store::{Reader, Store, StoreError};
use crate::tokens::{Tokens, need_person};
use crate::traces::Origin;

/// What comes of orders that are done together.
#[derive(Default)]
pub(super) struct Round {
    pub(super) tokens: Vec<Token>,
    /// In no order: all of them go in one commit.
    pub(super) revoked: BTreeMap<Arc<str>, EndReason>,
    pub(super) audience: Vec<Reader>,
    pub(super) replies: Vec<Answered>,
}

/// An order, what came of it, and the person it was about.
pub(super) struct Answered {
    pub(super) reply: Option<Answer>,
    pub(super) done: Result<Done, Refusal>,
    pub(super) whom: Option<Arc<str>>,
}

impl Round {
    /// Does one order on the batch; nothing of it is kept or told yet.
    pub(super) fn take(
        &mut self,
        shared: &Shared,
        store: &Store,
        batch: &mut Batch<'_>,
        caller: Option<&Grant>,
        order: Order,
    ) -> Result<Done, Refusal> {
        if let Some(caller) = caller {
            self.authorize(shared, caller)?;
        }
        match order {
            Order::Stop => {}
            Order::Check => store.check()?,
            Order::History(person, most) => {
                return Ok(Done::History(store.history(&person, most)?));
            }
            Order::Audience(readers) => {
                let (known, unknown): (Vec<_>, Vec<_>) = readers.into_iter().partition(|reader| {
                    !reader.is_of_person() || batch.person(&reader.whom).is_some()
                });
                shared.forget_readers(&unknown);
                self.audience.extend(known);
            }
            Order::Token(token) => self.create(shared, batch, token)?,
            Order::Revoke(id, reason) => {
                let all = self.with_descendants(&shared.tokens(), &id);
                if all.is_empty() {
                    let help = "GET /v1/tokens says which there are";
                    let detail = format!("there is no token `{id}`");
                    return Err(Refusal::new(Kind::NotFound, detail, help));
                }
                self.revoke(all, reason);
            }
            Order::Person(input) => {
                let gone = matches!(input, Input::Remove(_)).then(|| input.person().clone());
                batch.handle(input, shared.now())?;
                if let Some(gone) = gone {
                    let tokens = shared.tokens();
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
        Ok(Done::Nothing)
    }

    /// # Errors
    ///
    /// If the caller's token was revoked, be it earlier in this round.
    fn authorize(&self, shared: &Shared, caller: &Grant) -> Result<(), Refusal> {
        let now = shared.now().civil;
        let is_valid = caller.is_operator()
            || (shared.tokens().is_valid(&caller.token, now)
                && !self.revoked.contains_key(&caller.token.id));
        if is_valid { Ok(()) } else { Err(Refusal::revoked_meanwhile()) }
    }

    fn create(&mut self, shared: &Shared, batch: &Batch<'_>, token: Token) -> Result<(), Refusal> {
        let exists = token.person.as_ref().is_none_or(|person| batch.person(person).is_some());
        need_person(&token, exists)?;
        let tokens = shared.tokens();
        let more = self.tokens.iter().filter(|token| token.session_of.is_none()).count();
        tokens.need_room_for(&token, more, shared.now().civil)?;
        if let Some(parent) = &token.session_of {
            let kept = tokens.sessions_of(parent).into_iter().map(|session| &**session);
            let new = self.tokens.iter().filter(|it| it.session_of.as_ref() == Some(parent));
            let live = kept.chain(new).filter(|it| !self.revoked.contains_key(&it.id));
            let mut live: Vec<Arc<str>> = live.map(|session| session.id.clone()).collect();
            let spare = live.len().saturating_sub(SESSIONS_PER_TOKEN.most - 1);
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

    /// A token and all that hangs on it, also what is created in this round.
    fn with_descendants(&self, tokens: &Tokens, id: &str) -> Vec<Arc<str>> {
        let mut all: BTreeSet<Arc<str>> = tokens.with_descendants(id).into_iter().collect();
        for token in &self.tokens {
            if *token.id == *id || token.parent().is_some_and(|it| all.contains(it) || **it == *id)
            {
                all.insert(token.id.clone());
            }
        }
        all.into_iter().filter(|id| !self.revoked.contains_key(id)).collect()
    }

    /// What was not kept is refused, though it could have been done.
    pub(super) fn refuse(&mut self, error: &StoreError) {
        for answered in &mut self.replies {
            if answered.done.is_ok() {
                let refusal = Refusal::new(Kind::Unavailable, error.to_string(), error.help());
                answered.done = Err(refusal.limited("store").retry_after(5));
            }
        }
    }

    /// The requests of which something is to be kept.
    pub(super) fn origins(&self) -> impl Iterator<Item = &Origin> {
        let done = self.replies.iter().filter(|it| matches!(it.done, Ok(Done::Nothing)));
        done.filter_map(|it| it.reply.as_ref()).map(|reply| &reply.origin)
    }

    pub(super) fn answer(self, shared: &Shared) {
        for Answered { reply, done, whom } in self.replies {
            let done = match (done, whom) {
                (Ok(Done::Nothing), Some(id)) => {
                    Ok(Done::Person(shared.people().person(&id).cloned()))
                }
                (done, _) => done,
            };
            if let Some(reply) = reply {
                reply.send(done);
            }
        }
    }
}
