//! Builds the programs as the packages contain them: with the profile `dist`.
//!
//! The build has no path of this machine in it, so that two builds in different folders give the
//! same bytes. The tests use the same build, since users get it.

use std::path::{Path, PathBuf};

use crate::command::{cargo, output, program, root, run as run_command, target_folder};

/// The variable with the commit, which `--version` prints.
pub(crate) const COMMIT: &str = "COMMUNICADO_COMMIT";

/// The packages of the programs.
pub(crate) const PROGRAMS: [&str; 2] = ["communicado-cli", "communicado-gateway"];

/// Builds the programs of these packages, and returns the folder that they are in.
///
/// # Errors
///
/// If the build fails.
pub(crate) fn build(packages: &[&str]) -> Result<PathBuf, String> {
    build_in(&root(), &target_folder(), packages)
}

/// Builds the programs of the workspace in `source` into `target`.
///
/// # Errors
///
/// If the build fails.
pub(crate) fn build_in(source: &Path, target: &Path, packages: &[&str]) -> Result<PathBuf, String> {
    let mut build = cargo(&["build", "--profile", "dist", "--locked"]);
    build.args(packages.iter().flat_map(|name| ["--package", name])).current_dir(source);
    build.env("CARGO_TARGET_DIR", target);
    build.env("RUSTFLAGS", rust_flags(source)).env("CFLAGS", c_flags(source));
    if let Some(commit) = commit() {
        build.env(COMMIT, commit);
    }
    run_command(&mut build)?;
    Ok(target.join("dist"))
}

/// The commit that is built, with a mark if files differ from it.
///
/// A build from an archive of the sources names it in [`COMMIT`].
pub(crate) fn commit() -> Option<String> {
    if let Ok(named) = std::env::var(COMMIT) {
        return Some(named);
    }
    let git = |words: &[&str]| {
        let output = output(&mut program("git", words)).ok().filter(|it| it.status.success())?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let commit = git(&["rev-parse", "--short=12", "HEAD"])?;
    let changed = git(&["status", "--porcelain", "--untracked-files=no"])?;
    Some(if changed.is_empty() { commit } else { format!("{commit}-modified") })
}

/// The options of rustc that keep the paths of this machine out of a program.
pub(crate) fn rust_flags(source: &Path) -> String {
    remap("--remap-path-prefix=", source)
}

/// The same options of the C compiler, for SQLite and ring.
pub(crate) fn c_flags(source: &Path) -> String {
    remap("-ffile-prefix-map=", source)
}

fn remap(option: &str, source: &Path) -> String {
    let mut flags = vec![format!("{option}{}=communicado", source.display())];
    if let Some(home) = cargo_home() {
        flags.push(format!("{option}{}=cargo", home.display()));
    }
    flags.join(" ")
}

fn cargo_home() -> Option<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")))
}

/// Refuses a program that contains a path of this machine.
///
/// # Errors
///
/// If the program cannot be read, or contains the folder of the workspace or of cargo.
pub(crate) fn refuse_local_paths(program: &Path) -> Result<(), String> {
    let bytes =
        std::fs::read(program).map_err(|error| format!("{}: {error}", program.display()))?;
    let folders = std::iter::once(root()).chain(cargo_home());
    for folder in folders.map(|it| it.to_string_lossy().into_owned()) {
        if contains(&bytes, folder.as_bytes()) {
            return Err(format!(
                "{} contains the path {folder}, so a build elsewhere has other bytes\n  help: \
                 `strings` finds it; xtask/src/dist.rs has the options that replace paths",
                program.display()
            ));
        }
    }
    Ok(())
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_in_a_program_is_found() {
        assert!(contains(b"..\0/home/ada/code/src/main.rs", b"/home/ada/code"));
        assert!(!contains(b"..\0communicado/src/main.rs", b"/home/ada/code"));
    }
}
