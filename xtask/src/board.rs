//! Tests the board and the JavaScript client with a real gateway, Chromium, and other clients.
//!
//! npm installs the versions of the lock file. That file names no addresses, because a registry of
//! one machine may be out of reach for another.

use std::path::Path;

use crate::command::{build_debug, program, root, run as run_command};
use crate::gateway;

const FOLDER: &str = "conformance/board";

/// The programs that the tests start, each with the variable for its path.
const PROGRAMS: [(&str, &str); 2] =
    [("COMMUNICADO_GATEWAY_BIN", "communicado-gateway"), ("COMMUNICADO_BIN", "communicado")];

/// Builds the gateway and the agent, and runs the tests of `conformance/board`.
///
/// # Errors
///
/// If a command fails: the command, and what to do.
pub(crate) fn run(_: &[String]) -> Result<(), String> {
    let folder = root().join(FOLDER);
    no_addresses(&folder.join("package-lock.json"))?;
    let built = build_debug(&PROGRAMS.map(|(_, name)| name))?;
    gateway::issuer()?;
    let npm = |arguments: &[&str]| {
        let mut npm = program("npm", arguments);
        for (variable, name) in PROGRAMS {
            npm.env(variable, built.join(name));
        }
        npm.current_dir(&folder);
        npm
    };
    run_command(&mut npm(&["ci"]))?;
    let hint = |why| format!("{why}\n  help: in {FOLDER}: npm run build");
    run_command(&mut npm(&["run", "check"])).map_err(hint)?;
    run_command(&mut npm(&["test"]))?;
    println!("the screenshots are in target/board");
    Ok(())
}

fn no_addresses(lock: &Path) -> Result<(), String> {
    let text = std::fs::read_to_string(lock).map_err(|why| format!("{}: {why}", lock.display()))?;
    if text.contains("\"resolved\"") {
        let file = lock.display();
        return Err(format!("{file} names addresses\n  help: remove it, and run `npm install`"));
    }
    Ok(())
}
