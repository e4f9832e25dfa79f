//! The dispatch of a parsed command line to its command.

use clap::CommandFactory as _;
use communicado_cli_support::{Failure, Outcome};

use crate::arguments::{Arguments, Command};
use crate::commands::{sinks, sources};
use crate::settings::Settings;
use crate::topics::topics;

/// Runs the command, or `status` if there is none.
pub(crate) fn run(arguments: Arguments) -> Result<Outcome, Failure> {
    let global = &arguments.global;
    let settings = || Settings::load(global);
    let command = match arguments.command {
        None => Command::Status(arguments.status),
        Some(_) if arguments.status.is_set() => {
            let message = "`--json` and `--format` must follow the command";
            return Err(Failure::usage(message).help("run: communicado watch --json"));
        }
        Some(command) => command,
    };
    match command {
        Command::Status(status) => status.run(&settings()?),
        Command::Watch(watch) => watch.run(settings()?),
        Command::Is(is) => is.run(&settings()?),
        Command::Wait(wait) => wait.run(&settings()?),
        Command::Run(run) => run.run(&settings()?),
        Command::Agent(agent) => agent.run(&settings()?),
        Command::Sources => sources::run(&settings()?),
        Command::Sinks => sinks::run(&settings()?),
        Command::Doctor(doctor) => {
            let (settings, broken) = Settings::load_or_default(global)?;
            doctor.run(&settings, broken)
        }
        Command::Explain(explain) => explain.run(),
        Command::Record(record) => record.run(&settings()?),
        Command::Replay(replay) => replay.run(settings()?),
        Command::Config(config) => config.run(&settings()?),
        Command::Completions(completions) => {
            completions.run(Arguments::command()).map(|()| Outcome::Yes)
        }
        Command::Help(help) => help.run(Arguments::command(), &topics()).map(|()| Outcome::Yes),
        Command::Man(man) => man.run(Arguments::command(), &topics()).map(|()| Outcome::Yes),
        Command::Provide(provide) => provide.run(),
        #[cfg(target_os = "linux")]
        Command::Demo(demo) => demo.run(global),
    }
}
