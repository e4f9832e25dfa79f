//! Where sources and sinks meet: the roster with its names, and the feeds.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use communicado_core::{
    AccountId, ClientId, Fact, Generation, Life, Moment, Observation, RosterInput, SourceId,
    Symbol, UnknownReason,
};
use communicado_wire::journal::Entry;
use communicado_wire::{Client, Timestamp};

use crate::feed::{Mailbox, Taken};
use crate::named::NamedRoster;
use crate::record::Recorder;
use crate::{Clock, Feed, LimitReached, Notice, SourceHandle, Update};

/// A smaller step of the civil clock is a drift, which would only make times jitter.
const STEP_MIN: Duration = Duration::from_millis(100);

/// Where sources and sinks meet.
pub struct Hub {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    notify: Box<dyn Fn(&Notice) + Send + Sync>,
}

struct State {
    roster: NamedRoster,
    sources: Vec<SourceState>,
    feeds: BTreeMap<u64, Mailbox>,
    feeds_made: u64,
    journal: Option<Recorder>,
    journal_error: Option<io::Error>,
    last_made: Moment,
    last_generation: Generation,
    /// First snapshots are held back until every source has looked, or until this moment.
    patience_ends: Option<Moment>,
    timekeeper: Option<Waker>,
    closed: bool,
}

#[derive(Default)]
struct SourceState {
    /// Counts up whenever the source is started or lost.
    run: u64,
    /// It has looked, or has failed to, at least once.
    looked: bool,
    /// It is watching now.
    ready: bool,
    /// A limit that this run met was told; a flood of names is one warning.
    limit_told: bool,
    clients: Vec<String>,
}

impl Hub {
    /// A hub that knows nothing yet.
    ///
    /// First snapshots are held back until every source has looked once, but no longer than
    /// `patience`. `notify` is told what the person who runs communicado should know.
    #[must_use]
    pub fn new(
        clock: Arc<dyn Clock>,
        patience: Duration,
        notify: impl Fn(&Notice) + Send + Sync + 'static,
    ) -> Arc<Self> {
        let state = State {
            roster: NamedRoster::new(Timestamp::EPOCH),
            sources: Vec::new(),
            feeds: BTreeMap::new(),
            feeds_made: 0,
            journal: None,
            journal_error: None,
            last_made: Moment::START,
            last_generation: Generation(0),
            patience_ends: Some(clock.now().after(patience)),
            timekeeper: None,
            closed: false,
        };
        let hub = Self { clock, state: Mutex::new(state), notify: Box::new(notify) };
        hub.set_civil_clock(&mut hub.lock());
        Arc::new(hub)
    }

    /// The clock that everything here is dated by.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Writes every input from now on to `out`, before it is handled.
    ///
    /// Call it before [`crate::run`]. The names of accounts are left out unless `with_names`.
    ///
    /// # Errors
    ///
    /// If the first line cannot be written.
    pub fn record(&self, out: Box<dyn Write + Send>, with_names: bool) -> io::Result<()> {
        let mut state = self.lock();
        state.journal = Some(Recorder::begin(out, with_names, state.roster.began)?);
        Ok(())
    }

    /// A new feed, which begins with a snapshot.
    #[must_use]
    pub fn feed(self: &Arc<Self>) -> Feed {
        let mut state = self.lock();
        state.feeds_made += 1;
        let number = state.feeds_made;
        state.feeds.insert(number, Mailbox::default());
        Feed::new(Arc::clone(self), number)
    }

