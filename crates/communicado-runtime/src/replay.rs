//! Repeats a recorded run.

use std::fmt;
use std::sync::Arc;

use communicado_core::{Input, SourceId};
use communicado_wire::journal::{Entry, EntryError, Observed, VERSION};
use communicado_wire::{Client, Timestamp};

use crate::LimitReached;
use crate::named::NamedRoster;

/// A recorded run, repeated line by line.
#[derive(Default)]
pub struct Replay {
    roster: Option<NamedRoster>,
}

/// Why a journal cannot be repeated any further.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReplayError {
    /// The first line is not that of a journal.
    NoJournal,
    /// The journal is of a version that is not known here.
    Version(u8),
    /// The line is no entry of a journal.
    Entry(EntryError),
    /// The journal has more names than may be.
    Limit(LimitReached),
}

impl Replay {
    /// Repeats one line and returns what changed, oldest first.
    ///
    /// # Errors
    ///
    /// If the line is no entry. The replay can go on with the next one.
    pub fn line(&mut self, line: &str) -> Result<Vec<Arc<Client>>, ReplayError> {
        let entry = Entry::from_json(line).map_err(|error| {
            if self.roster.is_none() { ReplayError::NoJournal } else { ReplayError::Entry(error) }
        })?;
        let Some(roster) = &mut self.roster else {
            return self.begin(&entry).map(|()| Vec::new());
        };
        match &entry {
            Entry::Observed(observed) => {
                let (at, input) = Observed::input(observed).map_err(ReplayError::Entry)?;
                Ok(roster.handle(at, input))
            }
            Entry::Lost { at, source } => {
                let at = communicado_core::Moment::new(std::time::Duration::from_nanos(*at));
                Ok(roster.handle(at, Input::Lost(SourceId(*source))))
            }
            Entry::Journal { .. } => Err(ReplayError::NoJournal),
            Entry::Source { .. } | Entry::Client { .. } | Entry::Account { .. } => {
                roster.directory.put(&entry).map_err(ReplayError::Limit)?;
                Ok(Vec::new())
            }
            Entry::Token { .. } => {
                roster.directory.put(&entry).map_err(ReplayError::Limit)?;
                Ok(Vec::new())
            }
        }
    }

    fn begin(&mut self, entry: &Entry) -> Result<(), ReplayError> {
        match entry {
            Entry::Journal { version: VERSION, began, .. } => {
                self.roster = Some(NamedRoster::new(*began));
                Ok(())
            }
            Entry::Journal { version, .. } => Err(ReplayError::Version(*version)),
            Entry::Source { .. }
            | Entry::Client { .. }
            | Entry::Account { .. }
            | Entry::Token { .. }
            | Entry::Observed(_)
            | Entry::Lost { .. } => Err(ReplayError::NoJournal),
        }
    }

    /// The civil time at which the recorded run began, once its first line was read.
    #[must_use]
    pub fn began(&self) -> Option<Timestamp> {
        Some(self.roster.as_ref()?.began)
    }
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoJournal => f.write_str("a journal begins with one line `{\"journal\":..}`"),
            Self::Version(version) => {
                write!(f, "version {version} of the journal is not known here, only {VERSION}")
            }
            Self::Entry(error) => write!(f, "{error}"),
            Self::Limit(limit) => write!(f, "{limit}"),
        }
    }
}

impl std::error::Error for ReplayError {}
