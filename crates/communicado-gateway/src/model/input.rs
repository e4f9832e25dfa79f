//! The inputs of the model, and the changes that result.

use std::sync::Arc;
use std::time::Duration;

use communicado_wire::gateway::View;
use communicado_wire::gateway::{Alter, NewPerson};
use communicado_wire::{Client, Timestamp};

use super::{Person, PresenceState};

/// An input of the model, about one person.
#[derive(Clone, Debug)]
pub(crate) enum Input {
    /// Adds a person.
    Create(NewPerson),
    /// Changes a person's name, groups or badge; the text is the pseudonym of a new badge.
    Alter(Arc<str>, Alter, Arc<str>),
    /// Removes a person.
    Remove(Arc<str>),
    /// Sets the clients of a device and renews its lease.
    PutDevice { person: Arc<str>, device: Arc<str>, clients: Vec<Client>, lease: Duration },
    /// Removes a device.
    DeleteDevice { person: Arc<str>, device: Arc<str> },
    /// Sets the manual status of a person.
    SetManual {
        person: Arc<str>,
        state: PresenceState,
        note: Option<Arc<str>>,
        returns: Option<Timestamp>,
        duration: Option<Duration>,
    },
    /// Clears the manual status of a person.
    ClearManual(Arc<str>),
}

impl Input {
    /// The person that the input is about.
    pub(crate) fn person(&self) -> &Arc<str> {
        match self {
            Self::Create(NewPerson { id, .. }) => id,
            Self::Alter(person, ..) | Self::Remove(person) | Self::ClearManual(person) => person,
            Self::PutDevice { person, .. }
            | Self::DeleteDevice { person, .. }
            | Self::SetManual { person, .. } => person,
        }
    }
}

/// A change that the gateway sends to readers.
#[derive(Clone, Debug)]
pub(crate) struct PersonChange {
    /// The number of the change.
    ///
    /// With SQLite it starts at 1 and has no gaps. With NATS it is the bucket's revision, which
    /// only grows.
    pub(crate) revision: u64,
    /// The number of the change in this process, once it was applied.
    pub(crate) ordinal: u64,
    /// True if the change was stored under this revision.
    pub(crate) stored: bool,
    pub(crate) id: Arc<str>,
    /// The person before the change; `None` for a new person.
    pub(crate) before: Option<Arc<Person>>,
    /// The person after the change; `None` for a removed person.
    pub(crate) after: Option<Arc<Person>>,
    /// The views in which the person differs, in the order of `View::ALL`.
    pub(crate) seen_by: [bool; 3],
}

impl PersonChange {
    /// The approximate size of the change while it waits for a reader.
    pub(crate) fn held_bytes(&self) -> usize {
        let people = self.before.iter().chain(&self.after);
        size_of::<Self>() + people.map(|person| person.bytes()).sum::<usize>()
    }

    pub(crate) fn is_seen_by(&self, view: View) -> bool {
        let [in_out, availability, everything] = self.seen_by;
        match view {
            View::InOut => in_out,
            View::Availability => availability,
            View::Everything => everything,
        }
    }
}
