//! The recipes for other package managers, which download the packages of a release.
//!
//! They are beside the packages, in `target/recipes`, since a release does not contain them.

use std::fs;
use std::path::PathBuf;

use super::tree::put;
use super::{MAINTAINER, Release, msi, read};
use crate::command::target_folder;

/// The recipes below `packaging/recipes`. The words in capitals stand for values.
const RECIPES: [&str; 7] = [
    "arch/PKGBUILD",
    "fedora/communicado.spec",
    "homebrew/communicado.rb",
    "nix/flake.nix",
    "winget/Communicado.Communicado.installer.yaml",
    "winget/Communicado.Communicado.locale.en-US.yaml",
    "winget/Communicado.Communicado.yaml",
];

/// The folder of the recipes.
pub(super) fn folder() -> PathBuf {
    target_folder().join("recipes")
}

/// Writes the recipes with the checksums of the packages.
pub(super) fn write(sums: &str, release: &Release) -> Result<(), String> {
    let archive = sum_of(sums, &format!("communicado-{}-x86_64-linux.tar.gz", release.version))?;
    let installer = sum_of(sums, &format!("communicado-{}-x86_64-windows.msi", release.version))?;
    let product = msi::product(release.version)?;
    let date = day(&release.date)?;
    let values = [
        ("ARCHIVE_SUM", archive),
        ("INSTALLER_SUM", installer),
        ("PRODUCT", &product),
        ("MAINTAINER", MAINTAINER),
        ("HOMEPAGE", release.homepage),
        ("VERSION", release.version),
        ("DATE", &date),
    ];
    let folder = folder();
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    for recipe in RECIPES {
        let text = fill(&read(&format!("packaging/recipes/{recipe}"))?, &values);
        put(&folder.join(recipe), text.as_bytes(), 0o644)?;
    }
    println!("recipes: {}", folder.display());
    Ok(())
}

fn fill(text: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
}

/// The checksum of a file in the output of sha256sum.
fn sum_of<'a>(sums: &'a str, file: &str) -> Result<&'a str, String> {
    let line = sums.lines().find_map(|line| line.strip_suffix(file));
    line.map(str::trim).ok_or_else(|| format!("SHA256SUMS has no {file}"))
}

/// The day of a date of RFC 5322, as a changelog of RPM has it.
fn day(date: &str) -> Result<String, String> {
    match date.split_whitespace().collect::<Vec<_>>().as_slice() {
        [weekday, day, month, year, ..] => {
            Ok(format!("{} {month} {day:0>2} {year}", weekday.trim_end_matches(',')))
        }
        _ => Err(format!("git printed the date `{date}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_capitals_get_their_values() {
        let values = [("HOMEPAGE", "https://a.example"), ("VERSION", "1.2.3")];
        assert_eq!(fill("HOMEPAGE/vVERSION", &values), "https://a.example/v1.2.3");
    }

    #[test]
    fn a_checksum_is_that_of_the_named_file() {
        let sums = "11  a.tar.gz\n22  b.msi\n";
        assert_eq!(sum_of(sums, "b.msi"), Ok("22"));
        assert!(sum_of(sums, "c.msi").is_err());
    }

    #[test]
    fn the_day_has_the_form_of_a_changelog_of_rpm() {
        let day = day("Sat, 7 Nov 2026 01:02:03 +0000");
        assert_eq!(day.as_deref(), Ok("Sat Nov 07 2026"));
        assert!(super::day("").is_err());
    }
}
