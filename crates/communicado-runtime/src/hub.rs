//! The hub between sources and sinks: the roster with its names, and the feeds.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use communicado_core::{
    AccountId, ClientId, Fact, Generation, Life, Moment, NoteId, Observation, RosterInput,
    SourceId, StatusStart, Symbol, UnknownReason,
};
use communicado_wire::journal::Entry;
use communicado_wire::{Client, Timestamp};

use crate::feed_queue::{FeedItem, FeedQueue};
use crate::named::NamedRoster;
use crate::record::Recorder;
use crate::{Clock, LimitReached, Notice, Update};

/// A smaller step of the civil clock is ignored as drift.
const CLOCK_STEP_MIN: Duration = Duration::from_millis(100);

/// The hub between sources and sinks.
pub struct Hub {
    clock: Arc<dyn Clock>,
    state: Mutex<HubState>,
    notify: Box<dyn Fn(&Notice) + Send + Sync>,
}

struct HubState {
    roster: NamedRoster,
    sources: Vec<SourceState>,
    feeds: BTreeMap<u64, FeedQueue>,
    feeds_created: u64,
    journal: Option<Recorder>,
    journal_error: Option<io::Error>,
    last_observed_at: Moment,
    last_generation: Generation,
    /// First snapshots wait until every source has looked, or until this moment.
    patience_deadline: Option<Moment>,
    timer_waker: Option<Waker>,
    closed: bool,
}

#[derive(Default)]
struct SourceState {
    /// The number of starts and losses.
    run: u64,
    /// The source has taken a snapshot, or has failed to, at least once.
    has_looked: bool,
    /// The source is working.
    ready: bool,
    /// The user has a notice about a limit in this run; a flood of names is one notice.
    limit_notified: bool,
    clients: Vec<String>,
}

impl Hub {
    /// A hub without sources and feeds.
    ///
    /// First snapshots wait until every source has looked once, but no longer than `patience`.
    /// `notify` receives the notices to the user.
    #[must_use]
    pub fn new(
        clock: Arc<dyn Clock>,
        patience: Duration,
        notify: impl Fn(&Notice) + Send + Sync + 'static,
    ) -> Arc<Self> {
        let state = HubState {
            roster: NamedRoster::new(Timestamp::EPOCH),
            sources: Vec::new(),
            feeds: BTreeMap::new(),
            feeds_created: 0,
            journal: None,
            journal_error: None,
            last_observed_at: Moment::START,
            last_generation: Generation(0),
            patience_deadline: Some(clock.now().after(patience)),
            timer_waker: None,
            closed: false,
        };
        let hub = Self { clock, state: Mutex::new(state), notify: Box::new(notify) };
        hub.sync_civil_clock(&mut hub.lock());
        Arc::new(hub)
    }

    /// The clock of the hub.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Records every input from now on to `out`, before handling it.
    ///
    /// Call it before [`crate::run`]. The journal has names of accounts only if `with_names`.
    ///
    /// # Errors
    ///
    /// If the first line cannot be written.
    pub fn record(&self, out: Box<dyn Write + Send>, with_names: bool) -> io::Result<()> {
        let mut state = self.lock();
        state.journal = Some(Recorder::begin(out, with_names, state.roster.began)?);
        Ok(())
    }

    /// Adds a feed, and returns its number.
    pub(crate) fn add_feed(&self) -> u64 {
        let mut state = self.lock();
        state.feeds_created += 1;
        let number = state.feeds_created;
        state.feeds.insert(number, FeedQueue::default());
        number
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
        let Some(queue) = state.feeds.get_mut(&number) else { return Poll::Ready(None) };
        let taken = if state.patience_deadline.is_some() { None } else { queue.pop() };
        match taken {
            Some(FeedItem::Change(change)) => Poll::Ready(Some(Update::Change(change))),
            Some(FeedItem::Resync { missed }) => {
                let clients = state.roster.snapshot(missed);
                Poll::Ready(Some(Update::Snapshot { clients, missed }))
            }
            None => {
                queue.set_waker(cx);
                Poll::Pending
            }
        }
    }

    pub(crate) fn drop_feed(&self, number: u64) {
        self.lock().feeds.remove(&number);
    }

    pub(crate) fn source_name(&self, source: SourceId) -> String {
        self.lock().roster.directory.source(source).to_string()
    }

    pub(crate) fn notify(&self, notice: &Notice) {
        (self.notify)(notice);
    }

