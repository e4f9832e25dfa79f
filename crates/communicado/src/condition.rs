//! Conditions on the state of clients.

use std::fmt;
use std::str::FromStr;

use communicado_core::Availability;
use communicado_wire::{Client, Status};

use crate::Snapshot;

/// A condition on the state of clients, which is true, false or unknown.
///
/// It parses from one word: a status, an availability, or `running`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    question: Question,
    clients: Vec<String>,
}

/// The question that a condition asks about each client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Question {
    /// Does the client run?
    Running,
    /// Does the client have this status?
    Status(Status),
    /// Is the client signed in with this availability?
    Availability(Availability),
}

/// The error for a word that is not a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConditionError {
    /// The word.
    pub word: String,
}

impl Condition {
    /// A user is signed in, in any client.
    pub const SIGNED_IN: Self = Self::new(Question::Status(Status::SignedIn));
    /// Any client runs.
    pub const RUNNING: Self = Self::new(Question::Running);

    /// The condition that the answer is yes for at least one client.
    #[must_use]
    pub const fn new(question: Question) -> Self {
        Self { question, clients: Vec::new() }
    }

    /// The same condition, for only the clients with these names.
    #[must_use]
    pub fn of(mut self, clients: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.clients = clients.into_iter().map(Into::into).collect();
        self
    }

    /// Evaluates the condition: `Some(true)`, `Some(false)`, or `None` if unknown.
    ///
    /// The condition is true if it is true for at least one client. It is false only if it is known
    /// to be false for all clients.
    #[must_use]
    pub fn evaluate(&self, snapshot: &Snapshot) -> Option<bool> {
        let is_selected = |client: &Client| {
            self.clients.is_empty() || self.clients.iter().any(|name| **name == *client.client)
        };
        let mut answer = None;
        let mut any_unknown = false;
        for client in snapshot.iter().filter(|client| is_selected(client)) {
            match self.question.ask(client) {
                Some(true) => return Some(true),
                Some(false) => answer = Some(false),
                None => any_unknown = true,
            }
        }
        let all_found = self.clients.iter().all(|name| snapshot.get(name).is_some());
        answer.filter(|_| !any_unknown && all_found)
    }

    /// All words that parse as a condition.
    pub fn words() -> impl Iterator<Item = &'static str> {
        let availabilities = Availability::ALL.map(Availability::word);
        std::iter::once("running").chain(Status::ALL.map(Status::word)).chain(availabilities)
    }
}

impl Question {
    fn ask(self, client: &Client) -> Option<bool> {
        let known = client.status != Status::Unknown;
        match self {
            Self::Running => client.runs(),
            Self::Status(Status::Unknown) => Some(!known),
            // A client that runs but does not answer is not absent.
            Self::Status(Status::Absent) => client.runs().map(|runs| !runs),
            Self::Status(status) => known.then_some(client.status == status),
            Self::Availability(wanted) => known.then_some(client.availability == Some(wanted)),
        }
    }
}

impl FromStr for Condition {
    type Err = ConditionError;

    fn from_str(word: &str) -> Result<Self, ConditionError> {
        let status = || Status::from_word(word).map(Question::Status);
        let availability = || Availability::from_word(word).map(Question::Availability);
        let question = if word == "running" {
            Some(Question::Running)
        } else {
            status().or_else(availability)
        };
        question.map(Self::new).ok_or_else(|| ConditionError { word: word.to_owned() })
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.question {
            Question::Running => "running",
            Question::Status(status) => status.word(),
            Question::Availability(availability) => availability.word(),
        })
    }
}

impl fmt::Display for ConditionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = Condition::words().collect();
        write!(f, "`{}` is not a condition; expected one of: {}", self.word, words.join(", "))
    }
}

impl std::error::Error for ConditionError {}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn client(name: &str, status: &str, rest: &str) -> Arc<Client> {
        let line = format!(
            r#"{{"v":1,"revision":1,"at":"2026-11-22T21:00:00Z","client":"{name}",
            "status":"{status}","availability":null,"activity":null,"raw":null,"reason":null,
            "since":"2026-11-22T21:00:00Z","source":"purple","saved":null,"accounts":[]}}"#
        );
        let mut client = Client::from_json(&line).unwrap();
        match (status, Availability::from_word(rest)) {
            (_, Some(availability)) => client.availability = Some(availability),
            ("unknown", None) => client.reason = Some(rest.into()),
            _ => {}
        }
        Arc::new(client)
    }

    #[test]
    fn one_client_is_enough_and_unknown_is_not_false() {
        let check = |clients: &[(&str, &str, &str)], word: &str, expected: Option<bool>| {
            let clients = clients.iter().map(|(name, status, rest)| client(name, status, rest));
            let snapshot: Snapshot = clients.collect();
            let condition: Condition = word.parse().unwrap();
            assert_eq!(condition.evaluate(&snapshot), expected, "{word}: {snapshot:?}");
        };
        let absent = ("finch", "absent", "");
        let away = ("pidgin", "signed-in", "away");
        let hung = ("pidgin", "unknown", "not-responding");
        let lost = ("pidgin", "unknown", "source-lost");
        check(&[], "signed-in", None);
        check(&[absent], "signed-in", Some(false));
        check(&[absent], "absent", Some(true));
        check(&[absent, away], "signed-in", Some(true));
        check(&[absent, away], "away", Some(true));
        check(&[absent, away], "available", Some(false));
        check(&[absent, away], "running", Some(true));
        check(&[absent, hung], "signed-in", None);
        check(&[hung], "running", Some(true));
        check(&[hung], "absent", Some(false));
        check(&[hung], "unknown", Some(true));
        check(&[lost], "running", None);
        check(&[absent, lost], "away", None);
    }

    #[test]
    fn a_selected_client_that_is_missing_makes_the_condition_unknown() {
        let snapshot: Snapshot = [client("finch", "absent", "")].into_iter().collect();
        let of =
            |names: &[&str]| Condition::SIGNED_IN.of(names.iter().copied()).evaluate(&snapshot);
        assert_eq!(of(&["finch"]), Some(false));
        assert_eq!(of(&["finch", "nobody"]), None);
        assert_eq!(of(&["nobody"]), None);
    }

    #[test]
    fn every_word_parses_and_displays_unchanged() {
        for word in Condition::words() {
            assert_eq!(word.parse::<Condition>().unwrap().to_string(), word);
        }
        let error = "online".parse::<Condition>().unwrap_err().to_string();
        assert!(
            error.starts_with("`online` is not a condition; expected one of: running, absent"),
            "{error}"
        );
    }
}
