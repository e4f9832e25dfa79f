//! The files that the rules look at: in memory, so that a test can make up its own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::command::{output, program};

/// Every file that git knows or would take in, and the text of those that are texts of ours.
#[derive(Default)]
pub(super) struct Tree {
    paths: BTreeSet<String>,
    texts: BTreeMap<String, String>,
}

/// Below these are recorded or made-up inputs, which say what they say.
const FOREIGN: [&str; 2] = ["fuzz/corpus/", "crates/communicado-sources/tests/traces/"];

impl Tree {
    pub(super) fn read(root: &Path) -> Result<Self, String> {
        let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
        let listed = output(&mut program("git", &list))?;
        if !listed.status.success() {
            return Err(String::from_utf8_lossy(&listed.stderr).into_owned());
        }
        let mut tree = Self::default();
        for path in String::from_utf8_lossy(&listed.stdout).split_terminator('\0') {
            // A file that was removed and not yet committed is still listed.
            if !root.join(path).is_file() {
                continue;
            }
            tree.paths.insert(path.to_owned());
            let is_foreign = FOREIGN.iter().any(|folder| path.starts_with(folder));
            let text = std::fs::read_to_string(root.join(path)).ok().filter(|_| !is_foreign);
            tree.texts.extend(text.map(|text| (path.to_owned(), text)));
        }
        Ok(tree)
    }

    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let texts: BTreeMap<_, _> =
            files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        Self { paths: texts.keys().cloned().collect(), texts }
    }

    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(String::as_str)
    }

    /// Every text, with its path.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Every text whose path ends so.
    pub(super) fn ending(&self, end: &str) -> impl Iterator<Item = (&str, &str)> {
        self.texts().filter(move |(path, _)| path.ends_with(end))
    }

    /// True if a file or folder has this path.
    pub(super) fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let folder = format!("{path}/");
        self.paths.contains(path) || self.paths.iter().any(|it| it.starts_with(&folder))
    }

    /// True if a file in any folder has this name.
    pub(super) fn has_somewhere(&self, name: &str) -> bool {
        let end = format!("/{name}");
        self.paths.iter().any(|path| path == name || path.ends_with(&end))
    }

    /// The folders that hold a `Cargo.toml`, without the workspace's own.
    pub(super) fn packages(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().filter_map(|path| path.strip_suffix("/Cargo.toml"))
    }

    /// The folders in `crates/`, by name.
    pub(super) fn crates(&self) -> BTreeSet<&str> {
        let below = self.paths.iter().filter_map(|path| path.strip_prefix("crates/"));
        below.filter_map(|path| Some(path.split_once('/')?.0)).collect()
    }
}

/// The lines of a text, counted from 1.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line))
}

/// The words of a text: what Rust takes for a name, and numbers.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_between = |it: char| !it.is_alphanumeric() && it != '_';
    text.split(is_between).filter(|word| !word.is_empty())
}

/// A line of Rust without what is a comment.
pub(super) fn code(line: &str) -> &str {
    line.split_once("//").map_or(line, |(code, _)| code)
}
