//! The command line. Its definitions generate the help, the completions and the man pages.

use std::sync::LazyLock;

use clap::{Parser, Subcommand};
use communicado::SOURCES;
use communicado_cli_support::{CompletionsArgs, HelpArgs, ManArgs, long_version};

#[cfg(target_os = "linux")]
use crate::commands::demo;
use crate::commands::{
    agent, config, doctor, explain, is, provide, record, replay, run, status, wait, watch,
};
use crate::form::template_help;
use crate::options::GlobalOptions;

/// The exit statuses, at the end of the help.
pub(crate) const EXIT_STATUS: &str = "Exit status: 0 yes or success, 1 no, 2 usage error, 3 unknown, \
                           4 timed out, 5 failure.";

/// The text of `--version`.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let here = SOURCES.iter().filter(|source| source.runs_here()).map(|source| source.name);
    let sources = here.collect::<Vec<_>>().join(", ");
    long_version(env!("CARGO_PKG_VERSION"), &[("sources", &sources)])
});

/// Report whether your chat client is running and whether you are signed in.
///
/// Without a command, prints what `communicado status` prints.
#[derive(Debug, Parser)]
#[command(
    name = "communicado",
    version,
    long_version = VERSION.as_str(),
    disable_help_subcommand = true,
    after_help = EXIT_STATUS
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    // Flattened before the global options, whose heading would otherwise apply to these too.
    #[command(flatten)]
    pub(crate) status: status::StatusArgs,
    #[command(flatten)]
    pub(crate) global: GlobalOptions,
}

/// A command. Each describes itself where it is defined.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    #[command(after_long_help = template_help())]
    Status(status::StatusArgs),
    #[command(after_long_help = template_help())]
    Watch(watch::WatchArgs),
    Is(is::IsArgs),
    Wait(wait::WaitArgs),
    Run(run::RunArgs),
    Agent(agent::AgentArgs),
    /// List the sources, what each can observe, and what it finds on this computer.
    Sources,
    /// List the kinds of sinks, what each can deliver, and the sinks of the configuration.
    Sinks,
    Doctor(doctor::DoctorArgs),
    Explain(explain::ExplainArgs),
    Record(record::RecordArgs),
    #[command(after_long_help = template_help())]
    Replay(replay::ReplayArgs),
    Provide(provide::ProvideArgs),
    #[cfg(target_os = "linux")]
    Demo(demo::DemoArgs),
    Config(config::ConfigArgs),
    Completions(CompletionsArgs),
    Help(HelpArgs),
    Man(ManArgs),
}