    /// Ends every feed.
    pub fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        let wakers = state.wake_feeds();
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }

    pub(crate) fn poll_feed(&self, number: u64, cx: &Context<'_>) -> Poll<Option<Update>> {
        let mut state = self.lock();
        let state = &mut *state;
        if state.closed {
            return Poll::Ready(None);
        }
        let Some(mailbox) = state.feeds.get_mut(&number) else { return Poll::Ready(None) };
        let taken = if state.patience_ends.is_some() { None } else { mailbox.take() };
        match taken {
            Some(Taken::Change(change)) => Poll::Ready(Some(Update::Change(change))),
            Some(Taken::Behind { missed }) => {
                let clients = state.roster.snapshot(missed);
                Poll::Ready(Some(Update::Snapshot { clients, missed }))
            }
            None => {
                mailbox.wait(cx);
                Poll::Pending
            }
        }
    }

    pub(crate) fn drop_feed(&self, number: u64) {
        self.lock().feeds.remove(&number);
    }

    pub(crate) fn notify(&self, notice: &Notice) {
        (self.notify)(notice);
    }

    /// Takes in who observes by itself, without the supervisor; its word counts until the hub is
    /// gone.
    #[must_use]
    pub fn attach(self: &Arc<Self>, name: &str, clients: Vec<String>) -> SourceHandle {
        let source = self.add_source(name, clients);
        self.begin_run(source)
    }

    /// Takes in a source, which speaks of `clients` even while it sees nothing of them.
    pub(crate) fn add_source(&self, name: &str, clients: Vec<String>) -> SourceId {
        let mut state = self.lock();
        let id = state.roster.directory.add_source(name);
        state.write_name(Entry::Source { id: id.0, name: name.to_owned() });
        for client in &clients {
            // They have their place before anybody can fill the directory; should there be too
            // many even of them, the source is told when it opens one.
            let _ = state.client_id(client);
        }
        state.sources.push(SourceState { clients, ..SourceState::default() });
        self.release(state);
        id
    }

    /// Begins a new run of a source.
    pub(crate) fn begin_run(self: &Arc<Self>, source: SourceId) -> SourceHandle {
        let mut state = self.lock();
        let run = state.source(source).map_or(0, |each| {
            each.run += 1;
            each.limit_told = false;
            each.run
        });
        drop(state);
        SourceHandle { hub: Arc::clone(self), source, run }
    }

    /// Ends the run of a source: nothing it still says counts, and its clients are unknown.
    ///
    /// Returns whether it had been watching, and how many other sources are.
    pub(crate) fn lose(&self, source: SourceId) -> (bool, usize) {
        let mut state = self.lock();
        let mut was_ready = false;
        let mut clients = Vec::new();
        if let Some(each) = state.source(source) {
            each.run += 1;
            each.looked = true;
            was_ready = std::mem::take(&mut each.ready);
            clients.clone_from(&each.clients);
        }
        let others = state.sources.iter().filter(|each| each.ready).count();
        let mut inputs = Vec::new();
        for name in clients {
            // Also a client of which it has not spoken yet is unknown from here on.
            if let Ok((client, generation)) = state.open(&name) {
                let fact = Fact::Life(Life::Unknown(UnknownReason::SourceLost), None);
                let observed_at = state.next_made(self.clock.now());
                inputs.push(RosterInput::Observed(Observation {
                    observed_at,
                    source,
                    client,
                    generation,
                    fact,
                }));
            }
        }
        inputs.push(RosterInput::Lost(source));
        self.handle(state, inputs);
        (was_ready, others)
    }

    pub(crate) fn ready(&self, source: SourceId, run: u64) {
        let mut state = self.lock();
        let Some(each) = state.source(source).filter(|each| each.run == run) else { return };
        each.looked = true;
        each.ready = true;
        self.handle(state, Vec::new());
    }

    pub(crate) fn is_ready(&self, source: SourceId) -> bool {
        self.lock().source(source).is_some_and(|each| each.ready)
    }

    pub(crate) fn expected(&self, source: SourceId) -> Vec<String> {
        self.lock().source(source).map(|each| each.clients.clone()).unwrap_or_default()
    }

    pub(crate) fn observe(
        &self,
        (source, run): (SourceId, u64),
        client: ClientId,
        generation: Generation,
        fact: Fact,
    ) {
        let mut state = self.lock();
        if state.source(source).is_none_or(|each| each.run != run) {
            return;
        }
        let observed_at = state.next_made(self.clock.now());
        let observation = Observation { observed_at, source, client, generation, fact };
        self.handle(state, vec![RosterInput::Observed(observation)]);
    }

    pub(crate) fn open(
        &self,
        source: SourceId,
        client: &str,
    ) -> Result<(ClientId, Generation), LimitReached> {
        let mut state = self.lock();
        let opened = state.open(client);
        self.release(state);
        self.tell_limit(source, opened)
    }

    pub(crate) fn account(
        &self,
        source: SourceId,
        client: ClientId,
        name: &str,
        protocol: &str,
    ) -> Result<AccountId, LimitReached> {
        let mut state = self.lock();
        let found = state.roster.directory.account_id(client, name, protocol);
        if let Ok((id, true)) = found {
            let (name, protocol) = (Some(name.to_owned()), protocol.to_owned());
            state.write_name(Entry::Account { id: id.0, name, protocol });
        }
        self.release(state);
        self.tell_limit(source, found.map(|(id, _)| id))
    }

    pub(crate) fn set_display_name(
        &self,
        source: SourceId,
        account: AccountId,
        name: &str,
    ) -> Result<(), LimitReached> {
        let mut state = self.lock();
        let called = state.roster.directory.set_display_name(account, name);
        if called == Ok(true) {
            state.write_name(Entry::DisplayName { account: account.0, name: name.to_owned() });
        }
        self.release(state);
        self.tell_limit(source, called.map(|_| ()))
    }

    pub(crate) fn token(&self, source: SourceId, text: &str) -> Result<Symbol, LimitReached> {
        let mut state = self.lock();
        let found = state.roster.directory.token(text);
        if let Ok((id, true)) = found {
            state.write_name(Entry::Symbol { id: id.0, text: text.to_owned() });
        }
        self.release(state);
        self.tell_limit(source, found.map(|(id, _)| id))
    }

    /// Lets time pass, and returns the moment at which to do so again; `cx` is woken when that
    /// moment changes.
    pub(crate) fn keep_time(&self, cx: &Context<'_>) -> Option<Moment> {
        let mut state = self.lock();
        state.timekeeper = None;
        self.handle(state, Vec::new());
        let mut state = self.lock();
        state.timekeeper = Some(cx.waker().clone());
        state.next_deadline()
    }

    /// Handles `inputs` and tells what changed; the one way into the roster.
    fn handle(&self, mut state: MutexGuard<'_, State>, inputs: Vec<RosterInput>) {
        let deadline = state.next_deadline();
        // Nothing is handled before it was made: the roster would take what several made at one
        // reading of the clock for simultaneous, and believe the most cautious and not the last.
        let now = self.clock.now().max(state.last_made);
        self.set_civil_clock(&mut state);
        let mut changes = state.roster.advance(now);
        for input in inputs {
            state.write_input(now, input);
            changes.extend(state.roster.handle(now, input));
        }
        let mut wakers = state.publish(&changes);
        let all_looked = state.sources.iter().all(|each| each.looked);
        if state.patience_ends.is_some_and(|end| all_looked || end <= now) {
            state.patience_ends = None;
            wakers.extend(state.wake_feeds());
        }
        if state.next_deadline() != deadline {
            wakers.extend(state.timekeeper.take());
        }
        self.release(state);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Unlocks, and tells if the journal could not be written.
    fn release(&self, mut state: MutexGuard<'_, State>) {
        let journal_error = state.journal_error.take();
        drop(state);
        if let Some(error) = journal_error {
            self.notify(&Notice::JournalFailed { cause: error.to_string() });
        }
    }

    /// Follows the civil clock when somebody has set it.
    fn set_civil_clock(&self, state: &mut State) {
        let now = self.clock.now().since_start();
        let told = state.roster.began.after(now);
        let civil = self.clock.civil();
        if civil.since(told).max(told.since(civil)) >= STEP_MIN {
            state.roster.began = civil.before(now);
        }
    }

    fn tell_limit<T>(
        &self,
        source: SourceId,
        result: Result<T, LimitReached>,
    ) -> Result<T, LimitReached> {
        result.inspect_err(|limit| {
            let mut state = self.lock();
            let told =
                state.source(source).map(|each| std::mem::replace(&mut each.limit_told, true));
            let source = state.roster.directory.source(source).to_string();
            drop(state);
            if told == Some(false) {
                self.notify(&Notice::Limit { source, limit: *limit });
            }
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn source(&mut self, id: SourceId) -> Option<&mut SourceState> {
        self.sources.get_mut(usize::from(id.0))
    }

    fn open(&mut self, client: &str) -> Result<(ClientId, Generation), LimitReached> {
        let id = self.client_id(client)?;
        self.last_generation.0 += 1;
        Ok((id, self.last_generation))
    }

    fn client_id(&mut self, name: &str) -> Result<ClientId, LimitReached> {
        let (id, new) = self.roster.directory.client_id(name)?;
        if new {
            self.write_name(Entry::Client { id: id.0, name: name.to_owned() });
        }
        Ok(id)
    }

    /// A moment later than that of every observation before, however coarse the clock.
    fn next_made(&mut self, now: Moment) -> Moment {
        self.last_made = now.max(self.last_made.after(Duration::from_nanos(1)));
        self.last_made
    }

    fn next_deadline(&self) -> Option<Moment> {
        let lease = self.roster.next_deadline();
        [lease, self.patience_ends].into_iter().flatten().min()
    }

    fn publish(&mut self, changes: &[Arc<Client>]) -> Vec<Waker> {
        let mut wakers = Vec::new();
        for change in changes {
            wakers.extend(self.feeds.values_mut().filter_map(|feed| feed.put(change)));
        }
        wakers
    }

    fn wake_feeds(&mut self) -> Vec<Waker> {
        self.feeds.values_mut().filter_map(Mailbox::wake).collect()
    }

    fn write_name(&mut self, entry: Entry) {
        self.write(|journal| journal.name(entry));
    }

    fn write_input(&mut self, now: Moment, input: RosterInput) {
        self.write(|journal| journal.input(now, input));
    }

    /// A journal that cannot be written is given up; nothing else depends on it.
    fn write(&mut self, write: impl FnOnce(&mut Recorder) -> io::Result<()>) {
        if let Some(journal) = &mut self.journal
            && let Err(error) = write(journal)
        {
            self.journal = None;
            self.journal_error = Some(error);
        }
    }
}
