//! The journal: the recorded moments and inputs of a run, enough to replay it.
//!
//! Each line is a JSON object with one key, the kind of entry. The first line is `journal`. A name
//! comes before the first input that uses its number. Names of accounts are optional, so that you
//! can attach a journal to a public report.

use std::time::Duration;

use communicado_core as core;
use core::{
    AccountId, ClientId, Fact, Generation, Life, Moment, Observation, RosterInput, SignIn,
    SourceId, StatusStart,
};
use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// The version of the journal.
pub const VERSION: u8 = 1;

/// One line of a journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Entry {
    /// The first line.
    Journal {
        /// The version of the journal.
        version: u8,
        /// The civil time at moment 0.
        began: Timestamp,
        /// The program that wrote the journal.
        by: String,
    },
    /// The name of a source.
    Source {
        /// Its number.
        id: u16,
        /// Its name.
        name: String,
    },
    /// The name of a client.
    Client {
        /// Its number.
        id: u32,
        /// Its name.
        name: String,
    },
    /// An account.
    Account {
        /// Its number.
        id: u32,
        /// Its name, if the journal has names.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// Its protocol.
        protocol: String,
    },
    /// The display name of an account's user, if the journal has names.
    #[serde(rename = "called")]
    DisplayName {
        /// The account's number.
        account: u32,
        /// The name.
        name: String,
    },
    /// The note of an account's user, if the journal has names.
    Note {
        /// Its number.
        id: u32,
        /// The source that reported it.
        source: u16,
        /// The account's number.
        account: u32,
        /// The note.
        text: String,
    },
    /// A client's own word.
    #[serde(rename = "token")]
    Symbol {
        /// Its number.
        id: u32,
        /// The word.
        text: String,
    },
    /// An observation of a source.
    Observed(Observed),
    /// The loss of a source.
    Lost {
        /// Nanoseconds since moment 0.
        at: u64,
        /// The source's number.
        source: u16,
    },
}

