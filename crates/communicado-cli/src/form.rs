//! The options `--json`, `--format` and `--bar`, which select the form of each line.

use std::fmt::Write as _;

use clap::Args;
use clap::builder::PossibleValuesParser;
use communicado_cli_support::Failure;
use communicado_sinks::{BARS, Form, HELPERS, Json, KEYS, Template, Text, Writer};

use crate::local_time::local_time_of_day;
use crate::runtime::{now, use_color};
use crate::settings::Settings;

/// The form of each line: text, JSON, a template or the line of a status bar.
#[derive(Debug, Default, Args)]
pub(crate) struct FormChoice {
    /// Print one JSON object per line.
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Print one line per client from a template, such as '{{client}}: {{status}}'.
    ///
    /// `communicado status --help` lists the keys and helpers of a template.
    #[arg(long, value_name = "TEMPLATE")]
    format: Option<String>,
    /// Print one line for a status bar, about the most relevant client.
    #[arg(long, value_name = "BAR", conflicts_with_all = ["json", "format"], value_parser = bars())]
    bar: Option<String>,
}

impl FormChoice {
    /// Returns true if the command line selects a form.
    pub(crate) const fn is_set(&self) -> bool {
        self.json || self.format.is_some() || self.bar.is_some()
    }

    /// The selected form, or text. `with_before` adds the previous status to each line.
    pub(crate) fn form(
        &self,
        with_before: bool,
        settings: &Settings,
    ) -> Result<Box<dyn Form>, Failure> {
        if let Some((_, make)) = BARS.iter().find(|(bar, _)| Some(*bar) == self.bar.as_deref()) {
            return Ok(make());
        }
        if let Some(template) = &self.format {
            let template = Template::new(template)
                .map_err(|error| Failure::usage(error.cause).help(error.help))?;
            return Ok(Box::new(template));
        }
        if self.json {
            return Ok(Box::new(Json { with_before }));
        }
        let text = Text::new(use_color(settings.color), with_before);
        Ok(Box::new(text.with_time_of_day(local_time_of_day)))
    }
}

fn bars() -> PossibleValuesParser {
    BARS.iter().map(|(bar, _)| *bar).collect::<Vec<_>>().into()
}

/// A writer that formats lines for the selected clients.
pub(crate) fn line_writer(form: Box<dyn Form>, settings: &Settings) -> Writer {
    Writer::new(form, settings.clients.clone(), now)
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
