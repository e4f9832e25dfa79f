//! What is said of a source before it is opened.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use communicado_runtime::{NamedSource, Source};

/// What a source is called, what it sees, and how it is opened.
pub struct SourceDescriptor {
    /// Its name, as in the configuration and in the key `source`.
    pub name: &'static str,
    /// What it reads, in one line.
    pub about: &'static str,
    /// What it sees of a client.
    pub capabilities: &'static [&'static str],
    /// What it is blind to, one sentence each.
    pub limitations: &'static [&'static str],
    /// Where it can work.
    pub platform: Platform,
    /// The clients that are told of even while nothing is seen of them.
    pub clients: &'static [&'static str],
    /// What can be set, beside `clients`.
    pub options: &'static [OptionSpec],
    /// Makes the source from checked options; touches nothing.
    pub(crate) make: fn(&ValidatedOptions<'_>) -> Result<Box<dyn Source>, OptionError>,
}

/// One thing that can be set.
#[derive(Clone, Copy, Debug)]
pub struct OptionSpec {
    /// Its name, as in the configuration.
    pub name: &'static str,
    /// What it takes.
    pub kind: OptionKind,
    /// What it is if nothing is set.
    pub default: &'static str,
    /// What it does, in one sentence.
    pub help: &'static str,
}

/// What an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionKind {
    /// A span of time, such as `30s` or `500ms`.
    Span,
    /// The path of a file; empty for none.
    Path,
}

/// Where a source can work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// On Linux.
    Linux,
    /// On Windows.
    Windows,
}

/// What was set for a source, not yet checked.
#[derive(Clone, Debug, Default)]
pub struct Options {
    values: BTreeMap<String, String>,
    clients: Option<Vec<String>>,
}

/// Options of which every name is known.
pub(crate) struct ValidatedOptions<'a> {
    descriptor: &'static str,
    declared: &'static [OptionSpec],
    values: &'a BTreeMap<String, String>,
}

/// Why a source cannot be opened with what was set.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OptionError {
    /// The source has no option of this name.
    NoSuchOption {
        /// The source.
        source: &'static str,
        /// The name that was set.
        name: String,
        /// The names that there are.
        known: Vec<&'static str>,
    },
    /// The value is not what the option takes.
    BadValue {
        /// The source.
        source: &'static str,
        /// The option.
        name: &'static str,
        /// The value that was set.
        value: String,
        /// What the option takes.
        takes: &'static str,
    },
    /// The source cannot work on this platform.
    WrongPlatform {
        /// The source.
        source: &'static str,
        /// Where it can work.
        platform: Platform,
    },
}

impl SourceDescriptor {
    /// Whether the source can work on the platform that this was built for.
    #[must_use]
    pub const fn runs_here(&self) -> bool {
        match self.platform {
            Platform::Linux => cfg!(target_os = "linux"),
            Platform::Windows => cfg!(windows),
        }
    }

    /// Makes the source, and touches nothing yet.
    ///
    /// # Errors
    ///
    /// If an option is not known or has a value that it does not take.
    pub fn open(&self, options: &Options) -> Result<NamedSource, OptionError> {
        if !self.runs_here() {
            return Err(OptionError::WrongPlatform { source: self.name, platform: self.platform });
        }
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
        let source = (self.make)(&ValidatedOptions {
            descriptor: self.name,
            declared: self.options,
            values,
        })?;
        let clients = options.clients.clone();
        let clients =
            clients.unwrap_or_else(|| self.clients.iter().map(|&name| name.to_owned()).collect());
        Ok(NamedSource { name: self.name, clients, source })
    }
}

impl Options {
    /// Sets one option; what was set before under this name is forgotten.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.values.insert(name.into(), value.into());
    }

    /// Sets the clients that are told of even while nothing is seen of them.
    pub fn set_clients(&mut self, clients: Vec<String>) {
        self.clients = Some(clients);
    }
}

impl ValidatedOptions<'_> {
    /// The path of a file; empty for none.
    #[cfg(target_os = "linux")]
    pub(crate) fn path(&self, name: &str) -> String {
        self.value(self.option(name)).to_owned()
    }

    fn option(&self, name: &str) -> &'static OptionSpec {
        self.declared.iter().find(|option| option.name == name).unwrap_or_else(|| {
            unreachable!("a source asks only for options that it declares, not for {name}")
        })
    }

    fn value(&self, option: &OptionSpec) -> &str {
        self.values.get(option.name).map_or(option.default, String::as_str)
    }

    /// A span of time longer than zero.
    pub(crate) fn span(&self, name: &str) -> Result<Duration, OptionError> {
        let option = self.option(name);
        let value = self.value(option);
        let bad = |takes| OptionError::BadValue {
            source: self.descriptor,
            name: option.name,
            value: value.to_owned(),
            takes,
        };
        let span = value.parse::<jiff::SignedDuration>().ok();
        let span = span.and_then(|span| Duration::try_from(span).ok());
        let span = span.ok_or_else(|| bad("is no span of time such as `30s` or `500ms`"))?;
        if span.is_zero() { Err(bad("must be longer than 0")) } else { Ok(span) }
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
    /// What was set and is not known, with what it could have been.
    #[must_use]
    pub fn unknown_name(&self) -> Option<(&str, &[&'static str])> {
        match self {
            Self::NoSuchOption { name, known, .. } => Some((name, known)),
            Self::BadValue { .. } | Self::WrongPlatform { .. } => None,
        }
    }
}

impl fmt::Display for OptionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchOption { source, name, known } => {
                write!(f, "source `{source}` has no option `{name}`; one of: ")?;
                f.write_str(&known.join(", "))
            }
            Self::BadValue { source, name, value, takes } => {
                write!(f, "`{name}` of source `{source}` is `{value}`, which {takes}")
            }
            Self::WrongPlatform { source, platform } => {
                write!(f, "source `{source}` works on {} only", platform.name())
            }
        }
    }
}

impl std::error::Error for OptionError {}
