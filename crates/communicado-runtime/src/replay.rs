//! The replay of a recorded run.

use std::fmt;
use std::sync::Arc;

use communicado_core::{ClientId, RosterInput, SourceId};
use communicado_wire::journal::{Entry, EntryError, Observed, VERSION};
use communicado_wire::{Client, Timestamp};

use crate::LimitReached;
use crate::named::NamedRoster;

/// A replay of a journal, line by line.
#[derive(Default)]
pub struct Replay {
    roster: Option<NamedRoster>,
}

/// The error for a journal line that cannot be replayed.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReplayError {
    /// The first line is not the header of a journal.
    NoJournal,
    /// The version of the journal is unknown.
    Version(u8),
    /// The line is not a journal entry.
    Entry(EntryError),
    /// The journal has too many names.
    Limit(LimitReached),
}

impl Replay {
    /// Replays one line and returns the changes, oldest first.
    ///
    /// # Errors
    ///
    /// If the line is not an entry. The replay can continue with the next one.
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
                if let RosterInput::Observed(observation) = input {
                    name_client(roster, observation.client, None)?;
                }
                Ok(roster.handle(at, input))
            }
            Entry::Lost { at, source } => {
                let at = communicado_core::Moment::new(std::time::Duration::from_nanos(*at));
                Ok(roster.handle(at, RosterInput::Lost(SourceId(*source))))
            }
            Entry::Journal { .. } => Err(ReplayError::NoJournal),
            Entry::Client { id, name } => {
                name_client(roster, ClientId(*id), Some(name))?;
                Ok(Vec::new())
            }
            Entry::Source { .. }
            | Entry::Account { .. }
            | Entry::DisplayName { .. }
            | Entry::Note { .. }
            | Entry::Symbol { .. } => {
                roster.directory.insert(&entry).map_err(ReplayError::Limit)?;
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
            | Entry::DisplayName { .. }
            | Entry::Note { .. }
            | Entry::Symbol { .. }
            | Entry::Observed(_)
            | Entry::Lost { .. } => Err(ReplayError::NoJournal),
        }
    }

    /// The start of the recorded run, once its first line was read.
    #[must_use]
    pub fn began(&self) -> Option<Timestamp> {
        Some(self.roster.as_ref()?.began)
    }
}

/// Names a client. Readers identify a client by its name, so the name must not change.
fn name_client(
    roster: &mut NamedRoster,
    id: ClientId,
    name: Option<&str>,
) -> Result<(), ReplayError> {
    if roster.directory.name_client(id, name).map_err(ReplayError::Limit)? {
        return Ok(());
    }
    let rule = "a client has a unique name, before its first observation, and keeps it";
    Err(ReplayError::Entry(EntryError::Rule(rule)))
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoJournal => f.write_str("a journal starts with a line `{\"journal\":..}`"),
            Self::Version(version) => {
                write!(f, "unsupported journal version {version} (supported: {VERSION})")
            }
            Self::Entry(error) => write!(f, "{error}"),
            Self::Limit(limit) => write!(f, "{limit}"),
        }
    }
}

impl std::error::Error for ReplayError {}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = r#"{"journal":{"version":1,"began":"2026-11-22T21:00:00Z","by":""}}"#;

    fn observed(client: u32) -> String {
        format!(
            r#"{{"observed":{{"at":1,"made":1,"source":0,"client":{client},"link":1,"life":{{"is":"running"}}}}}}"#
        )
    }

    #[test]
    fn a_line_that_renames_a_client_is_rejected_and_the_replay_continues() {
        let mut replay = Replay::default();
        assert!(replay.line(FIRST).unwrap().is_empty());
        assert_eq!(&*replay.line(&observed(0)).unwrap()[0].client, "client-0");
        let error = replay.line(r#"{"client":{"id":0,"name":"finch"}}"#).unwrap_err();
        assert!(error.to_string().contains("before its first observation"), "{error}");
        assert!(replay.line(r#"{"client":{"id":1,"name":"pidgin"}}"#).unwrap().is_empty());
        assert_eq!(&*replay.line(&observed(1)).unwrap()[0].client, "pidgin");
    }

    #[test]
    fn a_journal_at_the_end_of_time_replays_to_valid_json() {
        let mut replay = Replay::default();
        let last = FIRST.replace("2026-11-22T21", "9999-12-30T22");
        assert!(replay.line(&last).unwrap().is_empty());
        let told = replay.line(&observed(0).replace("\"at\":1", "\"at\":5000000000")).unwrap();
        assert_eq!(Client::from_json(&told[0].to_json()).unwrap(), *told[0]);
    }
}
