//! `watch`: what each client is now, then every change.

use clap::Args;
use communicado_runtime::Sink as _;
use communicado_sinks::{BARS, Form, Lines};

use crate::commands::status::{FormChoice, lines};
use crate::failure::{Failure, Outcome};
use crate::runtime::{open_stdout, or_shutdown, warn_unknown_clients, with_monitor};
use crate::settings::Settings;

/// Print what each client is now, then a line for each change, until stopped.
///
/// The first lines come at once, `absent` ones too. A reader that is slow gets the latest and is
/// told that it missed some; when it goes away, the watch ends.
#[derive(Debug, Args)]
pub(crate) struct WatchArgs {
    #[command(flatten)]
    form: FormChoice,
    /// One line for a status bar after each change: waybar, i3blocks or polybar.
    #[arg(long, value_name = "BAR", conflicts_with_all = ["json", "format"], value_parser = bars())]
    bar: Option<String>,
}

impl WatchArgs {
    pub(crate) fn run(self, settings: Settings) -> Result<Outcome, Failure> {
        let form: Box<dyn Form> =
            match BARS.iter().find(|(bar, _)| Some(*bar) == self.bar.as_deref()) {
                Some((_, make)) => make(),
                None => self.form.form(true, &settings)?,
            };
        let builder = settings.builder()?;
        with_monitor(builder, async |monitor| {
            let writer = lines(form, &settings);
            let lines = Box::new(Lines::new(writer, open_stdout()?));
            let telling = lines.deliver(monitor.changes().into_feed());
            if !settings.clients.is_empty() {
                warn_unknown_clients(&settings, &monitor.snapshot().await);
            }
            or_shutdown(telling, Ok(())).await?;
            Ok(Outcome::Yes)
        })
    }
}

fn bars() -> clap::builder::PossibleValuesParser {
    BARS.iter().map(|(bar, _)| *bar).collect::<Vec<_>>().into()
}
