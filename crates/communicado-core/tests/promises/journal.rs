//! Random journals: all inputs of a roster, in unusual orders.
//!
//! Each journal turns some kinds of event off and skews the rest (swarm testing), because a uniform
//! mix never reaches the bugs of a rare one. Moments are small whole milliseconds, so that they
//! often coincide.
//!
//! Mostly, sources behave as real ones: they report over their newest generation and take a new one
//! when it is closed. Sometimes they report late, over closed generations, ahead of the clock,
//! twice, or before they report a life.

use core::fmt;
use core::time::Duration;

use communicado_core::{
    AccountId, Activity, Availability, ClientId, Fact, Generation, Life, Moment, NoteId,
    Observation, Presence, RosterInput, SignIn, SignInFailure, SourceId, StatusStart, Symbol,
    UnknownReason,
};

/// The inputs of a roster, in the order of arrival.
#[derive(Clone, Debug)]
pub(crate) struct Journal {
    pub(crate) steps: Vec<Step>,
}

/// One input, or a wake-up without input, at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) at: Moment,
    pub(crate) input: Option<RosterInput>,
}

pub(crate) const fn ms(count: u64) -> Moment {
    Moment::new(Duration::from_millis(count))
}

/// The end of a lease, without the core's own addition, which is under test.
pub(crate) fn end_of_lease(observed_at: Moment, lease: Duration) -> Moment {
    Moment::new(observed_at.since_start() + lease)
}

impl Journal {
    pub(crate) fn random(seed: u64) -> Self {
        let mut writer = Writer::new(Rng::new(seed));
        let length = 1 + writer.rng.below(60);
        for _ in 0..length {
            let step = writer.step();
            writer.steps.push(step);
        }
        Self { steps: writer.steps }
    }

    /// The same journal without observations from the future.
    ///
    /// An observation from the future counts as one of the present, so its effect depends on when
    /// it arrives. The promises about arrival order exclude it.
    pub(crate) fn without_foresight(mut self) -> Self {
        let mut now = Moment::START;
        for step in &mut self.steps {
            now = now.max(step.at);
            step.at = now;
            if let Some(RosterInput::Observed(observation)) = &mut step.input {
                observation.observed_at = observation.observed_at.min(now);
            }
        }
        self
    }

    pub(crate) fn last_moment(&self) -> Moment {
        self.steps.iter().map(|step| step.at).max().unwrap_or_default()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Starting,
    Running,
    ShuttingDown,
    Unknown,
    Absent,
    SignedIn,
    SigningIn,
    SigningOut,
    SignedOut,
    Gone,
    Saved,
    Lost,
    Waking,
    Repetition,
}

impl Kind {
    const ALL: [Self; 14] = [
        Self::Starting,
        Self::Running,
        Self::ShuttingDown,
        Self::Unknown,
        Self::Absent,
        Self::SignedIn,
        Self::SigningIn,
        Self::SigningOut,
        Self::SignedOut,
        Self::Gone,
        Self::Saved,
        Self::Lost,
        Self::Waking,
        Self::Repetition,
    ];
}

/// The generator of one journal. The chances are in percent and differ between journals.
struct Writer {
    rng: Rng,
    steps: Vec<Step>,
    now: u64,
    weights: [u64; Kind::ALL.len()],
    sources: u64,
    clients: u64,
    accounts: u64,
    /// The newest generation of each source and client, and whether it is closed.
    generations: Vec<(SourceId, ClientId, Generation, bool)>,
    same_moment_percent: u64,
    clock_back_percent: u64,
    late_percent: u64,
    early_percent: u64,
    stated_percent: u64,
    new_generation_percent: u64,
    old_generation_percent: u64,
    lease_percent: u64,
    lease_max: u64,
}

impl Writer {
    fn new(mut rng: Rng) -> Self {
        let mut weights = [0; Kind::ALL.len()];
        for (weight, kind) in weights.iter_mut().zip(Kind::ALL) {
            let vital = matches!(kind, Kind::Running | Kind::SignedIn);
            let off = if vital { 5 } else { 35 };
            *weight = if rng.chance(off) { 0 } else { 1 + rng.below(8) };
            if vital {
                *weight *= 3;
            }
        }
        // With every kind off there is nothing to draw from.
        if weights.iter().all(|weight| *weight == 0) {
            weights = [1; Kind::ALL.len()];
        }
        Self {
            steps: Vec::new(),
            now: 0,
            weights,
            sources: 1 + rng.below(3),
            clients: 1 + rng.below(3),
            accounts: 1 + rng.below(3),
            generations: Vec::new(),
            same_moment_percent: rng.below(80),
            clock_back_percent: rng.below(10),
            late_percent: rng.below(50),
            early_percent: rng.below(10),
            stated_percent: rng.below(100),
            new_generation_percent: rng.below(15),
            old_generation_percent: rng.below(25),
            lease_percent: rng.below(101),
            lease_max: [1, 5, 40][rng.index(3)],
            rng,
        }
    }

    fn step(&mut self) -> Step {
        if !self.rng.chance(self.same_moment_percent) {
            let most = [2, 6, 30][self.rng.index(3)];
            self.now += 1 + self.rng.below(most);
        }
        let at = if self.rng.chance(self.clock_back_percent) {
            self.now.saturating_sub(self.rng.below(8))
        } else {
            self.now
        };
        Step { at: ms(at), input: self.input() }
    }

