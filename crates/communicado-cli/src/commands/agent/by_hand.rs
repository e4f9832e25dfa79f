//! `agent set` and `agent clear`: what the person is by hand, at the gateway, over all devices.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use communicado::{Availability, Status, Timestamp};
use communicado_runtime::SystemClock;
use communicado_sinks::gateway::GatewayClient;
use communicado_wire::gateway::Manual;

use super::forbid::failure;
use super::place::Place;
use super::when::{local, parse};
use crate::arguments::span;
use crate::commands::tell;
use crate::failure::{Failure, Outcome};
use crate::live::{now, on_runtime};

/// Say by hand at the gateway how reachable you are, whatever your devices tell.
///
/// It needs no running agent, and is taken back by `agent clear`.
#[derive(Debug, Args)]
pub(super) struct Set {
    /// How reachable you are, or `signed-out`.
    #[arg(value_name = "AVAILABILITY", value_parser = words())]
    word: Word,
    /// A few words for those who may read them.
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// When you expect to be back, such as 15:30 or `2026-11-27 09:00`.
    #[arg(long, value_name = "TIME", value_parser = time)]
    returns: Option<Timestamp>,
    /// For how long this is so; without it, until `agent clear`.
    #[arg(long = "for", value_name = "SPAN", value_parser = span)]
    duration: Option<Duration>,
}

/// Signed in and so reachable, or signed out.
#[derive(Clone, Copy, Debug)]
struct Word(Option<Availability>);

fn words() -> impl clap::builder::TypedValueParser<Value = Word> {
    let signed_out = Status::SignedOut.word();
    let words = Availability::ALL.iter().map(|each| each.word()).chain([signed_out]);
    let words = PossibleValuesParser::new(words.collect::<Vec<_>>());
    words.map(|word| Word(Availability::from_word(&word)))
}

fn time(text: &str) -> Result<Timestamp, String> {
    parse(text, &local(now()))
}

impl Set {
    pub(super) fn run(self, place: &Place) -> Result<Outcome, Failure> {
        let Word(availability) = self.word;
        let status = availability.map_or(Status::SignedOut, |_| Status::SignedIn);
        let for_ms = self.duration.map(|span| u64::try_from(span.as_millis()).unwrap_or(u64::MAX));
        let manual = Manual {
            status,
            availability,
            activity: None,
            note: self.note.map(Into::into),
            returns: self.returns,
            for_ms,
        };
        let (mut client, gateway) = client(place)?;
        on_runtime(async { client.set_manual(&manual).await.map_err(failure) })?;
        let word = availability.map_or(status.word(), Availability::word);
        tell(&format!("note: {gateway} says `{word}` of you now, whatever your devices tell\n"));
        Ok(Outcome::Yes)
    }
}

/// Takes it back.
pub(super) fn clear(place: &Place) -> Result<Outcome, Failure> {
    let (mut client, gateway) = client(place)?;
    on_runtime(async { client.clear_manual().await.map_err(failure) })?;
    tell(&format!("note: {gateway} says what your devices tell again\n"));
    Ok(Outcome::Yes)
}

fn client(place: &Place) -> Result<(GatewayClient, String), Failure> {
    let consent = place.needed_consent()?;
    let client = GatewayClient::new(consent.access()?, Arc::new(SystemClock::start()));
    Ok((client, consent.gateway.to_string()))
}
