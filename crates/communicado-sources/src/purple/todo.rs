//! What the watcher wants done: questions to send and things to tell.

use communicado_core::Life;
use zbus::Message;

use super::client::View;
use super::message::{BusCall, Call, Handle};

/// What is to be done.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Todo {
    /// Messages to send, each with its number.
    pub(super) ask: Vec<(u32, Ask)>,
    /// What to tell, in this order.
    pub(super) tell: Vec<Tell>,
}

/// A message to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    Bus(BusCall),
    Client { to: String, call: Call },
}

impl Ask {
    pub(super) fn encode(&self) -> zbus::Result<Message> {
        match self {
            Self::Bus(call) => call.encode(),
            Self::Client { to, call } => call.encode(to),
        }
    }

    /// Whether an answer is asked for.
    pub(super) const fn is_answered(&self) -> bool {
        match self {
            Self::Client { .. } | Self::Bus(BusCall::Owners | BusCall::Process(_)) => true,
            Self::Bus(BusCall::Match(_) | BusCall::MatchOwner(_) | BusCall::UnmatchOwner(_)) => {
                false
            }
        }
    }
}

/// Something to tell, about one connection to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tell {
    /// A connection to the client of this name begins.
    Open { sighting: u32, client: String },
    /// The accounts and the saved status; those of `before` that are missing are gone.
    View { sighting: u32, before: Option<View>, view: View },
    /// Whether the client runs.
    Life { sighting: u32, life: Life },
    /// The first look is complete.
    Looked,
}

/// A question as a trace has it: the member that was called, what it is about, and who was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) member: String,
    pub(super) about: Option<Handle>,
    pub(super) run: Option<String>,
}

/// Who was asked for what.
#[derive(Debug)]
pub(super) enum Asked {
    Owners,
    Process(String),
    Client { run: String, call: Call },
}

impl Asked {
    pub(super) fn question(&self) -> Question {
        let bus = |member: &str| Question { member: member.to_owned(), about: None, run: None };
        match self {
            Self::Owners => bus("ListQueuedOwners"),
            Self::Process(run) => {
                Question { run: Some(run.clone()), ..bus("GetConnectionUnixProcessID") }
            }
            Self::Client { run, call } => {
                let (member, about) = call.member();
                Question { about, run: Some(run.clone()), ..bus(member) }
            }
        }
    }

    pub(super) fn is_about(&self, unique: &str) -> bool {
        match self {
            Self::Owners => false,
            Self::Process(run) | Self::Client { run, .. } => run == unique,
        }
    }
}