    fn input(&mut self) -> Option<RosterInput> {
        let kind = self.kind();
        let source = SourceId(1 + self.rng.number(self.sources) as u16);
        let client = ClientId(1 + self.rng.number(self.clients));
        let account = AccountId(1 + self.rng.number(self.accounts));
        let fact = match kind {
            Kind::Waking => return None,
            Kind::Lost => {
                let theirs =
                    self.generations.iter_mut().filter(|generation| generation.0 == source);
                theirs.for_each(|generation| generation.3 = true);
                return Some(RosterInput::Lost(source));
            }
            Kind::Repetition => {
                let earlier = self.rng.index(self.steps.len().max(1));
                return self.steps.get(earlier)?.input;
            }
            Kind::Starting => self.life(Life::Starting),
            Kind::Running => self.life(Life::Running),
            Kind::ShuttingDown => self.life(Life::ShuttingDown),
            Kind::Unknown => {
                let reason = self.rng.one_of(&UnknownReason::ALL);
                self.life(Life::Unknown(reason))
            }
            Kind::Absent => self.life(Life::Absent),
            Kind::SignedIn => Fact::Account(account, Some(SignIn::SignedIn(self.presence()))),
            Kind::SigningIn => Fact::Account(account, Some(SignIn::SigningIn)),
            Kind::SigningOut => Fact::Account(account, Some(SignIn::SigningOut)),
            Kind::SignedOut => {
                let failure = self.rng.chance(60).then(|| self.rng.one_of(&SignInFailure::ALL));
                Fact::Account(account, Some(SignIn::SignedOut(failure)))
            }
            Kind::Gone => Fact::Account(account, None),
            Kind::Saved => Fact::Saved(Symbol(self.rng.number(3))),
        };
        let observed_at = if self.rng.chance(self.late_percent) {
            self.now.saturating_sub(self.rng.below(8))
        } else if self.rng.chance(self.early_percent) {
            self.now + self.rng.below(8)
        } else {
            self.now
        };
        let generation = self.generation(source, client, fact);
        Some(RosterInput::Observed(Observation {
            observed_at: ms(observed_at),
            source,
            client,
            generation,
            fact,
            began: self.began(observed_at),
        }))
    }

    /// A start before or after the observation, or none.
    fn began(&mut self, observed_at: u64) -> Option<StatusStart> {
        if !self.rng.chance(self.stated_percent) {
            return None;
        }
        let start = StatusStart::from(ms(observed_at));
        let earlier = Duration::from_millis(self.rng.below(20));
        let later = Duration::from_millis(observed_at + self.rng.below(3));
        Some(if self.rng.chance(85) { start.before(earlier) } else { Moment::new(later).into() })
    }

    fn kind(&mut self) -> Kind {
        let mut left = self.rng.below(self.weights.iter().sum());
        for (weight, kind) in self.weights.iter().zip(Kind::ALL) {
            if left < *weight {
                return kind;
            }
            left -= weight;
        }
        Kind::Waking
    }

    /// The generation over which `source` reports `fact` about `client`.
    fn generation(&mut self, source: SourceId, client: ClientId, fact: Fact) -> Generation {
        let last_state = self
            .generations
            .iter()
            .position(|generation| (generation.0, generation.1) == (source, client));
        let last_state = last_state.unwrap_or_else(|| {
            self.generations.push((source, client, Generation(1), false));
            self.generations.len() - 1
        });
        let (_, _, newest, closed) = &mut self.generations[last_state];
        let new_generation =
            if *closed { self.new_generation_percent + 60 } else { self.new_generation_percent };
        if self.rng.chance(new_generation) {
            newest.0 += 1 + self.rng.number(2);
            *closed = false;
        } else if self.rng.chance(self.old_generation_percent) {
            return Generation(newest.0.saturating_sub(self.rng.number(3)));
        }
        if let Fact::Life(life, _) = fact {
            *closed |= !matches!(life, Life::Starting | Life::Running);
        }
        *newest
    }

    fn life(&mut self, life: Life) -> Fact {
        let lease_percent = self.rng.chance(self.lease_percent);
        let lease =
            lease_percent.then(|| Duration::from_millis(self.rng.below(self.lease_max + 1)));
        Fact::Life(life, lease)
    }

    /// Few raw words and often the same availability, so that accounts tie.
    fn presence(&mut self) -> Presence {
        let some = if self.rng.chance(50) { 2 } else { Availability::ALL.len() };
        Presence {
            availability: Availability::ALL[self.rng.index(some)],
            activity: self.rng.chance(30).then(|| self.rng.one_of(&Activity::ALL)),
            raw: Symbol(self.rng.number(3)),
            note: self.rng.chance(50).then(|| NoteId(self.rng.number(3))),
        }
    }
}

/// Pseudo-random numbers by splitmix64 (Steele, Lea and Flood 2014). A seed always gives the same
/// numbers, which a dependency does not guarantee.
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    pub(crate) fn number(&mut self, limit: u64) -> u32 {
        self.below(limit) as u32
    }

    pub(crate) fn index(&mut self, limit: usize) -> usize {
        self.below(limit as u64) as usize
    }

    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.index(all.len())]
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.index(last + 1));
        }
    }
}

impl fmt::Display for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            let at = step.at.since_start();
            match step.input {
                None => writeln!(f, "  at {at:?}: waking")?,
                Some(RosterInput::Lost(SourceId(source))) => {
                    writeln!(f, "  at {at:?}: source {source} lost")?;
                }
                Some(RosterInput::Observed(observation)) => {
                    let (observed_at, fact) =
                        (observation.observed_at.since_start(), observation.fact);
                    let (source, client, generation) =
                        (observation.source.0, observation.client.0, observation.generation.0);
                    writeln!(
                        f,
                        "  at {at:?}: source {source}, client {client}, generation {generation}, \
                         observed at {observed_at:?}: {fact:?}"
                    )?;
                }
            }
        }
        Ok(())
    }
}
