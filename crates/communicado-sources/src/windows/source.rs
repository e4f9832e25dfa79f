//! Source for the clients that one [`ComClient`] reads.

use std::marker::PhantomData;

use communicado_runtime::{Clock, ProbeFuture, Source, SourceHandle, WatchFuture};

use super::com_worker::ComClient;
use super::probe::probe;
use super::watch::watch;
use crate::descriptor::{OptionError, ValidatedOptions};
use crate::keepalive::Keepalive;

struct ComSource<C> {
    keepalive: Keepalive,
    client: PhantomData<fn() -> C>,
}

/// Creates the source for the clients that `C` reads.
pub(crate) fn make<C: ComClient>(
    options: &ValidatedOptions<'_>,
) -> Result<Box<dyn Source>, OptionError> {
    let keepalive = Keepalive::from_options(options)?;
    Ok(Box::new(ComSource::<C> { keepalive, client: PhantomData }))
}

impl<C: ComClient> Source for ComSource<C> {
    fn watch(&mut self, handle: SourceHandle) -> WatchFuture<'_> {
        Box::pin(async move {
            match watch::<C>(&handle, self.keepalive).await {
                Ok(never) => match never {},
                Err(error) => error,
            }
        })
    }

    fn probe<'a>(&'a mut self, clock: &'a dyn Clock) -> ProbeFuture<'a> {
        Box::pin(probe::<C>(clock, self.keepalive))
    }
}
