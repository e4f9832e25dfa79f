//! Descriptors of sources: name, capabilities, limitations and options.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use communicado_runtime::{NamedSource, Source};

use crate::client_names::ClientNames;

/// Descriptor of a source: its name, its limits, its options and its constructor.
#[non_exhaustive]
pub struct SourceDescriptor {
    /// Its name, as in the configuration and the key `source`.
    pub name: &'static str,
    /// The clients that it reads, in one line.
    pub about: &'static str,
    /// The facts that it can report about a client.
    pub capabilities: &'static [&'static str],
    /// The facts that it cannot report, one sentence each.
    pub limitations: &'static [&'static str],
    /// The platform that it runs on.
    pub platform: Platform,
    /// Returns whether it runs without a section in the configuration.
    pub is_automatic: bool,
    /// The clients that it reports as absent while they do not run.
    pub clients: &'static [&'static str],
    /// Its options, besides `clients`.
    pub options: &'static [OptionSpec],
    /// The constructor, on the platform that the source runs on. It has no side effects.
    pub(crate) make: Option<MakeSource>,
}

/// The option of a source whose clients are not of this computer.
pub(crate) const WITH: OptionSpec = OptionSpec {
    name: "with",
    kind: OptionKind::List,
    default: Some(""),
    help: "clients of this computer that the source reports too",
};

/// Constructor of a source.
pub(crate) type MakeSource = fn(&ValidatedOptions<'_>) -> Result<Box<dyn Source>, OptionError>;

/// Specification of an option.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct OptionSpec {
    /// Its name, as in the configuration.
    pub name: &'static str,
    /// The kind of its value.
    pub kind: OptionKind,
    /// Its default value, as text; `None` if the option is required.
    pub default: Option<&'static str>,
    /// Its effect, in one sentence.
    pub help: &'static str,
}

/// Kind of an option's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionKind {
    /// A duration such as `30s` or `500ms`.
    Duration,
    /// The path of a file, or empty for none.
    Path,
    /// `true` or `false`.
    Bool,
    /// A list of texts.
    List,
    /// Any text.
    Text,
    /// The URL of a server.
    Address,
    /// A file with a secret: a path, or the name of a systemd credential. Empty for none.
    SecretFile,
}

/// A value of an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OptionValue {
    /// A text, for most kinds.
    Text(String),
    /// A list of texts.
    List(Vec<String>),
}

/// Platform that a source runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// Linux.
    Linux,
    /// Windows.
    Windows,
    /// Every platform.
    Anywhere,
}

/// Options of a source, before validation.
#[derive(Clone, Debug, Default)]
pub struct SourceOptions {
    kind: Option<String>,
    values: BTreeMap<String, OptionValue>,
    clients: Option<Vec<String>>,
    local_clients: Vec<String>,
    guard: Vec<OsString>,
}

/// Options with valid names.
pub(crate) struct ValidatedOptions<'a> {
    source: &'a str,
    declared: &'static [OptionSpec],
    values: &'a BTreeMap<String, OptionValue>,
    local_clients: &'a [String],
    guard: &'a [OsString],
}

/// Error in the options of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OptionError {
    /// The source has no option of this name.
    NoSuchOption {
        /// The source.
        source: String,
        /// The invalid name.
        name: String,
        /// The valid names.
        known: Vec<&'static str>,
    },
    /// The value is invalid for the option.
    InvalidValue {
        /// The source.
        source: String,
        /// The option.
        name: &'static str,
        /// The invalid value.
        value: String,
        /// A description of valid values.
        expected: &'static str,
    },
    /// A required option has no value.
    Missing {
        /// The source.
        source: String,
        /// The option.
        name: &'static str,
        /// A description of valid values.
        expected: &'static str,
    },
    /// The source refuses the value of an option.
    Refused {
        /// The source.
        source: String,
        /// The option.
        name: &'static str,
        /// The reason.
        cause: String,
    },
    /// The source does not run on this platform.
    WrongPlatform {
        /// The source.
        source: String,
        /// The platform that it runs on.
        platform: Platform,
    },
}

impl SourceDescriptor {
    /// Returns whether the source runs on the platform of this build.
    #[must_use]
    pub const fn runs_here(&self) -> bool {
        self.make.is_some()
    }

