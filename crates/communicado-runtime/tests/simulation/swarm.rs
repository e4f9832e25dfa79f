//! The mix of events in one run (swarm testing): each run turns some kinds off and skews the rest,
//! because a uniform mix never reaches the bugs of a rare one.

use std::time::Duration;

use communicado_core::{Activity, Availability, Life, SignIn, SignInFailure, UnknownReason};

use crate::rng::Rng;
use crate::run::signed_in;
use crate::scripted_source::{Act, Claim, Overflow};

const CLIENTS: [&str; 3] = ["finch", "pidgin", "teams"];

/// The kinds of events.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Acts,
    Late,
    Repeat,
    Flood,
    Ready,
    End,
    Panic,
    StaleRun,
    Pass,
    Night,
    Travel,
    ReaderComes,
    ReaderReads,
    ReaderGoes,
}

/// The mix of one run.
#[derive(Clone)]
pub(crate) struct Swarm {
    pub(crate) kinds: Vec<(Kind, usize)>,
    pub(crate) clients: Vec<&'static str>,
    /// The kind of name that overflows, once in a run.
    pub(crate) overflow: Option<Overflow>,
    /// `true` if the civil clock changes in the run.
    pub(crate) travels: bool,
    leases: Vec<Option<Duration>>,
    lives: Vec<(Life, usize)>,
    starts: Vec<(Opening, usize)>,
}

/// The start of a run of a source.
#[derive(Clone, Copy, Debug)]
enum Opening {
    Looks,
    Stalls,
    Ends,
    Panics,
    PanicsAtOnce,
    SaysAndPanics,
}

impl Swarm {
    pub(crate) fn of(rng: &mut Rng) -> Self {
        let all = [
            Kind::Acts,
            Kind::Late,
            Kind::Repeat,
            Kind::Flood,
            Kind::Ready,
            Kind::End,
            Kind::Panic,
            Kind::StaleRun,
            Kind::Pass,
            Kind::Night,
            Kind::Travel,
            Kind::ReaderComes,
            Kind::ReaderReads,
            Kind::ReaderGoes,
        ];
        let kinds: Vec<_> = all.map(|kind| (kind, weight(rng))).into();
        let life = [
            Life::Starting,
            Life::ShuttingDown,
            Life::Absent,
            Life::Unknown(UnknownReason::NotResponding),
            Life::Unknown(UnknownReason::AccessDenied),
        ];
        let mut lives: Vec<_> = life.map(|life| (life, weight(rng))).into();
        lives.push((Life::Running, 8 + weight(rng)));
        let starts = [
            (Opening::Looks, 8),
            (Opening::Stalls, weight(rng)),
            (Opening::Ends, weight(rng)),
            (Opening::Panics, weight(rng)),
            (Opening::PanicsAtOnce, weight(rng)),
            (Opening::SaysAndPanics, weight(rng)),
        ];
        let crowds = [Overflow::Clients, Overflow::Accounts, Overflow::Words];
        let leases = [None, Some(0), Some(1), Some(20), Some(1_000), Some(60_000)];
        let leases = leases.into_iter().filter(|_| rng.one_in(2)).collect::<Vec<_>>();
        let travels =
            kinds.iter().any(|(kind, weight)| matches!(kind, Kind::Travel) && *weight > 0);
        Self {
            kinds,
            clients: CLIENTS[..1 + rng.below(CLIENTS.len())].into(),
            overflow: rng.one_in(40).then(|| rng.of(&crowds)),
            travels,
            leases: leases.into_iter().map(|ms| ms.map(Duration::from_millis)).collect(),
            lives,
            starts: starts.into(),
        }
    }

    /// The first acts of a run of a source with these `clients`.
    pub(crate) fn start(&self, rng: &mut Rng, clients: &[&'static str]) -> Vec<Act> {
        let Some(opening) = rng.weighted(&self.starts) else { return Vec::new() };
        match opening {
            Opening::Stalls => Vec::new(),
            Opening::Ends => vec![Act::End],
            Opening::Panics => vec![Act::Panic],
            Opening::PanicsAtOnce => vec![Act::PanicAtOnce],
            Opening::Looks | Opening::SaysAndPanics => {
                let mut acts = Vec::new();
                for client in clients {
                    acts.push(Act::Open(client));
                    acts.push(Act::Report(client, self.account(rng)));
                    acts.push(Act::Report(client, self.life(rng)));
                }
                acts.push(Act::Ready);
                if let Opening::SaysAndPanics = opening {
                    acts.push(Act::Panic);
                }
                acts
            }
        }
    }

    /// A few random acts.
    pub(crate) fn acts(&self, rng: &mut Rng, late: bool) -> Vec<Act> {
        let some = 1 + rng.below(5);
        (0..some).map(|_| self.act(rng, late)).collect()
    }

    fn act(&self, rng: &mut Rng, late: bool) -> Act {
        let client = rng.of(&self.clients);
        let claim = match rng.below(8) {
            0 => return Act::Open(client),
            1 | 2 => self.life(rng),
            3 => Claim::Saved(rng.of(&["away", "busy", "by the lake"])),
            _ => self.account(rng),
        };
        if late && rng.one_in(2) {
            Act::ReportLate(client, claim)
        } else {
            Act::Report(client, claim)
        }
    }

    fn life(&self, rng: &mut Rng) -> Claim {
        let life = rng.weighted(&self.lives).unwrap_or(Life::Running);
        let lease = if self.leases.is_empty() { None } else { rng.of(&self.leases) };
        Claim::Life(life, lease)
    }

    fn account(&self, rng: &mut Rng) -> Claim {
        let sign_in = match rng.below(8) {
            0 => None,
            1 => Some(SignIn::SigningIn),
            2 => Some(SignIn::SigningOut),
            3 => Some(SignIn::SignedOut(None)),
            4 => Some(SignIn::SignedOut(Some(rng.of(&SignInFailure::ALL)))),
            _ => Some(signed_in(rng.of(&Availability::ALL))),
        };
        let sign_in = match sign_in {
            Some(SignIn::SignedIn(mut presence)) if rng.one_in(3) => {
                presence.activity = Some(rng.of(&Activity::ALL));
                Some(SignIn::SignedIn(presence))
            }
            other => other,
        };
        Claim::Account(rng.of(&["alice", "bob"]), sign_in)
    }
}

fn weight(rng: &mut Rng) -> usize {
    if rng.one_in(3) { 0 } else { 1 << rng.below(5) }
}
