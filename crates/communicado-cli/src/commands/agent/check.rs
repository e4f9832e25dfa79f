//! What `doctor` says of the agent: one link of the chain, without names.

use communicado_runtime::{Check, Health};

use super::state::{AgentState, AgentStatus};
use super::state_dir::StateDir;
use crate::failure::Failure;

/// How the agent stands, if anything was allowed.
pub(crate) fn check() -> Result<Option<Check>, Failure> {
    let Some(state_dir) = StateDir::existing() else { return Ok(None) };
    let check = |health, found: &'static str, action: Option<&'static str>| Check {
        what: "agent".into(),
        health,
        found: found.into(),
        action: action.map(Into::into),
    };
    let why = "see why: communicado agent status";
    let allowed = match state_dir.consent() {
        Ok(allowed) => allowed.is_some(),
        Err(_) => {
            let found = "what you allowed cannot be read";
            return Ok(Some(check(Health::Bad, found, Some(why))));
        }
    };
    if !allowed {
        return Ok(None);
    }
    if !state_dir.is_running()? {
        let action = "start `communicado agent`, or its service";
        return Ok(Some(check(Health::Limited, "it may publish, and does not run", Some(action))));
    }
    Ok(Some(match state_dir.status()? {
        Some(AgentStatus { state: AgentState::Failing { .. }, .. }) => {
            check(Health::Bad, "it runs, and cannot publish", Some(why))
        }
        Some(AgentStatus { state: AgentState::Paused(_), .. }) => {
            check(Health::Good, "it runs, and is silent as you want it", None)
        }
        _ => check(Health::Good, "it runs, and publishes what you allowed", None),
    }))
}