    /// Creates the source with this name, without side effects.
    ///
    /// # Errors
    ///
    /// If an option has an invalid name or value, or the source does not run on this platform.
    pub fn open(&self, name: &str, options: &SourceOptions) -> Result<NamedSource, OptionError> {
        let Some(make) = self.make else {
            let platform = self.platform;
            return Err(OptionError::WrongPlatform { source: name.to_owned(), platform });
        };
        for key in options.values.keys() {
            if !self.options.iter().any(|option| option.name == key) {
                let known = self.options.iter().map(|option| option.name);
                return Err(OptionError::NoSuchOption {
                    source: name.to_owned(),
                    name: key.clone(),
                    known: known.chain(["clients"]).collect(),
                });
            }
        }
        let validated = ValidatedOptions {
            source: name,
            declared: self.options,
            values: &options.values,
            local_clients: &options.local_clients,
            guard: options.guard(),
        };
        let source = make(&validated)?;
        let names = validated.client_names()?;
        let clients = self.clients(options).iter().map(|client| names.reported(client)).collect();
        Ok(NamedSource { name: name.to_owned(), clients, source })
    }

    /// The clients that the source reports as absent while they do not run.
    #[must_use]
    pub fn clients(&self, options: &SourceOptions) -> Vec<String> {
        let clients = options.clients.clone();
        clients.unwrap_or_else(|| self.clients.iter().map(|&name| name.to_owned()).collect())
    }
}

impl SourceOptions {
    /// Sets an option, and replaces its earlier value.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<OptionValue>) {
        self.values.insert(name.into(), value.into());
    }

    /// Sets the kind of the source, which is its name by default.
    pub fn set_kind(&mut self, kind: impl Into<String>) {
        self.kind = Some(kind.into());
    }

    /// The kind of the source, if it is not the name.
    #[must_use]
    pub fn kind(&self) -> Option<&str> {
        self.kind.as_deref()
    }

    /// Sets a program, with its first arguments, that starts the programs of the source.
    ///
    /// It gets the program and the arguments of the source as further arguments. On SIGTERM, and
    /// when its parent ends, it ends the program that it started.
    pub fn set_guard(&mut self, guard: Vec<OsString>) {
        self.guard = guard;
    }

    /// The program that starts the programs of the source, if there is one.
    #[must_use]
    pub fn guard(&self) -> &[OsString] {
        &self.guard
    }

    /// Sets the clients of this computer that other sources report.
    ///
    /// A source of another computer or a server reports a client of the same name as another one.
    pub fn set_local_clients(&mut self, clients: Vec<String>) {
        self.local_clients = clients;
    }

    /// Sets the clients that the source reports as absent while they do not run.
    pub fn set_clients(&mut self, clients: Vec<String>) {
        self.clients = Some(clients);
    }
}

