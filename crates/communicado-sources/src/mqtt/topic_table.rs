//! The rules that give the values of topics a meaning. Pure.

use std::fmt;

use communicado_core::{Activity, Availability, Life, UnknownReason};

/// The most rules of a table.
const RULES_MAX: usize = 256;

/// The rules of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicTable {
    pub(super) rules: Vec<Rule>,
}

/// The meaning of one value of a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) topic: String,
    /// The key of the value, if the payload is a JSON object.
    pub(super) key: Option<String>,
    pub(super) value: String,
    pub(super) meaning: Meaning,
}

/// A meaning, which is of one of three kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The life of the client.
    Life(Life),
    /// The sign-in of the account, with an availability if there is one.
    SignIn(SignInWord),
    /// The activity, or none.
    Activity(Option<Activity>),
}

/// The sign-in state of an account without its own word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SignInWord {
    SignedIn(Availability),
    SignedOut,
    SigningIn,
    SigningOut,
}

/// The error of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidRule {
    /// The rule.
    pub rule: String,
    /// A description of valid rules.
    pub expected: &'static str,
}

const FORM: &str = "rules such as \"phone/state busy = busy\" or \"phone#state on = on-the-phone\"";
const WORD: &str = "one word after `=`: running, absent, unknown, a sign-in, an availability, an \
                    activity or no-activity";
const RUNS: &str = "a rule with `running`, or `absent` or `unknown` for a topic with a sign-in";
const FEW: &str = "at most 256 rules";

impl Rule {
    /// Returns whether both rules are about one topic and key.
    fn is_at_place_of(&self, other: &Self) -> bool {
        (&self.topic, &self.key) == (&other.topic, &other.key)
    }
}

impl TopicTable {
    /// The table of rules such as `phone/state busy = on-the-phone`.
    ///
    /// # Errors
    ///
    /// If a rule is not valid, or no rule says that the client runs or ends.
    pub fn parse(rules: &[String]) -> Result<Self, InvalidRule> {
        let invalid = |rule: &str, expected| InvalidRule { rule: rule.to_owned(), expected };
        if rules.len() > RULES_MAX {
            return Err(invalid("", FEW));
        }
        let parse = |text: &String| parse_rule(text).map_err(|expected| invalid(text, expected));
        let rules = rules.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
        let is_life = |rule: &Rule| matches!(rule.meaning, Meaning::Life(_));
        let is_alive = |rule: &Rule| match rule.meaning {
            Meaning::Life(life) => life == Life::Running,
            Meaning::SignIn(_) => rules.iter().any(|it| is_life(it) && it.is_at_place_of(rule)),
            Meaning::Activity(_) => false,
        };
        if !rules.iter().any(is_alive) {
            return Err(invalid("", RUNS));
        }
        Ok(Self { rules })
    }

    /// The table of teams-for-linux with this topic prefix.
    ///
    /// # Errors
    ///
    /// If the prefix is not the start of a topic.
    pub fn teams_for_linux(prefix: &str) -> Result<Self, InvalidRule> {
        let rules = [
            "connected true = running",
            "connected false = unknown",
            "status#status available = available",
            "status#status busy = busy",
            "status#status do_not_disturb = do-not-disturb",
            "status#status away = away",
            "status#status be_right_back = be-right-back",
            "in-call true = on-the-phone",
            "in-call false = no-activity",
        ];
        Self::parse(&rules.map(|rule| format!("{prefix}/{rule}")))
    }

    /// The topics of the rules, each once.
    #[must_use]
    pub fn topics(&self) -> Vec<String> {
        let mut topics: Vec<_> = self.rules.iter().map(|rule| rule.topic.clone()).collect();
        topics.sort_unstable();
        topics.dedup();
        topics
    }
}

fn parse_rule(text: &str) -> Result<Rule, &'static str> {
    let (left, word) = text.rsplit_once(" = ").ok_or(FORM)?;
    let (place, value) = left.trim_start().split_once(' ').ok_or(FORM)?;
    let (topic, key) = match place.split_once('#') {
        Some((topic, key)) => (topic, Some(key.to_owned()).filter(|key| !key.is_empty())),
        None => (place, None),
    };
    let is_level = |level: &str| !level.is_empty() && !level.contains(['+', '\0']);
    let has_empty_key = key.is_none() && place.contains('#');
    if has_empty_key || topic.len() > 256 || !topic.split('/').all(is_level) {
        return Err(FORM);
    }
    let meaning = meaning(word.trim()).ok_or(WORD)?;
    let (topic, value) = (topic.to_owned(), value.trim().to_owned());
    Ok(Rule { topic, key, value, meaning })
}

fn meaning(word: &str) -> Option<Meaning> {
    let sign_in = |word| Some(Meaning::SignIn(word));
    match word {
        "running" => Some(Meaning::Life(Life::Running)),
        "absent" => Some(Meaning::Life(Life::Absent)),
        "starting" => Some(Meaning::Life(Life::Starting)),
        "shutting-down" => Some(Meaning::Life(Life::ShuttingDown)),
        "unknown" => Some(Meaning::Life(Life::Unknown(UnknownReason::SourceLost))),
        "signed-in" => sign_in(SignInWord::SignedIn(Availability::Other)),
        "signed-out" => sign_in(SignInWord::SignedOut),
        "signing-in" => sign_in(SignInWord::SigningIn),
        "signing-out" => sign_in(SignInWord::SigningOut),
        "no-activity" => Some(Meaning::Activity(None)),
        _ => Availability::from_word(word)
            .map(|availability| Meaning::SignIn(SignInWord::SignedIn(availability)))
            .or_else(|| Activity::from_word(word).map(|it| Meaning::Activity(Some(it)))),
    }
}

impl fmt::Display for InvalidRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not valid: expected {}", self.rule, self.expected)
    }
}

impl std::error::Error for InvalidRule {}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(rules: &[&str]) -> Result<TopicTable, InvalidRule> {
        let rules: Vec<String> = rules.iter().map(|&rule| rule.to_owned()).collect();
        TopicTable::parse(&rules)
    }

    #[test]
    fn a_rule_has_a_topic_a_value_and_a_word() {
        let table = parse(&["a/b on = running", "a/c#state in a call = on-the-phone"]).unwrap();
        let second = Rule {
            topic: "a/c".to_owned(),
            key: Some("state".to_owned()),
            value: "in a call".to_owned(),
            meaning: Meaning::Activity(Some(Activity::OnThePhone)),
        };
        assert_eq!(table.rules.get(1), Some(&second));
        assert_eq!(table.topics(), ["a/b", "a/c"]);
    }

    #[test]
    fn an_invalid_rule_is_an_error_with_the_valid_form() {
        for (rule, expected) in [
            ("", FORM),
            ("a/b on", FORM),
            ("a/b = busy", FORM),
            ("a//b on = busy", FORM),
            ("a/+ on = busy", FORM),
            ("a# on = busy", FORM),
            ("a on = dancing", WORD),
            ("a on =", FORM),
        ] {
            let error = parse(&["x on = running", rule]).unwrap_err();
            assert_eq!((&*error.rule, error.expected), (rule, expected));
        }
        assert_eq!(parse(&["a on = busy"]).unwrap_err().expected, RUNS);
        assert_eq!(TopicTable::teams_for_linux("a/#").unwrap_err().expected, FORM);
    }
}
