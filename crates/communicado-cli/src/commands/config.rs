//! `config`: the settings in effect, and the schema of the configuration.

use std::fmt::Write as _;

use clap::Args;
use communicado::SOURCES;
use communicado_cli_support::{Failure, Outcome, print};
use communicado_sinks::SINKS;
use communicado_sinks::agent::{SinkDescriptor, SinkOptionKind, SinkValue};
use communicado_sources::{OptionKind, OptionValue, SourceDescriptor};
use serde_json::{Map, Value, json};

use crate::options::ColorChoice;
use crate::setting_tables::{AGENT, EACH_SOURCE, TOP};
use crate::settings::{Settings, default_file};
use crate::sink_settings::{EACH_SINK, SinkSettings};

/// Print the settings in effect as TOML, or the schema of the configuration.
#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    /// Print the JSON Schema of the configuration.
    #[arg(long)]
    schema: bool,
}

impl ConfigArgs {
    pub(crate) fn run(&self, settings: &Settings) -> Result<Outcome, Failure> {
        print(&if self.schema { schema() } else { in_effect(settings) })?;
        Ok(Outcome::Yes)
    }
}

fn in_effect(settings: &Settings) -> String {
    let mut text = String::new();
    let default = default_file();
    let _ = match (&settings.file, default) {
        (Some(file), _) => writeln!(text, "# read from {}", file.display()),
        (None, Some(file)) => {
            writeln!(text, "# defaults; to change them, write {}", file.display())
        }
        (None, None) => writeln!(text, "# defaults"),
    };
    let color = match settings.color {
        ColorChoice::Auto => "auto",
        ColorChoice::Always => "always",
        ColorChoice::Never => "never",
    };
    let patience = settings.patience.map_or_else(|| "1s".to_owned(), format_duration);
    let _ = writeln!(text, "clients = {}", json!(settings.clients));
    let _ = writeln!(text, "color = {}", json!(color));
    let _ = writeln!(text, "patience = {}", json!(patience));
    let _ = writeln!(text, "ranks = {}", json!(settings.ranks));
    let values = [settings.agent.hours.to_string(), format_duration(settings.agent.lease)];
    let _ = writeln!(text, "\n[agent]");
    for ((name, _, _, about), value) in AGENT.iter().zip(values) {
        let _ = writeln!(text, "# {about}\n{name} = {}", json!(value));
    }
    for (name, set) in settings.instances() {
        let descriptor = set.descriptor;
        let _ = writeln!(text, "\n[sources.{name}]");
        if name != descriptor.name {
            let _ = writeln!(text, "kind = {}", json!(descriptor.name));
        }
        let _ = writeln!(text, "enabled = {}", set.enabled);
        let clients =
            set.clients.map_or_else(|| json!(descriptor.clients), |clients| json!(clients));
        let _ = writeln!(text, "clients = {clients}");
        for option in descriptor.options {
            let value = match (set.shown.get(option.name), option.kind) {
                (Some(OptionValue::List(list)), _) => json!(list).to_string(),
                (Some(OptionValue::Text(text)), OptionKind::Bool) => text.clone(),
                (Some(OptionValue::Text(text)), _) => json!(text).to_string(),
                (None, OptionKind::Bool) => option.default.unwrap_or_default().to_owned(),
                (None, OptionKind::List) => "[]".to_owned(),
                (None, _) => json!(option.default.unwrap_or_default()).to_string(),
            };
            let _ = writeln!(text, "# {}\n{} = {value}", option.help, option.name);
        }
    }
    for (name, sink) in &settings.sinks {
        write_sink(&mut text, name, sink);
    }
    text
}

fn write_sink(text: &mut String, name: &str, sink: &SinkSettings) {
    let when = sink.when.as_ref().map(ToString::to_string).unwrap_or_default();
    let hours = sink.hours.as_ref().map(ToString::to_string);
    let _ = writeln!(text, "\n[sinks.{name}]\nkind = {}", json!(sink.descriptor.kind));
    let _ = writeln!(text, "enabled = {}\nclients = {}", sink.enabled, json!(sink.clients));
    let _ = writeln!(text, "accounts = {}\nwhen = {}", sink.accounts, json!(when));
    if let Some(hours) = hours {
        let _ = writeln!(text, "hours = {}", json!(hours));
    }
    for option in sink.descriptor.options {
        let value = match sink.options.value(option) {
            Some(SinkValue::Text(text)) => json!(text),
            Some(SinkValue::Bool(yes)) => json!(yes),
            Some(SinkValue::List(list)) => json!(list),
            None => continue,
        };
        let _ = writeln!(text, "# {}\n{} = {value}", option.help, option.name);
    }
}

fn format_duration(duration: std::time::Duration) -> String {
    jiff::SignedDuration::try_from(duration)
        .map_or_else(|_| String::new(), |duration| format!("{duration:#}"))
}

