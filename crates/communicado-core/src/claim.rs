//! The claim of one source about one client.
//!
//! A generation counts once its life is reported, which discards all lower generations. Accounts
//! that are reported before the life wait. So a source can report everything about a new
//! connection and let it take over in one change.
//!
//! Each part of a claim is the maximum of all observations of its generation: first (for the life)
//! the later phase, then the later moment, then the more cautious value. The maximum of a set does
//! not depend on order or repetition, so late and repeated observations do no harm.

use alloc::vec::Vec;
use core::cmp::Reverse;
use core::time::Duration;

use crate::flat_map::FlatMap;
use crate::{
    AccountId, Fact, Generation, Life, Moment, SignIn, SignInFailure, Status, StatusStart, Symbol,
    UnknownReason,
};

/// The claim of one source about one client.
///
/// Only the lowest generation can have a life: lower ones are discarded, higher ones wait.
#[derive(Debug, Default)]
pub(crate) struct Claim {
    generations: FlatMap<Generation, GenerationFacts>,
}

/// The facts of one generation.
#[derive(Debug, Default)]
struct GenerationFacts {
    life: Option<LifeClaim>,
    accounts: FlatMap<AccountId, Option<AccountClaim>>,
    saved: Option<SavedClaim>,
}

/// An observed life. The derived order of the fields is the order in which claims compete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct LifeClaim {
    phase: GenerationPhase,
    observed_at: Moment,
    life: Life,
    lease: Reverse<Lease>,
    began: Option<StatusStart>,
}

/// The lease of a claim. The derived order puts `Unlimited` last, as the longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Lease {
    For(Duration),
    Unlimited,
}

/// The phases of a generation, in this order and never back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum GenerationPhase {
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
    began: Option<StatusStart>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct SavedClaim {
    observed_at: Moment,
    symbol: Symbol,
}

/// The state that a claim gives at one moment.
#[derive(Debug)]
pub(crate) struct ClaimView {
    pub(crate) status: StatedStatus,
    pub(crate) saved: Option<Symbol>,
    pub(crate) accounts: Vec<(AccountId, StatedStatus)>,
}

/// A status, with its start if the source stated it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StatedStatus {
    pub(crate) status: Status,
    pub(crate) began: Option<StatusStart>,
}

impl Claim {
    pub(crate) fn observe(
        &mut self,
        generation: Generation,
        observed_at: Moment,
        fact: Fact,
        began: Option<StatusStart>,
    ) {
        if self.current_generation().is_some_and(|(current, ..)| generation < current) {
            return;
        }
        let facts = self.generations.entry(generation);
        let began = began.filter(|began| *began <= observed_at.into());
        match fact {
            Fact::Life(life, lease) => {
                let phase = phase_of(life);
                // No source is left to renew a lost generation, so it stays lost.
                let lease = lease.filter(|_| phase != GenerationPhase::Lost);
                let lease = Reverse(lease.map_or(Lease::Unlimited, Lease::For));
                let new = LifeClaim { phase, observed_at, life, lease, began };
                facts.life = facts.life.max(Some(new));
                self.generations.remove_below(generation);
            }
            Fact::Account(account, sign_in) => {
                let new = AccountClaim { observed_at, gone: sign_in.is_none(), sign_in, began };
                let current = facts.accounts.entry(account);
                *current = (*current).max(Some(new));
            }
            Fact::Saved(symbol) => {
                facts.saved = facts.saved.max(Some(SavedClaim { observed_at, symbol }));
            }
        }
    }

    /// Closes every generation so far, because the source is lost.
    pub(crate) fn mark_lost(&mut self, observed_at: Moment) {
        if let Some(&(generation, _)) = self.generations.last() {
            self.observe(
                generation,
                observed_at,
                Fact::Life(Life::Unknown(UnknownReason::SourceLost), None),
                None,
            );
        }
    }