    /// Adds a source, which reports `clients` even if it has not seen them.
    pub(crate) fn add_source(&self, name: &str, clients: Vec<String>) -> SourceId {
        let mut state = self.lock();
        let id = state.roster.directory.add_source(name);
        state.write_name(Entry::Source { id: id.0, name: name.to_owned() });
        for client in &clients {
            // They have a number before a source can fill the directory. If even they are too many,
            // the source gets the error when it opens one.
            let _ = state.client_id(client);
        }
        state.sources.push(SourceState { clients, ..SourceState::default() });
        self.unlock(state);
        id
    }

    /// Starts a new run of a source, and returns its number.
    pub(crate) fn start_run(&self, source: SourceId) -> u64 {
        self.lock().source(source).map_or(0, |each| {
            each.run += 1;
            each.limit_notified = false;
            each.run
        })
    }

    /// Ends the run of a source: later reports are ignored, and its clients are unknown.
    ///
    /// Returns whether the source had been working, and how many other sources are.
    pub(crate) fn mark_lost(&self, source: SourceId) -> (bool, usize) {
        let mut state = self.lock();
        let mut was_ready = false;
        let mut clients = Vec::new();
        if let Some(each) = state.source(source) {
            each.run += 1;
            each.has_looked = true;
            was_ready = std::mem::take(&mut each.ready);
            clients.clone_from(&each.clients);
        }
        let others = state.sources.iter().filter(|each| each.ready).count();
        let mut inputs = Vec::new();
        for name in clients {
            // A client that the source has not reported yet is unknown too.
            if let Ok((client, generation)) = state.open(&name) {
                let fact = Fact::Life(Life::Unknown(UnknownReason::SourceLost), None);
                let observed_at = state.next_observed_at(self.clock.now());
                inputs.push(RosterInput::Observed(Observation {
                    observed_at,
                    source,
                    client,
                    generation,
                    fact,
                    began: None,
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
        each.has_looked = true;
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
        began: Option<StatusStart>,
    ) {
        let mut state = self.lock();
        if state.source(source).is_none_or(|each| each.run != run) {
            return;
        }
        let observed_at = state.next_observed_at(self.clock.now());
        let observation = Observation { observed_at, source, client, generation, fact, began };
        self.handle(state, vec![RosterInput::Observed(observation)]);
    }

    pub(crate) fn open(
        &self,
        source: SourceId,
        client: &str,
    ) -> Result<(ClientId, Generation), LimitReached> {
        let mut state = self.lock();
        let result = state.open(client);
        self.unlock(state);
        self.notify_limit(source, result)
    }

    pub(crate) fn account(
        &self,
        source: SourceId,
        client: ClientId,
        name: &str,
        protocol: &str,
    ) -> Result<AccountId, LimitReached> {
        let mut state = self.lock();
        let result = state.roster.directory.account_id(client, name, protocol);
        if let Ok((id, true)) = result {
            let (name, protocol) = (Some(name.to_owned()), protocol.to_owned());
            state.write_name(Entry::Account { id: id.0, name, protocol });
        }
        self.unlock(state);
        self.notify_limit(source, result.map(|(id, _)| id))
    }

    pub(crate) fn set_display_name(
        &self,
        source: SourceId,
        account: AccountId,
        name: &str,
    ) -> Result<(), LimitReached> {
        let mut state = self.lock();
        let result = state.roster.directory.set_display_name(account, name);
        if result == Ok(true) {
            state.write_name(Entry::DisplayName { account: account.0, name: name.to_owned() });
        }
        self.unlock(state);
        self.notify_limit(source, result.map(|_| ()))
    }

    pub(crate) fn note(
        &self,
        source: SourceId,
        account: AccountId,
        text: &str,
    ) -> Result<NoteId, LimitReached> {
        let mut state = self.lock();
        let result = state.roster.directory.add_note(source, account, text);
        if let Ok((id, true)) = result {
            let (account, text) = (account.0, text.to_owned());
            state.write_name(Entry::Note { id: id.0, source: source.0, account, text });
        }
        self.unlock(state);
        self.notify_limit(source, result.map(|(id, _)| id))
    }

    pub(crate) fn intern(&self, source: SourceId, text: &str) -> Result<Symbol, LimitReached> {
        let mut state = self.lock();
        let result = state.roster.directory.intern(text);
        if let Ok((id, true)) = result {
            state.write_name(Entry::Symbol { id: id.0, text: text.to_owned() });
        }
        self.unlock(state);
        self.notify_limit(source, result.map(|(id, _)| id))
    }

    /// Handles due deadlines, and returns the next one. The waker of `cx` is called when the next
    /// deadline changes.
    pub(crate) fn poll_timers(&self, cx: &Context<'_>) -> Option<Moment> {
        let mut state = self.lock();
        state.timer_waker = None;
        self.handle(state, Vec::new());
        let mut state = self.lock();
        state.timer_waker = Some(cx.waker().clone());
        state.next_deadline()
    }

    /// Handles `inputs` and publishes the changes. All inputs of the roster pass here.
    fn handle(&self, mut state: MutexGuard<'_, HubState>, inputs: Vec<RosterInput>) {
        let deadline = state.next_deadline();
        // `now` is never before an observation. Otherwise the roster would clamp several
        // observations to one moment, and believe the most cautious instead of the last.
        let now = self.clock.now().max(state.last_observed_at);
        self.sync_civil_clock(&mut state);
        let mut changes = state.roster.advance(now);
        for input in inputs {
            state.write_input(now, input);
            changes.extend(state.roster.handle(now, input));
        }
        let mut wakers = state.publish(&changes);
        let all_have_looked = state.sources.iter().all(|each| each.has_looked);
        if state.patience_deadline.is_some_and(|end| all_have_looked || end <= now) {
            state.patience_deadline = None;
            wakers.extend(state.wake_feeds());
        }
        if state.next_deadline() != deadline {
            wakers.extend(state.timer_waker.take());
        }
        self.unlock(state);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Unlocks the state, and sends a notice if the journal has failed.
    fn unlock(&self, mut state: MutexGuard<'_, HubState>) {
        let journal_error = state.journal_error.take();
        drop(state);
        if let Some(error) = journal_error {
            self.notify(&Notice::JournalFailed { cause: error.to_string() });
        }
    }

    /// Follows the civil clock after it was set.
    fn sync_civil_clock(&self, state: &mut HubState) {
        let now = self.clock.now().since_start();
        let expected_civil = state.roster.began.after(now);
        let civil = self.clock.civil();
        if civil.since(expected_civil).max(expected_civil.since(civil)) >= CLOCK_STEP_MIN {
            state.roster.began = civil.before(now);
        }
    }

    /// The start of a status at a civil time, if it is neither in the future nor before the start
    /// of the machine.
    ///
    /// Its civil time, by the same clock, is exactly `civil`.
    pub(crate) fn status_start(&self, civil: Timestamp) -> Option<StatusStart> {
        let mut state = self.lock();
        self.sync_civil_clock(&mut state);
        let began = state.roster.began;
        let after = StatusStart::from(Moment::START.after(civil.since(began)));
        // The two clocks drift apart a little.
        let start = after.before(began.since(civil)).min(self.clock.now().into());
        let is_past = civil <= self.clock.civil();
        (is_past && self.clock.machine_start() <= start).then_some(start)
    }

    fn notify_limit<T>(
        &self,
        source: SourceId,
        result: Result<T, LimitReached>,
    ) -> Result<T, LimitReached> {
        result.inspect_err(|limit| {
            let mut state = self.lock();
            let was_notified =
                state.source(source).map(|each| std::mem::replace(&mut each.limit_notified, true));
            let source = state.roster.directory.source(source).to_string();
            drop(state);
            if was_notified == Some(false) {
                self.notify(&Notice::Limit { source, limit: *limit });
            }
        })
    }

    fn lock(&self) -> MutexGuard<'_, HubState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HubState {
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

    /// A moment later than all earlier observations, however coarse the clock.
    fn next_observed_at(&mut self, now: Moment) -> Moment {
        self.last_observed_at = now.max(self.last_observed_at.after(Duration::from_nanos(1)));
        self.last_observed_at
    }

    fn next_deadline(&self) -> Option<Moment> {
        let lease = self.roster.next_deadline();
        [lease, self.patience_deadline].into_iter().flatten().min()
    }

    fn publish(&mut self, changes: &[Arc<Client>]) -> Vec<Waker> {
        let mut wakers = Vec::new();
        for change in changes {
            wakers.extend(self.feeds.values_mut().filter_map(|feed| feed.push(change)));
        }
        wakers
    }

    fn wake_feeds(&mut self) -> Vec<Waker> {
        self.feeds.values_mut().filter_map(FeedQueue::take_waker).collect()
    }

    fn write_name(&mut self, entry: Entry) {
        self.write(|journal| journal.name(entry));
    }

    fn write_input(&mut self, now: Moment, input: RosterInput) {
        self.write(|journal| journal.input(now, input));
    }

    /// Writes to the journal, and gives it up on an error.
    fn write(&mut self, write: impl FnOnce(&mut Recorder) -> io::Result<()>) {
        if let Some(journal) = &mut self.journal
            && let Err(error) = write(journal)
        {
            self.journal = None;
            self.journal_error = Some(error);
        }
    }
}
