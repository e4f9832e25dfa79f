//! `wait`: returns when a condition becomes true.

use std::time::Duration;

use clap::Args;
use communicado_cli_support::{Failure, Outcome};
use communicado_runtime::{Clock as _, SystemClock, sleep_until};
use futures_util::FutureExt as _;
use futures_util::future::{Either, select};

use crate::condition::{AccountChoice, ConditionWords};
use crate::errors::sdk_failure;
use crate::parsers::parse_duration;
use crate::runtime::{or_shutdown, with_monitor};
use crate::settings::Settings;

/// Wait until a condition is true. Exit status: 0 true, 4 timed out.
#[derive(Debug, Args)]
pub(crate) struct WaitArgs {
    /// `running`, a status, an availability or an activity; several with commas. `not` before
    /// them tests for the opposite.
    #[arg(value_name = "CONDITION", required = true, num_args = 1..=2, value_parser = ConditionWords)]
    condition: Vec<String>,
    #[command(flatten)]
    accounts: AccountChoice,
    /// Give up after this time. Default: no limit.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    timeout: Option<Duration>,
}

impl WaitArgs {
    pub(crate) fn run(self, settings: &Settings) -> Result<Outcome, Failure> {
        let condition = self.accounts.condition(&self.condition, settings)?;
        with_monitor(settings.builder()?, async |monitor| {
            let clock = SystemClock::start();
            let timeout = async {
                match self.timeout {
                    Some(timeout) => sleep_until(&clock, clock.now().after(timeout)).await,
                    None => std::future::pending().await,
                }
            };
            let holds = async {
                if self.accounts.is_set() {
                    self.accounts.warn_unknown(settings, &monitor.snapshot().await);
                }
                monitor.wait_until(&condition).await
            };
            let holds = std::pin::pin!(holds);
            let timeout = std::pin::pin!(timeout);
            match or_shutdown(select(holds, timeout).map(Some), None).await {
                Some(Either::Left((result, _))) => {
                    result.map(|_| Outcome::Yes).map_err(sdk_failure)
                }
                Some(Either::Right((_, _))) => Ok(Outcome::TimedOut),
                // The condition was not true before the signal.
                None => Ok(Outcome::No),
            }
        })
    }
}
