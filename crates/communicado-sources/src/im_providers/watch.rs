//! Tells what the flags say.

use std::collections::BTreeMap;
use std::future::poll_fn;

use communicado_core::Life;
use communicado_runtime::{Clock, ProbeFuture, Source, SourceError, SourceHandle, WatchFuture};

use super::probe::probe;
use crate::windows::shared::Subscription;

pub(super) struct ImProviders;

impl Source for ImProviders {
    fn watch(&mut self, handle: SourceHandle) -> WatchFuture<'_> {
        Box::pin(async move {
            match watch(&handle).await {
                Ok(never) => match never {},
                Err(error) => error,
            }
        })
    }

    fn probe<'a>(&'a mut self, _clock: &'a dyn Clock) -> ProbeFuture<'a> {
        Box::pin(async { probe() })
    }
}

async fn watch(handle: &SourceHandle) -> Result<std::convert::Infallible, SourceError> {
    let mut lookout = Subscription::new()?;
    let mut told: BTreeMap<String, Life> = BTreeMap::new();
    loop {
        let found = poll_fn(|cx| lookout.poll_change(cx)).await?;
        let mut lives: BTreeMap<String, Life> =
            handle.expected().into_iter().chain(told.keys().cloned()).map(absent).collect();
        lives.extend(found.iter().map(|each| (each.client.clone(), each.life())));
        for (client, life) in lives {
            if told.get(&client) == Some(&life) {
                continue;
            }
            // Where there are too many clients, the runtime tells the person.
            if let Ok(opened) = handle.open(&client) {
                opened.report_life(life, None);
            }
            told.insert(client, life);
        }
        handle.ready();
    }
}

fn absent(client: String) -> (String, Life) {
    (client, Life::Absent)
}
