//! Where it is shown how the agent stands: on standard error, in its folder, to the service
//! manager; each once when it changes.

use std::sync::Mutex;
use std::time::Duration;

use communicado_sinks::publish::PublishEvent;

use super::policy::PauseReason;
use super::service_manager;
use super::state::{AgentState, AgentStatus};
use super::state_dir::StateDir;
use super::times::to_local;
use crate::commands::tell;
use crate::runtime::now;

/// What is known of how the agent stands.
pub(super) struct StatusReporter {
    state_dir: StateDir,
    inner: Mutex<ReporterState>,
}

#[derive(Default)]
struct ReporterState {
    pause_reason: Option<PauseReason>,
    report: Option<PublishEvent>,
    shown: Option<AgentState>,
}

impl StatusReporter {
    pub(super) fn new(state_dir: &StateDir) -> Self {
        Self { state_dir: state_dir.clone(), inner: Mutex::default() }
    }

    /// Takes in why nothing is told, or that something is.
    pub(super) fn set_pause_reason(&self, pause_reason: Option<PauseReason>) {
        self.change(|inner| {
            if inner.pause_reason.is_some() != pause_reason.is_some() {
                inner.report = None;
            }
            inner.pause_reason = pause_reason;
        });
    }

    /// Takes in how it goes.
    pub(super) fn report(&self, report: &PublishEvent) {
        self.change(|inner| inner.report = Some(report.clone()));
    }

    fn change(&self, change: impl FnOnce(&mut ReporterState)) {
        let Ok(mut inner) = self.inner.lock() else { return };
        change(&mut inner);
        let state = AgentState::from_report(inner.pause_reason, inner.report.as_ref());
        if inner.shown.as_ref() == Some(&state) {
            return;
        }
        let was_failing = matches!(inner.shown, Some(AgentState::Failing { .. }));
        let at = now();
        let description = state.describe(&to_local(at));
        // Before it is told: who is told may ask. What cannot be kept is told nevertheless.
        let _ = self.state_dir.write_status(&AgentStatus { state: state.clone(), since: at });
        match (&state, &inner.report) {
            (AgentState::Failing { cause, help }, Some(PublishEvent::Failed(_, retry_in))) => {
                // One that ends it is told by the command itself.
                if let Some(wait) = retry_in {
                    tell(&format!(
                        "error: the gateway cannot be told\n  cause: {cause}\n  help: {help}\n  \
                         meanwhile: trying again in {}, with the status at that time\n",
                        rounded(*wait)
                    ));
                }
            }
            (AgentState::Publishing, _) if was_failing => tell("note: publishing again\n"),
            (AgentState::Starting, _) => {}
            _ => tell(&format!("note: {description}\n")),
        }
        service_manager::notify(&format!("STATUS={description}\n"));
        inner.shown = Some(state);
    }
}

fn rounded(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        return format!("{} ms", duration.as_millis());
    }
    format!("{} s", (duration + Duration::from_millis(500)).as_secs())
}
