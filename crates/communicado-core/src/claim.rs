//! What one source claims of one client.
//!
//! Each part of a claim keeps the greatest of all that was ever observed, in an order that no
//! arrival can upset: first the higher link, then (for the life) the later phase, then the later
//! moment, then the more cautious answer. The greatest of a set does not depend on the order or
//! the number of times its members are named, which is why late and repeated observations do no
//! harm.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::time::Duration;

use crate::{AccountId, Doubt, Failure, Life, Link, Moment, Sight, SignIn, Status, Token};

#[derive(Debug, Default)]
pub(crate) struct Claim {
    life: Option<LifeClaim>,
    accounts: BTreeMap<AccountId, AccountClaim>,
    saved: Option<SavedClaim>,
}

/// The fields are in the order in which claims compete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct LifeClaim {
    link: Link,
    phase: Phase,
    made: Moment,
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
    link: Link,
    made: Moment,
    gone: bool,
    sign_in: Option<SignIn>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct SavedClaim {
    link: Link,
    made: Moment,
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
    pub(crate) fn observe(&mut self, link: Link, made: Moment, sight: Sight) {
        match sight {
            Sight::Life(life, lease) => {
                let lease = Reverse(lease.map_or(Lease::Unlimited, Lease::For));
                let phase = phase_of(life);
                self.life = self.life.max(Some(LifeClaim { link, phase, made, life, lease }));
            }
            Sight::Account(account, sign_in) => {
                let new = AccountClaim { link, made, gone: sign_in.is_none(), sign_in };
                let held = self.accounts.entry(account).or_insert(new);
                *held = (*held).max(new);
            }
            Sight::Saved(token) => {
                self.saved = self.saved.max(Some(SavedClaim { link, made, token }));
            }
        }
    }

    /// Closes every link seen so far, because the source can see no longer.
    pub(crate) fn lose(&mut self, made: Moment) {
        let accounts = self.accounts.values().map(|each| each.link);
        let others = self.life.map(|each| each.link).into_iter();
        let saved = self.saved.map(|each| each.link).into_iter();
        if let Some(link) = accounts.chain(others).chain(saved).max() {
            self.observe(link, made, Sight::Life(Life::Unknown(Doubt::SourceLost), None));
        }
    }

    /// The moment at which the lease ends, if there is one.
    pub(crate) fn deadline(&self) -> Option<Moment> {
        let life = self.life?;
        match life.lease.0 {
            Lease::For(span) => Some(life.made.after(span)),
            Lease::Unlimited => None,
        }
    }

    /// What the claim amounts to, or nothing while no life was observed.
    pub(crate) fn view(&self, now: Moment) -> Option<View> {
        let life = self.life?;
        if self.deadline().is_some_and(|deadline| deadline <= now) {
            return Some(self.doubted(life.link, Doubt::LeaseExpired));
        }
        Some(match life.life {
            Life::Starting => bare(Status::Starting),
            Life::Absent => bare(Status::Absent),
            Life::Unknown(doubt) => self.doubted(life.link, doubt),
            Life::ShuttingDown => {
                let accounts = self.accounts_on(life.link, |_| Status::SignedOut(None));
                View { status: Status::ShuttingDown, saved: None, accounts }
            }
            Life::Running => {
                let accounts = self.accounts_on(life.link, status_of);
                let saved = self.saved.filter(|saved| saved.link == life.link);
                let status = best(accounts.iter().map(|(_, status)| *status));
                View { status, saved: saved.map(|saved| saved.token), accounts }
            }
        })
    }

    fn doubted(&self, link: Link, doubt: Doubt) -> View {
        let status = Status::Unknown(doubt);
        View { status, saved: None, accounts: self.accounts_on(link, |_| status) }
    }

    fn accounts_on(
        &self,
        link: Link,
        status: impl Fn(SignIn) -> Status,
    ) -> Vec<(AccountId, Status)> {
        let on_link = self.accounts.iter().filter(|(_, claim)| claim.link == link);
        on_link.filter_map(|(account, claim)| Some((*account, status(claim.sign_in?)))).collect()
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
        Life::Unknown(Doubt::SourceLost) => Phase::Lost,
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
