//! The cost of an observation in the roster, by number of clients.
//!
//! Every client has a leased life and two accounts. Observations in turn show the work of the
//! roster. Observations at random add the cache misses: with many clients, each step down its trees
//! reads main memory.
#![expect(clippy::disallowed_methods, reason = "to measure is to read the clock")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use communicado_core::{
    AccountId, Availability, ClientId, Fact, Generation, Life, Moment, Observation, Presence,
    Roster, RosterInput, SignIn, SourceId, Symbol,
};

use crate::numbers::Numbers;
use crate::report::{Goal, Report, Table};

const CLIENTS: [u32; 3] = [10, 1_000, 100_000];
const TO_FEW: &str = "to 10 clients";
const LOG_TO_FEW: &str = "log2 to 10";

/// The claims for each order, in turn and at random.
const CLAIMS: [&str; 2] = [
    "In turn, the cost of an observation grows no faster than the logarithm of the number of clients",
    "At random, where the processor's cache helps less, no faster either",
];

/// The number of rounds, odd for the median.
const ROUNDS: usize = 11;

/// The observations of a round, enough to hide the cost of the clock.
const OBSERVATIONS: u32 = 50_000;

const KINDS: [Kind; 3] = [Kind::Unchanged, Kind::Changed, Kind::Renewed];

/// A lease that does not expire during a run.
const LEASE: Duration = Duration::from_secs(1_000_000);

const ORDERS: [Order; 2] = [Order::InTurn, Order::AtRandom];

#[derive(Clone, Copy)]
enum Order {
    InTurn,
    AtRandom,
}

#[derive(Clone, Copy)]
enum Kind {
    Unchanged,
    Changed,
    Renewed,
}

/// One row of the table.
struct Row {
    kind: Kind,
    order: Order,
    clients: u32,
    nanoseconds: Numbers,
}

/// Measures every kind of observation at every number of clients.
pub(crate) fn run() -> Report {
    let mut workloads = CLIENTS.map(Workload::new);
    let mut rows = Vec::new();
    for kind in KINDS {
        for order in ORDERS {
            rows.extend(CLIENTS.map(|clients| Row {
                kind,
                order,
                clients,
                nanoseconds: Numbers::default(),
            }));
        }
    }
    // The rounds alternate, so that other load on the machine affects all rows.
    for _ in 0..ROUNDS {
        for Row { kind, order, clients, nanoseconds } in &mut rows {
            let workload = workloads.iter_mut().find(|workload| workload.clients == *clients);
            if let Some(workload) = workload {
                nanoseconds.add(workload.round(*kind, *order));
            }
        }
    }
    let few = CLIENTS[0];
    let mut table = Table {
        heads: vec!["observation of", "clients", "", "per second", "ns each", TO_FEW, LOG_TO_FEW],
        rows: Vec::new(),
    };
    let mut smallest = f64::NAN;
    // The worst growth relative to the logarithm, for each order.
    let mut worst = [0.0_f64; 2];
    for Row { kind, order, clients, nanoseconds } in &rows {
        let cost = nanoseconds.median();
        if *clients == few {
            smallest = cost;
        }
        let growth = f64::from(*clients).log2() / f64::from(few).log2();
        let [in_turn, at_random] = &mut worst;
        let worst = match order {
            Order::InTurn => in_turn,
            Order::AtRandom => at_random,
        };
        *worst = worst.max(cost / smallest / growth);
        table.rows.push(vec![
            kind.words().to_owned(),
            clients.to_string(),
            order.words().to_owned(),
            format!("{:.0}", 1e9 / cost),
            format!("{cost:.0}"),
            format!("{:.2}", cost / smallest),
            format!("{growth:.2}"),
        ]);
    }
    Report {
        title: "The cost of an observation in the roster",
        how: "Every client has a leased life and two accounts. The observations go to the clients in turn, or at random.\n\
              Each number is the median of 11 rounds of 50,000 observations. The rounds of all rows alternate."
            .to_owned(),
        limits: "Not included: the cost of a source or a sink. At random and with many clients, the numbers show the processor's cache more than the roster."
            .to_owned(),
        tables: vec![table],
        goals: worst
            .iter()
            .zip(CLAIMS)
            .map(|(worst, claim)| Goal {
                claim,
                met: *worst <= 1.0,
                measured: format!("at worst {worst:.2} times as fast"),
            })
            .collect(),
    }
}

impl Order {
    const fn words(self) -> &'static str {
        match self {
            Self::InTurn => "in turn",
            Self::AtRandom => "at random",
        }
    }
}

impl Kind {
    const fn words(self) -> &'static str {
        match self {
            Self::Unchanged => "an account, unchanged",
            Self::Changed => "an account, changed",
            Self::Renewed => "a life, its lease renewed",
        }
    }
}

/// A roster with its clients, and the current moment.
struct Workload {
    roster: Roster,
    clients: u32,
    moment: u64,
    draw: u32,
}

impl Workload {
    fn new(clients: u32) -> Self {
        let mut workload = Self { roster: Roster::new(), clients, moment: 0, draw: 1 };
        for client in 0..clients {
            workload.tell(client, Fact::Life(Life::Running, Some(LEASE)));
            workload.tell(client, signed_in(AccountId(0), Symbol(0)));
            workload.tell(client, signed_out(AccountId(1)));
        }
        workload
    }

    /// The cost of one observation of this kind, in nanoseconds.
    fn round(&mut self, kind: Kind, order: Order) -> f64 {
        let before = self.roster.revision().0;
        let start = Instant::now();
        for _ in 0..OBSERVATIONS {
            let client = match order {
                Order::InTurn => (self.moment % u64::from(self.clients)) as u32,
                Order::AtRandom => self.any_client(),
            };
            self.tell(
                client,
                match kind {
                    Kind::Unchanged => signed_out(AccountId(1)),
                    Kind::Changed => signed_in(AccountId(0), Symbol(self.moment as u32)),
                    Kind::Renewed => Fact::Life(Life::Running, Some(LEASE)),
                },
            );
        }
        let spent = start.elapsed();
        let changes = if matches!(kind, Kind::Changed) { u64::from(OBSERVATIONS) } else { 0 };
        assert_eq!(self.roster.revision().0 - before, changes, "something else was measured");
        spent.as_nanos() as f64 / f64::from(OBSERVATIONS)
    }

    fn tell(&mut self, client: u32, fact: Fact) {
        // A microsecond apart, so that no observation repeats another.
        self.moment += 1;
        let observed_at = Moment::new(Duration::from_micros(self.moment));
        let (source, client, generation) = (SourceId(0), ClientId(client), Generation(1));
        let observation =
            Observation { observed_at, source, client, generation, fact, began: None };
        black_box(self.roster.handle(observed_at, RosterInput::Observed(observation)));
    }

    /// A linear congruential generator (Numerical Recipes) is random enough for a cache.
    fn any_client(&mut self) -> u32 {
        self.draw = self.draw.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((u64::from(self.draw) * u64::from(self.clients)) >> 32) as u32
    }
}

const fn signed_in(account: AccountId, raw: Symbol) -> Fact {
    let presence = Presence { availability: Availability::Away, activity: None, raw, note: None };
    Fact::Account(account, Some(SignIn::SignedIn(presence)))
}

const fn signed_out(account: AccountId) -> Fact {
    Fact::Account(account, Some(SignIn::SignedOut(None)))
}
