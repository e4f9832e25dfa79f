//! `status`: the current status of each client.

use clap::Args;
use communicado::{Status, Update};
use communicado_cli_support::{Failure, Outcome, note, print};

use crate::form::{FormChoice, line_writer};
use crate::runtime::{patient_builder, read_snapshot, warn_unknown_clients};
use crate::settings::Settings;

/// Print the current status of each client and its accounts.
#[derive(Debug, Default, Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    form: FormChoice,
}

impl StatusArgs {
    /// Returns true if the command line selects a form.
    pub(crate) const fn is_set(&self) -> bool {
        self.form.is_set()
    }

    pub(crate) fn run(self, settings: &Settings) -> Result<Outcome, Failure> {
        let form = self.form.form(false, settings)?;
        let snapshot = read_snapshot(patient_builder(settings)?)?;
        if snapshot.iter().next().is_none() {
            note("no status is known yet: no source has finished its first check");
        }
        warn_unknown_clients(settings, &snapshot);
        let clients: Vec<_> = snapshot.iter().cloned().collect();
        let is_selected =
            |name: &str| settings.clients.is_empty() || settings.clients.iter().any(|c| c == name);
        let mut selected = clients.iter().filter(|client| is_selected(&client.client));
        let outcome = if selected.all(|client| client.status == Status::Unknown) {
            Outcome::CannotTell
        } else {
            Outcome::Yes
        };
        let mut text = String::new();
        line_writer(form, settings).add(&Update::Snapshot { clients, missed: 0 }, &mut text)?;
        print(&text)?;
        Ok(outcome)
    }
}
