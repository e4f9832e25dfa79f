//! Builds the packages: `cargo xtask package` writes them to `target/packages`.
//!
//! `--verify` builds the programs a second time in another folder, and compares the bytes of all
//! packages.
//! `--check` installs, uses and removes the packages in a clean root, as the test run does.
//!
//! dpkg-deb makes the packages for Debian. cargo-deb would be compiled for a minute first, and the
//! archives need the same folder of files anyway.
//!
//! Read next: [`tree`], the files that a user gets.

mod archive;
mod check;
mod deb;
mod inventory;
mod licences;
mod msi;
mod recipes;
mod sbom;
mod sign;
mod tree;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{output, program, root, run as run_command, target_folder};
use crate::{dist, windows};

/// The newest glibc that the programs may need: the one of Debian 12 has more.
///
/// Every glibc since August 2021 can run them. A static program would need its own resolver of
/// host names, which ignores the configuration of the system.
const GLIBC: &str = "2.34";

/// Builds the packages, or also verifies or checks them.
///
/// # Errors
///
/// If a package cannot be built, or is not as it should be.
pub(crate) fn run(words: &[String]) -> Result<(), String> {
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => build().map(|_| ()),
        ["--verify"] => verify(),
        ["--check"] => check::run(&build()?),
        other => Err(format!(
            "cargo xtask package does not know `{}`\n  help: no option, --verify or --check",
            other.join(" ")
        )),
    }
}

/// The packages of one build.
struct Packages {
    folder: PathBuf,
}

/// The folder of the packages.
pub(crate) fn folder() -> PathBuf {
    target_folder().join("packages")
}

/// Builds all packages of this commit.
fn build() -> Result<Packages, String> {
    let programs = dist::build(&dist::PROGRAMS)?;
    let packages = pack(&programs, &windows::program()?, &folder())?;
    recipes::write(&read_sums(&packages)?, &Release::current()?)?;
    Ok(packages)
}

/// Packs the programs in a folder, and the one for Windows, into `folder`, which is emptied first.
fn pack(programs: &Path, exe: &Path, folder: &Path) -> Result<Packages, String> {
    let failed = |error: std::io::Error| format!("cannot write {}: {error}", folder.display());
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(failed)?;
    }
    fs::create_dir_all(folder).map_err(failed)?;
    dist::refuse_local_paths(exe)?;
    let release = Release::current()?;
    for shipped in &tree::SHIPPED {
        dist::refuse_local_paths(&programs.join(shipped.name))?;
        let inventory = inventory::of(shipped.package)?;
        sbom::write(folder, shipped.name, &inventory, &release)?;
        let licences = licences::text(&inventory)?;
        let staged = folder.join("staged").join(shipped.name);
        tree::stage(shipped, programs, &licences, &staged, "/usr")?;
        deb::build(shipped, &release, &staged, folder)?;
        let local = folder.join("staged").join(format!("{}-local", shipped.name));
        tree::stage(shipped, programs, &licences, &local, "/usr/local")?;
        archive::build(shipped, &release, &local, folder)?;
        if shipped.package == "communicado-cli" {
            msi::build(exe, &licences, &release, folder)?;
        }
    }
    fs::remove_dir_all(folder.join("staged")).map_err(failed)?;
    let sums = sums(folder)?;
    print!("{sums}");
    println!("written to {}", folder.display());
    Ok(Packages { folder: folder.to_owned() })
}

/// Writes the checksums of all files in the folder.
fn sums(folder: &Path) -> Result<String, String> {
    let mut sum = Command::new("sha256sum");
    sum.arg("--").args(names(folder)?).current_dir(folder);
    let text = text_of(&mut sum)?;
    let file = folder.join("SHA256SUMS");
    fs::write(&file, &text).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(text)
}

/// The checksums of the packages, as sha256sum prints them.
fn read_sums(packages: &Packages) -> Result<String, String> {
    let file = packages.folder.join("SHA256SUMS");
    fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))
}

/// The names of the files in a folder, in order.
fn names(folder: &Path) -> Result<Vec<String>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let files = entries.flatten().filter(|it| it.path().is_file());
    let mut names: Vec<String> =
        files.map(|it| it.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}

/// Builds again from a copy of the commit in another folder, and compares the checksums.
fn verify() -> Result<(), String> {
    let first = build()?;
    let copy = std::env::temp_dir().join(format!("communicado-verify-{}", std::process::id()));
    let path = copy.to_string_lossy().into_owned();
    run_command(&mut program("git", &["clone", "--quiet", "--local", ".", &path]))?;
    let second = dist::build_in(&copy, &copy.join("target"), &dist::PROGRAMS)
        .and_then(|programs| pack(&programs, &windows::program_in(&copy)?, &copy.join("packages")));
    let compared = second.and_then(|second| differences(&read_sums(&first)?, &read_sums(&second)?));
    // A copy that is left in the folder for temporary files does no harm.
    let _ = fs::remove_dir_all(&copy);
    compared
}

/// An error with the files whose checksums differ.
fn differences(first: &str, second: &str) -> Result<(), String> {
    if first == second {
        println!("both builds have the same {} files", first.lines().count());
        return Ok(());
    }
    let lines = first.lines().filter(|line| second.lines().all(|other| other != *line));
    let names: Vec<&str> = lines.filter_map(|line| line.split_whitespace().last()).collect();
    Err(format!(
        "two builds of the same commit differ in {}\n  help: commit your changes first; diffoscope \
         shows the bytes",
        names.join(", ")
    ))
}

/// The values that all packages of a release share.
struct Release {
    version: &'static str,
    homepage: &'static str,
    /// The time of the commit, in seconds since 1970.
    epoch: String,
    /// The same time, as Debian's changelogs have it.
    date: String,
    /// The same time, as SPDX has it.
    timestamp: String,
    architecture: String,
}

/// The maintainer, in the form of Debian.
const MAINTAINER: &str = "Communicado maintainers <maintainers@communicado.example>";

impl Release {
    fn current() -> Result<Self, String> {
        let git = |format: &str| {
            let form = format!("--format={format}");
            let date = "--date=format-local:%Y-%m-%dT%H:%M:%SZ";
            text_of(program("git", &["log", "-1", date, &form]).env("TZ", "UTC"))
                .map(|text| text.trim().to_owned())
        };
        let architecture = text_of(&mut program("dpkg", &["--print-architecture"]))?;
        Ok(Self {
            version: env!("CARGO_PKG_VERSION"),
            homepage: env!("CARGO_PKG_REPOSITORY"),
            epoch: git("%ct")?,
            date: git("%cD")?,
            timestamp: git("%cd")?,
            architecture: architecture.trim().to_owned(),
        })
    }
}

/// The standard output of a command that must succeed.
fn text_of(command: &mut Command) -> Result<String, String> {
    let output = output(command)?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    Err(format!("{command:?}: {}\n{text}{errors}", output.status))
}

/// A file of the repository.
fn read(file: &str) -> Result<String, String> {
    fs::read_to_string(root().join(file)).map_err(|error| format!("{file}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_that_differ_are_named() {
        let error = differences("11  a.deb\n22  b.deb\n", "11  a.deb\n23  b.deb\n").unwrap_err();
        assert!(error.contains(" differ in b.deb\n"), "{error}");
        assert_eq!(differences("11  a.deb\n", "11  a.deb\n"), Ok(()));
    }
}
