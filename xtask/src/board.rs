//! Tries the board and the client in JavaScript: a real gateway, Chromium, and clients that are
//! not ours.
//!
//! What npm installs is what the lock file names. That file names no addresses, since those of one
//! machine are of no use to another.

use std::path::Path;

use crate::command::{cargo, program, root, run as run_command};
use crate::gateway;

const FOLDER: &str = "conformance/board";

/// What the tests start, and the variable that says where it is.
const PROGRAMS: [(&str, &str); 2] =
    [("COMMUNICADO_GATEWAY_BIN", "communicado-gateway"), ("COMMUNICADO_BIN", "communicado")];

/// Builds the gateway and the agent, and passes the tests of `conformance/board`.
///
/// # Errors
///
/// If something fails: which command, and what to do.
pub(crate) fn run(_: &[String]) -> Result<(), String> {
    let folder = root().join(FOLDER);
    no_addresses(&folder.join("package-lock.json"))?;
    let both = ["--package", "communicado-gateway", "--package", "communicado-cli"];
    run_command(cargo(&["build", "--locked"]).args(both))?;
    gateway::issuer()?;
    let npm = |arguments: &[&str]| {
        let mut npm = program("npm", arguments);
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root().join("target"), Into::into);
        for (variable, built) in PROGRAMS {
            npm.env(variable, target.join("debug").join(built));
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
