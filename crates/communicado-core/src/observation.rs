//! The inputs of the roster.

use core::time::Duration;

use crate::{
    AccountId, ClientId, Generation, Moment, Presence, SignInFailure, SourceId, StatusStart,
    Symbol, UnknownReason,
};

/// An input of the roster. The passing of time is the only other one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RosterInput {
    /// An observation of a source.
    Observed(Observation),
    /// The loss of a source, which closes all of its generations so far.
    ///
    /// All earlier observations of the source must come before this input. Later observations of a
    /// new generation count as a new start.
    Lost(SourceId),
}

/// A fact that a source observed, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observation {
    /// When the source observed the fact, not when it arrived.
    pub observed_at: Moment,
    /// The source.
    pub source: SourceId,
    /// The client.
    pub client: ClientId,
    /// The connection of the source to the client.
    pub generation: Generation,
    /// The fact.
    pub fact: Fact,
    /// The start of the status that the fact gives, if the source knows it.
    ///
    /// It counts only where the change to this status was not observed, and only if it is not after
    /// `observed_at`.
    pub began: Option<StatusStart>,
}

/// One fact about a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// The life of the client, and its lease: how long it counts without a renewal.
    Life(Life, Option<Duration>),
    /// The sign-in state of an account, or `None` once the account is removed.
    Account(AccountId, Option<SignIn>),
    /// The status that the user selected. Accounts may not have applied it yet.
    Saved(Symbol),
}

/// The life of a client, as one connection sees it.
///
/// A connection goes from `Starting` to `Running` and then to one of the others, which closes it:
/// only a new [`Generation`] brings the client back. A generation counts once its life is reported.
/// If a source reports the accounts first, the life makes all of them count in one change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Life {
    /// The client runs but does not answer yet.
    Starting,
    /// The client runs, and the state of its accounts is known.
    Running,
    /// The client has announced that it exits.
    ShuttingDown,
    /// The state is unknown, and this connection cannot find it out any more.
    Unknown(UnknownReason),
    /// The client does not run.
    Absent,
}

/// The sign-in state of one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SignIn {
    /// Signed in.
    SignedIn(Presence),
    /// Signing in.
    SigningIn,
    /// Signing out.
    SigningOut,
    /// Signed out, with the failure if the last sign-in failed.
    SignedOut(Option<SignInFailure>),
}
