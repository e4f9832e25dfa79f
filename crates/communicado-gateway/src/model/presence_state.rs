//! The presence of a client, a device or a person, and the order of reachability.

use std::sync::Arc;

use communicado_core::{Activity, Availability, UnknownReason};
use communicado_wire::{Client, Status, Timestamp};

/// A status with its availability, activity, note, reason and start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PresenceState {
    pub(crate) status: Status,
    pub(crate) availability: Option<Availability>,
    pub(crate) activity: Option<Activity>,
    /// The note in the client of a device. A manual status has its own.
    pub(crate) note: Option<Arc<str>>,
    pub(crate) reason: Option<Arc<str>>,
    pub(crate) since: Timestamp,
}

impl PresenceState {
    pub(crate) fn plain(status: Status, since: Timestamp) -> Self {
        Self { status, availability: None, activity: None, note: None, reason: None, since }
    }

    /// The state of a device whose lease has expired.
    pub(crate) fn expired(since: Timestamp) -> Self {
        let reason = Some(UnknownReason::LeaseExpired.word().into());
        Self { reason, ..Self::plain(Status::Unknown, since) }
    }

    /// The state of a client. Its start is at the latest when the desktop saw it.
    pub(crate) fn of_client(client: &Client) -> Self {
        let is_in = client.status == Status::SignedIn;
        // A signed-in client without an availability counts as `other`.
        let availability = client.availability.unwrap_or(Availability::Other);
        Self {
            status: client.status,
            availability: is_in.then_some(availability),
            activity: client.activity.filter(|_| is_in),
            note: client.note.clone().filter(|_| is_in),
            reason: client.reason.clone(),
            since: client.since.unwrap_or(client.at),
        }
    }

    /// The rank; a smaller one is more reachable.
    pub(crate) fn rank(&self) -> (u8, Option<Availability>) {
        let rank = match self.status {
            Status::SignedIn => 0,
            Status::SigningIn => 1,
            Status::SigningOut => 2,
            Status::SignedOut => 3,
            Status::Starting => 4,
            Status::ShuttingDown => 5,
            Status::Absent => 6,
            Status::Unknown => 7,
        };
        (rank, self.availability)
    }

    /// Returns true if both are equal except for their note and start.
    pub(crate) fn has_same_presence_as(&self, other: &Self) -> bool {
        self.status == other.status
            && self.availability == other.availability
            && self.activity == other.activity
            && self.reason == other.reason
    }

    /// Signed in and not invisible; `None` if unknown.
    pub(crate) fn is_in(&self) -> Option<bool> {
        match self.status {
            Status::Unknown => None,
            Status::SignedIn => Some(self.availability != Some(Availability::Invisible)),
            _ => Some(false),
        }
    }
}
