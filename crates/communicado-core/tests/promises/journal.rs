//! Random journals: everything that can happen to a roster, in the strangest order.
//!
//! Each journal switches some kinds of event off and skews the rest (swarm testing), because what
//! hides behind a rare mixture of events is never reached by an even one. Moments are small whole
//! milliseconds, so that they meet often.
//!
//! Sources behave as real ones do more often than not: they speak over their newest link and
//! take a new one when theirs has closed. The rest of the time they speak late, over dead links,
//! ahead of the clock, twice, or before they have introduced themselves.

use core::fmt;
use core::time::Duration;

use communicado_core::{
    AccountId, Activity, Availability, ClientId, Fact, Failure, Generation, Input, Life, Moment,
    Observation, Presence, SignIn, SourceId, Token, UnknownReason,
};

/// What happened to a roster, in the order in which it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Journal {
    pub(crate) steps: Vec<Step>,
}

/// One input, or a mere waking, at one reading of the clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) at: Moment,
    pub(crate) input: Option<Input>,
}

pub(crate) const fn ms(count: u64) -> Moment {
    Moment::new(Duration::from_millis(count))
}

/// When a lease ends. Does not ask the core for the sum, which the core may get wrong.
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

    /// The same journal in which nobody says what was not yet so.
    ///
    /// An observation from the future counts as one of the present, so what it amounts to depends
    /// on when it arrives; promises about arrival are made for the others.
    pub(crate) fn without_foresight(mut self) -> Self {
        let mut now = Moment::START;
        for step in &mut self.steps {
            now = now.max(step.at);
            step.at = now;
            if let Some(Input::Observed(observation)) = &mut step.input {
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

/// Writes one journal. The chances are in percent and differ from journal to journal.
struct Writer {
    rng: Rng,
    steps: Vec<Step>,
    now: u64,
    weights: [u64; Kind::ALL.len()],
    sources: u64,
    clients: u64,
    accounts: u64,
    /// The newest link of each source to each client, and whether it was closed.
    generations: Vec<(SourceId, ClientId, Generation, bool)>,
    standstill: u64,
    clock_back: u64,
    made_late: u64,
    made_ahead: u64,
    link_anew: u64,
    link_old: u64,
    leased: u64,
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
            standstill: rng.below(80),
            clock_back: rng.below(10),
            made_late: rng.below(50),
            made_ahead: rng.below(10),
            link_anew: rng.below(15),
            link_old: rng.below(25),
            leased: rng.below(101),
            lease_max: [1, 5, 40][rng.index(3)],
            rng,
        }
    }

    fn step(&mut self) -> Step {
        if !self.rng.chance(self.standstill) {
            let most = [2, 6, 30][self.rng.index(3)];
            self.now += 1 + self.rng.below(most);
        }
        let at = if self.rng.chance(self.clock_back) {
            self.now.saturating_sub(self.rng.below(8))
        } else {
            self.now
        };
        Step { at: ms(at), input: self.input() }
    }

    fn input(&mut self) -> Option<Input> {
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
                return Some(Input::Lost(source));
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
                let failure = self.rng.chance(60).then(|| self.rng.one_of(&Failure::ALL));
                Fact::Account(account, Some(SignIn::SignedOut(failure)))
            }
            Kind::Gone => Fact::Account(account, None),
            Kind::Saved => Fact::Saved(Token(self.rng.number(3))),
        };
        let observed_at = if self.rng.chance(self.made_late) {
            self.now.saturating_sub(self.rng.below(8))
        } else if self.rng.chance(self.made_ahead) {
            self.now + self.rng.below(8)
        } else {
            self.now
        };
        let generation = self.generation(source, client, fact);
        Some(Input::Observed(Observation {
            observed_at: ms(observed_at),
            source,
            client,
            generation,
            fact,
        }))
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

    /// The link over which `source` says `fact` of `client`.
    fn generation(&mut self, source: SourceId, client: ClientId, fact: Fact) -> Generation {
        let held = self
            .generations
            .iter()
            .position(|generation| (generation.0, generation.1) == (source, client));
        let held = held.unwrap_or_else(|| {
            self.generations.push((source, client, Generation(1), false));
            self.generations.len() - 1
        });
        let (_, _, newest, closed) = &mut self.generations[held];
        let anew = if *closed { self.link_anew + 60 } else { self.link_anew };
        if self.rng.chance(anew) {
            newest.0 += 1 + self.rng.number(2);
            *closed = false;
        } else if self.rng.chance(self.link_old) {
            return Generation(newest.0.saturating_sub(self.rng.number(3)));
        }
        if let Fact::Life(life, _) = fact {
            *closed |= !matches!(life, Life::Starting | Life::Running);
        }
        *newest
    }

    fn life(&mut self, life: Life) -> Fact {
        let leased = self.rng.chance(self.leased);
        let lease = leased.then(|| Duration::from_millis(self.rng.below(self.lease_max + 1)));
        Fact::Life(life, lease)
    }

    /// Few raw tokens and often the same availability, so that accounts compete as equals.
    fn presence(&mut self) -> Presence {
        let some = if self.rng.chance(50) { 2 } else { Availability::ALL.len() };
        Presence {
            availability: Availability::ALL[self.rng.index(some)],
            activity: self.rng.chance(30).then(|| self.rng.one_of(&Activity::ALL)),
            raw: Token(self.rng.number(3)),
        }
    }
}

/// Pseudo-random numbers by splitmix64 (Steele, Lea and Flood 2014): the same for a seed
/// everywhere and for ever, which a dependency does not promise.
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
                Some(Input::Lost(SourceId(source))) => {
                    writeln!(f, "  at {at:?}: source {source} lost")?;
                }
                Some(Input::Observed(seen)) => {
                    let (observed_at, fact) = (seen.observed_at.since_start(), seen.fact);
                    let (source, client, generation) =
                        (seen.source.0, seen.client.0, seen.generation.0);
                    writeln!(
                        f,
                        "  at {at:?}: source {source}, client {client}, link {generation}, \
                         made at {observed_at:?}: {fact:?}"
                    )?;
                }
            }
        }
        Ok(())
    }
}
