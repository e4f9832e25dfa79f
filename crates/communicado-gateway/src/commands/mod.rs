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
use crate::output::print;

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
