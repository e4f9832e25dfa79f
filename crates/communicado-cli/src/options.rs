//! The global options, which every command takes.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::known_values::AnyText;

/// Options that every command takes.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalOptions {
    /// Report only these clients. Separate names by commas, or repeat the option.
    #[arg(long, global = true, value_name = "NAME", value_delimiter = ',',
        value_parser = AnyText::client(), hide_possible_values = true)]
    pub(crate) client: Vec<String>,
    /// Read this configuration file instead of the default one.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Override a setting of the configuration, such as `sources.purple.check=10s`.
    #[arg(long, global = true, value_name = "KEY=VALUE",
        value_parser = AnyText::setting(), hide_possible_values = true)]
    pub(crate) set: Vec<String>,
    /// When to use colours.
    #[arg(long, global = true, value_name = "WHEN", value_enum)]
    pub(crate) color: Option<ColorChoice>,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}
