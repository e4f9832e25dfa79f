//! What a gateway answers with.

use std::sync::Arc;

use communicado_core::Availability;
use serde::{Deserialize, Serialize};

use super::Person;
use super::json::to_json;
use crate::{Status, Timestamp};

/// A page of people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct People {
    /// The version of this form.
    pub v: u8,
    /// The last change that is in this.
    pub revision: u64,
    /// The people, by id.
    pub people: Vec<Person>,
    /// What to give as `after` to get the next page; `null` on the last.
    pub next: Option<Arc<str>>,
}

/// Where a stream begins: all that the reader may see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The version of this form.
    pub v: u8,
    /// The last change that is in this.
    pub revision: u64,
    /// Whether changes after the one that the reader named cannot be repeated.
    pub missed: bool,
    /// The people, by id.
    pub people: Vec<Person>,
}

/// A person who is no more, or whom the reader may see no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gone {
    /// The person's id.
    pub id: Arc<str>,
}

/// Why a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndReason {
    /// The token was revoked or has expired: do not come back with it.
    TokenRevoked,
    /// The session was ended: sign in again.
    SessionEnded,
    /// The gateway stops: come back.
    Stopping,
}

/// The last thing that a stream says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Why.
    pub reason: EndReason,
}

/// What went wrong, after RFC 9457.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// A name of this kind of problem.
    #[serde(rename = "type")]
    pub kind: Arc<str>,
    /// The kind in words.
    pub title: Arc<str>,
    /// The status of HTTP.
    pub status: u16,
    /// What is wrong this time.
    pub detail: Arc<str>,
    /// What to do.
    pub help: Arc<str>,
    /// The name of the limit that was passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Arc<str>>,
}

/// What a program says on a WebSocket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum SocketIn {
    /// Tell me of these, or of all that I may see if none is named.
    Subscribe {
        /// People, by id.
        #[serde(default)]
        person: Vec<Arc<str>>,
        /// Groups, by id.
        #[serde(default)]
        group: Vec<Arc<str>>,
        /// The last change that I know.
        #[serde(default)]
        last_event_id: Option<u64>,
    },
    /// Tell me no more of these, or of nobody if none is named.
    Unsubscribe {
        /// People, by id.
        #[serde(default)]
        person: Vec<Arc<str>>,
        /// Groups, by id.
        #[serde(default)]
        group: Vec<Arc<str>>,
    },
    /// Are you there?
    Ping {},
}

/// What a gateway says on a WebSocket, but for what the stream of events says too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum SocketOut {
    /// What the program said cannot be done.
    Error {
        /// What is wrong with it.
        data: Problem,
    },
    /// I am.
    Pong,
}

/// What a badge shows: no name, no id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Badge {
    /// The version of this form.
    pub v: u8,
    /// The status.
    pub status: Status,
    /// Whether the person can be reached; only when signed in.
    #[serde(with = "crate::words::availability")]
    pub availability: Option<Availability>,
    /// Whether the person is in; nothing if that is not known.
    #[serde(rename = "in")]
    pub is_in: Option<bool>,
    /// When this began.
    pub since: Timestamp,
}

impl Badge {
    /// The one word for it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        self.availability.map_or_else(|| self.status.word(), Availability::word)
    }
}

/// Whether a gateway works, and which part of it does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// Everything does.
    pub ok: bool,
    /// What is said can be kept.
    pub store: bool,
    /// Readers can be told.
    pub front: bool,
    /// The clock may be right.
    pub clock: bool,
}

to_json!(People, Snapshot, Gone, End, Problem, SocketOut, Badge, Health);
