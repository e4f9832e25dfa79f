//! The client of the commands. It sends requests to a running gateway, or else to the store.

use communicado_cli_support::{Failure, Outcome};
use communicado_wire::gateway::Problem;

use crate::options::DataFolder;

/// Sends a request to the gateway that runs on the data folder, or else runs it on the store.
pub(super) fn ask(
    data: &DataFolder,
    method: &str,
    target: &str,
    body: &str,
) -> Result<String, Failure> {
    let folder = data.folder();
    let response = match crate::serve::ask(&folder, method, target, body)? {
        Some(response) => response,
        None => crate::serve::ask_offline(&folder, method, target, body)?,
    };
    match response {
        (200..=299, text) => Ok(text),
        (status, text) => {
            let problem = serde_json::from_str::<Problem>(&text);
            let unknown =
                || Failure::new(Outcome::Failed, format!("the gateway returned HTTP {status}"));
            Err(problem.map_or_else(
                |_| unknown(),
                |problem| Failure::new(Outcome::Failed, &*problem.detail).help(&*problem.help),
            ))
        }
    }
}

pub(super) fn misread(error: serde_json::Error) -> Failure {
    let help = "use the program version of the running gateway";
    Failure::new(Outcome::Failed, "the gateway returned an invalid response")
        .cause(error)
        .help(help)
}
