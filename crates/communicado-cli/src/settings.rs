//! The settings: defaults, then the configuration file, then the command line.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use communicado::{Monitor, MonitorBuilder, OptionError, SOURCES, SourceDescriptor, SourceOptions};
use communicado_cli_support::{Failure, dirs};
use communicado_sources::{OptionKind, OptionValue, is_source_name};
use toml::de::{DeTable, DeValue};

use crate::guard;
use crate::options::{ColorChoice, GlobalOptions};
use crate::parsers::parse_duration;
use crate::setting_tables::{AGENT, EACH_SOURCE, TOP};
use crate::setting_value::{SettingError, SettingValue};
use crate::sink_settings::{SinkSettings, is_sink_name, unknown_sink_kind};
use crate::suggestion::{closest, did_you_mean};
use crate::working_hours::WorkingHours;

/// The range of valid leases.
const LEASES: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(5)..=Duration::from_secs(600);

/// The settings in effect.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    pub(crate) clients: Vec<String>,
    pub(crate) color: ColorChoice,
    pub(crate) patience: Option<Duration>,
    /// The sources to believe first.
    pub(crate) ranks: Vec<String>,
    pub(crate) agent: AgentSettings,
    pub(crate) sources: BTreeMap<String, SourceSettings>,
    pub(crate) sinks: BTreeMap<String, SinkSettings>,
    /// The configuration file, if one was read.
    pub(crate) file: Option<PathBuf>,
}

/// The settings of the agent in effect.
#[derive(Clone, Debug)]
pub(crate) struct AgentSettings {
    pub(crate) hours: WorkingHours,
    pub(crate) lease: Duration,
}

/// The settings of one source in effect.
#[derive(Clone)]
pub(crate) struct SourceSettings {
    pub(crate) descriptor: &'static SourceDescriptor,
    pub(crate) enabled: bool,
    pub(crate) options: SourceOptions,
    /// The options as text, for `config`.
    pub(crate) shown: BTreeMap<String, OptionValue>,
    /// The clients to report even while absent, if they differ from those of the descriptor.
    pub(crate) clients: Option<Vec<String>>,
}

impl Settings {
    /// Loads the configuration file and applies the command line.
    pub(crate) fn load(global: &GlobalOptions) -> Result<Self, Failure> {
        Self::read_file(global)?.with_command_line(global)
    }

    /// Loads as [`Self::load`] does. A broken file leaves the defaults, and its error is returned
    /// beside them.
    pub(crate) fn load_or_default(
        global: &GlobalOptions,
    ) -> Result<(Self, Option<Failure>), Failure> {
        let (settings, broken) = match Self::read_file(global) {
            Ok(settings) => (settings, None),
            Err(failure) => (Self::default(), Some(failure)),
        };
        Ok((settings.with_command_line(global)?, broken))
    }

    fn read_file(global: &GlobalOptions) -> Result<Self, Failure> {
        let mut settings = Self::default();
        let named = global.config.clone();
        let Some(file) = named.clone().or_else(default_file) else { return Ok(settings) };
        match std::fs::read_to_string(&file) {
            Ok(text) => settings.read(&file, &text)?,
            Err(error) if named.is_none() && is_missing(&error) => {}
            Err(error) => {
                let message = format!("cannot read the configuration `{}`", file.display());
                let help = match error.kind() {
                    std::io::ErrorKind::InvalidData => "save the file as UTF-8",
                    std::io::ErrorKind::PermissionDenied => "fix the permissions of the file",
                    _ => "name another file with --config",
                };
                return Err(Failure::usage(message).cause(error).help(help));
            }
        }
        Ok(settings)
    }

    fn with_command_line(mut self, global: &GlobalOptions) -> Result<Self, Failure> {
        for set in &global.set {
            let Some((key, value)) = set.split_once('=') else {
                let message = format!("`--set {set}` has no value");
                return Err(Failure::usage(message).help("write it as KEY=VALUE"));
            };
            let path: Vec<&str> = key.trim().split('.').collect();
            let value = SettingValue::Unparsed(value.trim().to_owned());
            self.set(&path, value).map_err(|(message, help)| {
                Failure::usage(format!("`--set {set}`: {message}")).help(help)
            })?;
        }
        for (name, source) in &self.sources {
            source.check_complete(name)?;
        }
        self.check_ranks()?;
        for (name, sink) in &self.sinks {
            sink.check_complete(name)?;
        }
        if !global.client.is_empty() {
            self.clients.clone_from(&global.client);
        }
        self.color = global.color.unwrap_or(self.color);
        Ok(self)
    }

