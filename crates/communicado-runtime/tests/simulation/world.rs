//! The runtime in a world of puppets, readers and a clock that is turned by hand, polled by hand.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake as _, Waker};
use std::time::Duration;

use communicado_core::Moment;
use communicado_runtime::{Hub, NamedSource, Notice, Update, run};
use communicado_wire::Client;

use crate::clock::HandClock;
use crate::ledger::Ledger;
use crate::paper::Paper;
use crate::puppet::{Act, Order, Puppet};
use crate::reader::{Flag, Habit, Reader, Witness};

/// One poll for the waking itself, and one for the deadline that a source moved in it.
const POLLS_MAX: usize = 2;

pub(crate) const NAMES: [&str; 4] = ["first", "second", "third", "fourth"];

/// What a world begins with.
pub(crate) struct Setup {
    pub(crate) sources: Vec<Cast>,
    pub(crate) patience: Duration,
    /// How much can be written into the journal, in bytes.
    pub(crate) room: usize,
}

/// The clients of a source, and what each of its runs begins with.
pub(crate) struct Cast {
    pub(crate) clients: Vec<&'static str>,
    pub(crate) start: Box<dyn FnMut() -> Vec<Act> + Send>,
}

pub(crate) struct World {
    pub(crate) clock: HandClock,
    pub(crate) hub: Arc<Hub>,
    pub(crate) puppets: Vec<Puppet>,
    pub(crate) readers: Vec<Reader>,
    pub(crate) witness: Arc<Witness>,
    pub(crate) journal: Paper,
    pub(crate) ledger: Ledger,
    pub(crate) patience_ends: Moment,
    pub(crate) ended: Option<io::Error>,
    pub(crate) readers_first: bool,
    pub(crate) notices: Arc<Mutex<Vec<Noticed>>>,
    running: Pin<Box<dyn Future<Output = io::Error>>>,
    flag: Arc<Flag>,
}

/// A notice, and when it was given.
#[derive(Clone, Debug)]
pub(crate) struct Noticed {
    pub(crate) at: Moment,
    pub(crate) order: u64,
    pub(crate) notice: Notice,
}

impl World {
    /// A world in which nothing was polled yet.
    pub(crate) fn new(setup: Setup) -> Self {
        let (clock, order) = (HandClock::new(), Order::default());
        let notices = Arc::<Mutex<Vec<Noticed>>>::default();
        let notify = {
            let (notices, clock, order) = (Arc::clone(&notices), clock.clone(), order.clone());
            move |notice: &Notice| {
                let (at, order, notice) = (clock.shows(), order.next(), notice.clone());
                let mut notices = notices.lock().unwrap_or_else(PoisonError::into_inner);
                notices.push(Noticed { at, order, notice });
            }
        };
        let hub = Hub::new(Arc::new(clock.clone()), setup.patience, notify);
        let journal = Paper::new(setup.room);
        hub.record(Box::new(journal.clone()), true).expect("there is room for the first line");
        let mut puppets = Vec::new();
        let mut opened = Vec::new();
        for (name, Cast { clients, start }) in NAMES.into_iter().zip(setup.sources) {
            let puppet = Puppet::new(clock.clone(), order.clone(), start);
            let clients = clients.into_iter().map(String::from).collect();
            opened.push(NamedSource { name, clients, source: Box::new(puppet.clone()) });
            puppets.push(puppet);
        }
        let witness = Witness::new(hub.feed());
        let running = Box::pin(run(Arc::clone(&hub), opened));
        let flag = Arc::<Flag>::default();
        flag.clone().wake();
        Self {
            hub,
            puppets,
            readers: Vec::new(),
            witness,
            journal,
            ledger: Ledger::default(),
            patience_ends: clock.shows().after(setup.patience),
            clock,
            ended: None,
            readers_first: false,
            notices,
            running,
            flag,
        }
    }

    /// Polls whoever was woken until nobody is, and returns how often the runtime was.
    pub(crate) fn settle(&mut self) -> usize {
        let mut polls = 0;
        loop {
            if self.readers_first {
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
            if reader.habit == Habit::Prompt && reader.flag.is_raised() {
                reader.read(usize::MAX);
            }
        }
    }

    /// Lets `span` pass as it does for one who is awake: from alarm to alarm, each at its moment.
    pub(crate) fn pass(&mut self, span: Duration) {
        let end = self.clock.shows().after(span);
        while let Some(alarm) = self.clock.alarms().first().copied().filter(|at| *at <= end) {
            let just_before = Moment::new(alarm.since_start() - Duration::from_nanos(1));
            self.rest_until(just_before);
            self.turn_to(alarm);
        }
        self.rest_until(end);
    }

    /// Lets time pass in which nobody has asked to be woken.
    fn rest_until(&mut self, at: Moment) {
        if at > self.clock.shows() {
            self.clock.turn_to(at);
            self.assert_nobody_is_woken();
        }
    }

    /// Turns the clock at once, as a machine does that was asleep, and lets all see it.
    pub(crate) fn turn_to(&mut self, at: Moment) {
        self.turn_to_and(at, |_| {});
    }

    /// Turns the clock and does `first` before anybody else has noticed.
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
        for reader in self.readers.iter().filter(|reader| reader.habit == Habit::Prompt) {
            assert!(!reader.flag.is_raised(), "a reader is woken, and nothing was told");
        }
    }

    /// Has a source do `acts`, and lets all see it.
    pub(crate) fn act(&mut self, source: usize, acts: &[Act]) {
        self.puppets[source].tell(acts);
        self.settle();
        self.check();
    }

    pub(crate) fn add_reader(&mut self, habit: Habit) {
        self.readers.push(Reader::new(self.hub.feed(), habit));
        self.settle();
    }

    pub(crate) fn notices(&self) -> Vec<Noticed> {
        self.notices.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What the witness was told since it had been told so much.
    pub(crate) fn told_since(&self, count: usize) -> Vec<Update> {
        self.witness.testimony().told[count..].to_vec()
    }

    pub(crate) fn told_count(&self) -> usize {
        self.witness.testimony().told.len()
    }

    /// What is believed of a client now.
    pub(crate) fn believed(&self, client: &str) -> Option<Arc<Client>> {
        self.witness.testimony().believed.get(client).cloned()
    }

    /// The status of a client and its reason, in one line.
    pub(crate) fn word(&self, client: &str) -> String {
        let Some(client) = self.believed(client) else { return "not told".to_owned() };
        let reason = client.reason.as_deref().or(client.raw.as_deref());
        format!("{} {}", client.status.word(), reason.unwrap_or("-"))
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.witness.leave();
    }
}
