//! What is set: defaults, then the configuration file, then the command line.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use communicado::{Builder, Monitor, SOURCES, SourceOptions};
use communicado_sources::OptionKind;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::arguments::{Color, Common, span};
use crate::commands::agent::Hours;
use crate::failure::{Failure, Outcome};
use crate::nearest::did_you_mean;

/// What can be set at the top of the configuration: name, form, default and meaning.
pub(crate) const TOP: [(&str, &str, &str, &str); 3] = [
    ("clients", "list", "[]", "Only these clients are told of; all, if it is empty."),
    ("color", "color", "auto", "When to use colours: auto, always or never."),
    (
        "patience",
        "span",
        "1s",
        "How long a first answer is held back for a source that is slow to look.",
    ),
];

/// What can be set for every source, beside its own options.
pub(crate) const EACH_SOURCE: [(&str, &str, &str, &str); 2] = [
    ("enabled", "bool", "true", "Whether the source is used."),
    ("clients", "list", "", "The clients that are told of even while nothing is seen of them."),
];

/// What can be set for the agent.
pub(crate) const AGENT: [(&str, &str, &str, &str); 2] = [
    (
        "hours",
        "hours",
        "",
        "Only within these hours statuses are published, in local time; always, if it is empty.",
    ),
    ("lease", "span", "60s", "How long a gateway believes what it was told, 5 s to 10 min."),
];

/// Within these a lease is neither a flood nor a lie.
const LEASES: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(5)..=Duration::from_secs(600);

/// What is set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    pub(crate) clients: Vec<String>,
    pub(crate) color: Color,
    pub(crate) patience: Option<Duration>,
    pub(crate) agent: AgentSettings,
    pub(crate) sources: BTreeMap<&'static str, SourceSettings>,
    /// The file that was read, if there is one.
    pub(crate) file: Option<PathBuf>,
}

/// What is set for the agent.
#[derive(Clone, Debug)]
pub(crate) struct AgentSettings {
    pub(crate) hours: Hours,
    pub(crate) lease: Duration,
}

/// What is set for one source.
#[derive(Clone, Debug)]
pub(crate) struct SourceSettings {
    pub(crate) enabled: bool,
    pub(crate) options: SourceOptions,
    /// What is set of the options, to be shown.
    pub(crate) shown: BTreeMap<String, String>,
    /// The clients that are told of in any case, where they are not those of the source's card.
    pub(crate) clients: Option<Vec<String>>,
}

/// A value from a file or the command line.
#[derive(Clone, Debug)]
enum Value {
    /// From the command line, where every value is written alike: a text, true or false, or a
    /// list with commas, as is wanted.
    Written(String),
    Text(String),
    Bool(bool),
    List(Vec<String>),
    /// A value of a type that nothing takes, with its name.
    Other(&'static str),
}

/// Why a value cannot be set: what is wrong and what to do.
type Refusal = (String, String);

impl Settings {
    /// Reads the configuration and takes in the command line.
    pub(crate) fn load(common: &Common) -> Result<Self, Failure> {
        let mut settings = Self::default();
        let named = common.config.clone();
        let file = named.clone().or_else(|| usual_file(|name| std::env::var(name).ok()));
        if let Some(file) = file {
            match std::fs::read_to_string(&file) {
                Ok(text) => settings.read(&file, &text)?,
                Err(error) if named.is_none() && is_missing(&error) => {}
                Err(error) => {
                    let what = format!("the configuration `{}` cannot be read", file.display());
                    let help = match error.kind() {
                        std::io::ErrorKind::InvalidData => "write it in UTF-8",
                        std::io::ErrorKind::PermissionDenied => "correct its permissions",
                        _ => "name another file with --config",
                    };
                    return Err(Failure::usage(what).cause(error).help(help));
                }
            }
        }
        for set in &common.set {
            let Some((key, value)) = set.split_once('=') else {
                let what = format!("`--set {set}` sets nothing");
                return Err(Failure::usage(what).help("write it as KEY=VALUE"));
            };
            let path: Vec<&str> = key.trim().split('.').collect();
            let value = Value::Written(value.trim().to_owned());
            settings.set(&path, value).map_err(|(what, help)| {
                Failure::usage(format!("`--set {set}`: {what}")).help(help)
            })?;
        }
        if !common.client.is_empty() {
            settings.clients.clone_from(&common.client);
        }
        settings.color = common.color.unwrap_or(settings.color);
        Ok(settings)
    }

    /// A monitor as it is set.
    pub(crate) fn builder(&self) -> Result<Builder, Failure> {
        let off = |descriptor: &&communicado::SourceDescriptor| {
            self.sources.get(descriptor.name).is_some_and(|source| !source.enabled)
        };
        if SOURCES.iter().filter(|descriptor| descriptor.runs_here()).all(off) {
            let what = "every source is switched off, so nothing can be told";
            return Err(Failure::usage(what).help("set `enabled` of a source to true"));
        }
        let mut builder = Monitor::builder();
        if let Some(patience) = self.patience {
            builder = builder.patience(patience);
        }
        for (name, source) in &self.sources {
            builder = builder.source(*name, source.options.clone());
            if !source.enabled {
                builder = builder.without(*name);
            }
        }
        Ok(builder)
    }