/// The JSON Schema (2020-12) of the configuration, from the tables that also parse it.
pub(crate) fn schema() -> String {
    let setting = |(name, form, default, about): &(&str, &str, &str, &str)| {
        let mut schema = of_form(form);
        if let Value::Object(schema) = &mut schema {
            schema.insert("description".to_owned(), json!(about));
            if !matches!(*form, "list" | "bool" | "false") {
                schema.insert("default".to_owned(), json!(default));
            }
        }
        ((*name).to_owned(), schema)
    };
    let mut properties: Map<String, Value> = TOP.iter().map(setting).collect();
    let agent = json!({
        "type": "object",
        "description": "When `communicado agent` publishes.",
        "properties": AGENT.iter().map(setting).collect::<Map<_, _>>(),
        "additionalProperties": false,
    });
    properties.insert("agent".to_owned(), agent);
    properties.insert("sources".to_owned(), sources_schema(&setting));
    properties.insert("sinks".to_owned(), sinks_schema(&setting));
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The configuration of communicado",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    });
    format!("{schema:#}\n")
}

/// The schema of the section of one source or sink.
fn section_schema<'a>(
    about: &str,
    properties: &Map<String, Value>,
    required: impl Iterator<Item = &'a str>,
) -> Value {
    json!({
        "type": "object",
        "description": about,
        "properties": properties,
        "required": required.collect::<Vec<_>>(),
        "additionalProperties": false,
    })
}

/// The schema of the sources. A section whose name is a kind needs no `kind`.
fn sources_schema(
    setting: &impl Fn(&(&'static str, &'static str, &'static str, &'static str)) -> (String, Value),
) -> Value {
    let section = |descriptor: &SourceDescriptor, needs_kind: bool| {
        let mut properties: Map<String, Value> = EACH_SOURCE.iter().map(setting).collect();
        properties.insert("kind".to_owned(), json!({ "const": descriptor.name }));
        for option in descriptor.options {
            let form = match option.kind {
                OptionKind::Duration => "span",
                OptionKind::Path => "path",
                OptionKind::Bool => "bool",
                OptionKind::List => "list",
                OptionKind::Text | OptionKind::Address | OptionKind::SecretFile => "text",
            };
            let default = option.default.unwrap_or_default();
            properties.extend([setting(&(option.name, form, default, option.help))]);
        }
        let required = descriptor.options.iter().filter(|option| option.default.is_none());
        let kind = needs_kind.then_some("kind").into_iter();
        let required = kind.chain(required.map(|option| option.name));
        section_schema(descriptor.about, &properties, required)
    };
    let named = SOURCES.iter();
    let named = named.map(|each| (each.name.to_owned(), section(each, false)));
    let any: Vec<_> = SOURCES.iter().map(|descriptor| section(descriptor, true)).collect();
    json!({
        "type": "object",
        "description": "The sources by name. `kind` is optional if the name is a kind.",
        "properties": named.collect::<Map<_, _>>(),
        "additionalProperties": { "anyOf": any },
    })
}

/// The schema of the sinks. A section whose name is a kind needs no `kind`.
fn sinks_schema(
    setting: &impl Fn(&(&'static str, &'static str, &'static str, &'static str)) -> (String, Value),
) -> Value {
    let section = |descriptor: &SinkDescriptor, needs_kind: bool| {
        let mut properties: Map<String, Value> = EACH_SINK.iter().map(setting).collect();
        properties.insert("kind".to_owned(), json!({ "const": descriptor.kind }));
        for option in descriptor.options {
            let form = match option.kind {
                SinkOptionKind::Bool if option.default == Some("false") => "false",
                SinkOptionKind::Bool => "bool",
                SinkOptionKind::List | SinkOptionKind::Headers => "list",
                SinkOptionKind::Duration => "span",
                _ => "text",
            };
            let default = option.default.unwrap_or_default();
            let (name, mut schema) = setting(&(option.name, form, default, option.help));
            if let Value::Object(schema) = &mut schema {
                if option.default.is_none() {
                    schema.remove("default");
                }
                if let SinkOptionKind::Choice(words) = option.kind {
                    schema.insert("enum".to_owned(), json!(words));
                }
            }
            properties.insert(name, schema);
        }
        let required = descriptor.options.iter().filter(|option| option.default.is_none());
        let kind = needs_kind.then_some("kind").into_iter();
        let required = kind.chain(required.map(|option| option.name));
        section_schema(descriptor.about, &properties, required)
    };
    let named = SINKS.iter().map(|descriptor| {
        let others = SINKS.iter().filter(|other| other.kind != descriptor.kind);
        let any = [section(descriptor, false)].into_iter();
        let any: Vec<_> = any.chain(others.map(|other| section(other, true))).collect();
        (descriptor.kind.to_owned(), json!({ "anyOf": any }))
    });
    let any: Vec<_> = SINKS.iter().map(|descriptor| section(descriptor, true)).collect();
    json!({
        "type": "object",
        "description": "The sinks by name. `kind` is optional if the name is a kind.",
        "properties": named.collect::<Map<_, _>>(),
        "additionalProperties": { "anyOf": any },
    })
}

fn of_form(form: &str) -> Value {
    match form {
        "list" => json!({ "type": "array", "items": { "type": "string" } }),
        "bool" => json!({ "type": "boolean", "default": true }),
        "false" => json!({ "type": "boolean", "default": false }),
        "condition" => json!({ "type": "string", "examples": ["in-a-meeting", "not available"] }),
        "color" => json!({ "enum": ["auto", "always", "never"] }),
        "hours" => {
            json!({ "type": "string", "examples": ["Mon-Thu 08:00-18:00, Fri 08:00-14:00"] })
        }
        "span" => json!({ "type": "string", "examples": ["30s", "500ms", "1m 30s"] }),
        _ => json!({ "type": "string" }),
    }
}
