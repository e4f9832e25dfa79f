//! The checks of the agent and its sinks for `doctor`, without names.

use std::collections::BTreeMap;
use std::sync::Arc;

use communicado_cli_support::Failure;
use communicado_runtime::{Check, CheckHealth, SystemClock};

use super::policy::PauseReason;
use super::sink_consent::SinkConsent;
use super::sink_context::sink_context;
use super::state::{AgentState, AgentStatus};
use super::state_dir::StateDir;
use crate::runtime::now;
use crate::settings::Settings;
use crate::sink_settings::SinkSettings;

/// The health of the agent, or `None` if the user never consented.
pub(crate) fn check() -> Result<Option<Check>, Failure> {
    let Some(state_dir) = StateDir::existing() else { return Ok(None) };
    let check = |health, found: &'static str, action: Option<&'static str>| Check {
        what: "agent".into(),
        health,
        found: found.into(),
        action: action.map(Into::into),
    };
    let see_status = "run `communicado agent status`";
    let allowed = match state_dir.consent() {
        Ok(allowed) => allowed.is_some(),
        Err(_) => {
            let found = "your consent cannot be read";
            return Ok(Some(check(CheckHealth::Bad, found, Some(see_status))));
        }
    };
    if !allowed {
        return Ok(None);
    }
    if !state_dir.is_running()? {
        let action = "start `communicado agent` or its service";
        return Ok(Some(check(
            CheckHealth::Limited,
            "publishing is enabled, but the agent is not running",
            Some(action),
        )));
    }
    Ok(Some(match state_dir.status()? {
        Some(AgentStatus { state: AgentState::Failing { .. }, .. }) => {
            check(CheckHealth::Bad, "running, but cannot publish", Some(see_status))
        }
        Some(AgentStatus { state: AgentState::Paused(PauseReason::UnknownZone), .. }) => check(
            CheckHealth::Limited,
            "running, and paused: the working hours need a time zone, which cannot be read",
            Some("set the time zone of this computer"),
        ),
        Some(AgentStatus { state: AgentState::Paused(PauseReason::OutsideHours(_)), .. }) => {
            check(CheckHealth::Good, "running, and paused outside the working hours", None)
        }
        Some(AgentStatus { state: AgentState::Paused(PauseReason::Requested(_)), .. }) => {
            check(CheckHealth::Good, "running, and paused as you requested", None)
        }
        _ => check(CheckHealth::Good, "running and publishing", None),
    }))
}

/// A check for each sink of the configuration: its permission, and its state in a running agent.
pub(crate) fn check_sinks(settings: &Settings) -> Result<Vec<Check>, Failure> {
    let state_dir = StateDir::existing();
    let (consents, statuses, runs) = match &state_dir {
        // The check of the agent reports a consent that cannot be read.
        Some(dir) => {
            (dir.sink_consents().unwrap_or_default(), dir.sink_statuses()?, dir.is_running()?)
        }
        None => (BTreeMap::new(), BTreeMap::new(), false),
    };
    let clock = Arc::new(SystemClock::start());
    let check_sink = |(name, sink): (&String, &SinkSettings)| {
        let check = |health, found: String, action: Option<String>| Check {
            what: format!("sink {name}").into(),
            health,
            found: found.into(),
            action: action.map(Into::into),
        };
        if !sink.enabled {
            return check(CheckHealth::Limited, "disabled".to_owned(), None);
        }
        let context = sink_context(name, sink, settings, &clock);
        if let Err(error) = (sink.descriptor.open)(&context, &sink.options) {
            return check(CheckHealth::Bad, error.cause, Some(error.help));
        }
        let needed = SinkConsent::needed(sink, &context, now());
        let is_allowed = consents.get(name).is_some_and(|consent| consent.covers(&needed));
        if sink.descriptor.leaves_machine && !is_allowed {
            let action = format!("run: communicado agent allow {name}");
            return check(CheckHealth::Limited, "not allowed".to_owned(), Some(action));
        }
        if !runs {
            let action = "start `communicado agent` or its service".to_owned();
            let found = "the agent is not running".to_owned();
            return check(CheckHealth::Limited, found, Some(action));
        }
        match statuses.get(name) {
            Some(status) if status.state.is_fault() => {
                let (cause, help) = status.error.as_ref().map_or_else(
                    || ("fails".to_owned(), None),
                    |error| (error.cause.clone(), Some(error.help.clone())),
                );
                check(CheckHealth::Bad, cause, help)
            }
            Some(status) => check(CheckHealth::Good, status.state.word().to_owned(), None),
            None => {
                let found = "the running agent does not know it".to_owned();
                check(CheckHealth::Limited, found, Some("restart the agent".to_owned()))
            }
        }
    };
    Ok(settings.sinks.iter().map(check_sink).collect())
}
