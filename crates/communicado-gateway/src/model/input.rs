//! What can happen to people, and what comes out.

use std::sync::Arc;
use std::time::Duration;

use communicado_wire::gateway::View;
use communicado_wire::gateway::{Alter, NewPerson};
use communicado_wire::{Client, Timestamp};

use super::{Person, PresenceState};

/// Something that happens to a person.
#[derive(Clone, Debug)]
pub(crate) enum Input {
    /// A person is to be known.
    Create(NewPerson),
    /// A person's name, groups or badge change; the text is the pseudonym, should one be needed.
    Alter(Arc<str>, Alter, Arc<str>),
    /// A person is to be known no more.
    Remove(Arc<str>),
    /// A device says what its clients are.
    PutDevice { person: Arc<str>, device: Arc<str>, clients: Vec<Client>, lease: Duration },
    /// A device says goodbye.
    DeleteDevice { person: Arc<str>, device: Arc<str> },
    /// The person says so by hand.
    SetManual {
        person: Arc<str>,
        state: PresenceState,
        note: Option<Arc<str>>,
        returns: Option<Timestamp>,
        duration: Option<Duration>,
    },
    /// The person takes back what was said by hand.
    ClearManual(Arc<str>),
}

impl Input {
    /// The person whom it happens to.
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

/// Something that readers are told.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    /// Its number: from 1, without gaps, where one gateway counts; where several share a bucket,
    /// that of the bucket, which only grows.
    pub(crate) revision: u64,
    /// Its place among the changes of this process, once it was applied.
    pub(crate) ordinal: u64,
    /// Whether others know it by this revision too.
    pub(crate) stored: bool,
    pub(crate) id: Arc<str>,
    /// The person before; nothing for a new one.
    pub(crate) before: Option<Arc<Person>>,
    /// The person now; nothing for one who is no more.
    pub(crate) after: Option<Arc<Person>>,
    /// The views that see a difference, in the order of `View::ALL`.
    pub(crate) seen_by: [bool; 3],
}

impl Change {
    /// Bytes that it holds for as long as it waits for a reader, more or less.
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
