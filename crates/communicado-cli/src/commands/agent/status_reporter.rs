//! Reports of the agent's status to standard error, to the state directory and to the service
//! manager. Each change is reported once.

use std::sync::Mutex;
use std::time::Duration;

use communicado_cli_support::{note, print_message};
use communicado_sinks::publish::PublishEvent;

use super::policy::PauseReason;
use super::service_manager;
use super::state::{AgentState, AgentStatus};
use super::state_dir::StateDir;
use crate::local_time::to_local;
use crate::runtime::now;

/// A reporter that writes each change of the agent's status.
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

    /// Sets the reason for a pause, or `None` while publishing.
    pub(super) fn set_pause_reason(&self, pause_reason: Option<PauseReason>) {
        self.change(|inner| {
            if inner.pause_reason.is_some() != pause_reason.is_some() {
                inner.report = None;
            }
            inner.pause_reason = pause_reason;
        });
    }

    /// Sets the last event of the publisher.
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
        // Written before it is printed, because a reader of the message may ask for the status. A
        // write error does not stop the report.
        let _ = self.state_dir.write_status(&AgentStatus { state: state.clone(), since: at });
        match (&state, &inner.report) {
            (AgentState::Failing { cause, help }, Some(PublishEvent::Failed(_, retry_in))) => {
                // The command itself prints an error that ends it.
                if let Some(wait) = retry_in {
                    print_message(&format!(
                        "error: cannot publish to the gateway\n  cause: {cause}\n  help: {help}\n  \
                         meanwhile: retrying in {} with the status at that time\n",
                        round(*wait)
                    ));
                }
            }
            (AgentState::Publishing, _) if was_failing => note("publishing again"),
            (AgentState::Starting, _) => {}
            _ => note(&description),
        }
        service_manager::notify(&format!("STATUS={description}\n"));
        inner.shown = Some(state);
    }
}

fn round(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        return format!("{} ms", duration.as_millis());
    }
    format!("{} s", (duration + Duration::from_millis(500)).as_secs())
}
