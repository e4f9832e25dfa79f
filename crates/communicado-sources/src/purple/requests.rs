//! Requests of the watcher, and the record of those that await a reply.

use zbus::Message;

use super::message::{BusCall, Handle, PurpleCall};
use crate::bus;

/// Effects of the watcher.
pub(super) type PurpleEffects = bus::Effects<PurpleRequest>;

/// A request to the bus or to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PurpleRequest {
    Bus(BusCall),
    Client { to: String, call: PurpleCall },
}

impl bus::BusRequest for PurpleRequest {
    fn encode(&self) -> zbus::Result<Message> {
        match self {
            Self::Bus(call) => call.encode(),
            Self::Client { to, call } => call.encode(to),
        }
    }

    fn expects_reply(&self) -> bool {
        match self {
            Self::Client { .. } | Self::Bus(BusCall::Owners | BusCall::Process(_)) => true,
            Self::Bus(BusCall::Match(_) | BusCall::MatchOwner(_) | BusCall::UnmatchOwner(_)) => {
                false
            }
        }
    }
}

/// A call as a trace identifies it: the member, its argument and the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TracedCall {
    pub(super) member: String,
    pub(super) argument: Option<Handle>,
    pub(super) instance: Option<String>,
}

/// A request that awaits a reply.
#[derive(Debug)]
pub(super) enum PurplePending {
    Owners,
    Process(String),
    Client { instance: String, call: PurpleCall },
}

impl PurplePending {
    pub(super) fn traced(&self) -> TracedCall {
        let bus =
            |member: &str| TracedCall { member: member.to_owned(), argument: None, instance: None };
        match self {
            Self::Owners => bus("ListQueuedOwners"),
            Self::Process(instance) => {
                TracedCall { instance: Some(instance.clone()), ..bus("GetConnectionUnixProcessID") }
            }
            Self::Client { instance, call } => {
                let (member, argument) = call.member();
                TracedCall { argument, instance: Some(instance.clone()), ..bus(member) }
            }
        }
    }

    pub(super) fn is_about(&self, unique: &str) -> bool {
        match self {
            Self::Owners => false,
            Self::Process(instance) | Self::Client { instance, .. } => instance == unique,
        }
    }
}