    fn read(&mut self, file: &Path, text: &str) -> Result<(), Failure> {
        let wrong = |at: Option<usize>, what: String| {
            let place = at.map_or_else(String::new, |at| {
                let before = text.get(..at).unwrap_or(text);
                format!(", line {}", before.matches('\n').count() + 1)
            });
            Failure::usage(format!("{}{place}: {what}", file.display()))
        };
        let table = DeTable::parse(text).map_err(|error| {
            let message = error.message().to_owned();
            wrong(error.span().map(|span| span.start), message).help("correct the line")
        })?;
        self.file = Some(file.to_owned());
        self.read_table(&mut Vec::new(), table.get_ref(), &|at, (what, help)| {
            wrong(Some(at), what).help(help)
        })
    }

    fn read_table<'a>(
        &mut self,
        path: &mut Vec<&'a str>,
        table: &'a DeTable<'a>,
        wrong: &impl Fn(usize, Refusal) -> Failure,
    ) -> Result<(), Failure> {
        for (key, value) in table {
            path.push(key.get_ref());
            let is_section = matches!(path.as_slice(), ["agent"] | ["sources"] | ["sources", _]);
            match value.get_ref() {
                DeValue::Table(inner) if is_section => {
                    if let ["sources", name] = path.as_slice() {
                        source_named(name).map_err(|refusal| wrong(key.span().start, refusal))?;
                    }
                    self.read_table(path, inner, wrong)?;
                }
                _ => {
                    let set = self.set(path, Value::of(value));
                    set.map_err(|refusal| wrong(key.span().start, refusal))?;
                }
            }
            path.pop();
        }
        Ok(())
    }

    /// The one way in for every value.
    fn set(&mut self, path: &[&str], value: Value) -> Result<(), Refusal> {
        match *path {
            ["clients"] => self.clients = value.list("clients")?,
            ["color"] => {
                let word = value.text("color", "auto, always or never")?;
                self.color = <Color as clap::ValueEnum>::from_str(&word, false).map_err(|_| {
                    let refused = format!("`color` is `{word}`");
                    (refused, "write auto, always or never".to_owned())
                })?;
            }
            ["patience"] => {
                let text = value.text("patience", "a span of time such as \"1s\"")?;
                let patience = span(&text);
                self.patience = Some(patience.map_err(|why| {
                    (format!("`patience` is `{text}`, {why}"), "write it as \"1s\"".to_owned())
                })?);
            }
            ["agent", key] => self.agent.set(key, value)?,
            ["agent"] => {
                let what = "`agent` is a section, not a value".to_owned();
                return Err((what, "write it as [agent]".to_owned()));
            }
            ["sources", name, key] => self.set_source(name, key, value)?,
            ["sources"] => {
                let what = "`sources` is a section, not a value".to_owned();
                return Err((what, "write it as [sources.NAME]".to_owned()));
            }
            ["sources", name] => {
                source_named(name)?;
                let what = format!("`sources.{name}` is a section, not a value");
                return Err((what, format!("write it as [sources.{name}]")));
            }
            _ => {
                let known: Vec<&str> =
                    TOP.iter().map(|top| top.0).chain(["agent", "sources"]).collect();
                let key = path.join(".");
                let what = format!("there is no setting `{key}`");
                return Err((what, did_you_mean(path.first().copied().unwrap_or(""), &known)));
            }
        }
        Ok(())
    }

    fn set_source(&mut self, name: &str, key: &str, value: Value) -> Result<(), Refusal> {
        let descriptor = source_named(name)?;
        let own = descriptor.options.iter().map(|option| option.name);
        let known: Vec<&str> = EACH_SOURCE.iter().map(|each| each.0).chain(own).collect();
        if !known.contains(&key) {
            let what = format!("source `{name}` has no setting `{key}`");
            return Err((what, did_you_mean(key, &known)));
        }
        let source = self.sources.entry(descriptor.name).or_default();
        match key {
            "enabled" => source.enabled = value.bool("enabled")?,
            "clients" => {
                let clients = value.list("clients")?;
                source.clients = Some(clients.clone());
                source.options.set_clients(clients);
            }
            _ => {
                let kind = descriptor.options.iter().find(|option| option.name == key);
                let text = value.text(key, kind.map_or("a text", |option| takes(option.kind)))?;
                source.options.set(key, text.clone());
                // What the source thinks of it is known here, where the line is known too.
                let opened = descriptor.open(&source.options).err();
                if let Some(error) = opened {
                    return Err((error.to_string(), "correct the value".to_owned()));
                }
                source.shown.insert(key.to_owned(), text);
            }
        }
        Ok(())
    }
}