impl ValidatedOptions<'_> {
    /// The path of a file, or empty for none.
    #[cfg(target_os = "linux")]
    pub(crate) fn path(&self, name: &str) -> String {
        self.value(self.option(name)).unwrap_or_default().to_owned()
    }

    /// A text.
    pub(crate) fn text(&self, option: &OptionSpec) -> Result<String, OptionError> {
        let option = self.option(option.name);
        self.value(option).map(str::to_owned).ok_or_else(|| self.missing(option))
    }

    /// A path: absolute, or below the home folder. `None` if it is empty.
    pub(crate) fn configured_path(
        &self,
        option: &OptionSpec,
    ) -> Result<Option<PathBuf>, OptionError> {
        let text = self.text(option)?;
        let path = communicado_net::configured_path(&text);
        if path.is_none() && !text.is_empty() {
            return Err(self.refused(option, format!("`{text}` is a relative path")));
        }
        Ok(path)
    }

    /// The path or the credential of a secret, or an empty text.
    pub(crate) fn secret_file(&self, option: &OptionSpec) -> Result<String, OptionError> {
        let text = self.text(option)?;
        let is_valid = text.is_empty()
            || communicado_net::configured_path(&text).is_some()
            || communicado_net::is_file_name(&text);
        if is_valid {
            return Ok(text);
        }
        Err(self.refused(option, format!("`{text}` is a relative path")))
    }

    pub(crate) fn refused(&self, option: &OptionSpec, cause: String) -> OptionError {
        OptionError::Refused { source: self.source.to_owned(), name: option.name, cause }
    }

    /// The names of the source's clients.
    pub(crate) fn client_names(&self) -> Result<ClientNames, OptionError> {
        let is_local = !self.declared.iter().any(|option| option.name == WITH.name);
        let local = if is_local { &[] } else { self.local_clients };
        let merged = self.optional_list(&WITH)?;
        Ok(ClientNames::new(self.source, local.iter().cloned(), merged))
    }

    /// Returns whether another source reads a client of this name on this computer.
    #[cfg(target_os = "linux")]
    pub(crate) fn is_local_client(&self, name: &str) -> bool {
        self.local_clients.iter().any(|client| client == name)
    }

    /// A list of texts, which may be empty.
    pub(crate) fn optional_list(&self, option: &OptionSpec) -> Result<Vec<String>, OptionError> {
        match self.values.get(option.name) {
            None => Ok(Vec::new()),
            Some(OptionValue::List(list)) => Ok(list.clone()),
            Some(OptionValue::Text(text)) => {
                Err(self.invalid(option, text, option.kind.expected()))
            }
        }
    }

    /// A list with at least one text.
    pub(crate) fn list(&self, name: &str) -> Result<Vec<String>, OptionError> {
        let option = self.option(name);
        match self.values.get(option.name) {
            Some(OptionValue::List(list)) if !list.is_empty() => Ok(list.clone()),
            Some(OptionValue::List(_)) => Err(self.invalid(option, "", option.kind.expected())),
            Some(OptionValue::Text(text)) => {
                Err(self.invalid(option, text, option.kind.expected()))
            }
            None => Err(self.missing(option)),
        }
    }

    /// The name of the source.
    pub(crate) const fn source(&self) -> &str {
        self.source
    }

    /// The program that starts the programs of the source, if there is one.
    pub(crate) const fn guard(&self) -> &[OsString] {
        self.guard
    }

    /// `true` or `false`.
    pub(crate) fn bool(&self, name: &str) -> Result<bool, OptionError> {
        let option = self.option(name);
        let value = self.value(option).ok_or_else(|| self.missing(option))?;
        value.parse().map_err(|_| self.invalid(option, value, "`true` or `false`"))
    }

    fn option(&self, name: &str) -> &'static OptionSpec {
        self.declared.iter().find(|option| option.name == name).unwrap_or_else(|| {
            unreachable!("a source reads only options of its descriptor, not {name}")
        })
    }

    fn value(&self, option: &OptionSpec) -> Option<&str> {
        match self.values.get(option.name) {
            Some(OptionValue::Text(text)) => Some(text),
            Some(OptionValue::List(_)) | None => option.default,
        }
    }

    fn missing(&self, option: &OptionSpec) -> OptionError {
        let (source, expected) = (self.source.to_owned(), option.kind.expected());
        OptionError::Missing { source, name: option.name, expected }
    }

    fn invalid(&self, option: &OptionSpec, value: &str, expected: &'static str) -> OptionError {
        let (source, value) = (self.source.to_owned(), value.to_owned());
        OptionError::InvalidValue { source, name: option.name, value, expected }
    }

    /// A duration longer than zero.
    pub(crate) fn duration(&self, name: &str) -> Result<Duration, OptionError> {
        let option = self.option(name);
        let value = self.value(option).ok_or_else(|| self.missing(option))?;
        let invalid = |expected| self.invalid(option, value, expected);
        let parsed = value.parse::<jiff::SignedDuration>().ok();
        let parsed = parsed.and_then(|parsed| Duration::try_from(parsed).ok());
        let duration = parsed.ok_or_else(|| invalid("a duration such as `30s` or `500ms`"))?;
        if duration.is_zero() { Err(invalid("a duration longer than 0")) } else { Ok(duration) }
    }
}

impl OptionKind {
    /// A description of valid values.
    #[must_use]
    pub const fn expected(self) -> &'static str {
        match self {
            Self::Duration => "a duration such as \"30s\"",
            Self::Path => "the path of a file, in quotes",
            Self::Bool => "true or false",
            Self::List => "a list of texts such as [\"teams-status\", \"--json\"]",
            Self::Text => "a text, in quotes",
            Self::Address => "a URL such as \"mqtts://broker.example.com\"",
            Self::SecretFile => "an absolute path or the name of a systemd credential, in quotes",
        }
    }
}

impl From<&str> for OptionValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for OptionValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<String>> for OptionValue {
    fn from(list: Vec<String>) -> Self {
        Self::List(list)
    }
}

impl Platform {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Linux => "Linux",
            Self::Windows => "Windows",
            Self::Anywhere => "every platform",
        }
    }
}

impl OptionError {
    /// The invalid name with the valid ones, if that is the error.
    #[must_use]
    pub fn unknown_name(&self) -> Option<(&str, &[&'static str])> {
        match self {
            Self::NoSuchOption { name, known, .. } => Some((name, known)),
            Self::InvalidValue { .. }
            | Self::Missing { .. }
            | Self::Refused { .. }
            | Self::WrongPlatform { .. } => None,
        }
    }
}

impl fmt::Display for OptionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchOption { source, name, known } => {
                write!(f, "source `{source}` has no option `{name}`; expected one of: ")?;
                f.write_str(&known.join(", "))
            }
            Self::InvalidValue { source, name, value, expected } => {
                write!(
                    f,
                    "invalid value `{value}` for `{name}` of source `{source}`: expected {expected}"
                )
            }
            Self::Refused { source, name, cause } => {
                write!(f, "invalid value for `{name}` of source `{source}`: {cause}")
            }
            Self::Missing { source, name, .. } => write!(f, "source `{source}` has no `{name}`"),
            Self::WrongPlatform { source, platform } => {
                write!(f, "source `{source}` runs on {} only", platform.name())
            }
        }
    }
}

impl std::error::Error for OptionError {}