    /// The moment at which the lease expires, if there is one.
    pub(crate) fn deadline(&self) -> Option<Moment> {
        let (_, life, _) = self.current_generation()?;
        match life.lease.0 {
            Lease::For(duration) => Some(life.observed_at.after(duration)),
            Lease::Unlimited => None,
        }
    }

    /// The status at `now`, or `None` if no life was observed yet.
    pub(crate) fn view(&self, now: Moment) -> Option<ClaimView> {
        let (_, life, facts) = self.current_generation()?;
        if self.deadline().is_some_and(|deadline| deadline <= now) {
            return Some(facts.all_unknown(UnknownReason::LeaseExpired, None));
        }
        let client = |status| StatedStatus { status, began: life.began };
        let without_accounts =
            |status| ClaimView { status: client(status), saved: None, accounts: Vec::new() };
        Some(match life.life {
            Life::Starting => without_accounts(Status::Starting),
            Life::Absent => without_accounts(Status::Absent),
            Life::Unknown(reason) => facts.all_unknown(reason, life.began),
            Life::ShuttingDown => {
                let accounts = facts.accounts_as(Status::SignedOut(None));
                ClaimView { status: client(Status::ShuttingDown), saved: None, accounts }
            }
            Life::Running => {
                let accounts = facts.accounts();
                let status = best(accounts.iter().map(|(_, account)| account.status));
                // Of several accounts, another one could have given the client its status before.
                let began = match accounts.as_slice() {
                    [(_, only)] if facts.accounts.iter().count() == 1 => only.began,
                    _ => None,
                };
                let status = StatedStatus { status, began };
                ClaimView { status, saved: facts.saved.map(|saved| saved.symbol), accounts }
            }
        })
    }

    /// The generation that has a life, that life, and all facts of the generation.
    fn current_generation(&self) -> Option<(Generation, LifeClaim, &GenerationFacts)> {
        let (generation, facts) = self.generations.first()?;
        Some((*generation, facts.life?, facts))
    }
}

impl GenerationFacts {
    fn all_unknown(&self, reason: UnknownReason, began: Option<StatusStart>) -> ClaimView {
        let status = Status::Unknown(reason);
        let accounts = self.accounts_as(status);
        ClaimView { status: StatedStatus { status, began }, saved: None, accounts }
    }

    /// The accounts that are not gone.
    fn accounts(&self) -> Vec<(AccountId, StatedStatus)> {
        let each = self.accounts.iter();
        let stated = |claim: AccountClaim| {
            Some(StatedStatus { status: status_of(claim.sign_in?), began: claim.began })
        };
        each.filter_map(|(account, claim)| Some((*account, stated((*claim)?)?))).collect()
    }

    /// The accounts that are not gone, all with this status.
    fn accounts_as(&self, status: Status) -> Vec<(AccountId, StatedStatus)> {
        let accounts = self.accounts().into_iter();
        accounts.map(|(account, _)| (account, StatedStatus { status, began: None })).collect()
    }
}

/// The phase of a generation with this life.
const fn phase_of(life: Life) -> GenerationPhase {
    match life {
        Life::Starting => GenerationPhase::Starting,
        Life::Running => GenerationPhase::Open,
        Life::Unknown(UnknownReason::SourceLost) => GenerationPhase::Lost,
        Life::ShuttingDown | Life::Unknown(_) | Life::Absent => GenerationPhase::Closed,
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

/// The best of the `statuses` of a client's accounts, the first of equals.
///
/// A client without accounts is signed out. If all accounts are signed out, the client has the
/// first failure among them.
pub(crate) fn best(statuses: impl Iterator<Item = Status>) -> Status {
    let signed_out: Option<SignInFailure> = None;
    statuses.fold(Status::SignedOut(signed_out), |best, each| match rank(each).cmp(&rank(best)) {
        core::cmp::Ordering::Less => each,
        core::cmp::Ordering::Equal | core::cmp::Ordering::Greater => best,
    })
}

/// The rank of a status, lowest first: of two that are signed in, the more reachable.
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
