//! The licences of the crates in a program, as their packages contain them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::inventory::Component;
use super::{read, text_of};
use crate::command::program;

/// The start of the names of files with a licence.
const NAMES: [&str; 6] = ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE"];

/// The texts of all licences, each with the crates that it belongs to.
pub(super) fn text(inventory: &[Component]) -> Result<String, String> {
    let mut crates_of: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut list = String::new();
    let sources = sources()?;
    for component in inventory.iter().filter(|it| it.checksum.is_some()) {
        let title = format!("{} {}", component.name, component.version);
        let folder = format!("{}-{}", component.name, component.version);
        let folder = sources.iter().map(|source| source.join(&folder)).find(|it| it.is_dir());
        let folder = folder.ok_or_else(|| {
            format!(
                "the source of {title} is not in cargo's registry\n  help: cargo fetch --locked"
            )
        })?;
        let texts = texts(&folder)?;
        let mark = if texts.is_empty() { "; its package has no text" } else { "" };
        let _ = writeln!(list, "{title}: {}{mark}", component.licence);
        for text in texts {
            crates_of.entry(text).or_default().push(title.clone());
        }
    }
    let rust = text_of(&mut program("rustc", &["--version"]))?;
    let _ = writeln!(list, "Rust's standard library ({}): MIT OR Apache-2.0", rust.trim());
    let mut all = format!("The program contains these works of others:\n\n{list}");
    all += "\nThe crates without a text in their package have these licences:\n";
    for (name, file) in [("MIT", "LICENSE-MIT"), ("Apache-2.0", "LICENSE-APACHE")] {
        let _ = write!(all, "\n== {name}\n\n{}\n", read(file)?.trim_end());
    }
    let mut by_title: Vec<_> = crates_of.into_iter().map(|(text, of)| (of, text)).collect();
    by_title.sort();
    for (crates, text) in by_title {
        let _ = write!(all, "\n== {}\n\n{text}\n", crates.join(", "));
    }
    Ok(all)
}

/// The folders with the sources of crates.
fn sources() -> Result<Vec<PathBuf>, String> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let registry = home.ok_or("neither CARGO_HOME nor HOME is set")?.join("registry/src");
    let folders = fs::read_dir(&registry)
        .map_err(|error| format!("cannot read {}: {error}", registry.display()))?;
    Ok(folders.flatten().map(|it| it.path()).collect())
}

/// The licences in the package of a crate, in the order of their names.
fn texts(folder: &Path) -> Result<Vec<String>, String> {
    let failed = |error: std::io::Error| format!("cannot read {}: {error}", folder.display());
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .map_err(failed)?
        .flatten()
        .filter(|it| it.path().is_file())
        .filter(|it| {
            let name = it.file_name().to_string_lossy().to_uppercase();
            NAMES.iter().any(|start| name.starts_with(start))
        })
        .map(|it| it.path())
        .collect();
    files.sort();
    let read = |file: &PathBuf| Ok(String::from_utf8_lossy(&fs::read(file)?).trim().to_owned());
    files.iter().map(read).collect::<Result<_, std::io::Error>>().map_err(failed)
}
