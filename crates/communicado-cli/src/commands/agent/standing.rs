//! How an agent stands: what it does, since when, and what is in its way.

use communicado::Timestamp;
use communicado_sinks::publish::PublishEvent;
use jiff::Zoned;
use serde_json::{Value, json};

use super::rule::Silence;
use super::when::spoken;

/// How an agent stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) what: What,
    pub(super) since: Timestamp,
}

/// What an agent does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// It has begun, and the gateway has answered nothing yet.
    Starting,
    /// The gateway has what is now.
    Publishing,
    /// Nothing is told, as the person wants it.
    Silent(Silence),
    /// Something is in its way.
    Failing { cause: String, help: String },
}

impl What {
    /// What it does under `silence`, by what the gateway said last.
    pub(super) fn after(silence: Option<Silence>, report: Option<&PublishEvent>) -> Self {
        match (report, silence) {
            (Some(PublishEvent::Failed(trouble, _)), _) => {
                Self::Failing { cause: trouble.cause.clone(), help: trouble.help.clone() }
            }
            (_, Some(silence)) => Self::Silent(silence),
            (Some(PublishEvent::Published), None) => Self::Publishing,
            (Some(PublishEvent::Withdrawn) | None, None) => Self::Starting,
        }
    }

    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Publishing => "publishing",
            Self::Silent(Silence::Paused(_)) => "paused",
            Self::Silent(Silence::OutOfHours(_)) => "out-of-hours",
            Self::Failing { .. } => "failing",
        }
    }

    pub(super) const fn until(&self) -> Option<Timestamp> {
        match self {
            Self::Silent(Silence::Paused(until) | Silence::OutOfHours(until)) => *until,
            Self::Starting | Self::Publishing | Self::Failing { .. } => None,
        }
    }

    pub(super) fn trouble(&self) -> Option<(&str, &str)> {
        match self {
            Self::Failing { cause, help } => Some((cause, help)),
            Self::Starting | Self::Publishing | Self::Silent(_) => None,
        }
    }

    /// In a few words, for a person who reads it at `now`.
    pub(super) fn spoken(&self, now: &Zoned) -> String {
        let until = |until: &Option<Timestamp>| {
            until.map_or_else(String::new, |until| format!(" until {}", spoken(until, now)))
        };
        match self {
            Self::Starting => "starting".to_owned(),
            Self::Publishing => "publishing".to_owned(),
            Self::Silent(Silence::Paused(None)) => "paused until you resume".to_owned(),
            Self::Silent(Silence::Paused(end)) => format!("paused{}", until(end)),
            Self::Silent(Silence::OutOfHours(end)) => {
                format!("silent outside the working hours{}", until(end))
            }
            Self::Failing { cause, .. } => format!("cannot publish: {cause}"),
        }
    }
}

impl Standing {
    pub(super) fn to_json(&self) -> String {
        let Self { what, since } = self;
        let (cause, help) = what.trouble().unzip();
        let until = what.until().as_ref().map(Timestamp::to_string);
        let standing = json!({
            "v": 1,
            "standing": what.word(),
            "since": since.to_string(),
            "until": until,
            "because": cause,
            "help": help,
        });
        format!("{standing}\n")
    }

    /// Reads what an agent kept, if it did.
    pub(super) fn from_json(text: &str) -> Option<Self> {
        let kept: Value = serde_json::from_str(text).ok()?;
        let text = |key: &str| kept.get(key).and_then(Value::as_str);
        let time = |key: &str| text(key)?.parse::<Timestamp>().ok();
        let what = match text("standing")? {
            "starting" => What::Starting,
            "publishing" => What::Publishing,
            "paused" => What::Silent(Silence::Paused(time("until"))),
            "out-of-hours" => What::Silent(Silence::OutOfHours(time("until"))),
            "failing" => {
                What::Failing { cause: text("because")?.into(), help: text("help")?.into() }
            }
            _ => return None,
        };
        Some(Self { what, since: time("since")? })
    }
}

#[cfg(test)]
mod tests {
    use communicado_sinks::publish::{PublishError, Retry};

    use super::*;

    #[test]
    fn a_standing_is_kept_and_read_back() {
        let failing = What::Failing { cause: "a \"b\"".into(), help: "do".into() };
        let silences = [Silence::Paused(None), Silence::OutOfHours(Some(Timestamp::EPOCH))];
        let silent = silences.map(What::Silent);
        for what in silent.into_iter().chain([What::Starting, What::Publishing, failing]) {
            let standing = Standing { what, since: Timestamp::EPOCH };
            assert_eq!(Standing::from_json(&standing.to_json()), Some(standing));
        }
        for nothing in ["", "{}", "null", r#"{"standing":"dancing","since":"x"}"#] {
            assert_eq!(Standing::from_json(nothing), None);
        }
    }

    #[test]
    fn trouble_goes_before_silence_and_silence_before_what_was_told() {
        let check = |silence, report: Option<PublishEvent>, word: &str| {
            assert_eq!(What::after(silence, report.as_ref()).word(), word);
        };
        let trouble = PublishError { cause: "b".into(), help: "h".into(), retry: Retry::Soon };
        let paused = Some(Silence::Paused(None));
        check(None, None, "starting");
        check(None, Some(PublishEvent::Published), "publishing");
        check(paused, Some(PublishEvent::Published), "paused");
        check(paused, None, "paused");
        check(None, Some(PublishEvent::Withdrawn), "starting");
        check(paused, Some(PublishEvent::Failed(trouble, None)), "failing");
    }
}
