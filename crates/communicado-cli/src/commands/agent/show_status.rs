//! `agent status`: the consent and the status of the agent.

use std::fmt::Write as _;
use std::sync::Arc;

use clap::Args;
use communicado::Timestamp;
use communicado_cli_support::{Failure, Outcome, print};
use communicado_runtime::SystemClock;
use communicado_sinks::publish::Detail;
use jiff::Zoned;
use serde_json::{Value, json};

use super::policy::{PauseReason, PublishPolicy};
use super::sink_consent::SinkConsent;
use super::sink_context::sink_context;
use super::sink_status::{SinkState, SinkStatus};
use super::state::{AgentState, AgentStatus};
use super::state_dir::StateDir;
use super::time_watcher::local_zone;
use super::times::format_time;
use crate::local_time::to_local;
use crate::runtime::now;
use crate::settings::Settings;
use crate::sink_settings::SinkSettings;

/// Print your consent, and the status of the agent and of each sink.
///
/// Exit status: 0 running, 1 not running, 3 running but cannot report.
#[derive(Debug, Args)]
pub(super) struct ShowStatusArgs {
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl ShowStatusArgs {
    pub(super) fn run(self, state_dir: &StateDir, settings: &Settings) -> Result<Outcome, Failure> {
        let consent = state_dir.consent()?;
        let runs = state_dir.is_running()?;
        let status = state_dir.status()?;
        let sinks = sink_statuses(state_dir, settings, runs)?;
        let has_fault = sinks.iter().any(|sink| sink.state.is_fault());
        let outcome = match &status {
            _ if runs && has_fault => Outcome::CannotTell,
            Some(AgentStatus { state: AgentState::Failing { .. }, .. }) if runs => {
                Outcome::CannotTell
            }
            _ if runs => Outcome::Yes,
            _ => Outcome::No,
        };
        let at = now();
        // The policy holds whether an agent is running or not.
        let hours = &settings.agent.hours;
        let policy = PublishPolicy::at(at, local_zone().as_ref(), state_dir.pause()?, hours);
        let now = to_local(at);
        if self.json {
            let state = status.as_ref().map(|status| &status.state);
            let (cause, help) = state.and_then(AgentState::error).unzip();
            let object = json!({
                "v": 1,
                "allowed": consent.is_some(),
                "gateway": consent.as_ref().map(|it| it.gateway.to_string()),
                "person": consent.as_ref().map(|it| it.person.as_str()),
                "device": consent.as_ref().map(|it| it.device.as_str()),
                "names": consent.as_ref().map(|it| it.detail == Detail::Names),
                "runs": runs,
                "standing": state.filter(|_| runs).map(AgentState::word),
                "since": status.as_ref().filter(|_| runs).map(|it| it.since.to_string()),
                "silent": policy.pause_reason.is_some(),
                "until": policy.until.as_ref().map(Timestamp::to_string),
                "because": cause,
                "help": help,
                "sinks": sinks.iter().map(ListedSink::to_json).collect::<Vec<_>>(),
            });
            print(&format!("{object}\n"))?;
            return Ok(outcome);
        }
        let mut text = String::new();
        let mut line = |key: &str, value: &str| {
            let _ = writeln!(text, "{key:<8} {value}");
        };
        match &consent {
            None if !sinks.is_empty() => {}
            None => line("allowed", "nothing; run: communicado agent allow --help"),
            Some(consent) => {
                let names = match consent.detail {
                    Detail::Statuses => "statuses, no account names, no notes",
                    Detail::Names => "statuses, account names and notes",
                };
                line("allowed", &format!("{names}, since {}", format_time(consent.given, &now)));
                line("gateway", &consent.gateway.to_string());
                let identity = format!("{}, device {}", consent.person, consent.device);
                line("as", &identity);
            }
        }
        match &status {
            Some(AgentStatus { state, since }) if runs => {
                line(
                    "agent",
                    &format!("{}, since {}", state.describe(&now), format_time(*since, &now)),
                );
            }
            Some(AgentStatus { state: AgentState::Failing { cause, .. }, .. }) => {
                line("agent", &format!("not running; last error: {cause}"));
            }
            _ if runs && consent.is_none() => line("agent", "running"),
            _ if runs => line("agent", "starting"),
            _ => line("agent", "not running"),
        }
        if let Some((_, help)) = status.as_ref().and_then(|it| it.state.error()) {
            line("help", help);
        }
        if let Some(PauseReason::Requested(_)) = policy.pause_reason.filter(|_| !runs) {
            line("pause", &AgentState::Paused(PauseReason::Requested(policy.until)).describe(&now));
        }
        if !settings.agent.hours.to_string().is_empty() {
            line("hours", &settings.agent.hours.to_string());
        }
        for sink in &sinks {
            sink.describe(&mut text, &now);
        }
        print(&text)?;
        Ok(outcome)
    }
}

/// A sink of the configuration with its status.
struct ListedSink {
    name: String,
    kind: &'static str,
    destination: String,
    state: SinkState,
    status: Option<SinkStatus>,
}

/// Every enabled sink of the configuration.
fn sink_statuses(
    state_dir: &StateDir,
    settings: &Settings,
    runs: bool,
) -> Result<Vec<ListedSink>, Failure> {
    let consents = state_dir.sink_consents()?;
    let statuses = state_dir.sink_statuses()?;
    let clock = Arc::new(SystemClock::start());
    let list = |(name, sink): (&String, &SinkSettings)| {
        let context = sink_context(name, sink, settings, &clock);
        let needed = SinkConsent::needed(sink, &context, now());
        let is_allowed = !sink.descriptor.leaves_machine
            || consents.get(name).is_some_and(|consent| consent.covers(&needed));
        let status = statuses.get(name).cloned();
        let state = match &status {
            _ if !is_allowed => SinkState::NotAllowed,
            Some(status) if runs => status.state,
            _ => SinkState::Stopped,
        };
        let kind = sink.descriptor.kind;
        ListedSink { name: name.clone(), kind, destination: needed.destination, state, status }
    };
    Ok(super::sinks::enabled(settings).map(list).collect())
}

/// The state of a configured sink in one line, for `sinks`.
pub(crate) fn sink_line(name: &str, settings: &Settings) -> Result<String, Failure> {
    let (listed, is_running) = match StateDir::existing() {
        Some(state_dir) => {
            let runs = state_dir.is_running()?;
            (sink_statuses(&state_dir, settings, runs)?, runs)
        }
        None => (Vec::new(), false),
    };
    let sink = listed.into_iter().find(|sink| sink.name == name);
    Ok(sink.map_or_else(
        || SinkState::Stopped.word().to_owned(),
        |sink| match sink.state {
            SinkState::Stopped if is_running => "not known to the running agent".to_owned(),
            state => state.word().to_owned(),
        },
    ))
}

impl ListedSink {
    fn to_json(&self) -> Value {
        let last = self.status.as_ref().map(SinkStatus::to_json).unwrap_or_default();
        let value = |key: &str| last.get(key).cloned().unwrap_or_default();
        json!({
            "name": self.name,
            "kind": self.kind,
            "destination": self.destination,
            "state": self.state.word(),
            "since": value("since"),
            "last_success": value("last_success"),
            "error": value("error"),
        })
    }

    /// Adds the lines about this sink to `text`.
    fn describe(&self, text: &mut String, now: &Zoned) {
        let Self { name, kind, destination, state, status } = self;
        let what = if destination.is_empty() {
            (*kind).to_owned()
        } else {
            format!("{kind}, {destination}")
        };
        let _ = writeln!(text, "{:<8} {name} ({what}): {}", "sink", state.word());
        let Some(status) = status else { return };
        if let Some(at) = status.last_success {
            let _ = writeln!(text, "{:<8} {}", "  last", format_time(at, now));
        }
        if let Some(error) = &status.error {
            let _ =
                writeln!(text, "{:<8} {}: {}", "  error", format_time(error.at, now), error.cause);
            let _ = writeln!(text, "{:<8} {}", "  do", error.help);
        }
        if *state == SinkState::NotAllowed {
            let _ = writeln!(text, "{:<8} run: communicado agent allow {name}", "  do");
        }
    }
}
