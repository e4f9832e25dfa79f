//! What a source on the bus wants done: questions to send and things to tell.

use std::collections::BTreeMap;

use communicado_core::{Activity, Availability, Failure, Life};

/// Messages to send, each with its number.
pub(crate) type Asks<A> = Vec<(u32, A)>;

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Todo<A> {
    pub(crate) ask: Asks<A>,
    /// What to tell, in this order.
    pub(crate) tell: Vec<Tell>,
}

impl<A> Default for Todo<A> {
    fn default() -> Self {
        Self { ask: Vec::new(), tell: Vec::new() }
    }
}

/// Something to tell, about one connection to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tell {
    /// A connection to the client of this name begins.
    Open { instance: u32, client: String },
    /// The accounts and the saved status; those of `before` that are missing are gone.
    View { instance: u32, before: Option<View>, view: View },
    /// Whether the client runs.
    Life { instance: u32, life: Life },
    /// The first look is complete.
    Looked,
}

/// All that is known of a client, once enough is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct View {
    /// The accounts that are enabled, or show an error, by name and protocol.
    pub(crate) accounts: BTreeMap<(String, String), SignIn>,
    /// The names by which the client shows the users of its accounts, where it says them.
    pub(crate) names: BTreeMap<(String, String), String>,
    /// What the user has chosen, in the client's own word.
    pub(crate) saved: Option<String>,
}

/// Where the sign-in of an account stands, in the client's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SignIn {
    SignedIn { availability: Availability, activity: Option<Activity>, raw: String },
    SigningIn,
    SigningOut,
    SignedOut(Option<Failure>),
}
