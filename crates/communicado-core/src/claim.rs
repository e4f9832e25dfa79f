//! What one source claims of one client.
//!
//! A link takes part once its life is told, and ends all lower ones with that; what is told of
//! its accounts before waits, so that a source can say everything about a new link and then let
//! it take over in one change.
//!
//! Each part of a claim keeps the greatest of all that was ever observed over its link, in an
//! order that no arrival can upset: first (for the life) the later phase, then the later moment,
//! then the more cautious answer. The greatest of a set does not depend on the order or the number
//! of times its members are named, which is why late and repeated observations do no harm.

use alloc::vec::Vec;
use core::cmp::Reverse;
use core::time::Duration;

use crate::flat_map::FlatMap;
use crate::{
    AccountId, Fact, Failure, Generation, Life, Moment, SignIn, Status, Token, UnknownReason,
};

/// Only the lowest link can have a life: those below it are ended, those above it wait.
#[derive(Debug, Default)]
pub(crate) struct Claim {
    generations: FlatMap<Generation, LinkFacts>,
}

/// What was seen over one link.
#[derive(Debug, Default)]
struct LinkFacts {
    life: Option<LifeClaim>,
    accounts: FlatMap<AccountId, Option<AccountClaim>>,
    saved: Option<SavedClaim>,
}

/// The fields are in the order in which claims compete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct LifeClaim {
    phase: Phase,
    observed_at: Moment,
    life: Life,
    lease: Reverse<Lease>,
}

/// How long a claim holds. The derived order puts `Unlimited` last, as the longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Lease {
    For(Duration),
    Unlimited,
}

/// The phases of a link, which it goes through in this order and never back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Starting,
    Open,
    Closed,
    Lost,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct AccountClaim {
    observed_at: Moment,
    gone: bool,
    sign_in: Option<SignIn>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct SavedClaim {
    observed_at: Moment,
    token: Token,
}

/// What a claim amounts to at one moment.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) status: Status,
    pub(crate) saved: Option<Token>,
    pub(crate) accounts: Vec<(AccountId, Status)>,
}

impl Claim {
    pub(crate) fn observe(&mut self, generation: Generation, observed_at: Moment, fact: Fact) {
        if self.live().is_some_and(|(live, ..)| generation < live) {
            return;
        }
        let seen = self.generations.entry(generation);
        match fact {
            Fact::Life(life, lease) => {
                let phase = phase_of(life);
                // Nobody is left to renew a lost link, so it stays lost and does not expire.
                let lease = lease.filter(|_| phase != Phase::Lost);
                let lease = Reverse(lease.map_or(Lease::Unlimited, Lease::For));
                let new = LifeClaim { phase, observed_at, life, lease };
                seen.life = seen.life.max(Some(new));
                self.generations.remove_below(generation);
            }
            Fact::Account(account, sign_in) => {
                let new = AccountClaim { observed_at, gone: sign_in.is_none(), sign_in };
                let held = seen.accounts.entry(account);
                *held = (*held).max(Some(new));
            }
            Fact::Saved(token) => {
                seen.saved = seen.saved.max(Some(SavedClaim { observed_at, token }));
            }
        }
    }

    /// Closes every link seen so far, because the source can see no longer.
    pub(crate) fn lose(&mut self, observed_at: Moment) {
        if let Some(&(generation, _)) = self.generations.last() {
            self.observe(
                generation,
                observed_at,
                Fact::Life(Life::Unknown(UnknownReason::SourceLost), None),
            );
        }
    }

    /// The moment at which the lease ends, if there is one.
    pub(crate) fn deadline(&self) -> Option<Moment> {
        let (_, life, _) = self.live()?;
        match life.lease.0 {
            Lease::For(span) => Some(life.observed_at.after(span)),
            Lease::Unlimited => None,
        }
    }

    /// What the claim amounts to, or nothing while no life was observed.
    pub(crate) fn view(&self, now: Moment) -> Option<View> {
        let (_, life, seen) = self.live()?;
        if self.deadline().is_some_and(|deadline| deadline <= now) {
            return Some(seen.doubted(UnknownReason::LeaseExpired));
        }
        Some(match life.life {
            Life::Starting => bare(Status::Starting),
            Life::Absent => bare(Status::Absent),
            Life::Unknown(reason) => seen.doubted(reason),
            Life::ShuttingDown => {
                let accounts = seen.accounts(|_| Status::SignedOut(None));
                View { status: Status::ShuttingDown, saved: None, accounts }
            }
            Life::Running => {
                let accounts = seen.accounts(status_of);
                let status = best(accounts.iter().map(|(_, status)| *status));
                View { status, saved: seen.saved.map(|saved| saved.token), accounts }
            }
        })
    }

    /// The link whose life was told, that life, and all that was seen over the link.
    fn live(&self) -> Option<(Generation, LifeClaim, &LinkFacts)> {
        let (generation, seen) = self.generations.first()?;
        Some((*generation, seen.life?, seen))
    }
}

impl LinkFacts {
    fn doubted(&self, reason: UnknownReason) -> View {
        let status = Status::Unknown(reason);
        View { status, saved: None, accounts: self.accounts(|_| status) }
    }

    fn accounts(&self, status: impl Fn(SignIn) -> Status) -> Vec<(AccountId, Status)> {
        let each = self.accounts.iter();
        each.filter_map(|(account, claim)| Some((*account, status((*claim)?.sign_in?)))).collect()
    }
}

const fn bare(status: Status) -> View {
    View { status, saved: None, accounts: Vec::new() }
}

/// The phase of a link over which `life` is seen.
const fn phase_of(life: Life) -> Phase {
    match life {
        Life::Starting => Phase::Starting,
        Life::Running => Phase::Open,
        Life::Unknown(UnknownReason::SourceLost) => Phase::Lost,
        Life::ShuttingDown | Life::Unknown(_) | Life::Absent => Phase::Closed,
    }
}

const fn status_of(sign_in: SignIn) -> Status {
    match sign_in {
        SignIn::SignedIn(presence) => Status::SignedIn(presence),
        SignIn::SigningIn => Status::SigningIn,
        SignIn::SigningOut => Status::SigningOut,
        SignIn::SignedOut(failure) => Status::SignedOut(failure),
    }
}

/// The status of a client whose accounts have `statuses`: the best of them, the first of equals.
///
/// A client without accounts is signed out, and one whose accounts are all signed out has the
/// first failure among them.
pub(crate) fn best(statuses: impl Iterator<Item = Status>) -> Status {
    let signed_out: Option<Failure> = None;
    statuses.fold(Status::SignedOut(signed_out), |best, each| match rank(each).cmp(&rank(best)) {
        core::cmp::Ordering::Less => each,
        core::cmp::Ordering::Equal | core::cmp::Ordering::Greater => best,
    })
}

/// The lower, the better; of two that are signed in, the more reachable.
fn rank(status: Status) -> (u8, Option<crate::Availability>) {
    match status {
        Status::SignedIn(presence) => (0, Some(presence.availability)),
        Status::SigningIn => (1, None),
        Status::SigningOut => (2, None),
        Status::SignedOut(Some(_)) => (3, None),
        Status::SignedOut(None) => (4, None),
        Status::Absent | Status::Starting | Status::ShuttingDown | Status::Unknown(_) => (5, None),
    }
}