    fn check_ranks(&self) -> Result<(), Failure> {
        let mut names: Vec<&str> = self.sources.keys().map(String::as_str).collect();
        let kinds = SOURCES.iter().filter(|descriptor| descriptor.is_automatic);
        names.extend(kinds.map(|descriptor| descriptor.name));
        match self.ranks.iter().find(|name| !names.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => Err(Failure::usage(format!("`ranks` has the unknown source `{name}`"))
                .help(did_you_mean(name, &names))),
        }
    }

    /// A builder for a monitor with these settings.
    pub(crate) fn builder(&self) -> Result<MonitorBuilder, Failure> {
        if self.instances().iter().all(|(_, source)| !source.enabled) {
            let message = "all sources are disabled, so no status can be reported";
            return Err(Failure::usage(message).help("set `enabled = true` for a source"));
        }
        let mut builder = Monitor::builder().ranks(self.ranks.iter().cloned());
        if let Some(patience) = self.patience {
            builder = builder.patience(patience);
        }
        for (name, source) in &self.sources {
            let mut options = source.options.clone();
            options.set_guard(guard::command_prefix());
            builder = builder.source(name, options);
            if !source.enabled {
                builder = builder.without(name);
            }
        }
        Ok(builder)
    }

    /// The sources to use, with their settings, in the order of their rank.
    pub(crate) fn instances(&self) -> Vec<(&str, SourceSettings)> {
        let configured = self.sources.iter().map(|(name, set)| (name.as_str(), set.descriptor));
        let instances = communicado_sources::instances(configured, &self.ranks).into_iter();
        let with_settings = instances.map(|(name, descriptor)| {
            let set = self.sources.get(name).cloned();
            (name, set.unwrap_or_else(|| SourceSettings::new(descriptor)))
        });
        with_settings.collect()
    }

    fn read(&mut self, file: &Path, text: &str) -> Result<(), Failure> {
        let wrong = |at: Option<usize>, message: String| {
            let place = at.map_or_else(String::new, |at| {
                let before = text.get(..at).unwrap_or(text);
                format!(", line {}", before.matches('\n').count() + 1)
            });
            Failure::usage(format!("{}{place}: {message}", file.display()))
        };
        let table = DeTable::parse(text).map_err(|error| {
            let message = error.message().to_owned();
            wrong(error.span().map(|duration| duration.start), message).help("fix the line")
        })?;
        self.file = Some(file.to_owned());
        self.read_table(&mut Vec::new(), table.get_ref(), &|at, (message, help)| {
            wrong(Some(at), message).help(help)
        })
    }