impl AgentSettings {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Refusal> {
        match key {
            "hours" => {
                let text = value.text("hours", "hours such as \"Mon-Fri 08:00-18:00\"")?;
                self.hours = Hours::parse(&text).map_err(|why| {
                    let help = "write them as \"Mon-Thu 08:00-18:00, Fri 08:00-14:00\"";
                    (format!("`hours` is `{text}`: {why}"), help.to_owned())
                })?;
            }
            "lease" => {
                let text = value.text("lease", "a span of time such as \"60s\"")?;
                let help = "write it as \"60s\", from 5 s to 10 min".to_owned();
                let refused = |why: &str| (format!("`lease` is `{text}`, {why}"), help.clone());
                let lease = span(&text).map_err(|why| refused(&why))?;
                if !LEASES.contains(&lease) {
                    return Err(refused("which is too short or too long"));
                }
                self.lease = lease;
            }
            _ => {
                let known: Vec<&str> = AGENT.iter().map(|each| each.0).collect();
                let what = format!("`agent` has no setting `{key}`");
                return Err((what, did_you_mean(key, &known)));
            }
        }
        Ok(())
    }
}

impl Default for AgentSettings {
    fn default() -> Self {
        Self { hours: Hours::default(), lease: Duration::from_secs(60) }
    }
}

impl Default for SourceSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            options: SourceOptions::default(),
            shown: BTreeMap::new(),
            clients: None,
        }
    }
}

impl Value {
    fn of(value: &Spanned<DeValue<'_>>) -> Self {
        match value.get_ref() {
            DeValue::String(text) => Self::Text(text.clone().into_owned()),
            DeValue::Boolean(yes) => Self::Bool(*yes),
            DeValue::Array(items) => {
                let texts = items.iter().map(|item| match item.get_ref() {
                    DeValue::String(text) => Some(text.clone().into_owned()),
                    _ => None,
                });
                texts
                    .collect::<Option<_>>()
                    .map_or(Self::Other("a list of other things"), Self::List)
            }
            DeValue::Integer(_) => Self::Other("a whole number"),
            DeValue::Float(_) => Self::Other("a number"),
            DeValue::Datetime(_) => Self::Other("a date"),
            DeValue::Table(_) => Self::Other("a section"),
        }
    }

    const fn kind(&self) -> &'static str {
        match self {
            Self::Written(_) | Self::Text(_) => "a text",
            Self::Bool(_) => "true or false",
            Self::List(_) => "a list",
            Self::Other(kind) => kind,
        }
    }

    fn text(self, key: &str, takes: &str) -> Result<String, Refusal> {
        match self {
            Self::Written(text) | Self::Text(text) => Ok(text),
            other => Err((format!("`{key}` is {}", other.kind()), format!("write {takes}"))),
        }
    }

    fn bool(&self, key: &str) -> Result<bool, Refusal> {
        let written = match self {
            Self::Bool(yes) => Some(*yes),
            Self::Written(text) => text.parse().ok(),
            _ => None,
        };
        written.ok_or_else(|| {
            (format!("`{key}` is {}", self.kind()), "write true or false".to_owned())
        })
    }

    fn list(self, key: &str) -> Result<Vec<String>, Refusal> {
        match self {
            Self::List(list) => Ok(list),
            Self::Written(text) => {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                Ok(items.map(str::to_owned).collect())
            }
            other => {
                let help = "write a list of texts such as [\"finch\", \"pidgin\"]";
                Err((format!("`{key}` is {}", other.kind()), help.to_owned()))
            }
        }
    }
}

const fn takes(kind: OptionKind) -> &'static str {
    match kind {
        OptionKind::Duration => "a span of time such as \"30s\"",
        OptionKind::Path => "the path of a file, in quotes",
    }
}

fn source_named(name: &str) -> Result<&'static communicado::SourceDescriptor, Refusal> {
    communicado_sources::descriptor(name).ok_or_else(|| {
        let names: Vec<&str> = SOURCES.iter().map(|descriptor| descriptor.name).collect();
        (format!("there is no source `{name}`"), did_you_mean(name, &names))
    })
}

/// Whether a file is not there, be it that its folder is none.
fn is_missing(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
}

/// `communicado/config.toml` in `XDG_CONFIG_HOME`, or else in `~/.config` (XDG Base Directory
/// Specification); on Windows in `APPDATA` instead.
pub(crate) fn usual_file(var: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    // The specification has relative paths ignored.
    let absolute = |name| var(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = absolute("XDG_CONFIG_HOME");
    let usual = if cfg!(windows) {
        absolute("APPDATA")
    } else {
        absolute("HOME").map(|home| home.join(".config"))
    };
    let folder = folder.or(usual)?;
    Some(folder.join("communicado").join("config.toml"))
}

/// The error for something that was set and does not work out.
pub(crate) fn wrong(what: impl Into<String>) -> Failure {
    Failure::new(Outcome::Usage, what)
}
