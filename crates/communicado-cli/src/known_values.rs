//! The values that completions offer for an argument that takes any text.

use std::ffi::OsStr;
use std::sync::LazyLock;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, Command, Error};
use communicado::SOURCES;
use communicado_sinks::SINKS;

use crate::setting_tables::{AGENT, EACH_SOURCE, TOP};
use crate::sink_settings::EACH_SINK;

/// The clients that the sources report while these do not run.
static CLIENTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let here = SOURCES.iter().filter(|source| source.runs_here());
    let mut names: Vec<String> =
        here.flat_map(|source| source.clients).map(ToString::to_string).collect();
    names.sort_unstable();
    names.dedup();
    names
});

/// The keys of the configuration, each with its `=`.
static KEYS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let names = |table: &[(&'static str, &str, &str, &str)]| -> Vec<&'static str> {
        table.iter().map(|(name, ..)| *name).collect()
    };
    let section = |prefix: String, names: Vec<&str>| -> Vec<String> {
        names.iter().map(|name| format!("{prefix}{name}=")).collect()
    };
    let mut keys = section(String::new(), names(&TOP));
    keys.extend(section("agent.".to_owned(), names(&AGENT)));
    for source in SOURCES {
        let mut all = names(&EACH_SOURCE);
        all.extend(source.options.iter().map(|option| option.name));
        keys.extend(section(format!("sources.{}.", source.name), all));
    }
    for sink in SINKS {
        let mut all = names(&EACH_SINK);
        all.extend(sink.options.iter().map(|option| option.name));
        keys.extend(section(format!("sinks.{}.", sink.kind), all));
    }
    keys
});

/// The kinds of sinks, which are also the default names of their sections.
static SINK_KINDS: LazyLock<Vec<String>> =
    LazyLock::new(|| SINKS.iter().map(|sink| sink.kind.to_owned()).collect());

/// A parser that takes any text, and lists the known values for completions.
#[derive(Clone)]
pub(crate) struct AnyText(fn() -> &'static [String]);

impl AnyText {
    /// For the name of a client.
    pub(crate) fn client() -> Self {
        Self(|| &CLIENTS)
    }

    /// For a key of the configuration, `=` and its value.
    pub(crate) fn setting() -> Self {
        Self(|| &KEYS)
    }

    /// For the name of a sink.
    pub(crate) fn sink() -> Self {
        Self(|| &SINK_KINDS)
    }
}

impl TypedValueParser for AnyText {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<String, Error> {
        StringValueParser::new().parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new((self.0)().iter().map(|value| PossibleValue::new(value.as_str()))))
    }
}
