//! The one that writes: takes orders, does them on the model, keeps what comes out, and only then
//! tells it.
//!
//! One thread. Orders that wait are done together, with one commit for all of them, so a thousand
//! devices cost one sync of the disk. What cannot be kept is refused and was never told; only the
//! end of a lease is told even then, since it follows from what was kept before.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use communicado_runtime::Clock as _;
use communicado_wire::gateway::kept::Token;
use communicado_wire::gateway::{EndReason, View};
use tokio::sync::oneshot;

use crate::front;
use crate::limits::{TOKENS, WRITES_WAITING};
use crate::model::{Altered, Batch, Change, Input, Person, written};
use crate::refusal::{Kind, Refusal};
use crate::shared::Shared;
use crate::store::{Past, Reader, Store, StoreError, Writes};
use crate::traces::{Origin, origin};

/// Orders that are done together at most, and leases that end together.
const TOGETHER: usize = 1024;
/// How long the thread sleeps at most while something is due some time: its sleep does not count
/// the time that the machine is asleep, and leases do.
const NAP: Duration = Duration::from_secs(1);

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Order {
    /// Something happens to a person.
    Person(Input),
    /// A token is to be good.
    Token(Token),
    /// A token and its sessions are to be good no more.
    Revoke(Arc<str>, EndReason),
    /// Somebody is read by somebody for the first time.
    Audience(Vec<Reader>),
    /// Say what was told of a person, the latest first.
    History(Arc<str>, usize),
    /// See whether something can be kept.
    Check,
    /// End, after what was ordered before.
    Stop,
}

/// What came of it.
#[derive(Debug)]
pub(crate) enum Done {
    Nothing,
    Person(Option<Arc<Person>>),
    History(Vec<String>),
}

/// Where what came of it goes.
#[derive(Debug)]
pub(crate) struct Answer {
    to: oneshot::Sender<Result<Done, Refusal>>,
    /// The request that ordered it.
    pub(crate) origin: Origin,
}

impl Answer {
    pub(crate) fn send(self, done: Result<Done, Refusal>) {
        let _ = self.to.send(done);
    }
}

/// The way to the keeper.
#[derive(Debug)]
pub(crate) struct Keeper {
    orders: SyncSender<(Order, Option<Answer>)>,
}

impl Keeper {
    pub(crate) fn new() -> (Self, Receiver<(Order, Option<Answer>)>) {
        let (orders, inbox) = sync_channel(WRITES_WAITING.most);
        (Self { orders }, inbox)
    }

    /// Has something done, and waits until it was kept.
    ///
    /// # Errors
    ///
    /// If it cannot be done or kept.
    pub(crate) async fn order(&self, order: Order) -> Result<Done, Refusal> {
        let (to, answer) = oneshot::channel();
        let reply = Answer { to, origin: origin() };
        self.orders.try_send((order, Some(reply))).map_err(|error| match error {
            TrySendError::Full(_) => {
                let detail = "the store cannot keep up with what is to be written";
                Refusal::beyond(Kind::Unavailable, WRITES_WAITING, detail).retry_after(1)
            }
            TrySendError::Disconnected(_) => stopping(),
        })?;
        answer.await.unwrap_or_else(|_| Err(stopping()))
    }

    /// Has something done without waiting for it.
    pub(crate) fn order_aside(&self, order: Order) -> bool {
        self.orders.try_send((order, None)).is_ok()
    }

    /// Has the keeper end after all that was ordered.
    pub(crate) fn stop(&self) {
        let _ = self.orders.send((Order::Stop, None));
    }
}

fn stopping() -> Refusal {
    Refusal::new(Kind::Unavailable, "the gateway stops", "try again in a few seconds")
        .retry_after(2)
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::new(Kind::Unavailable, error.to_string(), error.help())
            .limited("store")
            .retry_after(5)
    }
}

