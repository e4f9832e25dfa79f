//! Conditions on the state of clients.

use std::fmt;
use std::ops::Not;
use std::str::FromStr;

use communicado_core::{Activity, Availability};
use communicado_wire::{Account, Client, Status};

use crate::Snapshot;

/// The word for the opposite of a condition.
const NOT: &str = "not";

/// A condition on the state of clients, which is true, false or unknown.
///
/// It parses from one or more words with commas between them, after `not` for the opposite:
/// `signed-in`, `signed-out,absent` or `not running`. A word is `running`, a status, an
/// availability or an activity.
///
/// ```
/// use communicado::{Condition, Question, Status};
///
/// let gone: Condition = "not signed-out,absent".parse()?;
/// let signed_out = Condition::new(Question::Status(Status::SignedOut));
/// assert_eq!(gone, !signed_out.or(Question::Status(Status::Absent)));
/// # Ok::<(), communicado::ConditionError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    question: Question,
    alternatives: Vec<Question>,
    is_negated: bool,
    clients: Vec<String>,
    accounts: Vec<String>,
}

/// The question that a condition asks about each client or account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Question {
    /// Does the client run?
    Running,
    /// Does the client have this status?
    Status(Status),
    /// Is the client signed in with this availability?
    Availability(Availability),
    /// Is the client signed in with this activity?
    Activity(Activity),
}

/// The error for a word that is not a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConditionError {
    /// The word.
    pub word: String,
}

/// The facts that a question is about: a client's, or those of one of its accounts.
struct Facts {
    runs: Option<bool>,
    status: Status,
    availability: Option<Availability>,
    activity: Option<Activity>,
}

impl Condition {
    /// A user is signed in, in any client.
    pub const SIGNED_IN: Self = Self::new(Question::Status(Status::SignedIn));
    /// Any client runs.
    pub const RUNNING: Self = Self::new(Question::Running);

    /// The condition that the answer is yes for at least one client.
    #[must_use]
    pub const fn new(question: Question) -> Self {
        Self {
            question,
            alternatives: Vec::new(),
            is_negated: false,
            clients: Vec::new(),
            accounts: Vec::new(),
        }
    }

    /// The same condition, with another question to which the answer may be yes.
    #[must_use]
    pub fn or(mut self, question: Question) -> Self {
        self.alternatives.push(question);
        self
    }

    /// The same condition, for only the clients with these names.
    #[must_use]
    pub fn of(mut self, clients: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.clients = clients.into_iter().map(Into::into).collect();
        self
    }

    /// The same condition, for only the accounts with these names.
    ///
    /// A client answers in place of an account only while it lists no account: if the client is
    /// absent, the account is too.
    #[must_use]
    pub fn of_accounts(mut self, accounts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.accounts = accounts.into_iter().map(Into::into).collect();
        self
    }

    /// Evaluates the condition: `Some(true)`, `Some(false)`, or `None` if unknown.
    ///
    /// Without `not`, the condition is true if any question is true for at least one client. It is
    /// false only if every question is known to be false for all clients. `not` swaps true and
    /// false; the opposite of unknown is unknown.
    #[must_use]
    pub fn evaluate(&self, snapshot: &Snapshot) -> Option<bool> {
        self.any(snapshot).map(|is_true| is_true != self.is_negated)
    }

    fn any(&self, snapshot: &Snapshot) -> Option<bool> {
        let is_selected = |client: &&Client| {
            self.clients.is_empty() || self.clients.iter().any(|name| **name == *client.client)
        };
        let clients = snapshot.iter().map(AsRef::as_ref).filter(is_selected);
        let clients: Vec<&Client> = clients.collect();
        let mut answer = None;
        let mut any_unknown = false;
        for facts in clients.iter().flat_map(|client| self.facts(client)) {
            for question in self.questions() {
                match facts.as_ref().and_then(|facts| question.ask(facts)) {
                    Some(true) => return Some(true),
                    Some(false) => answer = Some(false),
                    None => any_unknown = true,
                }
            }
        }
        let all_clients = self.clients.iter().all(|name| snapshot.get(name).is_some());
        // A client without a list of accounts has answered for all of them.
        let all_accounts = self.accounts.iter().all(|name| {
            clients.iter().any(|client| client.accounts.iter().any(|it| *it.account == **name))
                || clients.iter().all(|client| client.accounts.is_empty())
        });
        answer.filter(|_| !any_unknown && all_clients && all_accounts)
    }