/// An observation, and when the roster handled it; times in nanoseconds since moment 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observed {
    at: u64,
    #[serde(rename = "made")]
    observed_at: u64,
    source: u16,
    client: u32,
    #[serde(rename = "link")]
    generation: u32,
    /// Negative before moment 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    began: Option<i64>,
    #[serde(flatten)]
    fact: ObservedFact,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ObservedFact {
    Life(ObservedLife),
    Account(ObservedAccount),
    Saved(u32),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ObservedLife {
    is: LifeWord,
    #[serde(default, with = "crate::words::reason", skip_serializing_if = "Option::is_none")]
    reason: Option<core::UnknownReason>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lease: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum LifeWord {
    Starting,
    Running,
    ShuttingDown,
    Unknown,
    Absent,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ObservedAccount {
    id: u32,
    is: AccountWord,
    #[serde(default, with = "crate::words::failure", skip_serializing_if = "Option::is_none")]
    reason: Option<core::SignInFailure>,
    #[serde(default, with = "crate::words::availability", skip_serializing_if = "Option::is_none")]
    availability: Option<core::Availability>,
    #[serde(default, with = "crate::words::activity", skip_serializing_if = "Option::is_none")]
    activity: Option<core::Activity>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    raw: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum AccountWord {
    SignedIn,
    SigningIn,
    SigningOut,
    SignedOut,
    Gone,
}

/// The error for a line that is not a journal entry.
#[derive(Debug)]
#[non_exhaustive]
pub enum EntryError {
    /// The line is not JSON, or has the wrong structure.
    Syntax(serde_json::Error),
    /// The line has the right structure but breaks this rule.
    Rule(&'static str),
}

impl Entry {
    /// The entry for an input that the roster handled at `at`.
    #[must_use]
    pub fn of(at: Moment, input: RosterInput) -> Self {
        match input {
            RosterInput::Lost(source) => {
                Self::Lost { at: nanos(at.since_start()), source: source.0 }
            }
            RosterInput::Observed(Observation {
                observed_at,
                source,
                client,
                generation,
                fact,
                began,
            }) => Self::Observed(Observed {
                at: nanos(at.since_start()),
                observed_at: nanos(observed_at.since_start()),
                source: source.0,
                client: client.0,
                generation: generation.0,
                began: began.map(StatusStart::nanos),
                fact: ObservedFact::of(fact),
            }),
        }
    }

    /// The entry as one line of JSON, without the line break.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self)
            .unwrap_or_else(|error| unreachable!("an entry has only text and numbers: {error}"))
    }

    /// Reads an entry from one line of JSON.
    ///
    /// # Errors
    ///
    /// If the line is not an entry, or contradicts itself.
    pub fn from_json(line: &str) -> Result<Self, EntryError> {
        let entry: Self = serde_json::from_str(line).map_err(EntryError::Syntax)?;
        if let Self::Observed(observed) = &entry {
            observed.input()?;
        }
        Ok(entry)
    }
}

impl Observed {
    /// The moment of handling, and the input.
    ///
    /// # Errors
    ///
    /// If the parts contradict each other.
    pub fn input(&self) -> Result<(Moment, RosterInput), EntryError> {
        let moment = |nanos| Moment::new(Duration::from_nanos(nanos));
        let observation = Observation {
            observed_at: moment(self.observed_at),
            source: SourceId(self.source),
            client: ClientId(self.client),
            generation: Generation(self.generation),
            fact: self.fact.fact()?,
            began: self.began.map(StatusStart::new),
        };
        Ok((moment(self.at), RosterInput::Observed(observation)))
    }
}

impl ObservedFact {
    fn of(fact: Fact) -> Self {
        match fact {
            Fact::Saved(token) => Self::Saved(token.0),
            Fact::Life(life, lease) => {
                let (is, reason) = match life {
                    Life::Starting => (LifeWord::Starting, None),
                    Life::Running => (LifeWord::Running, None),
                    Life::ShuttingDown => (LifeWord::ShuttingDown, None),
                    Life::Unknown(reason) => (LifeWord::Unknown, Some(reason)),
                    Life::Absent => (LifeWord::Absent, None),
                };
                Self::Life(ObservedLife { is, reason, lease: lease.map(nanos) })
            }
            Fact::Account(AccountId(id), sign_in) => {
                let without_details = |is| ObservedAccount {
                    id,
                    is,
                    reason: None,
                    availability: None,
                    activity: None,
                    raw: None,
                    note: None,
                };
                Self::Account(match sign_in {
                    None => without_details(AccountWord::Gone),
                    Some(SignIn::SigningIn) => without_details(AccountWord::SigningIn),
                    Some(SignIn::SigningOut) => without_details(AccountWord::SigningOut),
                    Some(SignIn::SignedOut(reason)) => {
                        ObservedAccount { reason, ..without_details(AccountWord::SignedOut) }
                    }
                    Some(SignIn::SignedIn(presence)) => ObservedAccount {
                        availability: Some(presence.availability),
                        activity: presence.activity,
                        raw: Some(presence.raw.0),
                        note: presence.note.map(|note| note.0),
                        ..without_details(AccountWord::SignedIn)
                    },
                })
            }
        }
    }

    fn fact(&self) -> Result<Fact, EntryError> {
        match self {
            Self::Saved(token) => Ok(Fact::Saved(core::Symbol(*token))),
            Self::Life(ObservedLife { is, reason, lease }) => {
                let life = match (is, reason) {
                    (LifeWord::Unknown, Some(reason)) => Life::Unknown(*reason),
                    (LifeWord::Unknown, None) => {
                        return Err(EntryError::Rule("an unknown life needs a `reason`"));
                    }
                    (_, Some(_)) => {
                        return Err(EntryError::Rule("only an unknown life has a `reason`"));
                    }
                    (LifeWord::Starting, None) => Life::Starting,
                    (LifeWord::Running, None) => Life::Running,
                    (LifeWord::ShuttingDown, None) => Life::ShuttingDown,
                    (LifeWord::Absent, None) => Life::Absent,
                };
                Ok(Fact::Life(life, lease.map(Duration::from_nanos)))
            }
            Self::Account(account) => Ok(Fact::Account(AccountId(account.id), account.sign_in()?)),
        }
    }
}

impl ObservedAccount {
    fn sign_in(&self) -> Result<Option<SignIn>, EntryError> {
        let presence = (self.availability, self.activity, self.raw, self.note);
        Ok(match (self.is, self.reason, presence) {
            (AccountWord::SignedOut, reason, (None, None, None, None)) => {
                Some(SignIn::SignedOut(reason))
            }
            (AccountWord::SignedIn, None, (Some(availability), activity, Some(raw), note)) => {
                let (raw, note) = (core::Symbol(raw), note.map(core::NoteId));
                Some(SignIn::SignedIn(core::Presence { availability, activity, raw, note }))
            }
            (AccountWord::SigningIn, None, (None, None, None, None)) => Some(SignIn::SigningIn),
            (AccountWord::SigningOut, None, (None, None, None, None)) => Some(SignIn::SigningOut),
            (AccountWord::Gone, None, (None, None, None, None)) => None,
            _ => {
                let rule = "an account has `availability` and `raw` if and only if it is \
                            signed-in, a `note` only if it is signed-in, and a `reason` only if \
                            it is signed-out";
                return Err(EntryError::Rule(rule));
            }
        })
    }
}

/// The duration in nanoseconds, at most 584 years.
fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

impl std::fmt::Display for EntryError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Syntax(error) => write!(f, "{error}"),
            Self::Rule(rule) => f.write_str(rule),
        }
    }
}

impl std::error::Error for EntryError {}
