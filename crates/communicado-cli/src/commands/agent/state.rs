//! The status of the agent: its state, since when, and its error.

use communicado::Timestamp;
use communicado_sinks::publish::PublishEvent;
use jiff::Zoned;
use serde_json::{Value, json};

use super::policy::PauseReason;
use super::times::format_time;

/// The status of the agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AgentStatus {
    pub(super) state: AgentState,
    pub(super) since: Timestamp,
}

/// The state of the agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AgentState {
    /// The gateway has not answered yet.
    Starting,
    /// The gateway has the current status.
    Publishing,
    /// Nothing is published, for this reason.
    Paused(PauseReason),
    /// Publishing fails.
    Failing { cause: String, help: String },
}

impl AgentState {
    /// The state after the last event of the publisher, with the current reason for a pause.
    pub(super) fn from_report(
        pause_reason: Option<PauseReason>,
        report: Option<&PublishEvent>,
    ) -> Self {
        match (report, pause_reason) {
            (Some(PublishEvent::Failed(error, _)), _) => {
                Self::Failing { cause: error.cause.clone(), help: error.help.clone() }
            }
            (_, Some(pause_reason)) => Self::Paused(pause_reason),
            (Some(PublishEvent::Published), None) => Self::Publishing,
            (Some(PublishEvent::Withdrawn) | None, None) => Self::Starting,
        }
    }

    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Publishing => "publishing",
            Self::Paused(PauseReason::Requested(_)) => "paused",
            Self::Paused(PauseReason::OutsideHours(_)) => "out-of-hours",
            Self::Paused(PauseReason::UnknownZone) => "unknown-zone",
            Self::Failing { .. } => "failing",
        }
    }

    pub(super) const fn until(&self) -> Option<Timestamp> {
        match self {
            Self::Paused(PauseReason::Requested(until) | PauseReason::OutsideHours(until)) => {
                *until
            }
            Self::Starting
            | Self::Publishing
            | Self::Paused(PauseReason::UnknownZone)
            | Self::Failing { .. } => None,
        }
    }

    pub(super) fn error(&self) -> Option<(&str, &str)> {
        match self {
            Self::Failing { cause, help } => Some((cause, help)),
            Self::Starting | Self::Publishing | Self::Paused(_) => None,
        }
    }

    /// A short description for the user, who reads it at `now`.
    pub(super) fn describe(&self, now: &Zoned) -> String {
        let until = |until: &Option<Timestamp>| {
            until.map_or_else(String::new, |until| format!(" until {}", format_time(until, now)))
        };
        match self {
            Self::Starting => "starting".to_owned(),
            Self::Publishing => "publishing".to_owned(),
            Self::Paused(PauseReason::Requested(None)) => "paused until you resume".to_owned(),
            Self::Paused(PauseReason::Requested(end)) => format!("paused{}", until(end)),
            Self::Paused(PauseReason::OutsideHours(end)) => {
                format!("paused outside the working hours{}", until(end))
            }
            Self::Paused(PauseReason::UnknownZone) => {
                "paused: the time zone cannot be read, so the time may be outside the working hours"
                    .to_owned()
            }
            Self::Failing { cause, .. } => format!("cannot publish: {cause}"),
        }
    }
}

impl AgentStatus {
    pub(super) fn to_json(&self) -> String {
        let Self { state, since } = self;
        let (cause, help) = state.error().unzip();
        let until = state.until().as_ref().map(Timestamp::to_string);
        let status = json!({
            "v": 1,
            "standing": state.word(),
            "since": since.to_string(),
            "until": until,
            "because": cause,
            "help": help,
        });
        format!("{status}\n")
    }

    /// Parses a stored status. Returns `None` if it is invalid.
    pub(super) fn from_json(text: &str) -> Option<Self> {
        let json: Value = serde_json::from_str(text).ok()?;
        let text = |key: &str| json.get(key).and_then(Value::as_str);
        let time = |key: &str| text(key)?.parse::<Timestamp>().ok();
        let state = match text("standing")? {
            "starting" => AgentState::Starting,
            "publishing" => AgentState::Publishing,
            "paused" => AgentState::Paused(PauseReason::Requested(time("until"))),
            "out-of-hours" => AgentState::Paused(PauseReason::OutsideHours(time("until"))),
            "unknown-zone" => AgentState::Paused(PauseReason::UnknownZone),
            "failing" => {
                AgentState::Failing { cause: text("because")?.into(), help: text("help")?.into() }
            }
            _ => return None,
        };
        Some(Self { state, since: time("since")? })
    }
}

#[cfg(test)]
mod tests {
    use communicado_sinks::publish::{PublishError, Retry};

    use super::*;

    #[test]
    fn a_status_round_trips_through_json() {
        let failing = AgentState::Failing { cause: "a \"b\"".into(), help: "do".into() };
        let reasons = [
            PauseReason::Requested(None),
            PauseReason::OutsideHours(Some(Timestamp::EPOCH)),
            PauseReason::UnknownZone,
        ];
        let paused_states = reasons.map(AgentState::Paused);
        for state in
            paused_states.into_iter().chain([AgentState::Starting, AgentState::Publishing, failing])
        {
            let status = AgentStatus { state, since: Timestamp::EPOCH };
            assert_eq!(AgentStatus::from_json(&status.to_json()), Some(status));
        }
        for nothing in ["", "{}", "null", r#"{"standing":"dancing","since":"x"}"#] {
            assert_eq!(AgentStatus::from_json(nothing), None);
        }
    }

    #[test]
    fn an_error_overrides_a_pause_and_a_pause_overrides_publishing() {
        let check = |pause_reason, report: Option<PublishEvent>, word: &str| {
            assert_eq!(AgentState::from_report(pause_reason, report.as_ref()).word(), word);
        };
        let error = PublishError { cause: "b".into(), help: "h".into(), retry: Retry::Soon };
        let paused = Some(PauseReason::Requested(None));
        check(None, None, "starting");
        check(None, Some(PublishEvent::Published), "publishing");
        check(paused, Some(PublishEvent::Published), "paused");
        check(paused, None, "paused");
        check(None, Some(PublishEvent::Withdrawn), "starting");
        check(paused, Some(PublishEvent::Failed(error, None)), "failing");
    }
}
