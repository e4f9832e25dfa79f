//! Checks what the dependencies are: their licences, bans and sources, and what is known against
//! them. `deny.toml` has the rules, cargo-deny reads them.
//!
//! cargo-deny is installed where it is missing, into the user's cache and not into the path.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{cargo, output, program, run as run_command};

/// The one version that is used, so that the rules are read the same everywhere.
const VERSION: &str = "0.20.2";

/// The manifests whose dependencies are checked.
const MANIFESTS: [&str; 2] = ["Cargo.toml", "fuzz/Cargo.toml"];

/// Checks everything that can be checked here, and says what could not be.
///
/// # Errors
///
/// If a dependency breaks a rule, or cargo-deny cannot be had.
pub(crate) fn run(_: &[String]) -> Result<(), String> {
    let deny = program_path()?;
    for manifest in MANIFESTS {
        println!("{manifest}: licences, bans, sources");
        let about = ["check", "--hide-inclusion-graph", "licenses", "bans", "sources"];
        run_command(cargo_deny(&deny, manifest).args(about))?;
    }
    // Apart, since it is the one thing that is not in the repository or the registry.
    let fetched = output(cargo_deny(&deny, "Cargo.toml").args(["fetch", "db"]))?;
    if !fetched.status.success() {
        let said = String::from_utf8_lossy(&fetched.stderr);
        let why = said.lines().rfind(|line| !line.is_empty()).unwrap_or_default().trim();
        println!("advisories: NOT CHECKED, the database of RustSec cannot be had: {why}");
        return Ok(());
    }
    for manifest in MANIFESTS {
        println!("{manifest}: advisories");
        let about = ["check", "--disable-fetch", "advisories"];
        run_command(cargo_deny(&deny, manifest).args(about))?;
    }
    Ok(())
}

fn cargo_deny(path: &Path, manifest: &str) -> Command {
    let mut command = program(&path.to_string_lossy(), &["--manifest-path", manifest]);
    // It runs cargo to learn of the dependencies.
    command.env("CARGO", env!("CARGO"));
    command
}

/// The program, from the path if that has the right version, or from the cache.
fn program_path() -> Result<PathBuf, String> {
    let cache = cache()?.join(format!("cargo-deny-{VERSION}"));
    let cached = cache.join("bin/cargo-deny");
    for path in [PathBuf::from("cargo-deny"), cached.clone()] {
        let said = output(&mut program(&path.to_string_lossy(), &["--version"]));
        if said.is_ok_and(|it| it.stdout.trim_ascii() == format!("cargo-deny {VERSION}").as_bytes())
        {
            return Ok(path);
        }
    }
    println!("cargo-deny {VERSION} is installed once into {} (some minutes)", cache.display());
    let root = cache.to_string_lossy().into_owned();
    let mut install = cargo(&["install", "--locked", "--quiet", "--root", &root]);
    install.arg(format!("cargo-deny@{VERSION}"));
    // It runs for a second; what counts is the time to build it.
    install.env("CARGO_PROFILE_RELEASE_LTO", "off");
    install.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    install.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1");
    run_command(&mut install)?;
    Ok(cached)
}

/// The user's cache, which outlives this clone.
pub(crate) fn cache() -> Result<PathBuf, String> {
    let folder = |name, below: &str| {
        let folder = PathBuf::from(std::env::var_os(name)?).join(below);
        folder.is_absolute().then_some(folder)
    };
    let cache = folder("XDG_CACHE_HOME", "").or_else(|| folder("HOME", ".cache"));
    let cache = cache.ok_or("neither XDG_CACHE_HOME nor HOME is set")?;
    Ok(cache.join("communicado-xtask"))
}