    /// The facts about a client or its selected accounts. `None` stands for facts that are unknown.
    fn facts(&self, client: &Client) -> Vec<Option<Facts>> {
        if self.accounts.is_empty() {
            return vec![Some(Facts::of_client(client))];
        }
        if client.accounts.is_empty() {
            let has_sign_in =
                matches!(client.status, Status::SigningIn | Status::SignedIn | Status::SigningOut);
            return vec![(!has_sign_in).then(|| Facts::of_client(client))];
        }
        let is_selected =
            |account: &&Account| self.accounts.iter().any(|name| **name == *account.account);
        let accounts = client.accounts.iter().filter(is_selected);
        accounts.map(|account| Some(Facts::of_account(account, client))).collect()
    }

    fn questions(&self) -> impl Iterator<Item = Question> {
        std::iter::once(self.question).chain(self.alternatives.iter().copied())
    }

    /// All words that parse as a condition. Several may stand in one condition.
    pub fn words() -> impl Iterator<Item = &'static str> {
        let statuses = Status::ALL.map(Status::word);
        let availabilities = Availability::ALL.map(Availability::word);
        // `other` is an availability.
        let is_activity = move |word: &&str| !availabilities.contains(word);
        let activities = Activity::ALL.map(Activity::word).into_iter().filter(is_activity);
        std::iter::once("running").chain(statuses).chain(availabilities).chain(activities)
    }
}

impl Not for Condition {
    type Output = Self;

    fn not(self) -> Self {
        Self { is_negated: !self.is_negated, ..self }
    }
}

impl Facts {
    fn of_client(client: &Client) -> Self {
        Self {
            runs: client.runs(),
            status: client.status,
            availability: client.availability,
            activity: client.activity,
        }
    }

    fn of_account(account: &Account, client: &Client) -> Self {
        Self {
            runs: client.runs(),
            status: account.status,
            availability: account.availability,
            activity: account.activity,
        }
    }
}

impl Question {
    fn ask(self, facts: &Facts) -> Option<bool> {
        let known = facts.status != Status::Unknown;
        match self {
            Self::Running => facts.runs,
            Self::Status(Status::Unknown) => Some(!known),
            // A client that runs but does not answer is not absent.
            Self::Status(Status::Absent) => facts.runs.map(|runs| !runs),
            Self::Status(status) => known.then_some(facts.status == status),
            // `other` is a word that only the client knows, so it may mean any.
            Self::Availability(wanted) => match facts.availability {
                Some(Availability::Other) if wanted != Availability::Other => None,
                availability => known.then_some(availability == Some(wanted)),
            },
            Self::Activity(wanted) => match facts.activity {
                Some(Activity::Other) if wanted != Activity::Other => None,
                activity => known.then_some(activity == Some(wanted)),
            },
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Status(status) => status.word(),
            Self::Availability(availability) => availability.word(),
            Self::Activity(activity) => activity.word(),
        }
    }
}

impl FromStr for Question {
    type Err = ConditionError;

    fn from_str(word: &str) -> Result<Self, ConditionError> {
        let status = || Status::from_word(word).map(Self::Status);
        let availability = || Availability::from_word(word).map(Self::Availability);
        let activity = || Activity::from_word(word).map(Self::Activity);
        let running = (word == "running").then_some(Self::Running);
        let question = running.or_else(status).or_else(availability).or_else(activity);
        question.ok_or_else(|| ConditionError { word: word.to_owned() })
    }
}

impl FromStr for Condition {
    type Err = ConditionError;

    fn from_str(text: &str) -> Result<Self, ConditionError> {
        let text = text.trim();
        let negated = text.strip_prefix(NOT).filter(|rest| rest.starts_with(char::is_whitespace));
        let mut words = negated.unwrap_or(text).split(',').map(|word| word.trim().parse());
        let first = words.next().unwrap_or_else(|| "".parse())?;
        let condition = words.try_fold(Self::new(first), |condition, word| {
            word.map(|question| condition.or(question))
        })?;
        Ok(if negated.is_some() { !condition } else { condition })
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.questions().map(Question::word).collect();
        let not = if self.is_negated { "not " } else { "" };
        write!(f, "{not}{}", words.join(","))
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
        check(&[absent, away], "in-a-meeting", Some(false));
        check(&[absent, lost], "in-a-meeting", None);
        check(&[absent], "signed-out,absent", Some(true));
        check(&[away], "signed-out, absent", Some(false));
        check(&[lost], "signed-out,absent", None);
        check(&[away], "signed-out,away", Some(true));
    }

