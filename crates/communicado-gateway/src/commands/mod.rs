//! The commands, one file each.

pub(crate) mod backup;
pub(crate) mod completions;
pub(crate) mod man;
pub(crate) mod people;
pub(crate) mod serve;
pub(crate) mod tokens;

use communicado_wire::gateway::Problem;

use crate::arguments::{Arguments, Command, Data};
use crate::failure::{Failure, Outcome};

/// Does what was asked.
pub(crate) fn run(arguments: Arguments) -> Result<Outcome, Failure> {
    match arguments.command {
        Command::Serve(serve) => serve.run(),
        Command::Tokens(tokens) => tokens.run(),
        Command::People(people) => people.run(),
        Command::Backup(backup) => backup.run(),
        Command::Restore(restore) => restore.run(),
        Command::Openapi => print(crate::api::OPENAPI),
        Command::Completions(completions) => completions.run(),
        Command::Man(man) => man.run(),
    }
}

/// Asks the gateway that runs on the data, or else does it on the store itself.
fn ask(data: &Data, method: &str, target: &str, body: &str) -> Result<String, Failure> {
    let folder = data.folder();
    let said = match crate::serve::ask(&folder, method, target, body)? {
        Some(said) => said,
        None => crate::serve::ask_offline(&folder, method, target, body)?,
    };
    match said {
        (200..=299, text) => Ok(text),
        (status, text) => {
            let problem = serde_json::from_str::<Problem>(&text);
            let unknown = || Failure::new(Outcome::Failed, format!("the gateway says {status}"));
            Err(problem.map_or_else(
                |_| unknown(),
                |problem| Failure::new(Outcome::Failed, &*problem.detail).help(&*problem.help),
            ))
        }
    }
}

/// Writes to standard output.
pub(crate) fn print(text: &str) -> Result<Outcome, Failure> {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    printed(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
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
