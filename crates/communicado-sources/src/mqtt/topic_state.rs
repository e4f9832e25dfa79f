//! The state of a client, from the messages of its topics. Pure.

use std::collections::BTreeMap;

use communicado_core::{Activity, Life, UnknownReason};
use serde_json::Value;

use super::topic_table::{Meaning, Rule, SignInWord, TopicTable};
use crate::client_reporter::ClientDetails;
use crate::sign_in::AccountSignIn;

/// The longest word of a client that is passed on, in bytes.
const RAW_MAX: usize = 256;
/// The name of an account without one, as in the sources on Windows.
const NOT_NAMED: &str = "(not named)";

/// The state of a client, as its topics give it.
#[derive(Clone, Debug)]
pub struct TopicState {
    table: TopicTable,
    life: Life,
    sign_in: Option<AccountSignIn>,
    /// The activity of each topic and key that has one.
    activities: BTreeMap<(String, Option<String>), Activity>,
}

impl TopicState {
    /// The state before the first message.
    #[must_use]
    pub const fn new(table: TopicTable) -> Self {
        let life = Life::Unknown(UnknownReason::NotSupported);
        Self { table, life, sign_in: None, activities: BTreeMap::new() }
    }

    /// Takes a message. A retained one is older than the subscription.
    ///
    /// A message about the life of the client begins a new life, so the earlier messages of other
    /// topics count no longer.
    pub fn receive(&mut self, topic: &str, payload: &[u8], retained: bool) {
        let table = self.table.clone();
        let of_topic = table.rules.iter().filter(|rule| rule.topic == topic);
        let mut keys: Vec<&Option<String>> = of_topic.map(|rule| &rule.key).collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            let rules = table.rules.iter().filter(|rule| rule.topic == topic && rule.key == *key);
            let value = value(payload, key.as_deref());
            self.apply(rules.collect(), value.as_deref(), retained);
        }
    }

    fn apply(&mut self, rules: Vec<&Rule>, value: Option<&str>, retained: bool) {
        let is_life = rules.iter().any(|rule| matches!(rule.meaning, Meaning::Life(_)));
        let has_sign_in = rules.iter().any(|rule| matches!(rule.meaning, Meaning::SignIn(_)));
        let Some(first) = rules.first() else { return };
        let place = (first.topic.clone(), first.key.clone());
        let found = rules.iter().find(|rule| Some(rule.value.as_str()) == value);
        let meaning = found.map(|rule| rule.meaning);
        if is_life {
            self.life = match meaning {
                Some(Meaning::Life(life)) => life,
                Some(Meaning::SignIn(_)) => Life::Running,
                Some(Meaning::Activity(_)) | None => Life::Unknown(UnknownReason::NotSupported),
            };
            self.sign_in = None;
            self.activities.clear();
        }
        // The message may be of a former life of the client.
        if retained {
            return;
        }
        self.activities.remove(&place);
        match meaning {
            Some(Meaning::SignIn(word)) => {
                self.sign_in = Some(sign_in(word, value.unwrap_or_default()));
            }
            Some(Meaning::Activity(Some(activity))) => {
                self.activities.insert(place, activity);
            }
            None if has_sign_in => self.sign_in = None,
            Some(Meaning::Activity(None) | Meaning::Life(_)) | None => {}
        }
    }

    /// The life of the client.
    #[must_use]
    pub const fn life(&self) -> Life {
        match (self.life, &self.sign_in) {
            (Life::Running, None) => Life::Unknown(UnknownReason::NotSupported),
            (life, _) => life,
        }
    }

    /// The account of the client, if the client runs.
    pub(super) fn details(&self) -> ClientDetails {
        let mut details = ClientDetails::default();
        if self.life() != Life::Running {
            return details;
        }
        if let Some(mut sign_in) = self.sign_in.clone() {
            if let AccountSignIn::SignedIn { activity, .. } = &mut sign_in {
                *activity = self.activities.values().next().copied();
            }
            details.accounts.insert((NOT_NAMED.to_owned(), String::new()), sign_in);
        }
        details
    }
}

fn sign_in(word: SignInWord, raw: &str) -> AccountSignIn {
    match word {
        SignInWord::SignedIn(availability) => AccountSignIn::SignedIn {
            availability,
            activity: None,
            raw: raw.to_owned(),
            note: None,
        },
        SignInWord::SignedOut => AccountSignIn::SignedOut(None),
        SignInWord::SigningIn => AccountSignIn::SigningIn,
        SignInWord::SigningOut => AccountSignIn::SigningOut,
    }
}

