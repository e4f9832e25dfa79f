//! Tests the sink `mqtt` and the gateway with Home Assistant, which the task installs below
//! `target`.
//!
//! It is no step of `cargo xtask test`: Home Assistant needs Python 3.13, 850 MB and a quarter of an
//! hour for the installation. The task also takes the screenshot of `docs/home-assistant.md`.

use std::path::{Path, PathBuf};

use crate::command::{build_debug, cargo, output, program, root, run as run_command};
use crate::sink_peers::install;

/// Home Assistant, and the packages that its integrations `mqtt`, `frontend` and `rest` need.
const PACKAGES: &[&str] = &[
    "homeassistant==2025.4.4",
    "paho-mqtt==2.1.0",
    "home-assistant-frontend==20250411.0",
    "jsonpath==0.82.2",
    "xmltodict==0.13.0",
];

/// Installs Home Assistant and runs the tests with it.
///
/// # Errors
///
/// If a command fails: the command, and what to do.
pub(crate) fn run(_: &[String]) -> Result<(), String> {
    let folder = root().join("target/peers/home-assistant/python");
    install(&folder, PACKAGES, |folder| {
        let path = folder.to_string_lossy();
        let python = python()?;
        run_command(&mut program(&python.to_string_lossy(), &["-m", "venv", "--clear", &path]))?;
        let pip = folder.join("bin/pip");
        let install = ["install", "--quiet", "--disable-pip-version-check"];
        run_command(program(&pip.to_string_lossy(), &install).args(PACKAGES))
    })?;
    run_command(program("npm", &["ci"]).current_dir(root().join("conformance/board")))?;
    let built = build_debug(&["communicado", "communicado-gateway"])?;
    let mut test = cargo(&["test", "--locked", "-p", "communicado-conformance"]);
    test.args(["--test", "home-assistant", "--", "--test-threads", "2", "--show-output"]);
    test.env("COMMUNICADO_GATEWAY_BIN", built.join("communicado-gateway"));
    run_command(test.env("COMMUNICADO_BIN", built.join("communicado")))?;
    println!("look at docs/home-assistant.webp");
    Ok(())
}

/// A Python 3.13, in the path or from pyenv.
fn python() -> Result<PathBuf, String> {
    let versions = std::env::home_dir().unwrap_or_default().join(".pyenv/versions");
    let versions = std::fs::read_dir(versions).into_iter().flatten().flatten();
    let of_pyenv = versions.map(|version| version.path().join("bin/python3.13"));
    let mut candidates = std::iter::once(PathBuf::from("python3.13")).chain(of_pyenv);
    let runs = |python: &PathBuf| is_python(python);
    candidates.find(runs).ok_or_else(|| {
        "Home Assistant needs Python 3.13\n  help: install it, for example with pyenv".to_owned()
    })
}

fn is_python(file: &Path) -> bool {
    let version = output(&mut program(&file.to_string_lossy(), &["--version"]));
    version.is_ok_and(|output| output.status.success())
}
