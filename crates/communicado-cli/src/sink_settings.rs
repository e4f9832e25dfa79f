//! The settings of a sink: `[sinks.NAME]`.

use std::sync::Arc;

use communicado::{Condition, ConditionError, Snapshot};
use communicado_cli_support::Failure;
use communicado_sinks::SINKS;
use communicado_sinks::agent::{
    ClientTest, Selection, SinkDescriptor, SinkOption, SinkOptionKind, SinkOptions, SinkValue,
};
use communicado_sinks::publish::Detail;

use crate::setting_value::{SettingError, SettingValue};
use crate::suggestion::did_you_mean;
use crate::working_hours::WorkingHours;

/// The settings that every sink has in addition to its own options.
pub(crate) const EACH_SINK: [(&str, &str, &str, &str); 6] = [
    ("kind", "kind", "", "The kind of the sink. Default: the name of the section."),
    ("enabled", "bool", "true", "Whether to use this sink."),
    ("clients", "list", "", "Report only these clients. An empty list means `clients` above."),
    ("accounts", "false", "false", "Whether to report the names of accounts and notes too."),
    ("when", "condition", "", "Report a client only while this condition is true for it."),
    (
        "hours",
        "hours",
        "",
        "Report only within these hours. Default: `agent.hours`, for other machines.",
    ),
];

/// The longest name of a sink.
const NAME_MAX: usize = 64;

/// The settings of one sink in effect.
#[derive(Clone)]
pub(crate) struct SinkSettings {
    pub(crate) descriptor: &'static SinkDescriptor,
    pub(crate) enabled: bool,
    pub(crate) clients: Vec<String>,
    pub(crate) accounts: bool,
    pub(crate) when: Option<Condition>,
    pub(crate) hours: Option<WorkingHours>,
    pub(crate) options: SinkOptions,
}

impl SinkSettings {
    pub(crate) fn new(descriptor: &'static SinkDescriptor) -> Self {
        Self {
            descriptor,
            enabled: true,
            clients: Vec::new(),
            accounts: false,
            when: None,
            hours: None,
            options: SinkOptions::default(),
        }
    }

    pub(crate) fn set(&mut self, key: &str, value: SettingValue) -> Result<(), SettingError> {
        match key {
            "enabled" => self.enabled = value.bool(key)?,
            "clients" => self.clients = value.list(key)?,
            "accounts" => self.accounts = value.bool(key)?,
            "when" => {
                let text = value.text(key, "a condition such as \"in-a-meeting\"")?;
                self.when = if text.trim().is_empty() { None } else { Some(condition(&text)?) };
            }
            "hours" => {
                let text = value.text(key, "hours such as \"Mon-Fri 08:00-18:00\"")?;
                let hours = WorkingHours::parse(&text).map_err(|why| {
                    let help = "write hours such as \"Mon-Thu 08:00-18:00, Fri 08:00-14:00\"";
                    (format!("`hours` is `{text}`: {why}"), help.to_owned())
                })?;
                self.hours = Some(hours);
            }
            _ => {
                let option = self.descriptor.options.iter().find(|option| option.name == key);
                let Some(option) = option else { return Err(self.unknown_key(key)) };
                self.set_option(option, value)?;
            }
        }
        Ok(())
    }

    fn set_option(&mut self, option: &SinkOption, value: SettingValue) -> Result<(), SettingError> {
        let name = option.name;
        let value = match option.kind {
            SinkOptionKind::Bool => SinkValue::Bool(value.bool(name)?),
            SinkOptionKind::List | SinkOptionKind::Headers => SinkValue::List(value.list(name)?),
            kind => SinkValue::Text(value.text(name, kind.expected())?),
        };
        let set = self.options.set(option, value);
        set.map_err(|error| (format!("`{name}` {}", error.cause), error.help))
    }

    fn unknown_key(&self, key: &str) -> SettingError {
        let kind = self.descriptor.kind;
        let own = self.descriptor.options.iter().map(|option| option.name);
        let known: Vec<&str> = EACH_SINK.iter().map(|each| each.0).chain(own).collect();
        (format!("a sink of kind `{kind}` has no setting `{key}`"), did_you_mean(key, &known))
    }

    /// Checks that every required option has a value.
    pub(crate) fn check_complete(&self, name: &str) -> Result<(), Failure> {
        let Some(option) = self.descriptor.missing(&self.options) else { return Ok(()) };
        let message = format!("sink `{name}` has no `{}`", option.name);
        let expected = option.kind.expected();
        let help = format!("below [sinks.{name}], set `{}` to {expected}", option.name);
        Err(Failure::usage(message).cause("this setting has no default").help(help))
    }

    /// The clients and details to report. `all` are the clients of the whole configuration.
    pub(crate) fn selection(&self, all: &[String]) -> Selection {
        let when = self.when.clone().map(|condition| -> ClientTest {
            Arc::new(move |client| {
                let snapshot: Snapshot = [Arc::new(client.clone())].into_iter().collect();
                condition.evaluate(&snapshot) == Some(true)
            })
        });
        let only = if self.clients.is_empty() { all } else { &self.clients };
        let detail = if self.accounts { Detail::Names } else { Detail::Statuses };
        Selection { only: only.to_vec(), detail, when }
    }
}

impl std::fmt::Debug for SinkSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SinkSettings").field("kind", &self.descriptor.kind).finish_non_exhaustive()
    }
}

/// Returns whether a sink can have this name.
pub(crate) fn is_sink_name(name: &str) -> bool {
    let is_valid = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || b"-_".contains(&c);
    (1..=NAME_MAX).contains(&name.len()) && name.bytes().all(is_valid)
}

/// The error for a sink without a known kind.
pub(crate) fn unknown_sink_kind(name: &str, kind: Option<&str>) -> SettingError {
    let kinds: Vec<&str> = SINKS.iter().map(|descriptor| descriptor.kind).collect();
    match kind {
        Some(kind) => {
            (format!("sink `{name}` has the unknown kind `{kind}`"), did_you_mean(kind, &kinds))
        }
        None => (
            format!("sink `{name}` has no kind"),
            format!("write `kind` with one of: {}", kinds.join(", ")),
        ),
    }
}

fn condition(text: &str) -> Result<Condition, SettingError> {
    text.parse::<Condition>().map_err(|error: ConditionError| {
        let help = format!("`{}` is not known; separate words by commas", error.word);
        (format!("`when` is `{text}`, which is not a condition"), help)
    })
}
