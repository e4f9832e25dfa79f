//! Everything that can be put into the roster.

use core::time::Duration;

use crate::{
    AccountId, ClientId, Failure, Generation, Moment, Presence, SourceId, Token, UnknownReason,
};

/// Everything that can happen to a roster, but for the passing of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A source saw something.
    Observed(Observation),
    /// A source can see no longer: every link that it spoke over so far is closed.
    ///
    /// Whatever it saw before must have been put in before. What comes later over a link that was
    /// never heard of counts as a new beginning.
    Lost(SourceId),
}

/// What a source saw, with the moment at which it was so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observation {
    /// When it was so; not when it was told.
    pub observed_at: Moment,
    /// Who saw it.
    pub source: SourceId,
    /// The client that it is about.
    pub client: ClientId,
    /// The connection over which it was seen.
    pub generation: Generation,
    /// What was seen.
    pub fact: Fact,
}

/// One thing that a source can see of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// Whether the client runs, and for how long that may be believed without being renewed.
    Life(Life, Option<Duration>),
    /// Where the sign-in of one account stands; `None` once the account is gone.
    Account(AccountId, Option<SignIn>),
    /// The status that the user has chosen, which an account need not have taken up.
    Saved(Token),
}

/// The life of a client, as one connection sees it.
///
/// A connection can go from `Starting` to `Running` and from there to one of the others, after
/// which it is closed for good: only a new [`Generation`] brings the client back. A link counts once its
/// life is told: a source that tells of the accounts first lets them take over in one change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Life {
    /// It runs and cannot be asked yet.
    Starting,
    /// It runs and its accounts can be believed.
    Running,
    /// It says that it is about to end.
    ShuttingDown,
    /// It cannot be judged over this connection any longer.
    Unknown(UnknownReason),
    /// It does not run.
    Absent,
}

/// Where the sign-in of one account stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SignIn {
    /// Signed in.
    SignedIn(Presence),
    /// Signing in.
    SigningIn,
    /// Signing out.
    SigningOut,
    /// Signed out; why, if the last sign-in failed.
    SignedOut(Option<Failure>),
}
