//! Prepares a release: `cargo xtask release VERSION`.
//!
//! It cuts the changelog, sets the version, builds and checks the packages, commits and tags. It
//! publishes nothing: RELEASING.md has the commands for that.

use std::fs;
use std::path::Path;

use crate::command::{cargo, output, program, root, run as run_command};
use crate::package;

/// The files that contain the version.
const MANIFEST: &str = "Cargo.toml";
const CHANGELOG: &str = "CHANGELOG.md";

/// Prepares the release of a version.
///
/// # Errors
///
/// If something is missing for a release, or a step fails. The commit and the tag are made last.
pub(crate) fn run(words: &[String]) -> Result<(), String> {
    let [version] = words else {
        return Err("name the version\n  help: cargo xtask release 1.2.3".to_owned());
    };
    let version = parse(version)?;
    if env!("CARGO_PKG_REPOSITORY").ends_with(".example") {
        return Err(format!(
            "the repository in {MANIFEST} is `{}`, a name for examples\n  help: set `repository` \
             there, and the maintainer in xtask/src/package/mod.rs",
            env!("CARGO_PKG_REPOSITORY")
        ));
    }
    let changed = output(&mut program("git", &["status", "--porcelain"]))?.stdout;
    if !changed.is_empty() {
        return Err("the folder has changes\n  help: commit them, or `git stash`".to_owned());
    }
    let date = output(&mut program("date", &["-u", "+%Y-%m-%d"]))?.stdout;
    let date = String::from_utf8_lossy(&date).trim().to_owned();
    edit(CHANGELOG, |text| cut(text, version, &date))?;
    edit(MANIFEST, |text| Ok(set_version(text, env!("CARGO_PKG_VERSION"), version)))?;
    run_command(&mut cargo(&["update", "--workspace", "--offline", "--quiet"]))?;
    let fuzz = ["metadata", "--offline", "--format-version", "1", "--manifest-path"];
    let locked = output(cargo(&fuzz).arg("fuzz/libfuzzer/Cargo.toml"))?;
    if !locked.status.success() {
        return Err("cannot update fuzz/libfuzzer/Cargo.lock\n  help: cargo fetch there".to_owned());
    }
    run_command(&mut program(
        "git",
        &["commit", "--quiet", "--all", "--message", &format!("release: {version}")],
    ))?;
    // A new process, because this one was compiled with the old version.
    run_command(&mut cargo(&["xtask", "package", "--check"]))?;
    let tag = format!("v{version}");
    run_command(&mut program("git", &["tag", "--annotate", &tag, "--message", &tag]))?;
    println!("{tag} is tagged; its packages are in {}", package::folder().display());
    println!("RELEASING.md has the commands that publish them");
    Ok(())
}

/// A version in the form of Semantic Versioning, without a suffix.
fn parse(text: &str) -> Result<&str, String> {
    let parts: Vec<&str> = text.split('.').collect();
    let is_number =
        |part: &&str| part.parse::<u32>().is_ok_and(|number| number.to_string() == **part);
    if parts.len() == 3 && parts.iter().all(is_number) {
        return Ok(text);
    }
    Err(format!("`{text}` is not a version\n  help: cargo xtask release 1.2.3"))
}

fn edit(file: &str, change: impl Fn(&str) -> Result<String, String>) -> Result<(), String> {
    let path = root().join(file);
    let failed = |error: std::io::Error| format!("{}: {error}", Path::new(file).display());
    let text = fs::read_to_string(&path).map_err(failed)?;
    fs::write(&path, change(&text)?).map_err(failed)
}

/// Moves the entries of the changelog below a heading for the version.
fn cut(changelog: &str, version: &str, date: &str) -> Result<String, String> {
    const UNRELEASED: &str = "## [Unreleased]\n";
    let (before, after) = changelog
        .split_once(UNRELEASED)
        .ok_or(format!("{CHANGELOG} has no heading `[Unreleased]`"))?;
    let entries = after.split("\n## [").next().unwrap_or_default();
    if entries.trim().is_empty() {
        return Err(format!("{CHANGELOG} has no entries below `[Unreleased]`"));
    }
    Ok(format!("{before}{UNRELEASED}\n## [{version}] - {date}\n{after}"))
}

/// Sets the version of the workspace and of its crates among the dependencies.
fn set_version(manifest: &str, old: &str, new: &str) -> String {
    let from = format!("version = \"{old}\"");
    let to = format!("version = \"{new}\"");
    let lines = manifest.lines().map(|line| {
        let is_ours = line == from || line.contains("path = \"crates/");
        (if is_ours { line.replace(&from, &to) } else { line.to_owned() }) + "\n"
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_has_three_numbers() {
        assert_eq!(parse("1.20.3"), Ok("1.20.3"));
        for wrong in ["", "1.2", "1.2.3.4", "v1.2.3", "1.02.3", "1.2.3-rc1", "1.2.x"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_release_cuts_the_changelog() {
        let log = "# Changelog\n\n## [Unreleased]\n\n- New.\n\n## [0.1.0] - 2026-01-01\n\n- Old.\n";
        let expected = "# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2026-02-02\n\n- New.\n\n\
                        ## [0.1.0] - 2026-01-01\n\n- Old.\n";
        assert_eq!(cut(log, "0.2.0", "2026-02-02").as_deref(), Ok(expected));
        assert!(cut(expected, "0.3.0", "2026-03-03").is_err(), "there is nothing new");
        assert!(cut("# Changelog\n", "0.3.0", "2026-03-03").is_err());
    }

    #[test]
    fn only_our_own_versions_change() {
        let manifest = "version = \"0.1.0\"\nours = { path = \"crates/ours\", version = \"0.1.0\" }\n\
                        theirs = { version = \"0.1.0\" }\n";
        let expected = "version = \"0.2.0\"\nours = { path = \"crates/ours\", version = \"0.2.0\" }\n\
                        theirs = { version = \"0.1.0\" }\n";
        assert_eq!(set_version(manifest, "0.1.0", "0.2.0"), expected);
    }
}
