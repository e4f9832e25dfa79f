//! The check of the agent for `doctor`, without names.

use communicado_cli_support::Failure;
use communicado_runtime::{Check, CheckHealth};

use super::policy::PauseReason;
use super::state::{AgentState, AgentStatus};
use super::state_dir::StateDir;

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
