//! What one run of the simulation is made of: each switches some kinds of thing off and skews the
//! rest, because what hides behind a rare mixture is never reached by an even one.

use std::time::Duration;

use communicado_core::{Activity, Availability, Failure, Life, SignIn, UnknownReason};

use crate::chance::Chance;
use crate::puppet::{Act, Crowd, Word};
use crate::run::signed_in;

const CLIENTS: [&str; 3] = ["finch", "pidgin", "teams"];

/// What the script can have happen.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Acts,
    Late,
    Repeat,
    Flood,
    Ready,
    End,
    Panic,
    OldVoice,
    Pass,
    Night,
    Travel,
    ReaderComes,
    ReaderReads,
    ReaderGoes,
}

/// The mixture of one run.
#[derive(Clone)]
pub(crate) struct Swarm {
    pub(crate) kinds: Vec<(Kind, usize)>,
    pub(crate) clients: Vec<&'static str>,
    /// Once in a run a source names more than there may be.
    pub(crate) crowd: Option<Crowd>,
    /// The civil clock is set in the run.
    pub(crate) travels: bool,
    leases: Vec<Option<Duration>>,
    lives: Vec<(Life, usize)>,
    starts: Vec<(Opening, usize)>,
}

/// How a run of a source begins.
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
    pub(crate) fn of(chance: &mut Chance) -> Self {
        let all = [
            Kind::Acts,
            Kind::Late,
            Kind::Repeat,
            Kind::Flood,
            Kind::Ready,
            Kind::End,
            Kind::Panic,
            Kind::OldVoice,
            Kind::Pass,
            Kind::Night,
            Kind::Travel,
            Kind::ReaderComes,
            Kind::ReaderReads,
            Kind::ReaderGoes,
        ];
        let kinds: Vec<_> = all.map(|kind| (kind, weight(chance))).into();
        let life = [
            Life::Starting,
            Life::ShuttingDown,
            Life::Absent,
            Life::Unknown(UnknownReason::NotResponding),
            Life::Unknown(UnknownReason::AccessDenied),
        ];
        let mut lives: Vec<_> = life.map(|life| (life, weight(chance))).into();
        lives.push((Life::Running, 8 + weight(chance)));
        let starts = [
            (Opening::Looks, 8),
            (Opening::Stalls, weight(chance)),
            (Opening::Ends, weight(chance)),
            (Opening::Panics, weight(chance)),
            (Opening::PanicsAtOnce, weight(chance)),
            (Opening::SaysAndPanics, weight(chance)),
        ];
        let crowds = [Crowd::Clients, Crowd::Accounts, Crowd::Words];
        let leases = [None, Some(0), Some(1), Some(20), Some(1_000), Some(60_000)];
        let leases = leases.into_iter().filter(|_| chance.one_in(2)).collect::<Vec<_>>();
        let travels =
            kinds.iter().any(|(kind, weight)| matches!(kind, Kind::Travel) && *weight > 0);
        Self {
            kinds,
            clients: CLIENTS[..1 + chance.below(CLIENTS.len())].into(),
            crowd: chance.one_in(40).then(|| chance.of(&crowds)),
            travels,
            leases: leases.into_iter().map(|ms| ms.map(Duration::from_millis)).collect(),
            lives,
            starts: starts.into(),
        }
    }

    /// What a run of a source that speaks of `clients` begins with.
    pub(crate) fn start(&self, chance: &mut Chance, clients: &[&'static str]) -> Vec<Act> {
        let Some(opening) = chance.weighted(&self.starts) else { return Vec::new() };
        match opening {
            Opening::Stalls => Vec::new(),
            Opening::Ends => vec![Act::End],
            Opening::Panics => vec![Act::Panic],
            Opening::PanicsAtOnce => vec![Act::PanicAtOnce],
            Opening::Looks | Opening::SaysAndPanics => {
                let mut acts = Vec::new();
                for client in clients {
                    acts.push(Act::Open(client));
                    acts.push(Act::Say(client, self.account(chance)));
                    acts.push(Act::Say(client, self.life(chance)));
                }
                acts.push(Act::Ready);
                if let Opening::SaysAndPanics = opening {
                    acts.push(Act::Panic);
                }
                acts
            }
        }
    }

    /// A few things that a source may do of itself.
    pub(crate) fn acts(&self, chance: &mut Chance, late: bool) -> Vec<Act> {
        let some = 1 + chance.below(5);
        (0..some).map(|_| self.act(chance, late)).collect()
    }

    fn act(&self, chance: &mut Chance, late: bool) -> Act {
        let client = chance.of(&self.clients);
        let word = match chance.below(8) {
            0 => return Act::Open(client),
            1 | 2 => self.life(chance),
            3 => Word::Saved(chance.of(&["away", "busy", "by the lake"])),
            _ => self.account(chance),
        };
        if late && chance.one_in(2) { Act::SayLate(client, word) } else { Act::Say(client, word) }
    }

    fn life(&self, chance: &mut Chance) -> Word {
        let life = chance.weighted(&self.lives).unwrap_or(Life::Running);
        let lease = if self.leases.is_empty() { None } else { chance.of(&self.leases) };
        Word::Life(life, lease)
    }

    fn account(&self, chance: &mut Chance) -> Word {
        let sign_in = match chance.below(8) {
            0 => None,
            1 => Some(SignIn::SigningIn),
            2 => Some(SignIn::SigningOut),
            3 => Some(SignIn::SignedOut(None)),
            4 => Some(SignIn::SignedOut(Some(chance.of(&Failure::ALL)))),
            _ => Some(signed_in(chance.of(&Availability::ALL))),
        };
        let sign_in = match sign_in {
            Some(SignIn::SignedIn(mut presence)) if chance.one_in(3) => {
                presence.activity = Some(chance.of(&Activity::ALL));
                Some(SignIn::SignedIn(presence))
            }
            other => other,
        };
        Word::Account(chance.of(&["alice", "bob"]), sign_in)
    }
}

fn weight(chance: &mut Chance) -> usize {
    if chance.one_in(3) { 0 } else { 1 << chance.below(5) }
}
