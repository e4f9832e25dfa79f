//! The client of the commands: it asks a running gateway, or else the store itself.

use communicado_wire::gateway::Problem;

use crate::failure::{Failure, Outcome};
use crate::options::DataFolder;

/// Asks the gateway that runs on the data, or else does it on the store itself.
pub(super) fn ask(
    data: &DataFolder,
    method: &str,
    target: &str,
    body: &str,
) -> Result<String, Failure> {
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

pub(super) fn misread(error: serde_json::Error) -> Failure {
    let help = "use the program of the same version as the gateway that runs";
    Failure::new(Outcome::Failed, "the gateway's answer is not understood").cause(error).help(help)
}