    fn read_table<'a>(
        &mut self,
        path: &mut Vec<&'a str>,
        table: &'a DeTable<'a>,
        wrong: &impl Fn(usize, SettingError) -> Failure,
    ) -> Result<(), Failure> {
        for (key, value) in table {
            path.push(key.get_ref());
            let is_section = matches!(
                path.as_slice(),
                ["agent"] | ["sources"] | ["sources", _] | ["sinks"] | ["sinks", _]
            );
            match value.get_ref() {
                DeValue::Table(inner) if is_section => {
                    if let [section @ ("sources" | "sinks"), name] = path.as_slice() {
                        // The kind comes first, because it decides which other keys are valid.
                        let kind = inner.iter().find(|(key, _)| key.get_ref() == "kind");
                        let (at, kind) = kind.map_or((key.span().start, None), |(key, value)| {
                            (key.span().start, Some(SettingValue::of(value)))
                        });
                        let added = match *section {
                            "sources" => self.add_source(name, kind).map(drop),
                            _ => self.add_sink(name, kind).map(drop),
                        };
                        added.map_err(|error| wrong(at, error))?;
                    }
                    self.read_table(path, inner, wrong)?;
                }
                _ => {
                    let set = self.set(path, SettingValue::of(value));
                    set.map_err(|error| wrong(key.span().start, error))?;
                }
            }
            path.pop();
        }
        Ok(())
    }

    /// Sets one value. All values of the file and the command line come through here.
    fn set(&mut self, path: &[&str], value: SettingValue) -> Result<(), SettingError> {
        match *path {
            ["clients"] => self.clients = value.list("clients")?,
            ["color"] => {
                let word = value.text("color", "auto, always or never")?;
                self.color =
                    <ColorChoice as clap::ValueEnum>::from_str(&word, false).map_err(|_| {
                        let refused = format!("`color` is `{word}`");
                        (refused, "write auto, always or never".to_owned())
                    })?;
            }
            ["patience"] => {
                let text = value.text("patience", "a duration such as \"1s\"")?;
                let patience = parse_duration(&text);
                self.patience = Some(patience.map_err(|why| {
                    (
                        format!("`patience` is `{text}`, {why}"),
                        "write a duration such as \"1s\"".to_owned(),
                    )
                })?);
            }
            ["ranks"] => self.ranks = value.list("ranks")?,
            ["agent", key] => self.agent.set(key, value)?,
            ["agent"] => {
                let message = "`agent` is a section, not a value".to_owned();
                return Err((message, "write the section as [agent]".to_owned()));
            }
            ["sources", name, "kind"] => drop(self.add_source(name, Some(value))?),
            ["sources", name, key] => self.add_source(name, None)?.set(name, key, value)?,
            ["sinks", name, "kind"] => drop(self.add_sink(name, Some(value))?),
            ["sinks", name, key] => self.add_sink(name, None)?.set(key, value)?,
            ["sinks"] => {
                let message = "`sinks` is a section, not a value".to_owned();
                return Err((message, "write the section as [sinks.NAME]".to_owned()));
            }
            ["sinks", name] => {
                let message = format!("`sinks.{name}` is a section, not a value");
                return Err((message, format!("write the section as [sinks.{name}]")));
            }
            ["sources"] => {
                let message = "`sources` is a section, not a value".to_owned();
                return Err((message, "write the section as [sources.NAME]".to_owned()));
            }
            ["sources", name] => {
                self.add_source(name, None)?;
                let message = format!("`sources.{name}` is a section, not a value");
                return Err((message, format!("write the section as [sources.{name}]")));
            }
            _ => {
                let known: Vec<&str> =
                    TOP.iter().map(|top| top.0).chain(["agent", "sources", "sinks"]).collect();
                let key = path.join(".");
                let message = format!("unknown setting `{key}`");
                return Err((message, did_you_mean(path.first().copied().unwrap_or(""), &known)));
            }
        }
        Ok(())
    }

    /// The settings of a sink, which is new if the name is. The kind may be the name.
    fn add_sink(
        &mut self,
        name: &str,
        kind: Option<SettingValue>,
    ) -> Result<&mut SinkSettings, SettingError> {
        if !is_sink_name(name) {
            let help = "write a name of 1 to 64 lower-case letters, digits, `_` and `-`";
            return Err((format!("`{name}` is not valid as the name of a sink"), help.to_owned()));
        }
        let named = match kind {
            Some(value) => Some(value.text("kind", "the kind of the sink, in quotes")?),
            None => None,
        };
        let kind = named.as_deref().or_else(|| Some(self.sinks.get(name)?.descriptor.kind));
        let kind = kind.unwrap_or(name);
        let descriptor = communicado_sinks::sink_descriptor(kind)
            .ok_or_else(|| unknown_sink_kind(name, named.as_deref()))?;
        let sink = self.sinks.entry(name.to_owned());
        let sink = sink.or_insert_with(|| SinkSettings::new(descriptor));
        if sink.descriptor.kind != descriptor.kind {
            *sink = SinkSettings::new(descriptor);
        }
        Ok(sink)
    }

    /// The settings of a source, which is new if the name is. The kind may be the name.
    fn add_source(
        &mut self,
        name: &str,
        kind: Option<SettingValue>,
    ) -> Result<&mut SourceSettings, SettingError> {
        if !is_source_name(name) {
            let help = "write a name of 1 to 64 lower-case letters, digits, `_` and `-`";
            return Err((
                format!("`{name}` is not valid as the name of a source"),
                help.to_owned(),
            ));
        }
        let named = match kind {
            Some(value) => Some(value.text("kind", "the kind of the source, in quotes")?),
            None => None,
        };
        let kind = named.as_deref().or_else(|| Some(self.sources.get(name)?.descriptor.name));
        let kind = kind.unwrap_or(name);
        let descriptor = communicado_sources::descriptor(kind)
            .ok_or_else(|| unknown_source_kind(name, named.as_deref()))?;
        if name != descriptor.name && communicado_sources::descriptor(name).is_some() {
            let message = format!("source `{name}` cannot have the kind `{kind}`");
            return Err((message, "choose a name that is not a kind".to_owned()));
        }
        let source = self.sources.entry(name.to_owned());
        let source = source.or_insert_with(|| SourceSettings::new(descriptor));
        if source.descriptor.name != descriptor.name {
            *source = SourceSettings::new(descriptor);
        }
        Ok(source)
    }
}

impl SourceSettings {
    fn new(descriptor: &'static SourceDescriptor) -> Self {
        let mut options = SourceOptions::default();
        options.set_kind(descriptor.name);
        Self { descriptor, enabled: true, options, shown: BTreeMap::new(), clients: None }
    }

