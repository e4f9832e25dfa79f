//! The one that writes: takes orders, does them on the model, keeps what comes out, and only then
//! tells it.
//!
//! One thread. Orders that wait are done together, with one commit for all of them, so a thousand
//! devices cost one sync of the disk. What cannot be kept is refused and was never told; only the
//! end of a lease is told even then, since it follows from what was kept before.

mod round;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use communicado_runtime::Clock as _;
use communicado_wire::gateway::kept::Token;
use communicado_wire::gateway::{EndReason, View};
use tokio::sync::oneshot;

use crate::grant::Grant;
use crate::limits::WRITES_WAITING;
use crate::model::{Altered, Change, Input, Person, written};
use crate::refusal::{Kind, Refusal};
use crate::shared::Shared;
use crate::store::{Past, Reader, Store, StoreError, Writes};
use crate::traces::{Origin, origin};
use round::{Answered, Round};

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

/// An order, on whose behalf, and where the result goes.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) order: Order,
    /// The caller, whose right is checked once more when the order is carried out. The gateway
    /// itself has none.
    pub(crate) caller: Option<Grant>,
    pub(crate) reply: Option<Answer>,
}

/// The way to the keeper.
#[derive(Debug)]
pub(crate) struct Keeper {
    jobs: SyncSender<Job>,
}

impl Keeper {
    pub(crate) fn new() -> (Self, Receiver<Job>) {
        let (jobs, inbox) = sync_channel(WRITES_WAITING.most);
        (Self { jobs }, inbox)
    }

    /// Carries an order out on behalf of `caller`, and waits until the result is stored.
    ///
    /// # Errors
    ///
    /// If the caller's token is no longer valid then, or the order cannot be carried out or stored.
    pub(crate) async fn order_by(&self, caller: &Grant, order: Order) -> Result<Done, Refusal> {
        self.send(Some(caller.clone()), order).await
    }

    /// Carries an order of the gateway itself out, and waits until the result is stored.
    ///
    /// # Errors
    ///
    /// If it cannot be carried out or stored.
    pub(crate) async fn order(&self, order: Order) -> Result<Done, Refusal> {
        self.send(None, order).await
    }

    async fn send(&self, caller: Option<Grant>, order: Order) -> Result<Done, Refusal> {
        let (to, answer) = oneshot::channel();
        let reply = Some(Answer { to, origin: origin() });
        self.jobs.try_send(Job { order, caller, reply }).map_err(|error| match error {
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
        self.jobs.try_send(Job { order, caller: None, reply: None }).is_ok()
    }

    /// Has the keeper end after all that was ordered.
    pub(crate) fn stop(&self) {
        let _ = self.jobs.send(Job { order: Order::Stop, caller: None, reply: None });
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
    jobs: &Receiver<Job>,
) -> Result<(), StoreError> {
    let mut owed = Writes::default();
    loop {
        let first = match jobs.recv_timeout(nap(shared)) {
            Ok(job) => Some(job),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => break,
        };
        let mut together: Vec<_> = first.into_iter().collect();
        together.extend(jobs.try_iter().take(TOGETHER - 1));
        let stops = together.iter().any(|job| matches!(job.order, Order::Stop));
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

/// Does orders with one commit for all of them.
fn round(shared: &Shared, store: &mut Store, jobs: Vec<Job>, owed: &mut Writes) {
    let mut round = Round::default();
    let people = shared.people();
    let mut batch = people.begin();
    for Job { order, caller, reply } in jobs {
        let whom = match &order {
            Order::Person(input) => Some(input.person().clone()),
            _ => None,
        };
        let done = round.take(shared, store, &mut batch, caller.as_ref(), order);
        round.replies.push(Answered { reply, done, whom });
    }
    let altered = batch.end();
    drop(people);
    round.revoke(over(shared), EndReason::TokenRevoked);
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
    if let Some(duration) = shared.history {
        let _ = store.forget(shared.now().civil.before(duration));
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
            tracing::error!(what = "store", cause = %error, help = error.help());
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
    fill(&mut writes, &altered, &[], &BTreeMap::new(), shared.history.is_some());
    if write(shared, store, &writes, std::iter::empty()).is_err() {
        // It is kept with the next that can be.
        *owed = writes;
    }
    publish(shared, altered);
}

/// Tokens that have ended.
fn over(shared: &Shared) -> Vec<Arc<str>> {
    shared.tokens().over(shared.now().civil)
}

fn fill(
    writes: &mut Writes,
    altered: &Altered,
    tokens: &[Token],
    revoked: &BTreeMap<Arc<str>, EndReason>,
    with_history: bool,
) {
    for (id, person) in &altered.people {
        writes.people.retain(|(other, _)| other != id);
        let body = person.as_ref().map(|person| person.kept().to_json());
        writes.people.push((id.clone(), body));
    }
    writes.tokens.extend(tokens.iter().map(|token| (token.id.clone(), Some(token.to_json()))));
    writes.tokens.extend(revoked.keys().map(|id| (id.clone(), None)));
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
    for (id, _) in altered.people.iter().filter(|(_, person)| person.is_none()) {
        shared.forget_readers_of(id);
    }
    shared.people.write().unwrap_or_else(PoisonError::into_inner).apply(&mut altered);
    shared.metrics.changed(altered.changes.len());
    if !altered.changes.is_empty() {
        shared.event_loop.send_changes(altered.changes);
    }
}
