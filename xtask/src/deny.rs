//! Checks the dependencies: licences, bans, sources and advisories. cargo-deny reads the rules from
//! `deny.toml`.
//!
//! The task installs cargo-deny if it is missing, into the user's cache and not into the path.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{cargo, output, program, run as run_command};

/// The version of cargo-deny, the same everywhere so that the rules mean the same.
const VERSION: &str = "0.20.2";

/// The manifests to check.
const MANIFESTS: [&str; 2] = ["Cargo.toml", "fuzz/libfuzzer/Cargo.toml"];

/// Checks all rules, and reports if the advisories could not be checked.
///
/// # Errors
///
/// If a dependency breaks a rule, or cargo-deny cannot be installed.
pub(crate) fn run(_: &[String]) -> Result<(), String> {
    let deny = program_path()?;
    for manifest in MANIFESTS {
        println!("{manifest}: licences, bans, sources");
        let about = ["check", "--hide-inclusion-graph", "licenses", "bans", "sources"];
        run_command(cargo_deny(&deny, manifest).args(about))?;
    }
    // Separate, because the database is neither in the repository nor in the registry.
    let fetched = output(cargo_deny(&deny, "Cargo.toml").args(["fetch", "db"]))?;
    if !fetched.status.success() {
        let printed = String::from_utf8_lossy(&fetched.stderr);
        let why = printed.lines().rfind(|line| !line.is_empty()).unwrap_or_default().trim();
        println!("advisories: NOT CHECKED, the RustSec database cannot be fetched: {why}");
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
    // It runs cargo to list the dependencies.
    command.env("CARGO", env!("CARGO"));
    command
}

/// The path of cargo-deny in this version: in the path, else in the cache.
fn program_path() -> Result<PathBuf, String> {
    let cache = cache()?.join(format!("cargo-deny-{VERSION}"));
    let cached = cache.join("bin/cargo-deny");
    for path in [PathBuf::from("cargo-deny"), cached.clone()] {
        let version = output(&mut program(&path.to_string_lossy(), &["--version"]));
        if version
            .is_ok_and(|it| it.stdout.trim_ascii() == format!("cargo-deny {VERSION}").as_bytes())
        {
            return Ok(path);
        }
    }
    println!(
        "cargo-deny {VERSION} is being installed once into {} (a few minutes)",
        cache.display()
    );
    let root = cache.to_string_lossy().into_owned();
    let mut install = cargo(&["install", "--locked", "--quiet", "--root", &root]);
    install.arg(format!("cargo-deny@{VERSION}"));
    // It runs for a second, so the build time matters.
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
