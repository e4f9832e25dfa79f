//! `status`: what each client is now.

use std::fmt::Write as _;
use std::time::Duration;

use clap::Args;
use communicado::{Status, Update};
use communicado_sinks::{Form, HELPERS, Json, KEYS, Template, Text, Writer};

use crate::commands::{print, tell};
use crate::failure::{Failure, Outcome};
use crate::runtime::{now, read_snapshot, use_color, warn_unknown_clients};
use crate::settings::{Settings, wrong};

/// A client that does not answer is told as such after the source's own time-out, which is
/// longer than a watcher would wait for its first line.
const PATIENCE: Duration = Duration::from_secs(6);

/// Print what each client is now, and its accounts.
#[derive(Debug, Default, Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    form: FormChoice,
}

/// How lines are written.
#[derive(Debug, Default, Args)]
pub(crate) struct FormChoice {
    /// One JSON object a line.
    #[arg(long, conflicts_with = "format")]
    pub(crate) json: bool,
    /// One line per client from a template, such as '{{client}}: {{status}}'.
    ///
    /// `communicado status --help` lists the keys and helpers of a template.
    #[arg(long, value_name = "TEMPLATE")]
    pub(crate) format: Option<String>,
}

impl StatusArgs {
    /// Whether a form was chosen on the command line.
    pub(crate) const fn is_chosen(&self) -> bool {
        self.form.json || self.form.format.is_some()
    }

    pub(crate) fn run(self, settings: &Settings) -> Result<Outcome, Failure> {
        let form = self.form.form(false, settings)?;
        let builder = match settings.patience {
            Some(_) => settings.builder()?,
            None => settings.builder()?.patience(PATIENCE),
        };
        let snapshot = read_snapshot(builder)?;
        if snapshot.iter().next().is_none() {
            tell("note: nothing is known yet, for no source has finished its first look\n");
        }
        warn_unknown_clients(settings, &snapshot);
        let mut text = String::new();
        let clients: Vec<_> = snapshot.iter().cloned().collect();
        let asked =
            |name: &str| settings.clients.is_empty() || settings.clients.iter().any(|c| c == name);
        let doubtful = |status| status == Status::Unknown;
        let outcome = if clients.iter().filter(|c| asked(&c.client)).all(|c| doubtful(c.status)) {
            Outcome::CannotTell
        } else {
            Outcome::Yes
        };
        let update = Update::Snapshot { clients, missed: 0 };
        lines(form, settings).add(&update, &mut text)?;
        print(&text)?;
        Ok(outcome)
    }
}

/// The keys and helpers of `--format`, for the end of a help page.
pub(crate) fn template_help() -> String {
    let mut text = String::new();
    for (title, table) in [("Template keys", KEYS), ("Template helpers", HELPERS)] {
        let _ = write!(text, "{}{title}:", if text.is_empty() { "" } else { "\n\n" });
        for (name, meaning) in table {
            let _ = write!(text, "\n  {name:<21} {meaning}");
        }
    }
    text
}

/// Only what lines are made of; nothing is written by itself.
pub(crate) fn lines(form: Box<dyn Form>, settings: &Settings) -> Writer {
    Writer::new(form, settings.clients.clone(), now)
}

impl FormChoice {
    /// The form that was chosen, or text for people.
    pub(crate) fn form(
        &self,
        follows: bool,
        settings: &Settings,
    ) -> Result<Box<dyn Form>, Failure> {
        if let Some(template) = &self.format {
            let template = Template::new(template);
            return Ok(Box::new(template.map_err(|e| wrong(e.cause).help(e.help))?));
        }
        if self.json {
            return Ok(Box::new(Json { with_before: follows }));
        }
        let use_color = use_color(settings.color);
        Ok(Box::new(Text::new(use_color, follows)))
    }
}
