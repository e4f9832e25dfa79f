//! The simulation: the runtime with scripted sources, readers and a manual clock.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake as _, Waker};
use std::time::Duration;

use communicado_core::Moment;
use communicado_runtime::{Hub, NamedSource, Notice, Update, run};
use communicado_wire::Client;

use crate::clock::ManualClock;
use crate::journal_buffer::JournalBuffer;
use crate::lease_model::LeaseModel;
use crate::reader::{EagerReader, Flag, ReadPattern, Reader};
use crate::scripted_source::{Act, Order, ScriptedSource};

/// One poll for the wake-up itself, and one for a deadline that a source has moved.
const POLLS_MAX: usize = 2;

pub(crate) const NAMES: [&str; 4] = ["first", "second", "third", "fourth"];

/// The parameters of a simulation.
pub(crate) struct Setup {
    pub(crate) sources: Vec<SourceSetup>,
    pub(crate) patience: Duration,
    /// The capacity of the journal, in bytes.
    pub(crate) capacity: usize,
}

/// The clients of a source, and the first acts of each run.
pub(crate) struct SourceSetup {
    pub(crate) clients: Vec<&'static str>,
    pub(crate) start: Box<dyn FnMut() -> Vec<Act> + Send>,
}

pub(crate) struct Simulation {
    pub(crate) clock: ManualClock,
    pub(crate) hub: Arc<Hub>,
    pub(crate) sources: Vec<ScriptedSource>,
    pub(crate) readers: Vec<Reader>,
    pub(crate) eager_reader: Arc<EagerReader>,
    pub(crate) journal: JournalBuffer,
    pub(crate) lease_model: LeaseModel,
    pub(crate) patience_ends: Moment,
    pub(crate) ended: Option<io::Error>,
    pub(crate) readers_before_runtime: bool,
    pub(crate) notices: Arc<Mutex<Vec<RecordedNotice>>>,
    running: Pin<Box<dyn Future<Output = io::Error>>>,
    flag: Arc<Flag>,
}

/// A notice, and when it was sent.
#[derive(Clone, Debug)]
pub(crate) struct RecordedNotice {
    pub(crate) at: Moment,
    pub(crate) order: u64,
    pub(crate) notice: Notice,
}

impl Simulation {
    /// A simulation before the first poll.
    pub(crate) fn new(setup: Setup) -> Self {
        let (clock, order) = (ManualClock::new(), Order::default());
        let notices = Arc::<Mutex<Vec<RecordedNotice>>>::default();
        let notify = {
            let (notices, clock, order) = (Arc::clone(&notices), clock.clone(), order.clone());
            move |notice: &Notice| {
                let (at, order, notice) = (clock.shows(), order.next(), notice.clone());
                let mut notices = notices.lock().unwrap_or_else(PoisonError::into_inner);
                notices.push(RecordedNotice { at, order, notice });
            }
        };
        let hub = Hub::new(Arc::new(clock.clone()), setup.patience, notify);
        let journal = JournalBuffer::new(setup.capacity);
        hub.record(Box::new(journal.clone()), true).expect("there is room for the first line");
        let mut sources = Vec::new();
        let mut opened = Vec::new();
        for (name, SourceSetup { clients, start }) in NAMES.into_iter().zip(setup.sources) {
            let scripted = ScriptedSource::new(clock.clone(), order.clone(), start);
            let clients = clients.into_iter().map(String::from).collect();
            opened.push(NamedSource {
                name: name.to_owned(),
                clients,
                source: Box::new(scripted.clone()),
            });
            sources.push(scripted);
        }
        let eager_reader = EagerReader::new(hub.feed());
        let running = Box::pin(run(Arc::clone(&hub), opened));
        let flag = Arc::<Flag>::default();
        flag.clone().wake();
        Self {
            hub,
            sources,
            readers: Vec::new(),
            eager_reader,
            journal,
            lease_model: LeaseModel::default(),
            patience_ends: clock.shows().after(setup.patience),
            clock,
            ended: None,
            readers_before_runtime: false,
            notices,
            running,
            flag,
        }
    }

