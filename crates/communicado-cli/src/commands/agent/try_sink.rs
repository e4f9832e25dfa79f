//! `agent try`: sends the current status to a sink once.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use communicado_cli_support::{Failure, Outcome, note};
use communicado_runtime::{Clock as _, SystemClock, timeout_at};
use communicado_sinks::agent::SinkInput;
use communicado_sinks::publish::Permission;
use tokio::sync::watch;

use super::sink_consent::SinkConsent;
use super::sink_context::sink_context;
use super::state_dir::StateDir;
use crate::known_values::AnyText;
use crate::runtime::{now, patient_builder, with_monitor};
use crate::settings::Settings;
use crate::sink_settings::SinkSettings;
use crate::suggestion::did_you_mean;

/// The time limit for the answer of the listener.
const ANSWER_MAX: Duration = Duration::from_secs(35);

/// Send the current status to a sink once, and print the answer.
///
/// Needs no running agent. A sink that leaves this computer needs your consent first.
#[derive(Debug, Args)]
pub(super) struct TrySinkArgs {
    /// The name of the sink in the configuration.
    #[arg(value_name = "NAME", value_parser = AnyText::sink(), hide_possible_values = true)]
    name: String,
}

impl TrySinkArgs {
    pub(super) fn run(self, state_dir: &StateDir, settings: &Settings) -> Result<Outcome, Failure> {
        let name = &self.name;
        let sink = sink_named(name, settings)?;
        let clock = Arc::new(SystemClock::start());
        let context = sink_context(name, sink, settings, &clock);
        let needed = SinkConsent::needed(sink, &context, now());
        if sink.descriptor.leaves_machine
            && !state_dir.sink_consents()?.get(name).is_some_and(|it| it.covers(&needed))
        {
            return Err(Failure::new(Outcome::No, format!("sink `{name}` is not allowed"))
                .cause(format!("its data leaves this computer, to {}", needed.destination))
                .help(format!("run: communicado agent allow {name}")));
        }
        let failed =
            |message: &str| Failure::new(Outcome::Failed, format!("sink `{name}` {message}"));
        let refused = |error: communicado_sinks::publish::PublishError| {
            failed("failed").cause(error.cause).help(error.help)
        };
        let mut opened = (sink.descriptor.open)(&context, &sink.options).map_err(refused)?;
        with_monitor(patient_builder(settings)?, async |monitor| {
            let (_permit, permission) = watch::channel(Permission::Granted);
            let selection = sink.selection(&settings.clients);
            let mut input = SinkInput::new(monitor.changes().into_feed(), selection, permission);
            let answer = async {
                input.next().await;
                opened.try_once(input.clients()).await
            };
            let answer = timeout_at(&*clock, clock.now().after(ANSWER_MAX), answer).await;
            let answer = answer.ok_or_else(|| {
                let cause = format!("there was no answer within {} s", ANSWER_MAX.as_secs());
                failed("failed").cause(cause).help("check that the listener runs")
            })?;
            note(&answer.map_err(refused)?);
            Ok(Outcome::Yes)
        })
    }
}

/// The settings of a sink, or a failure with the nearest name.
pub(super) fn sink_named<'a>(
    name: &str,
    settings: &'a Settings,
) -> Result<&'a SinkSettings, Failure> {
    settings.sinks.get(name).ok_or_else(|| {
        let failure = Failure::usage(format!("the configuration has no sink `{name}`"));
        let known: Vec<&str> = settings.sinks.keys().map(String::as_str).collect();
        if known.is_empty() {
            return failure.help(format!("add the section [sinks.{name}] to the configuration"));
        }
        failure.help(did_you_mean(name, &known))
    })
}
