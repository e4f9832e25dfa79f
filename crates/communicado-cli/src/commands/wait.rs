//! `wait`: returns when it is so.

use std::time::Duration;

use clap::Args;
use communicado::Condition;
use communicado_runtime::{Clock as _, SystemClock, sleep_until};
use futures_util::FutureExt as _;
use futures_util::future::{Either, select};

use crate::arguments::{condition, parse_duration};
use crate::failure::{Failure, Outcome};
use crate::runtime::{or_shutdown, with_monitor};
use crate::settings::Settings;

/// Wait until it is so: exit status 0 when it is, 4 if the time-out ends first.
#[derive(Debug, Args)]
pub(crate) struct WaitArgs {
    /// A status, an availability, or `running`.
    #[arg(value_name = "CONDITION", value_parser = condition())]
    condition: Condition,
    /// Give up after this time; without it, wait for as long as it takes.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    timeout: Option<Duration>,
}

impl WaitArgs {
    pub(crate) fn run(self, settings: &Settings) -> Result<Outcome, Failure> {
        let condition = self.condition.of(settings.clients.clone());
        with_monitor(settings.builder()?, async |monitor| {
            let clock = SystemClock::start();
            let timeout = async {
                match self.timeout {
                    Some(timeout) => sleep_until(&clock, clock.now().after(timeout)).await,
                    None => std::future::pending().await,
                }
            };
            let so = std::pin::pin!(monitor.wait_until(&condition));
            let timeout = std::pin::pin!(timeout);
            // Asked to end before it is so: the answer is not yes.
            match or_shutdown(select(so, timeout).map(Some), None).await {
                Some(Either::Left((so, _))) => so.map(|_| Outcome::Yes).map_err(Failure::from),
                Some(Either::Right((_, _))) => Ok(Outcome::TimedOut),
                None => Ok(Outcome::No),
            }
        })
    }
}
