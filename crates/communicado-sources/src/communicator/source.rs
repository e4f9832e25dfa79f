//! The source, as the runtime has it.

use communicado_runtime::{Clock, ProbeFuture, Source, SourceHandle, WatchFuture};

use super::caller::Messenger;
use crate::descriptor::{OptionError, ValidatedOptions};
use crate::windows::contract::Provider;
use crate::windows::conversation::Pace;
use crate::windows::probe::probe;
use crate::windows::watch::watch;

pub(super) struct Communicator {
    pace: Pace,
}

impl Communicator {
    pub(super) fn new(options: &ValidatedOptions<'_>) -> Result<Self, OptionError> {
        let pace = Pace { check: options.span("check")?, timeout: options.span("timeout")? };
        Ok(Self { pace })
    }
}

impl Source for Communicator {
    fn watch(&mut self, handle: SourceHandle) -> WatchFuture<'_> {
        Box::pin(async move {
            match watch::<Messenger>(&handle, self.pace, Provider::is_messenger).await {
                Ok(never) => match never {},
                Err(error) => error,
            }
        })
    }

    fn probe<'a>(&'a mut self, clock: &'a dyn Clock) -> ProbeFuture<'a> {
        Box::pin(async move { probe::<Messenger>(clock, self.pace, Provider::is_messenger).await })
    }
}
