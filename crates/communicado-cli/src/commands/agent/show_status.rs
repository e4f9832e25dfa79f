//! `agent status`: the consent and the status of the agent.

use std::fmt::Write as _;

use clap::Args;
use communicado::Timestamp;
use communicado_cli_support::{Failure, Outcome, print};
use communicado_sinks::publish::Detail;
use serde_json::json;

use super::policy::{PauseReason, PublishPolicy};
use super::state::{AgentState, AgentStatus};
use super::state_dir::StateDir;
use super::time_watcher::local_zone;
use super::times::format_time;
use crate::local_time::to_local;
use crate::runtime::now;
use crate::settings::Settings;

/// Print your consent and the agent's status.
///
/// Exit status: 0 running, 1 not running, 3 running but cannot publish.
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
        let outcome = match &status {
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
            });
            print(&format!("{object}\n"))?;
            return Ok(outcome);
        }
        let mut text = String::new();
        let mut line = |key: &str, value: &str| {
            let _ = writeln!(text, "{key:<8} {value}");
        };
        match &consent {
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
        print(&text)?;
        Ok(outcome)
    }
}
