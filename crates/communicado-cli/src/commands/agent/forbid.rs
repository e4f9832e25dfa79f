//! `agent forbid`: revokes the consent and deletes the device from the gateway.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use communicado_cli_support::{Failure, Outcome, note};
use communicado_runtime::SystemClock;
use communicado_sinks::gateway::GatewayClient;
use communicado_sinks::publish::{Message, PublishError, Transport as _};

use super::state_dir::StateDir;
use crate::runtime::block_on;

/// The time limit for a running agent to end, which it does when the gateway has answered.
const AGENT_EXIT_TIMEOUT: Duration = Duration::from_secs(15);
/// The lease that limits how long the goodbye may take.
const LEASE: Duration = Duration::from_secs(60);

/// Stop publishing, to everything or to one sink.
///
/// Deletes this device from the gateway. A running agent says goodbye to the listeners of sinks.
#[derive(Debug, Args)]
pub(super) struct ForbidArgs {
    /// The sink to forbid. Default: the gateway and every sink.
    #[arg(value_name = "NAME")]
    sink: Option<String>,
}

impl ForbidArgs {
    pub(super) fn run(self, state_dir: &StateDir) -> Result<Outcome, Failure> {
        let Some(name) = self.sink else { return forbid_all(state_dir) };
        let mut consents = state_dir.sink_consents()?;
        if consents.remove(&name).is_none() {
            note(&format!("sink `{name}` was not allowed"));
            return Ok(Outcome::Yes);
        }
        state_dir.write_sink_consents(&consents)?;
        note(&format!("sink `{name}` reports no longer"));
        Ok(Outcome::Yes)
    }
}

fn forbid_all(state_dir: &StateDir) -> Result<Outcome, Failure> {
    let consent = state_dir.consent();
    let had_sinks = state_dir.sink_consents().is_ok_and(|sinks| !sinks.is_empty());
    // First, so that nothing is published even if a later step fails.
    state_dir.remove_consents()?;
    state_dir.remove_pause()?;
    let Some(consent) = consent? else {
        note(if had_sinks { "publishing is disabled" } else { "publishing was not enabled" });
        return Ok(Outcome::Yes);
    };
    let not_deleted = |failure: Failure| {
        failure.context("publishing is disabled, but this device is still at the gateway")
    };
    let access = consent.access().map_err(not_deleted)?;
    block_on(async {
        let clock = Arc::new(SystemClock::start());
        // A running agent ends first, so that it publishes nothing after the goodbye.
        let held = state_dir.lock(&*clock, AGENT_EXIT_TIMEOUT).await?;
        if held.is_none() {
            note("the running agent has not ended yet");
        }
        let mut client = GatewayClient::new(access, clock);
        let sent = client.send(&Message::Goodbye, LEASE).await;
        sent.map_err(|error| not_deleted(failure(error)))?;
        state_dir.remove_status()?;
        note(&format!("publishing is disabled; {} deleted this device", consent.gateway));
        Ok(Outcome::Yes)
    })
}

/// Converts a publish error for a command that needs the gateway.
pub(super) fn failure(PublishError { cause, help, .. }: PublishError) -> Failure {
    Failure::new(Outcome::Failed, cause).help(help)
}
