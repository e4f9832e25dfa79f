//! What the watcher asks, and of whom.

use zbus::Message;

use super::message::{BusCall, Call, Handle};
use crate::bus;

/// What is to be done.
pub(super) type Todo = bus::Todo<Ask>;

/// A message to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    Bus(BusCall),
    Client { to: String, call: Call },
}

impl bus::Ask for Ask {
    fn encode(&self) -> zbus::Result<Message> {
        match self {
            Self::Bus(call) => call.encode(),
            Self::Client { to, call } => call.encode(to),
        }
    }

    fn is_answered(&self) -> bool {
        match self {
            Self::Client { .. } | Self::Bus(BusCall::Owners | BusCall::Process(_)) => true,
            Self::Bus(BusCall::Match(_) | BusCall::MatchOwner(_) | BusCall::UnmatchOwner(_)) => {
                false
            }
        }
    }
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
