//! `agent forbid`: takes the permission back, and has the gateway forget the device.

use std::sync::Arc;
use std::time::Duration;

use communicado_runtime::SystemClock;
use communicado_sinks::gateway::GatewayClient;
use communicado_sinks::publish::{Message, PublishError, Transport as _};

use super::state_dir::StateDir;
use crate::commands::tell;
use crate::failure::{Failure, Outcome};
use crate::runtime::block_on;

/// For so long a running agent is waited for: it ends when what it is telling was answered.
const AGENT_EXIT_TIMEOUT: Duration = Duration::from_secs(15);
/// No goodbye takes longer than what belongs to a lease of a minute.
const LEASE: Duration = Duration::from_secs(60);

pub(super) fn run(state_dir: &StateDir) -> Result<Outcome, Failure> {
    let consent = state_dir.consent();
    // First of all: whatever fails from here on, nothing is published any more.
    state_dir.remove_consent()?;
    state_dir.remove_pause()?;
    let Some(consent) = consent? else {
        tell("note: nothing was allowed\n");
        return Ok(Outcome::Yes);
    };
    let not_deleted = |failure: Failure| {
        failure.about("the permission is taken back, but the gateway could not be told")
    };
    let access = consent.access().map_err(not_deleted)?;
    block_on(async {
        let clock = Arc::new(SystemClock::start());
        // An agent that is at it says no more, and then nothing can come after the goodbye.
        let held = state_dir.lock(&*clock, AGENT_EXIT_TIMEOUT).await?;
        if held.is_none() {
            tell("note: the agent that runs has not ended yet\n");
        }
        let mut client = GatewayClient::new(access, clock);
        let told = client.send(&Message::Goodbye, LEASE).await;
        told.map_err(|error| not_deleted(failure(error)))?;
        state_dir.remove_status()?;
        tell(&format!(
            "note: the permission is taken back; {} has forgotten this device\n",
            consent.gateway
        ));
        Ok(Outcome::Yes)
    })
}

/// What a gateway's trouble is to a command that needs the gateway.
pub(super) fn failure(PublishError { cause, help, .. }: PublishError) -> Failure {
    Failure::new(Outcome::Failed, cause).help(help)
}
