//! `watch`: the status of each client, then every change.

use clap::Args;
use communicado_cli_support::{Failure, Outcome};
use communicado_runtime::Sink as _;
use communicado_sinks::Lines;

use crate::form::{FormChoice, line_writer};
use crate::runtime::{open_stdout, or_shutdown, warn_unknown_clients, with_monitor};
use crate::settings::Settings;

/// Print the status of each client, then one line per change, until stopped.
///
/// The first lines appear at once and include absent clients. A slow reader gets the latest status
/// and the number of missed changes. The command ends when its output is closed.
#[derive(Debug, Args)]
pub(crate) struct WatchArgs {
    #[command(flatten)]
    form: FormChoice,
}

impl WatchArgs {
    pub(crate) fn run(self, settings: Settings) -> Result<Outcome, Failure> {
        let form = self.form.form(true, &settings)?;
        let builder = settings.builder()?;
        with_monitor(builder, async |monitor| {
            let writer = line_writer(form, &settings);
            let lines = Box::new(Lines::new(writer, open_stdout()?));
            let delivery = lines.deliver(monitor.changes().into_feed());
            if !settings.clients.is_empty() {
                warn_unknown_clients(&settings, &monitor.snapshot().await);
            }
            or_shutdown(delivery, Ok(())).await?;
            Ok(Outcome::Yes)
        })
    }
}
