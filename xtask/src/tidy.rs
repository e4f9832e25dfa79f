//! Checks the house rules. A finding has the place, and what to do.
//!
//! A rule reads the tree and returns its findings; one table has all rules. Rules read text and do
//! not parse Rust.

mod cli_doc;
mod crates;
mod cycles;
mod documents;
mod generated;
mod prose;
mod sources;
mod tree;

use std::fmt;

use crate::command::root;
pub(crate) use cli_doc::run as write_cli_doc;
use tree::Tree;

/// One rule.
struct Rule {
    name: &'static str,
    find: fn(&Tree) -> Vec<Finding>,
}

const RULES: &[Rule] = &[
    Rule { name: "every Rust file begins with a header", find: sources::without_header },
    Rule { name: "the header of a long file gives the reason", find: sources::long },
    Rule { name: "no leftovers of development", find: sources::leftovers },
    Rule { name: "no file names a path outside the repository", find: sources::private_paths },
    Rule { name: "a crate has the name of its folder", find: crates::misnamed },
    Rule { name: "the core is pure", find: crates::impure_core },
    Rule {
        name: "no desktop crate depends on the gateway",
        find: crates::depending_on_the_gateway,
    },
    Rule { name: "only the wire crate serializes", find: crates::serialized_elsewhere },
    Rule { name: "modules do not depend on each other in a circle", find: cycles::circles },
    Rule {
        name: "every source has a test with a real client",
        find: crates::sources_without_peers,
    },
    Rule { name: "every peer of a test has a package", find: crates::peers_unknown },
    Rule { name: "ARCHITECTURE.md names every crate", find: documents::crates_unnamed },
    Rule { name: "every name in ARCHITECTURE.md exists", find: documents::names_unknown },
    Rule { name: "every link has a target", find: documents::links_broken },
    Rule { name: "every named task exists", find: documents::tasks_unknown },
    Rule { name: "the changelog has an Unreleased section", find: documents::changelog_closed },
    Rule { name: "documents, help and doc comments are in plain English", find: prose::dialect },
    Rule { name: "generated files are up to date", find: generated::stale },
    Rule { name: "generated parts of documents are up to date", find: cli_doc::stale },
];

/// A violation of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Finding {
    file: String,
    /// From 1; 0 for the whole file.
    line: usize,
    what: String,
    to_do: String,
}

/// Holds every rule against the files that git knows or would take in.
///
/// # Errors
///
/// If a rule is broken: how many times.
pub(crate) fn run(_: &[String]) -> Result<(), String> {
    let tree = Tree::read(&root())?;
    let mut findings = 0;
    for rule in RULES {
        let found = (rule.find)(&tree);
        findings += found.len();
        println!("{} {}", if found.is_empty() { "ok  " } else { "NOT " }, rule.name);
        for finding in found {
            println!("{finding}");
        }
    }
    if findings == 0 { Ok(()) } else { Err(format!("the house rules are broken {findings} times")) }
}

impl Finding {
    fn new(file: &str, line: usize, what: impl Into<String>, to_do: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, what: what.into(), to_do: to_do.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, what, to_do } = self;
        write!(f, "  {file}:{line}: {what}\n    do: {to_do}")
    }
}

/// Checks that `rule` finds exactly the lines `expected` in a tree of these files.
#[cfg(test)]
#[track_caller]
fn check(rule: fn(&Tree) -> Vec<Finding>, files: &[(&str, &str)], expected: &[(&str, usize)]) {
    let found = rule(&Tree::of(files));
    let places: Vec<_> = found.iter().map(|it| (it.file.as_str(), it.line)).collect();
    assert_eq!(places, expected, "{found:#?}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_can_be_clicked_on() {
        let finding = Finding::new("a/b.rs", 3, "it is so", "make it otherwise");
        assert_eq!(finding.to_string(), "  a/b.rs:3: it is so\n    do: make it otherwise");
    }
}
