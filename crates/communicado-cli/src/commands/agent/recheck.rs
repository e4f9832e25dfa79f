//! The wait before the agent applies its policy again.

use std::pin::pin;
use std::time::Duration;

use communicado_cli_support::{Failure, Outcome};
use communicado_runtime::{Clock as _, SystemClock, sleep_until};
use futures_util::future::{Either, select};

use super::dir_watcher::StateDirWatcher;
use super::time_watcher::TimeWatcher;

/// Waits for `wait`, or until the state folder, the time zone or the clock changes.
///
/// # Errors
///
/// If one of them cannot be watched any more.
pub(super) async fn until_recheck(
    wait: Option<Duration>,
    clock: &SystemClock,
    state_dir: &mut StateDirWatcher,
    time: &mut TimeWatcher,
) -> Result<(), Failure> {
    let end = clock.now().after(wait.unwrap_or(Duration::MAX));
    let time = async {
        match select(pin!(time.changed()), pin!(sleep_until(clock, end))).await {
            Either::Left((changed, _)) => changed,
            Either::Right((slept, _)) => slept.map_err(|error| {
                Failure::new(Outcome::Failed, "cannot create a timer").cause(error)
            }),
        }
    };
    match select(pin!(state_dir.changed()), pin!(time)).await {
        Either::Left((changed, _)) | Either::Right((changed, _)) => changed,
    }
}
