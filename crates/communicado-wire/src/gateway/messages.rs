//! Responses and events of a gateway.

use std::sync::Arc;

use communicado_core::Availability;
use serde::{Deserialize, Serialize};

use super::Person;
use super::json::to_json;
use crate::{Status, Timestamp};

/// A page of people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct People {
    /// The version of the format.
    pub v: u8,
    /// The latest change in this page.
    pub revision: u64,
    /// The people, by id.
    pub people: Vec<Person>,
    /// The value of `after` for the next page; `null` on the last page.
    pub next: Option<Arc<str>>,
}

/// The start of a stream: all people that the reader may see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The version of the format.
    pub v: u8,
    /// The latest change in this snapshot.
    pub revision: u64,
    /// True if the gateway cannot replay the changes after the reader's last event.
    pub missed: bool,
    /// The people, by id.
    pub people: Vec<Person>,
}

/// The removal of a person, or of the reader's permission to see the person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gone {
    /// The person's id.
    pub id: Arc<str>,
}

/// The reason for the end of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndReason {
    /// The token was revoked or has expired: do not reconnect with it.
    TokenRevoked,
    /// The session has ended: sign in again.
    SessionEnded,
    /// The gateway is shutting down: reconnect.
    Stopping,
}

/// The last event of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// The reason.
    pub reason: EndReason,
}

/// A problem document (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The kind of problem.
    #[serde(rename = "type")]
    pub kind: Arc<str>,
    /// The kind in words.
    pub title: Arc<str>,
    /// The HTTP status.
    pub status: u16,
    /// The description of this occurrence.
    pub detail: Arc<str>,
    /// The advice.
    pub help: Arc<str>,
    /// The name of the exceeded limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Arc<str>>,
}

/// A message of a WebSocket client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum SocketIn {
    /// Subscribes to these people, or to all visible people if none is named.
    Subscribe {
        /// People, by id.
        #[serde(default)]
        person: Vec<Arc<str>>,
        /// Groups, by id.
        #[serde(default)]
        group: Vec<Arc<str>>,
        /// The client's last event.
        #[serde(default)]
        last_event_id: Option<u64>,
    },
    /// Unsubscribes from these people, or from all if none is named.
    Unsubscribe {
        /// People, by id.
        #[serde(default)]
        person: Vec<Arc<str>>,
        /// Groups, by id.
        #[serde(default)]
        group: Vec<Arc<str>>,
    },
    /// A liveness check.
    Ping {},
}

/// A message of a gateway on a WebSocket, in addition to the stream's events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum SocketOut {
    /// An error in response to a message.
    Error {
        /// The problem.
        data: Problem,
    },
    /// The response to a ping.
    Pong,
}

/// The content of a badge: no name, no id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Badge {
    /// The version of the format.
    pub v: u8,
    /// The status.
    pub status: Status,
    /// The availability; only when signed in.
    #[serde(with = "crate::words::availability")]
    pub availability: Option<Availability>,
    /// True if the person is in; `null` if unknown.
    #[serde(rename = "in")]
    pub is_in: Option<bool>,
    /// The start of this status.
    pub since: Timestamp,
}

impl Badge {
    /// The word that a badge shows.
    #[must_use]
    pub fn word(&self) -> &'static str {
        self.availability.map_or_else(|| self.status.word(), Availability::word)
    }
}

/// The health of a gateway, with the component that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// All components work.
    pub ok: bool,
    /// The store accepts writes.
    pub store: bool,
    /// The event loop responds.
    pub front: bool,
    /// The clock is plausible.
    pub clock: bool,
}

to_json!(People, Snapshot, Gone, End, Problem, SocketOut, Badge, Health);
