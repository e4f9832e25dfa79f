//! The form in which a run is recorded: moments and inputs, enough to repeat it.
//!
//! One JSON object a line, each with one key that says what it is. The first is `journal`. A name
//! stands before the first input that uses its number. The name of an account is left out unless
//! it was asked for, so that a journal can be attached to a public report.

use std::time::Duration;

use communicado_core as core;
use core::{
    AccountId, ClientId, Fact, Generation, Input, Life, Moment, Observation, SignIn, SourceId,
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
        /// The program that wrote it.
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
        /// Its name, if names were asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// The protocol that it speaks.
        protocol: String,
    },
    /// The name by which a client shows an account's user; only if names were asked for.
    Called {
        /// The account's number.
        account: u32,
        /// The name.
        name: String,
    },
    /// A client's own word.
    Token {
        /// Its number.
        id: u32,
        /// The word.
        text: String,
    },
    /// A source saw something.
    Observed(Observed),
    /// A source can see no longer.
    Lost {
        /// Nanoseconds since moment 0.
        at: u64,
        /// The source's number.
        source: u16,
    },
}

/// An observation, and when it was handled; times in nanoseconds since moment 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observed {
    at: u64,
    made: u64,
    source: u16,
    client: u32,
    link: u32,
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
    reason: Option<core::Failure>,
    #[serde(default, with = "crate::words::availability", skip_serializing_if = "Option::is_none")]
    availability: Option<core::Availability>,
    #[serde(default, with = "crate::words::activity", skip_serializing_if = "Option::is_none")]
    activity: Option<core::Activity>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    raw: Option<u32>,
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

/// Why a line is no entry of a journal.
#[derive(Debug)]
#[non_exhaustive]
pub enum EntryError {
    /// The line is not JSON, or JSON of another form.
    Form(serde_json::Error),
    /// The line has the right form and cannot be.
    Meaning(&'static str),
}

impl Entry {
    /// The entry for an input that was handled at `at`.
    #[must_use]
    pub fn of(at: Moment, input: Input) -> Self {
        match input {
            Input::Lost(source) => Self::Lost { at: nanos(at.since_start()), source: source.0 },
            Input::Observed(Observation { observed_at, source, client, generation, fact }) => {
                Self::Observed(Observed {
                    at: nanos(at.since_start()),
                    made: nanos(observed_at.since_start()),
                    source: source.0,
                    client: client.0,
                    link: generation.0,
                    fact: ObservedFact::of(fact),
                })
            }
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
    /// If the line is no JSON of this form, or says what cannot be.
    pub fn from_json(line: &str) -> Result<Self, EntryError> {
        let entry: Self = serde_json::from_str(line).map_err(EntryError::Form)?;
        if let Self::Observed(observed) = &entry {
            observed.input()?;
        }
        Ok(entry)
    }
}

impl Observed {
    /// The moment at which it was handled, and the input.
    ///
    /// # Errors
    ///
    /// If the parts do not fit each other.
    pub fn input(&self) -> Result<(Moment, Input), EntryError> {
        let moment = |nanos| Moment::new(Duration::from_nanos(nanos));
        let observation = Observation {
            observed_at: moment(self.made),
            source: SourceId(self.source),
            client: ClientId(self.client),
            generation: Generation(self.link),
            fact: self.fact.fact()?,
        };
        Ok((moment(self.at), Input::Observed(observation)))
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
                let bare = |is| ObservedAccount {
                    id,
                    is,
                    reason: None,
                    availability: None,
                    activity: None,
                    raw: None,
                };
                Self::Account(match sign_in {
                    None => bare(AccountWord::Gone),
                    Some(SignIn::SigningIn) => bare(AccountWord::SigningIn),
                    Some(SignIn::SigningOut) => bare(AccountWord::SigningOut),
                    Some(SignIn::SignedOut(reason)) => {
                        ObservedAccount { reason, ..bare(AccountWord::SignedOut) }
                    }
                    Some(SignIn::SignedIn(presence)) => ObservedAccount {
                        availability: Some(presence.availability),
                        activity: presence.activity,
                        raw: Some(presence.raw.0),
                        ..bare(AccountWord::SignedIn)
                    },
                })
            }
        }
    }

    fn fact(&self) -> Result<Fact, EntryError> {
        match self {
            Self::Saved(token) => Ok(Fact::Saved(core::Token(*token))),
            Self::Life(ObservedLife { is, reason, lease }) => {
                let life = match (is, reason) {
                    (LifeWord::Unknown, Some(reason)) => Life::Unknown(*reason),
                    (LifeWord::Unknown, None) => {
                        return Err(EntryError::Meaning("an unknown life needs a `reason`"));
                    }
                    (_, Some(_)) => {
                        return Err(EntryError::Meaning("only an unknown life has a `reason`"));
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
        let presence = (self.availability, self.activity, self.raw);
        Ok(match (self.is, self.reason, presence) {
            (AccountWord::SignedOut, reason, (None, None, None)) => Some(SignIn::SignedOut(reason)),
            (AccountWord::SignedIn, None, (Some(availability), activity, Some(raw))) => {
                let raw = core::Token(raw);
                Some(SignIn::SignedIn(core::Presence { availability, activity, raw }))
            }
            (AccountWord::SigningIn, None, (None, None, None)) => Some(SignIn::SigningIn),
            (AccountWord::SigningOut, None, (None, None, None)) => Some(SignIn::SigningOut),
            (AccountWord::Gone, None, (None, None, None)) => None,
            _ => {
                let rule = "an account has `availability` and `raw` if and only if it is \
                            signed-in, and a `reason` only if it is signed-out";
                return Err(EntryError::Meaning(rule));
            }
        })
    }
}

/// Nanoseconds; 584 years are enough for any run.
fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

impl std::fmt::Display for EntryError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Form(error) => write!(f, "{error}"),
            Self::Meaning(rule) => f.write_str(rule),
        }
    }
}

impl std::error::Error for EntryError {}
