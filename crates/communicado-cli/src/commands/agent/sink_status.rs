//! The status of a sink of the agent: its state, its last success and its last error.

use std::collections::BTreeMap;

use communicado::Timestamp;
use serde_json::{Value, json};

/// The status of a sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SinkStatus {
    pub(super) state: SinkState,
    pub(super) since: Timestamp,
    pub(super) last_success: Option<Timestamp>,
    /// The last error, its advice and its time.
    pub(super) error: Option<SinkFault>,
}

/// An error of a sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SinkFault {
    pub(super) cause: String,
    pub(super) help: String,
    pub(super) at: Timestamp,
}

/// The state of a sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SinkState {
    /// The listener has not got a status yet.
    Starting,
    /// The listener has the current status.
    Reporting,
    /// A pause or the working hours forbid reports.
    Paused,
    /// The user has not allowed this sink.
    NotAllowed,
    /// Reports fail, and the sink tries again.
    Failing,
    /// The sink failed for good.
    Ended,
    /// No agent is running.
    Stopped,
}

impl SinkState {
    const ALL: [Self; 7] = [
        Self::Starting,
        Self::Reporting,
        Self::Paused,
        Self::NotAllowed,
        Self::Failing,
        Self::Ended,
        Self::Stopped,
    ];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Reporting => "reporting",
            Self::Paused => "paused",
            Self::NotAllowed => "not-allowed",
            Self::Failing => "failing",
            Self::Ended => "ended",
            Self::Stopped => "stopped",
        }
    }

    pub(super) const fn is_fault(self) -> bool {
        matches!(self, Self::Failing | Self::Ended)
    }
}

impl SinkStatus {
    /// The status of a sink that has just started.
    pub(super) const fn starting(since: Timestamp) -> Self {
        Self { state: SinkState::Starting, since, last_success: None, error: None }
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "state": self.state.word(),
            "since": self.since.to_string(),
            "last_success": self.last_success.as_ref().map(Timestamp::to_string),
            "error": self.error.as_ref().map(|error| json!({
                "cause": error.cause,
                "help": error.help,
                "at": error.at.to_string(),
            })),
        })
    }

    fn from_json(json: &Value) -> Option<Self> {
        let text = |json: &Value, key: &str| json.get(key)?.as_str().map(str::to_owned);
        let time = |json: &Value, key: &str| text(json, key)?.parse::<Timestamp>().ok();
        let word = text(json, "state")?;
        let error = json.get("error").filter(|error| error.is_object());
        let fault = |json: &Value| {
            let (cause, help) = (text(json, "cause")?, text(json, "help")?);
            Some(SinkFault { cause, help, at: time(json, "at")? })
        };
        Some(Self {
            state: SinkState::ALL.into_iter().find(|state| state.word() == word)?,
            since: time(json, "since")?,
            last_success: time(json, "last_success"),
            error: error.and_then(fault),
        })
    }

    pub(super) fn all_to_json(all: &BTreeMap<String, Self>) -> String {
        let all = all.iter().map(|(name, status)| (name.clone(), status.to_json()));
        format!("{}\n", json!({ "v": 1, "sinks": Value::Object(all.collect()) }))
    }

    /// Parses the stored statuses. An invalid one is left out.
    pub(super) fn all_from_json(text: &str) -> BTreeMap<String, Self> {
        let json: Value = serde_json::from_str(text).unwrap_or_default();
        let sinks = json.get("sinks").and_then(Value::as_object);
        let parse = |(name, json): (&String, &Value)| Some((name.clone(), Self::from_json(json)?));
        sinks.into_iter().flatten().filter_map(parse).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_round_trip_through_json() {
        let at = Timestamp::EPOCH;
        let error = SinkFault { cause: "c".to_owned(), help: "h".to_owned(), at };
        let status = |(index, state)| {
            let last_success = (index % 2 == 0).then_some(at);
            let error = (index % 3 == 0).then(|| error.clone());
            (format!("sink-{index}"), SinkStatus { state, since: at, last_success, error })
        };
        let all: BTreeMap<_, _> = SinkState::ALL.into_iter().enumerate().map(status).collect();
        assert_eq!(SinkStatus::all_from_json(&SinkStatus::all_to_json(&all)), all);
        for nothing in ["", "{}", "null", r#"{"sinks":{"a":{"state":"dancing"}}}"#] {
            assert!(SinkStatus::all_from_json(nothing).is_empty());
        }
    }
}
