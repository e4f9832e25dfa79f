//! Builds, lints and tests for Windows, on Linux.

mod dotnet;
mod peers;
mod toolchain;
mod wine;

use std::fs;
use std::path::{Path, PathBuf};

use crate::command::{root, run as run_command};
use crate::dist;
use toolchain::Toolchain;

/// The packages with code for Windows.
const PACKAGES: [&str; 11] = [
    "communicado",
    "communicado-com-server",
    "communicado-cli",
    "communicado-cli-support",
    "communicado-net",
    "communicado-peer",
    "communicado-provider",
    "communicado-runtime",
    "communicado-sinks",
    "communicado-sources",
    "communicado-windows",
];

/// Builds `target/windows/communicado.exe`, or runs `lint`, `test` or `peers`.
///
/// # Errors
///
/// If a build, a lint or a test fails.
pub(crate) fn run(words: &[String]) -> Result<(), String> {
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] | ["build"] => {
            let built = build(&Toolchain::any()?, &root().join("target/windows"))?;
            println!("{built}");
            Ok(())
        }
        ["lint"] => lint(),
        ["test"] => test(),
        ["peers"] => peers(),
        other => Err(format!(
            "cargo xtask windows does not know `{}`\n  help: build, lint, test, peers",
            other.join(" ")
        )),
    }
}

/// Builds the program for Windows 7 and later, which Wine runs too, and returns its path.
pub(crate) fn program() -> Result<PathBuf, String> {
    let folder = wine::folder();
    build(&Toolchain::for_wine()?, &folder)?;
    Ok(folder.join("communicado.exe"))
}

/// Builds the same program from a copy of the workspace, into the copy, and returns its path.
pub(crate) fn program_in(copy: &Path) -> Result<PathBuf, String> {
    compile(&Toolchain::for_wine()?, copy, &copy.join("target"))
}

/// Lints and tests, and builds the programs for the conformance tests under Wine.
pub(crate) fn check() -> Result<(), String> {
    lint()?;
    test()?;
    peers()
}

/// Builds the program into `folder`, and returns its path and size.
fn build(toolchain: &Toolchain, folder: &Path) -> Result<String, String> {
    let built = compile(toolchain, &root(), &root().join("target"))?;
    let program = folder.join("communicado.exe");
    let failed = |error: std::io::Error| format!("cannot write {}: {error}", program.display());
    fs::create_dir_all(folder).map_err(failed)?;
    // A rename, because the old program may be running.
    let fresh = folder.join("communicado.exe.new");
    fs::copy(built, &fresh).map_err(failed)?;
    fs::rename(&fresh, &program).map_err(failed)?;
    let bytes = fs::metadata(&program).map_err(failed)?.len();
    Ok(format!("{}: {} kB", program.display(), bytes / 1024))
}

/// Compiles the program of the workspace in `source`, and returns its path below `target`.
fn compile(toolchain: &Toolchain, source: &Path, target: &Path) -> Result<PathBuf, String> {
    let words = ["--profile", "dist", "--package", "communicado-cli"];
    let mut cargo = toolchain.cargo_in(source, "build", &words)?;
    if let Some(commit) = dist::commit() {
        cargo.env(dist::COMMIT, commit);
    }
    run_command(cargo.env("CARGO_TARGET_DIR", target))?;
    Ok(target.join(toolchain.target()).join("dist/communicado.exe"))
}

fn packages() -> Vec<&'static str> {
    PACKAGES.into_iter().flat_map(|package| ["--package", package]).collect()
}

fn lint() -> Result<(), String> {
    let mut clippy = Toolchain::for_wine()?.cargo("clippy", &packages())?;
    run_command(clippy.args(["--all-targets", "--", "--deny", "warnings"]))
}

fn test() -> Result<(), String> {
    wine::prepare()?;
    let units = ["communicado-windows", "communicado-runtime", "communicado-sources"];
    let units: Vec<&str> = units.into_iter().flat_map(|package| ["--package", package]).collect();
    run_command(&mut Toolchain::for_wine()?.cargo("test", &units)?)
}

/// Builds the programs that run under Wine: `communicado.exe` and the peers.
fn peers() -> Result<(), String> {
    let folder = wine::folder();
    peers::build(&folder)?;
    dotnet::build(&folder)?;
    let toolchain = Toolchain::for_wine()?;
    let example = ["--profile", "dist", "--package", "communicado", "--example", "sign_in_gate"];
    run_command(&mut toolchain.cargo("build", &example)?)?;
    run_command(
        &mut toolchain.cargo("build", &["--profile", "dist", "--package", "communicado-peer"])?,
    )?;
    let folder_of_build = root().join("target").join(toolchain.target()).join("dist");
    for (built, name) in [
        ("examples/sign_in_gate.exe", "sign_in_gate.exe"),
        ("communicado-peer.exe", "rust-peer.exe"),
    ] {
        fs::copy(folder_of_build.join(built), folder.join(name))
            .map_err(|error| format!("cannot copy {built}: {error}"))?;
    }
    println!("{}", build(&toolchain, &folder)?);
    Ok(())
}
