//! `agent set` and `agent clear`: the manual status at the gateway, which overrides all devices.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use communicado::{Availability, Status, Timestamp};
use communicado_cli_support::{Failure, Outcome, note};
use communicado_runtime::SystemClock;
use communicado_sinks::gateway::GatewayClient;
use communicado_wire::gateway::Manual;

use super::forbid::failure;
use super::state_dir::StateDir;
use super::times::parse_time;
use crate::local_time::to_local;
use crate::parsers::parse_duration;
use crate::runtime::{block_on, now};

/// Set your status at the gateway manually. It overrides what your devices report.
///
/// Needs no running agent. To remove the manual status, run: communicado agent clear
#[derive(Debug, Args)]
pub(super) struct SetManualArgs {
    /// An availability, or `signed-out`.
    #[arg(value_name = "AVAILABILITY", value_parser = manual_statuses())]
    status: ManualStatus,
    /// A short text for readers that may see it.
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// When you expect to return, such as `15:30` or `2026-11-27 09:00`.
    #[arg(long, value_name = "TIME", value_parser = time)]
    returns: Option<Timestamp>,
    /// Clear the status after this time. Default: keep it until `agent clear`.
    #[arg(long = "for", value_name = "DURATION", value_parser = parse_duration)]
    duration: Option<Duration>,
}

/// An availability while signed in, or `None` for signed out.
#[derive(Clone, Copy, Debug)]
struct ManualStatus(Option<Availability>);

fn manual_statuses() -> impl clap::builder::TypedValueParser<Value = ManualStatus> {
    let signed_out = Status::SignedOut.word();
    let words = Availability::ALL.iter().map(|each| each.word()).chain([signed_out]);
    let words = PossibleValuesParser::new(words.collect::<Vec<_>>());
    words.map(|word| ManualStatus(Availability::from_word(&word)))
}

fn time(text: &str) -> Result<Timestamp, String> {
    parse_time(text, &to_local(now()))
}

impl SetManualArgs {
    pub(super) fn run(self, state_dir: &StateDir) -> Result<Outcome, Failure> {
        let ManualStatus(availability) = self.status;
        let status = availability.map_or(Status::SignedOut, |_| Status::SignedIn);
        let for_ms =
            self.duration.map(|duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX));
        let manual = Manual {
            status,
            availability,
            activity: None,
            note: self.note.map(Into::into),
            returns: self.returns,
            for_ms,
        };
        let (mut client, gateway) = client(state_dir)?;
        block_on(async { client.set_manual(&manual).await.map_err(failure) })?;
        let word = availability.map_or(status.word(), Availability::word);
        note(&format!("your status at {gateway} is now `{word}`, whatever your devices report"));
        Ok(Outcome::Yes)
    }
}

/// Clears the manual status.
pub(super) fn clear(state_dir: &StateDir) -> Result<Outcome, Failure> {
    let (mut client, gateway) = client(state_dir)?;
    block_on(async { client.clear_manual().await.map_err(failure) })?;
    note(&format!("your status at {gateway} is again what your devices report"));
    Ok(Outcome::Yes)
}

fn client(state_dir: &StateDir) -> Result<(GatewayClient, String), Failure> {
    let consent = state_dir.require_consent()?;
    let client = GatewayClient::new(consent.access()?, Arc::new(SystemClock::start()));
    Ok((client, consent.gateway.to_string()))
}