/// Does orders until it is stopped.
pub(crate) fn run(
    shared: &Shared,
    mut store: Store,
    orders: &Receiver<(Order, Option<Answer>)>,
) -> Result<(), StoreError> {
    let mut owed = Writes::default();
    loop {
        let first = match orders.recv_timeout(nap(shared)) {
            Ok(order) => Some(order),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => break,
        };
        let mut together: Vec<_> = first.into_iter().collect();
        together.extend(orders.try_iter().take(TOGETHER - 1));
        let stops = together.iter().any(|(order, _)| matches!(order, Order::Stop));
        round(shared, &mut store, together, &mut owed);
        if stops {
            break;
        }
    }
    store.close()
}

/// How long nothing is due.
fn nap(shared: &Shared) -> Duration {
    let people = shared.people();
    match people.next_deadline() {
        Some(deadline) => deadline.since(shared.clock.now()).min(NAP),
        None if shared.tokens().next_end().is_some() => NAP,
        None => Duration::from_secs(3600),
    }
}

/// What comes of orders that are done together.
#[derive(Default)]
struct Round {
    tokens: Vec<Token>,
    revoked: Vec<(Arc<str>, EndReason)>,
    audience: Vec<Reader>,
    replies: Vec<Answered>,
}

/// An order, what came of it, and the person it was about.
struct Answered {
    reply: Option<Answer>,
    done: Result<Done, Refusal>,
    whom: Option<Arc<str>>,
}

impl Round {
    /// Does one order on the batch; nothing of it is kept or told yet.
    fn take(
        &mut self,
        shared: &Shared,
        store: &Store,
        batch: &mut Batch<'_>,
        order: Order,
    ) -> Result<Done, Refusal> {
        match order {
            Order::Stop => {}
            Order::Check => store.check()?,
            Order::History(person, most) => {
                return Ok(Done::History(store.history(&person, most)?));
            }
            Order::Audience(readers) => self.audience.extend(readers),
            Order::Token(token) => {
                if !TOKENS.allows(shared.tokens().len() + self.tokens.len() + 1) {
                    let detail = "no more tokens can be kept";
                    return Err(Refusal::beyond(Kind::Full, TOKENS, detail));
                }
                self.tokens.push(token);
            }
            Order::Revoke(id, reason) => {
                let all = shared.tokens().with_sessions(&id);
                if all.is_empty() {
                    let help = "GET /v1/tokens says which there are";
                    let detail = format!("there is no token `{id}`");
                    return Err(Refusal::new(Kind::NotFound, detail, help));
                }
                self.revoked.extend(all.into_iter().map(|id| (id, reason)));
            }
            Order::Person(input) => {
                let gone = matches!(input, Input::Remove(_)).then(|| input.person().clone());
                batch.handle(input, shared.now())?;
                if gone.is_some() {
                    let tokens = shared.tokens();
                    let of = tokens.all().filter(|token| token.person == gone);
                    let of = of.map(|token| (token.id.clone(), EndReason::TokenRevoked));
                    self.revoked.extend(of);
                }
            }
        }
        Ok(Done::Nothing)
    }

    /// What was not kept is refused, though it could have been done.
    fn refuse(&mut self, error: &StoreError) {
        for answered in &mut self.replies {
            if answered.done.is_ok() {
                let refusal = Refusal::new(Kind::Unavailable, error.to_string(), error.help());
                answered.done = Err(refusal.limited("store").retry_after(5));
            }
        }
    }

    /// The requests of which something is to be kept.
    fn origins(&self) -> impl Iterator<Item = &Origin> {
        let done = self.replies.iter().filter(|it| matches!(it.done, Ok(Done::Nothing)));
        done.filter_map(|it| it.reply.as_ref()).map(|reply| &reply.origin)
    }

