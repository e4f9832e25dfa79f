//! Descriptors of sources: name, capabilities, limitations and options.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use communicado_runtime::{NamedSource, Source};

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
    /// The clients that it reports as absent while they do not run.
    pub clients: &'static [&'static str],
    /// Its options, besides `clients`.
    pub options: &'static [OptionSpec],
    /// The constructor, on the platform that the source runs on. It has no side effects.
    pub(crate) make: Option<MakeSource>,
}

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
    /// Its default value.
    pub default: &'static str,
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
}

/// Platform that a source runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// Linux.
    Linux,
    /// Windows.
    Windows,
}

/// Options of a source, before validation.
#[derive(Clone, Debug, Default)]
pub struct SourceOptions {
    values: BTreeMap<String, String>,
    clients: Option<Vec<String>>,
}

/// Options with valid names.
pub(crate) struct ValidatedOptions<'a> {
    descriptor: &'static str,
    declared: &'static [OptionSpec],
    values: &'a BTreeMap<String, String>,
}

/// Error in the options of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OptionError {
    /// The source has no option of this name.
    NoSuchOption {
        /// The source.
        source: &'static str,
        /// The invalid name.
        name: String,
        /// The valid names.
        known: Vec<&'static str>,
    },
    /// The value is invalid for the option.
    InvalidValue {
        /// The source.
        source: &'static str,
        /// The option.
        name: &'static str,
        /// The invalid value.
        value: String,
        /// A description of valid values.
        expected: &'static str,
    },
    /// The source does not run on this platform.
    WrongPlatform {
        /// The source.
        source: &'static str,
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

    /// Creates the source, without side effects.
    ///
    /// # Errors
    ///
    /// If an option has an invalid name or value, or the source does not run on this platform.
    pub fn open(&self, options: &SourceOptions) -> Result<NamedSource, OptionError> {
        let Some(make) = self.make else {
            return Err(OptionError::WrongPlatform { source: self.name, platform: self.platform });
        };
        for name in options.values.keys() {
            if !self.options.iter().any(|option| option.name == name) {
                let known = self.options.iter().map(|option| option.name);
                return Err(OptionError::NoSuchOption {
                    source: self.name,
                    name: name.clone(),
                    known: known.chain(["clients"]).collect(),
                });
            }
        }
        let values = &options.values;
        let source =
            make(&ValidatedOptions { descriptor: self.name, declared: self.options, values })?;
        let clients = options.clients.clone();
        let clients =
            clients.unwrap_or_else(|| self.clients.iter().map(|&name| name.to_owned()).collect());
        Ok(NamedSource { name: self.name, clients, source })
    }
}

impl SourceOptions {
    /// Sets an option, and replaces its earlier value.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.values.insert(name.into(), value.into());
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
        self.value(self.option(name)).to_owned()
    }

    /// `true` or `false`.
    #[cfg(target_os = "linux")]
    pub(crate) fn bool(&self, name: &str) -> Result<bool, OptionError> {
        let option = self.option(name);
        let value = self.value(option);
        value.parse().map_err(|_| OptionError::InvalidValue {
            source: self.descriptor,
            name: option.name,
            value: value.to_owned(),
            expected: "`true` or `false`",
        })
    }

    fn option(&self, name: &str) -> &'static OptionSpec {
        self.declared.iter().find(|option| option.name == name).unwrap_or_else(|| {
            unreachable!("a source reads only options of its descriptor, not {name}")
        })
    }

    fn value(&self, option: &OptionSpec) -> &str {
        self.values.get(option.name).map_or(option.default, String::as_str)
    }

    /// A duration longer than zero.
    pub(crate) fn duration(&self, name: &str) -> Result<Duration, OptionError> {
        let option = self.option(name);
        let value = self.value(option);
        let invalid = |expected| OptionError::InvalidValue {
            source: self.descriptor,
            name: option.name,
            value: value.to_owned(),
            expected,
        };
        let parsed = value.parse::<jiff::SignedDuration>().ok();
        let parsed = parsed.and_then(|parsed| Duration::try_from(parsed).ok());
        let duration = parsed.ok_or_else(|| invalid("a duration such as `30s` or `500ms`"))?;
        if duration.is_zero() { Err(invalid("a duration longer than 0")) } else { Ok(duration) }
    }
}

impl Platform {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Linux => "Linux",
            Self::Windows => "Windows",
        }
    }
}

impl OptionError {
    /// The invalid name with the valid ones, if that is the error.
    #[must_use]
    pub fn unknown_name(&self) -> Option<(&str, &[&'static str])> {
        match self {
            Self::NoSuchOption { name, known, .. } => Some((name, known)),
            Self::InvalidValue { .. } | Self::WrongPlatform { .. } => None,
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
            Self::WrongPlatform { source, platform } => {
                write!(f, "source `{source}` runs on {} only", platform.name())
            }
        }
    }
}

impl std::error::Error for OptionError {}
