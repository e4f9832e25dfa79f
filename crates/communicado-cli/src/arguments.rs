//! The command line: what can be asked, from which help, completions and man pages are made.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use communicado::Condition;

#[cfg(target_os = "linux")]
use crate::commands::demo;
use crate::commands::{
    agent, completions, config, doctor, explain, is, man, provide, record, replay, run, status,
    wait, watch,
};

/// Tells whether your unified-communications client runs and whether you are signed in.
///
/// Alone, it prints what `communicado status` prints.
#[derive(Debug, Parser)]
#[command(
    name = "communicado",
    version,
    disable_help_subcommand = true,
    after_help = EXIT_STATUS
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// Before the others, whose heading would be that of these too.
    #[command(flatten)]
    pub(crate) status: status::StatusArgs,
    #[command(flatten)]
    pub(crate) global: GlobalOptions,
}

const EXIT_STATUS: &str = "Exit status: 0 yes or done, 1 no, 2 usage, 3 cannot tell, 4 timed out, \
                           5 failed.";

/// What every command takes.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalOptions {
    /// Only these clients, by name; several with commas or by repeating.
    #[arg(long, global = true, value_name = "NAME", value_delimiter = ',')]
    pub(crate) client: Vec<String>,
    /// Read this configuration instead of the usual one.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Set anything that the configuration can set, such as `sources.purple.check=10s`.
    #[arg(long, global = true, value_name = "KEY=VALUE")]
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

/// What can be asked. What each does is said where it is defined.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    #[command(after_long_help = status::template_help())]
    Status(status::StatusArgs),
    #[command(after_long_help = status::template_help())]
    Watch(watch::WatchArgs),
    Is(is::IsArgs),
    Wait(wait::WaitArgs),
    Run(run::RunArgs),
    Agent(agent::AgentArgs),
    /// List what can be read here, what is found, what is missing and why.
    Sources,
    Doctor(doctor::DoctorArgs),
    Explain(explain::ExplainArgs),
    Record(record::RecordArgs),
    #[command(after_long_help = status::template_help())]
    Replay(replay::ReplayArgs),
    Provide(provide::ProvideArgs),
    #[cfg(target_os = "linux")]
    Demo(demo::DemoArgs),
    Config(config::ConfigArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

/// The word of a condition, as clap takes it.
pub(crate) fn condition() -> impl TypedValueParser<Value = Condition> {
    let words = PossibleValuesParser::new(Condition::words());
    words.try_map(|word| word.parse::<Condition>())
}

/// A span of time, as clap takes it.
pub(crate) fn parse_duration(text: &str) -> Result<std::time::Duration, String> {
    let duration = text.parse::<jiff::SignedDuration>().ok();
    let duration = duration.and_then(|duration| std::time::Duration::try_from(duration).ok());
    duration.ok_or_else(|| "no span of time such as `30s`, `500ms` or `1m 30s`".to_owned())
}