    fn answer(self, shared: &Shared) {
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

/// Does orders with one commit for all of them.
fn round(
    shared: &Shared,
    store: &mut Store,
    orders: Vec<(Order, Option<Answer>)>,
    owed: &mut Writes,
) {
    let mut round = Round::default();
    let people = shared.people();
    let mut batch = people.begin();
    for (order, reply) in orders {
        let whom = match &order {
            Order::Person(input) => Some(input.person().clone()),
            _ => None,
        };
        let done = round.take(shared, store, &mut batch, order);
        round.replies.push(Answered { reply, done, whom });
    }
    let altered = batch.end();
    drop(people);
    round.revoked.extend(over(shared));
    let mut writes = owed.clone();
    writes.audience.append(&mut round.audience);
    fill(&mut writes, &altered, &round.tokens, &round.revoked, shared.history.is_some());
    let kept =
        if writes.is_empty() { Ok(()) } else { write(shared, store, &writes, round.origins()) };
    match kept {
        Ok(()) => {
            *owed = Writes::default();
            publish(shared, altered);
            shared.settle_tokens(&round.tokens, &round.revoked);
        }
        Err(error) => {
            // Who reads whom is owed; the rest is for whoever ordered it to order again.
            owed.audience = writes.audience;
            round.refuse(&error);
        }
    }
    pass(shared, store, owed);
    round.answer(shared);
    if let Some(span) = shared.history {
        let _ = store.forget(shared.now().civil.before(span));
    }
}

fn write<'a>(
    shared: &Shared,
    store: &mut Store,
    writes: &Writes,
    origins: impl Iterator<Item = &'a Origin>,
) -> Result<(), StoreError> {
    let began = shared.clock.now();
    let keeping = shared.traces.as_ref().map(|traces| traces.keeping("sqlite", origins));
    let written = store.write(writes);
    if let Some(keeping) = keeping {
        keeping.ended(written.is_ok());
    }
    match &written {
        Ok(()) => shared.metrics.kept(shared.clock.now().since(began).as_secs_f64()),
        Err(error) => {
            shared.metrics.unkept();
            tracing::error!(what = "store", because = %error, help = error.help());
        }
    }
    written
}

/// Ends what is due, and tells it also if it cannot be kept.
fn pass(shared: &Shared, store: &mut Store, owed: &mut Writes) {
    let now = shared.now();
    let people = shared.people();
    if people.next_deadline().is_none_or(|deadline| now.moment < deadline) {
        return;
    }
    let mut batch = people.begin();
    batch.pass(now, TOGETHER);
    let altered = batch.end();
    drop(people);
    let mut writes = std::mem::take(owed);
    fill(&mut writes, &altered, &[], &[], shared.history.is_some());
    if write(shared, store, &writes, std::iter::empty()).is_err() {
        // It is kept with the next that can be.
        *owed = writes;
    }
    publish(shared, altered);
}

/// Tokens that have ended.
fn over(shared: &Shared) -> Vec<(Arc<str>, EndReason)> {
    let over = shared.tokens().over(shared.now().civil);
    over.into_iter().map(|id| (id, EndReason::TokenRevoked)).collect()
}

fn fill(
    writes: &mut Writes,
    altered: &Altered,
    tokens: &[Token],
    revoked: &[(Arc<str>, EndReason)],
    with_history: bool,
) {
    for (id, person) in &altered.people {
        writes.people.retain(|(other, _)| other != id);
        let body = person.as_ref().map(|person| person.kept().to_json());
        writes.people.push((id.clone(), body));
    }
    writes.tokens.extend(tokens.iter().map(|token| (token.id.clone(), Some(token.to_json()))));
    writes.tokens.extend(revoked.iter().map(|(id, _)| (id.clone(), None)));
    if with_history {
        writes.history.extend(altered.changes.iter().filter_map(past));
    }
    writes.revision = writes.revision.max(altered.revision);
}

fn past(change: &Change) -> Option<Past> {
    let person = change.after.as_ref()?;
    let body = written(person, View::Everything);
    Some(Past {
        revision: change.revision,
        person: person.id.clone(),
        at: person.facet(View::Everything).at,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

pub(crate) fn publish(shared: &Shared, mut altered: Altered) {
    if altered.people.is_empty() {
        return;
    }
    shared.people.write().unwrap_or_else(PoisonError::into_inner).apply(&mut altered);
    shared.metrics.changed(altered.changes.len());
    if !altered.changes.is_empty() {
        shared.front.order(front::Order::Changes(altered.changes));
    }
}