    #[test]
    fn a_condition_that_parses_is_printed_as_it_parses() {
        let words: Vec<&str> = Condition::words().collect();
        for first in &words {
            for second in &words {
                for text in [
                    (*first).to_owned(),
                    format!("{first},{second}"),
                    format!(" not\t{first} , {second}"),
                    format!("not {second},{first},{second}"),
                ] {
                    let condition: Condition = text.parse().unwrap();
                    let printed = condition.to_string();
                    assert_eq!(printed.parse().as_ref(), Ok(&condition), "{text}: {printed}");
                    let opposite = !condition.clone();
                    assert_eq!(opposite.to_string().parse(), Ok(opposite), "{text}");
                    assert_ne!(!condition.clone(), condition, "{text}");
                }
            }
        }
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
    fn not_swaps_true_and_false_and_keeps_unknown() {
        let clients = [
            vec![],
            vec![client("finch", "absent", "")],
            vec![client("finch", "absent", ""), client("pidgin", "signed-in", "away")],
            vec![client("pidgin", "unknown", "not-responding")],
            vec![client("finch", "absent", ""), client("pidgin", "unknown", "source-lost")],
        ];
        for snapshot in clients.map(|clients| clients.into_iter().collect::<Snapshot>()) {
            for word in Condition::words().chain(["signed-out,absent"]) {
                let condition: Condition = word.parse().unwrap();
                let opposite: Condition = format!("not {word}").parse().unwrap();
                let expected = condition.evaluate(&snapshot).map(|is_true| !is_true);
                assert_eq!(opposite.evaluate(&snapshot), expected, "{word}: {snapshot:?}");
                assert_eq!(!opposite, condition);
            }
        }
    }

    #[test]
    fn a_word_that_only_the_client_knows_may_be_any() {
        let mut busy = (*client("pidgin", "signed-in", "busy")).clone();
        let mut check = |activity, word: &str, expected: Option<bool>| {
            busy.activity = activity;
            let snapshot: Snapshot = [Arc::new(busy.clone())].into_iter().collect();
            let condition: Condition = word.parse().unwrap();
            assert_eq!(condition.evaluate(&snapshot), expected, "{word}: {activity:?}");
        };
        check(None, "in-a-meeting", Some(false));
        check(Some(Activity::InAMeeting), "in-a-meeting", Some(true));
        check(Some(Activity::OnThePhone), "in-a-meeting", Some(false));
        check(Some(Activity::Other), "in-a-meeting", None);
        check(Some(Activity::Other), "not in-a-meeting", None);
        check(Some(Activity::Other), "busy", Some(true));
        let snapshot: Snapshot = [client("pidgin", "signed-in", "other")].into_iter().collect();
        let evaluate = |word: &str| word.parse::<Condition>().unwrap().evaluate(&snapshot);
        assert_eq!((evaluate("other"), evaluate("available")), (Some(true), None));
    }

    #[test]
    fn a_condition_on_accounts_asks_only_those_accounts() {
        let with_accounts = |name: &str, status: &str, accounts: &[(&str, Status)]| {
            let mut client = (*client(name, status, "")).clone();
            client.accounts.extend(accounts.iter().map(|(name, status)| {
                let mut account = Account::new((*name).into(), "XMPP".into());
                account.status = *status;
                account
            }));
            Arc::new(client)
        };
        let check = |clients: &[Arc<Client>], account: &str, word: &str, expected| {
            let snapshot: Snapshot = clients.iter().cloned().collect();
            let condition = word.parse::<Condition>().unwrap().of_accounts([account]);
            assert_eq!(condition.evaluate(&snapshot), expected, "{word} {account}: {snapshot:?}");
        };
        let absent = client("finch", "absent", "");
        let lost = client("chatty", "unknown", "source-lost");
        let no_list = client("lync", "signed-in", "away");
        let accounts = [("alice", Status::SignedIn), ("bob", Status::SignedOut)];
        let pidgin = with_accounts("pidgin", "signed-in", &accounts);
        let both = [absent.clone(), pidgin.clone()];
        check(&both, "alice", "signed-in", Some(true));
        check(&both, "alice", "not signed-in", Some(false));
        check(&both, "bob", "signed-in", Some(false));
        check(&both, "bob", "not signed-in", Some(true));
        check(&both, "bob", "running", Some(true));
        check(&both, "carol", "signed-in", None);
        check(&both, "carol", "not signed-in", None);
        check(&[absent], "carol", "signed-in", Some(false));
        check(&[pidgin.clone(), lost], "bob", "signed-in", None);
        check(std::slice::from_ref(&no_list), "alice", "signed-in", None);
        check(&[pidgin, no_list], "bob", "signed-in", None);
    }

    #[test]
    fn every_word_parses_and_displays_unchanged() {
        for word in Condition::words() {
            assert_eq!(word.parse::<Condition>().unwrap().to_string(), word);
        }
        for text in ["not running", "signed-out,absent", "not busy,in-a-meeting"] {
            assert_eq!(text.parse::<Condition>().unwrap().to_string(), text);
        }
        for word in ["", "not", "notrunning", "signed-in absent", "not not running", "absent,"] {
            assert!(word.parse::<Condition>().is_err(), "{word}");
        }
        let error = "online".parse::<Condition>().unwrap_err().to_string();
        assert!(
            error.starts_with("`online` is not a condition; expected one of: running, absent"),
            "{error}"
        );
    }
}