    /// Polls everything that is woken, and returns how often it polled the runtime.
    pub(crate) fn settle(&mut self) -> usize {
        let mut polls = 0;
        loop {
            if self.readers_before_runtime {
                self.let_prompt_readers_read();
            }
            if self.flag.lower() && self.ended.is_none() {
                polls += 1;
                assert!(polls <= POLLS_MAX, "woken {polls} times while the clock stands still");
                let waker = Waker::from(Arc::clone(&self.flag));
                if let Poll::Ready(error) =
                    self.running.as_mut().poll(&mut Context::from_waker(&waker))
                {
                    self.ended = Some(error);
                }
            }
            self.let_prompt_readers_read();
            if !self.flag.is_raised() {
                return polls;
            }
        }
    }

    fn let_prompt_readers_read(&mut self) {
        for reader in &mut self.readers {
            if reader.pattern == ReadPattern::Prompt && reader.flag.is_raised() {
                reader.read(usize::MAX);
            }
        }
    }

    /// Moves the clock by `duration`, from timer to timer, as if awake.
    pub(crate) fn pass(&mut self, duration: Duration) {
        let end = self.clock.shows().after(duration);
        while let Some(deadline) = self.clock.deadlines().first().copied().filter(|at| *at <= end) {
            let just_before = Moment::new(deadline.since_start() - Duration::from_nanos(1));
            self.rest_until(just_before);
            self.turn_to(deadline);
        }
        self.rest_until(end);
    }

    /// Moves the clock to `at`. No timer may fire before.
    fn rest_until(&mut self, at: Moment) {
        if at > self.clock.shows() {
            self.clock.turn_to(at);
            self.assert_nobody_is_woken();
        }
    }

    /// Moves the clock in one step, as after a suspend, and polls everything.
    pub(crate) fn turn_to(&mut self, at: Moment) {
        self.turn_to_and(at, |_| {});
    }

    /// Moves the clock, and calls `first` before polling.
    pub(crate) fn turn_to_and(&mut self, at: Moment, first: impl FnOnce(&mut Self)) {
        self.settle();
        self.check();
        let before = self.before_the_turn();
        self.clock.turn_to(at);
        first(self);
        self.settle();
        self.check();
        self.check_turn(&before);
    }

    pub(crate) fn assert_nobody_is_woken(&self) {
        assert!(!self.flag.is_raised(), "woken, and nothing was due");
        for reader in self.readers.iter().filter(|reader| reader.pattern == ReadPattern::Prompt) {
            assert!(!reader.flag.is_raised(), "a reader wakes up without a new change");
        }
    }

    /// Lets a source perform `acts`, and polls everything.
    pub(crate) fn act(&mut self, source: usize, acts: &[Act]) {
        self.sources[source].tell(acts);
        self.settle();
        self.check();
    }

    pub(crate) fn add_reader(&mut self, pattern: ReadPattern) {
        self.readers.push(Reader::new(self.hub.feed(), pattern));
        self.settle();
    }

    pub(crate) fn notices(&self) -> Vec<RecordedNotice> {
        self.notices.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The updates of the eager reader after the first `count`.
    pub(crate) fn updates_since(&self, count: usize) -> Vec<Update> {
        self.eager_reader.state().updates[count..].to_vec()
    }

    pub(crate) fn update_count(&self) -> usize {
        self.eager_reader.state().updates.len()
    }

    /// The current state of a client.
    pub(crate) fn client_state(&self, client: &str) -> Option<Arc<Client>> {
        self.eager_reader.state().clients.get(client).cloned()
    }

    /// The status of a client and its reason, in one line.
    pub(crate) fn claim(&self, client: &str) -> String {
        let Some(client) = self.client_state(client) else { return "not delivered".to_owned() };
        let reason = client.reason.as_deref().or(client.raw.as_deref());
        format!("{} {}", client.status.word(), reason.unwrap_or("-"))
    }
}

impl Drop for Simulation {
    fn drop(&mut self) {
        self.eager_reader.leave();
    }
}