/// The value of a payload, or of a key of its JSON object.
fn value(payload: &[u8], key: Option<&str>) -> Option<String> {
    let Some(key) = key else {
        let text = std::str::from_utf8(payload).ok()?.trim();
        return (text.len() <= RAW_MAX).then(|| text.to_owned());
    };
    let object: Value = serde_json::from_slice(payload).ok()?;
    match object.get(key)? {
        Value::String(text) if text.len() <= RAW_MAX => Some(text.clone()),
        Value::Bool(yes) => Some(yes.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(_) | Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use communicado_core::Availability;

    use super::*;

    const UNKNOWN: Life = Life::Unknown(UnknownReason::NotSupported);
    const LOST: Life = Life::Unknown(UnknownReason::SourceLost);

    /// The messages of the recorded trace.
    fn teams(messages: &[(&str, &str, bool)]) -> (Life, Option<(Availability, Option<Activity>)>) {
        let mut state = TopicState::new(TopicTable::teams_for_linux("teams").unwrap());
        for (topic, payload, retained) in messages {
            let status = format!(r#"{{"status":"{payload}","statusCode":1,"clientId":"x"}}"#);
            let payload = if *topic == "status" { &status } else { *payload };
            state.receive(&format!("teams/{topic}"), payload.as_bytes(), *retained);
        }
        let account = state.details().accounts.into_values().next();
        let presence = account.map(|account| {
            let AccountSignIn::SignedIn { availability, activity, .. } = account else {
                panic!("not signed in: {account:?}")
            };
            (availability, activity)
        });
        (state.life(), presence)
    }

    #[test]
    fn teams_for_linux_is_signed_in_with_its_live_status() {
        let connected = ("connected", "true", false);
        assert_eq!(teams(&[]), (UNKNOWN, None));
        assert_eq!(teams(&[connected]), (UNKNOWN, None));
        let available = ("status", "available", false);
        let expected = Some((Availability::Available, None));
        assert_eq!(teams(&[connected, available]), (Life::Running, expected));
        let call = [connected, ("status", "busy", false), ("in-call", "true", false)];
        let expected = Some((Availability::Busy, Some(Activity::OnThePhone)));
        assert_eq!(teams(&call), (Life::Running, expected));
        let after = [&call[..], &[("in-call", "false", false)]].concat();
        assert_eq!(teams(&after), (Life::Running, Some((Availability::Busy, None))));
        let unknown = [&call[..], &[("status", "unknown", false)]].concat();
        assert_eq!(teams(&unknown), (UNKNOWN, None));
    }

    #[test]
    fn the_retained_messages_of_a_former_life_do_not_count() {
        let former = [("status", "busy", true), ("in-call", "true", true)];
        let killed = [&[("connected", "false", true)], &former[..]].concat();
        assert_eq!(teams(&killed), (LOST, None));
        let again = [&killed[..], &[("connected", "true", false)]].concat();
        assert_eq!(teams(&again), (UNKNOWN, None));
        let away = [&again[..], &[("status", "away", false)]].concat();
        assert_eq!(teams(&away), (Life::Running, Some((Availability::Away, None))));
        let joined = [&[("connected", "true", true)], &former[..]].concat();
        assert_eq!(teams(&joined), (UNKNOWN, None));
    }

    #[test]
    fn a_new_life_forgets_the_status_and_the_call() {
        let before = [
            ("connected", "true", false),
            ("status", "busy", false),
            ("in-call", "true", false),
            ("connected", "false", false),
        ];
        assert_eq!(teams(&before), (LOST, None));
        let again = [("connected", "true", false), ("status", "available", false)];
        let expected = (Life::Running, Some((Availability::Available, None)));
        assert_eq!(teams(&[&before[..], &again].concat()), expected);
    }

    #[test]
    fn one_topic_can_have_the_life_and_the_status() {
        let rules = ["phone off = absent", "phone idle = available"].map(str::to_owned);
        let mut state = TopicState::new(TopicTable::parse(&rules).unwrap());
        state.receive("phone", b"idle", true);
        assert_eq!(state.life(), UNKNOWN);
        state.receive("phone", b"idle", false);
        assert_eq!(state.life(), Life::Running);
        state.receive("phone", b"off", false);
        assert_eq!(state.life(), Life::Absent);
    }

    #[test]
    fn one_topic_can_have_the_status_and_the_activity() {
        let rules =
            ["alive yes = running", "phone idle = available", "phone dialog = on-the-phone"];
        let table = TopicTable::parse(&rules.map(str::to_owned)).unwrap();
        let mut state = TopicState::new(table);
        state.receive("alive", b"yes", false);
        let mut activity_after = |payload: &str| {
            state.receive("phone", payload.as_bytes(), false);
            let account = state.details().accounts.into_values().next()?;
            let AccountSignIn::SignedIn { activity, .. } = account else { return None };
            Some(activity)
        };
        assert_eq!(activity_after("idle"), Some(None));
        assert_eq!(activity_after("dialog"), Some(Some(Activity::OnThePhone)));
        assert_eq!(activity_after("idle"), Some(None));
        assert_eq!(activity_after("dialog"), Some(Some(Activity::OnThePhone)));
        assert_eq!(activity_after("broken"), None);
    }

    #[test]
    fn a_payload_of_another_form_is_unknown() {
        let mut state = TopicState::new(TopicTable::teams_for_linux("teams").unwrap());
        state.receive("teams/connected", b"true", false);
        for payload in [&b"\xff"[..], b"", b"[1]", b"{\"status\":null}", &[b'['; 100_000]] {
            state.receive("teams/status", b"{\"status\":\"busy\"}", false);
            assert_eq!(state.life(), Life::Running);
            state.receive("teams/status", payload, false);
            assert_eq!(state.life(), UNKNOWN);
        }
        state.receive("teams/connected", b"yes", false);
        assert_eq!(state.life(), UNKNOWN);
    }
}
