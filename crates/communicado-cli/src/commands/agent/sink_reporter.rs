//! Reports of the sinks' statuses to standard error and to the state directory.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use communicado_cli_support::{note, print_message};
use communicado_sinks::agent::SinkEvent;
use communicado_sinks::publish::PublishError;

use super::sink_status::{SinkFault, SinkState, SinkStatus};
use super::state_dir::StateDir;
use crate::runtime::now;

/// A reporter of the statuses of all sinks.
pub(super) struct SinkReporter {
    state_dir: StateDir,
    statuses: Mutex<BTreeMap<String, ReportedStatus>>,
}

struct ReportedStatus {
    status: SinkStatus,
    /// Why nothing is reported now, from the policy.
    held: Option<SinkState>,
    /// The cause that was printed last, until a success.
    printed: Option<String>,
}

impl SinkReporter {
    /// A reporter for these sinks, which have not started yet.
    pub(super) fn new(state_dir: &StateDir, names: impl Iterator<Item = String>) -> Self {
        let since = now();
        let started = names.map(|name| {
            let status = SinkStatus::starting(since);
            (name, ReportedStatus { status, held: None, printed: None })
        });
        let reporter =
            Self { state_dir: state_dir.clone(), statuses: Mutex::new(started.collect()) };
        reporter.change("", |_| ());
        reporter
    }

    /// Sets whether a sink may report: `None`, or the reason why not.
    pub(super) fn hold(&self, name: &str, held: Option<SinkState>) {
        let was_held = self.change(name, |reported| {
            let was_held = std::mem::replace(&mut reported.held, held);
            if was_held != held && reported.status.state != SinkState::Ended {
                set_state(&mut reported.status, held.unwrap_or(SinkState::Starting));
            }
            was_held
        });
        match (was_held, held) {
            (Some(before), held) if before == held => {}
            (_, Some(SinkState::NotAllowed)) => {
                note(&format!("sink `{name}` is not allowed; run: communicado agent allow {name}"));
            }
            (_, Some(_)) => note(&format!("sink `{name}` is paused")),
            (Some(Some(_)), None) => note(&format!("sink `{name}` is allowed to report")),
            (_, None) => {}
        }
    }

    /// Records an event of a sink.
    pub(super) fn report(&self, name: &str, event: &SinkEvent) {
        let at = now();
        let printed = self.change(name, |reported| {
            let ReportedStatus { status, held, printed } = reported;
            match event {
                SinkEvent::Delivered => {
                    status.last_success = Some(at);
                    set_state(status, held.unwrap_or(SinkState::Reporting));
                    printed.take().is_some()
                }
                SinkEvent::Withdrawn => {
                    if let Some(held) = held {
                        set_state(status, *held);
                    }
                    false
                }
                SinkEvent::Refused(error) | SinkEvent::Failed(error, _) => {
                    let PublishError { cause, help, .. } = error.clone();
                    let is_new = printed.as_ref() != Some(&cause);
                    *printed = Some(cause.clone());
                    status.error = Some(SinkFault { cause, help, at });
                    set_state(
                        status,
                        match event {
                            SinkEvent::Failed(_, None) => SinkState::Ended,
                            _ => SinkState::Failing,
                        },
                    );
                    is_new
                }
            }
        });
        if printed != Some(true) {
            return;
        }
        let message = |error: &PublishError, meanwhile: &str| {
            let PublishError { cause, help, .. } = error;
            print_message(&format!(
                "error: sink `{name}` failed\n  cause: {cause}\n  help: {help}\n  meanwhile: {meanwhile}\n"
            ));
        };
        match event {
            SinkEvent::Delivered => note(&format!("sink `{name}` reports again")),
            SinkEvent::Withdrawn => {}
            SinkEvent::Refused(error) => message(error, "the next change is reported"),
            SinkEvent::Failed(error, Some(delay)) => {
                message(error, &format!("starting again in {}", round(*delay)));
            }
            SinkEvent::Failed(error, None) => message(error, "the other sinks continue"),
        }
    }

    /// Applies a change to a status, and writes all statuses if it differs afterwards.
    fn change<T>(&self, name: &str, change: impl FnOnce(&mut ReportedStatus) -> T) -> Option<T> {
        let Ok(mut statuses) = self.statuses.lock() else { return None };
        let changed = statuses.get_mut(name).map(change);
        let all = statuses.iter().map(|(name, it)| (name.clone(), it.status.clone())).collect();
        // Written before a message is printed, because a reader of the message may ask for the
        // status. A write error does not stop the sink.
        let _ = self.state_dir.write_sink_statuses(&all);
        changed
    }
}

fn set_state(status: &mut SinkStatus, state: SinkState) {
    if status.state != state {
        (status.state, status.since) = (state, now());
    }
}

fn round(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        return format!("{} ms", duration.as_millis());
    }
    format!("{} s", (duration + Duration::from_millis(500)).as_secs())
}
