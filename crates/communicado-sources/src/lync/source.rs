//! The source, as the runtime has it.

use communicado_runtime::{Clock, ProbeFuture, Source, SourceHandle, WatchFuture};

use super::caller::Integration;
use crate::descriptor::{OptionError, ValidatedOptions};
use crate::windows::contract::Provider;
use crate::windows::conversation::Pace;
use crate::windows::probe::probe;
use crate::windows::watch::watch;

pub(super) struct Lync {
    pace: Pace,
}

impl Lync {
    pub(super) fn new(options: &ValidatedOptions<'_>) -> Result<Self, OptionError> {
        let pace = Pace { check: options.span("check")?, timeout: options.span("timeout")? };
        Ok(Self { pace })
    }
}

impl Source for Lync {
    fn watch(&mut self, handle: SourceHandle) -> WatchFuture<'_> {
        Box::pin(async move {
            match watch::<Integration>(&handle, self.pace, is_mine).await {
                Ok(never) => match never {},
                Err(error) => error,
            }
        })
    }

    fn probe<'a>(&'a mut self, clock: &'a dyn Clock) -> ProbeFuture<'a> {
        Box::pin(async move { probe::<Integration>(clock, self.pace, is_mine).await })
    }
}

/// Every class that is not Communicator's; whether it integrates with Office it says itself.
fn is_mine(provider: &Provider) -> bool {
    !provider.is_messenger()
}
