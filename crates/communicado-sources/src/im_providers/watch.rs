//! The source: reports the flags of all clients.

use std::collections::BTreeMap;
use std::future::poll_fn;

use communicado_core::Life;
use communicado_runtime::{Clock, ProbeFuture, Source, SourceError, SourceHandle, WatchFuture};

use super::probe::probe;
use crate::descriptor::{OptionError, ValidatedOptions};
use crate::windows::registered_client::RegisteredClient;
use crate::windows::registry_subscription::RegistrySubscription;
use crate::windows::starting::report_starting;

struct ImProvidersSource;

#[expect(clippy::unnecessary_wraps, reason = "the constructors of all sources have one type")]
pub(super) fn make(_options: &ValidatedOptions<'_>) -> Result<Box<dyn Source>, OptionError> {
    Ok(Box::new(ImProvidersSource))
}

impl Source for ImProvidersSource {
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
    let mut registry = RegistrySubscription::new()?;
    let mut reported: BTreeMap<String, Life> = BTreeMap::new();
    loop {
        let found = poll_fn(|cx| registry.poll_change(cx)).await?;
        let mut lives: BTreeMap<String, Life> =
            handle.expected().into_iter().chain(reported.keys().cloned()).map(absent).collect();
        lives.extend(found.iter().map(|each| (each.client.clone(), each.life())));
        for (client, life) in lives {
            if reported.get(&client) == Some(&life) {
                continue;
            }
            // If there are too many clients, the runtime notifies the user.
            if let Ok(handle) = handle.open(&client) {
                if life == Life::Starting {
                    let running = found.iter().find(|each| each.client == client);
                    report_starting(&handle, running.and_then(RegisteredClient::up_since));
                } else {
                    handle.report_life(life, None);
                }
            }
            reported.insert(client, life);
        }
        handle.ready();
    }
}

fn absent(client: String) -> (String, Life) {
    (client, Life::Absent)
}
