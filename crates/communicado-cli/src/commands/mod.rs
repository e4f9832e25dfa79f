//! The commands, one file each.

pub(crate) mod agent;
pub(crate) mod completions;
pub(crate) mod config;
#[cfg(target_os = "linux")]
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod is;
pub(crate) mod man;
pub(crate) mod provide;
pub(crate) mod record;
pub(crate) mod replay;
pub(crate) mod run;
pub(crate) mod sources;
pub(crate) mod status;
pub(crate) mod wait;
pub(crate) mod watch;

use crate::arguments::{Arguments, Command};
use crate::failure::{Failure, Outcome};
use crate::settings::Settings;

/// Does what was asked.
pub(crate) fn run(arguments: Arguments) -> Result<Outcome, Failure> {
    let global = &arguments.global;
    let settings = || Settings::load(global);
    let command = match arguments.command {
        None => Command::Status(arguments.status),
        Some(_) if arguments.status.is_chosen() => {
            let what = "`--json` and `--format` stand before the command";
            return Err(Failure::usage(what).help("write them after it: communicado watch --json"));
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
        Command::Doctor(doctor) => doctor.run(&settings()?),
        Command::Explain(explain) => explain.run(),
        Command::Record(record) => record.run(&settings()?),
        Command::Replay(replay) => replay.run(settings()?),
        Command::Config(config) => config.run(&settings()?),
        Command::Completions(completions) => completions.run(),
        Command::Man(man) => man.run(),
        Command::Provide(provide) => provide.run(),
        #[cfg(target_os = "linux")]
        Command::Demo(demo) => demo.run(global),
    }
}

/// Writes to standard output.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    printed(out.write_all(text.as_bytes()).and_then(|()| out.flush())).map(|_| ())
}

/// How a write to standard output went; a reader that went away is no error.
pub(crate) fn printed(written: std::io::Result<()>) -> Result<Outcome, Failure> {
    match written {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::new(Outcome::Failed, "standard output cannot be written")
                .cause(error)
                .help("make room where the output goes, or send it elsewhere"))
        }
        _ => Ok(Outcome::Yes),
    }
}

/// Writes beside the data, to standard error; one that is gone or full is no reason to end.
pub(crate) fn tell(text: &str) {
    use std::io::Write as _;
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}