    fn set(&mut self, name: &str, key: &str, value: SettingValue) -> Result<(), SettingError> {
        match key {
            "enabled" => self.enabled = value.bool("enabled")?,
            "clients" => {
                let clients = value.list("clients")?;
                self.clients = Some(clients.clone());
                self.options.set_clients(clients);
            }
            _ => {
                let option = self.descriptor.options.iter().find(|option| option.name == key);
                let Some(option) = option else { return Err(self.unknown_key(name, key)) };
                let value: OptionValue = match option.kind {
                    OptionKind::Bool => value.bool(key)?.to_string().into(),
                    OptionKind::List => value.list(key)?.into(),
                    kind => value.text(key, kind.expected())?.into(),
                };
                self.options.set(key, value.clone());
                // Validated here, where the line of the file is known.
                match self.descriptor.open(name, &self.options) {
                    // A later line may set the option.
                    Ok(_) | Err(OptionError::Missing { .. }) => {}
                    Err(error) => return Err((error.to_string(), "fix the value".to_owned())),
                }
                self.shown.insert(key.to_owned(), value);
            }
        }
        Ok(())
    }

    fn unknown_key(&self, name: &str, key: &str) -> SettingError {
        let own = self.descriptor.options.iter().map(|option| option.name);
        let known: Vec<&str> = EACH_SOURCE.iter().map(|each| each.0).chain(own).collect();
        (format!("source `{name}` has no setting `{key}`"), did_you_mean(key, &known))
    }

    /// Checks that every required option has a value.
    fn check_complete(&self, name: &str) -> Result<(), Failure> {
        let error = self.descriptor.open(name, &self.options).err();
        let Some(OptionError::Missing { name: option, expected, .. }) = error else {
            return Ok(());
        };
        let help = format!("below [sources.{name}], set `{option}` to {expected}");
        let failure = Failure::usage(format!("source `{name}` has no `{option}`"));
        Err(failure.cause("this setting has no default").help(help))
    }
}

impl std::fmt::Debug for SourceSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SourceSettings")
            .field("kind", &self.descriptor.name)
            .finish_non_exhaustive()
    }
}

impl AgentSettings {
    fn set(&mut self, key: &str, value: SettingValue) -> Result<(), SettingError> {
        match key {
            "hours" => {
                let text = value.text("hours", "hours such as \"Mon-Fri 08:00-18:00\"")?;
                self.hours = WorkingHours::parse(&text).map_err(|why| {
                    let help = "write hours such as \"Mon-Thu 08:00-18:00, Fri 08:00-14:00\"";
                    (format!("`hours` is `{text}`: {why}"), help.to_owned())
                })?;
            }
            "lease" => {
                let text = value.text("lease", "a duration such as \"60s\"")?;
                let help = "write a duration such as \"60s\", from 5 s to 10 min".to_owned();
                let refused = |why: &str| (format!("`lease` is `{text}`, {why}"), help.clone());
                let lease = parse_duration(&text).map_err(|why| refused(&why))?;
                if !LEASES.contains(&lease) {
                    return Err(refused("which is out of range"));
                }
                self.lease = lease;
            }
            _ => {
                let known: Vec<&str> = AGENT.iter().map(|each| each.0).collect();
                let message = format!("`agent` has no setting `{key}`");
                return Err((message, did_you_mean(key, &known)));
            }
        }
        Ok(())
    }
}

impl Default for AgentSettings {
    fn default() -> Self {
        Self { hours: WorkingHours::default(), lease: Duration::from_secs(60) }
    }
}

/// The error for a source without a known kind.
fn unknown_source_kind(name: &str, kind: Option<&str>) -> SettingError {
    let kinds: Vec<&str> = SOURCES.iter().map(|descriptor| descriptor.name).collect();
    match kind {
        Some(kind) => {
            (format!("source `{name}` has the unknown kind `{kind}`"), did_you_mean(kind, &kinds))
        }
        None => (
            format!("unknown source `{name}`"),
            closest(name, kinds.iter().copied()).map_or_else(
                || format!("write `kind` with one of: {}", kinds.join(", ")),
                |closest| format!("did you mean `{closest}`?"),
            ),
        ),
    }
}

/// Tests whether the file or its folder is missing.
fn is_missing(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
}

/// The default configuration file, if the configuration directory is known.
pub(crate) fn default_file() -> Option<PathBuf> {
    Some(dirs::config_dir()?.join("communicado").join("config.toml"))
}
