//! Installs the peers of the sinks, and of the sources `mqtt` and `xmpp`, from the registries of Python and
//! Node.
//!
//! They go into folders below `target`, in the versions named here. Nothing else of the machine
//! changes.

use std::path::Path;

use crate::command::{program, root, run as run_command};

/// The peers in Python.
const PYTHON: &[&str] = &[
    "amqtt==0.12.1",
    "standardwebhooks==1.1.0",
    "cloudevents==2.2.0",
    "jeepney==0.9.0",
    "slixmpp==1.17.0",
];
/// The peers in JavaScript.
const NODE: &[&str] =
    &["aedes@1.2.0", "standardwebhooks@1.1.1", "cloudevents@10.0.0", "mqtt@5.16.0"];

/// Installs the peers, if they are not installed.
///
/// # Errors
///
/// If a peer cannot be installed.
pub(crate) fn run(_: &[String]) -> Result<(), String> {
    let folder = root().join("target/peers/sinks");
    install(&folder.join("python"), PYTHON, |folder| {
        let path = folder.to_string_lossy();
        run_command(&mut program("python3", &["-m", "venv", "--clear", &path]))?;
        let pip = folder.join("bin/pip");
        let install = ["install", "--quiet", "--disable-pip-version-check"];
        run_command(program(&pip.to_string_lossy(), &install).args(PYTHON))
    })?;
    install(&folder.join("node"), NODE, |folder| {
        std::fs::create_dir_all(folder)
            .map_err(|error| format!("{}: {error}", folder.display()))?;
        let install = ["install", "--no-save", "--no-audit", "--no-fund", "--silent"];
        run_command(program("npm", &install).args(NODE).current_dir(folder))
    })
}

/// Runs `work` unless `folder` has these peers.
///
/// # Errors
///
/// If the work fails.
pub(crate) fn install(
    folder: &Path,
    peers: &[&str],
    work: impl FnOnce(&Path) -> Result<(), String>,
) -> Result<(), String> {
    let wanted = peers.join("\n");
    let mark = folder.join("installed");
    if std::fs::read_to_string(&mark).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    work(folder).map_err(|why| {
        format!("{why}\n  help: install python3-venv and npm, and check the network")
    })?;
    std::fs::write(&mark, wanted).map_err(|error| format!("{}: {error}", mark.display()))
}
