//! Rules about what the documents say of the code.

use std::collections::BTreeSet;

use super::Finding;
use super::tree::{Tree, code, lines, words};
use crate::TASKS;

const ARCHITECTURE: &str = "ARCHITECTURE.md";

pub(super) fn crates_unnamed(tree: &Tree) -> Vec<Finding> {
    let text = tree.text(ARCHITECTURE).unwrap_or_default();
    let unnamed = tree.crates().into_iter().filter(|name| !text.contains(&format!("`{name}`")));
    unnamed
        .map(|name| {
            let to_do = "describe it in the code map: its purpose, its limits and its first file";
            Finding::new(ARCHITECTURE, 0, format!("`{name}` is not named"), to_do)
        })
        .collect()
}

/// Finds files, crates and Rust names in backticks that do not exist.
///
/// A plain word (`watch`) can be anything, and is left alone.
pub(super) fn names_unknown(tree: &Tree) -> Vec<Finding> {
    let code: Vec<BTreeSet<&str>> = tree
        .texts()
        .filter(|(file, _)| file.ends_with(".rs") || file.ends_with(".toml"))
        .map(|(_, text)| text.lines().flat_map(|line| words(code(line))).collect())
        .collect();
    let mut findings = Vec::new();
    for (number, line) in lines(tree.text(ARCHITECTURE).unwrap_or_default()) {
        for name in line.split('`').skip(1).step_by(2) {
            let known = match Name::of(name) {
                Name::Path => tree.has(name) || tree.has_somewhere(name),
                Name::Crate => tree.has(&format!("crates/{name}")),
                // All parts of it are in one file.
                Name::Item(parts) => {
                    code.iter().any(|words| parts.iter().all(|part| words.contains(part)))
                }
                Name::Other => true,
            };
            if !known {
                let to_do = "correct the name, or remove it";
                let what = format!("`{name}` does not exist in the repository");
                findings.push(Finding::new(ARCHITECTURE, number, what, to_do));
            }
        }
    }
    findings
}

/// The kind of a text in backticks.
enum Name<'a> {
    Path,
    Crate,
    Item(Vec<&'a str>),
    Other,
}

impl<'a> Name<'a> {
    fn of(name: &'a str) -> Self {
        let is_plain = |it: &str| it.chars().all(|c| c.is_alphanumeric() || "_-./".contains(c));
        let is_file = [".rs", ".md", ".toml", ".json"].iter().any(|end| name.ends_with(end));
        if is_plain(name) && !name.starts_with('/') && (is_file || name.contains('/')) {
            return Self::Path;
        }
        if name.starts_with("communicado-") && is_plain(name) {
            return Self::Crate;
        }
        let parts: Vec<&str> = name.trim_end_matches("()").split("::").collect();
        let is_name = |it: &&str| !it.is_empty() && words(it).eq([*it]);
        let is_of_rust = name.chars().any(|c| c.is_uppercase() || c == '_' || c == ':');
        if is_of_rust && parts.iter().all(is_name) && !name.starts_with("CLOCK_") {
            return Self::Item(parts);
        }
        Self::Other
    }
}

pub(super) fn links_broken(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, text) in tree.ending(".md") {
        let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
        for (number, line) in outside_blocks(text) {
            for link in line.split("](").skip(1) {
                let to = link.split_once(')').map_or(link, |(to, _)| to);
                let (path, anchor) = to.split_once('#').unwrap_or((to, ""));
                if path.contains("://") || path.starts_with("mailto:") {
                    continue;
                }
                let target = if path.is_empty() { file.to_owned() } else { joined(folder, path) };
                if !tree.has(&target) {
                    let what = format!("the link to `{to}` has no target");
                    findings.push(Finding::new(file, number, what, "correct the path"));
                    continue;
                }
                let document = tree.text(&target).filter(|_| target.ends_with(".md"));
                let has_anchor = |text| headings(text).any(|heading| heading == anchor);
                if !anchor.is_empty() && !document.is_none_or(has_anchor) {
                    let what = format!("`{target}` has no heading for `#{anchor}`");
                    findings.push(Finding::new(file, number, what, "correct the anchor"));
                }
            }
        }
    }
    findings
}

/// The lines of a document that are not code, counted from 1.
fn outside_blocks(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut in_block = false;
    lines(text).filter(move |(_, line)| {
        let is_fence = line.trim_start().starts_with("```");
        in_block ^= is_fence;
        !in_block && !is_fence
    })
}

/// The anchors of the headings, as GitHub makes them.
fn headings(text: &str) -> impl Iterator<Item = String> {
    outside_blocks(text).filter(|(_, line)| line.starts_with('#')).map(|(_, line)| {
        let title = line.trim_start_matches('#').trim().to_lowercase();
        let kept = title.chars().filter(|c| c.is_alphanumeric() || "-_ ".contains(*c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    })
}

/// `path` as seen from `folder`, without `.` and `..`.
fn joined(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// `cargo xtask NAME`, wherever it is written.
pub(super) fn tasks_unknown(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, text) in tree.texts() {
        for (number, line) in lines(text) {
            for after in line.split("cargo xtask ").skip(1) {
                let is_name = |c: char| c.is_ascii_lowercase() || c == '-';
                let name = after.split(|c| !is_name(c)).next().unwrap_or_default();
                if !name.is_empty() && TASKS.iter().all(|task| task.name != name) {
                    let what = format!("there is no `cargo xtask {name}`");
                    findings.push(Finding::new(file, number, what, "see `cargo xtask`"));
                }
            }
        }
    }
    findings
}

/// The changelog has a section for what is not released, or for the version of the workspace.
pub(super) fn changelog_closed(tree: &Tree) -> Vec<Finding> {
    let changelog = tree.text("CHANGELOG.md").unwrap_or_default();
    let manifest = tree.text("Cargo.toml").unwrap_or_default();
    let version = manifest.lines().find_map(|line| line.strip_prefix("version = "));
    let version = version.unwrap_or_default().trim_matches('"');
    let mut sections = changelog.lines().filter_map(|line| line.strip_prefix("## "));
    let is_open = sections.any(|title| {
        let first = title.split_whitespace().next().unwrap_or_default();
        let first = first.trim_matches(['[', ']']);
        first == "Unreleased" || (first == version && !version.is_empty())
    });
    if is_open {
        return Vec::new();
    }
    let what = format!("there is no section `## Unreleased` or `## {version}`");
    vec![Finding::new("CHANGELOG.md", 0, what, "add it, with what users will notice")]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::check;

    #[test]
    fn a_crate_that_is_not_named_is_found() {
        let a = ("crates/a/Cargo.toml", "");
        check(crates_unnamed, &[a, (ARCHITECTURE, "- `a`: it is")], &[]);
        check(crates_unnamed, &[a, (ARCHITECTURE, "- a: it is")], &[(ARCHITECTURE, 0)]);
    }

    #[test]
    fn a_name_that_nothing_bears_is_found() {
        let code =
            ("crates/a/src/b.rs", "//! Gone\nstruct Roster;\nfn handle() {}\nfn sleep_until");
        let says = |text: &str, expected: &[(&str, usize)]| {
            check(names_unknown, &[code, (ARCHITECTURE, text)], expected);
        };
        says("`Roster`, `Roster::handle`, `sleep_until`, `b.rs`, `crates/a`, `src/b.rs`", &[]);
        says("a plain `watch`, `/proc`, `cargo xtask faults`, `x = \"Y\"`, `CLOCK_BOOTTIME`", &[]);
        for wrong in ["Gone", "Roster::advance", "c.rs", "crates/b", "communicado-b", "SOURCES"] {
            says(&format!("ok\nsee `{wrong}` there"), &[(ARCHITECTURE, 2)]);
        }
    }

    #[test]
    fn a_link_that_leads_nowhere_is_found() {
        let says = |text: &str, expected: &[(&str, usize)]| {
            check(
                links_broken,
                &[("docs/a.md", text), ("b.md", ""), ("docs/c/d.md", "")],
                expected,
            );
        };
        says("[b](../b.md), [c](c), ![d](c/d.md) [f](https://g.h/i)", &[]);
        says("# The `e`, and F\n[e](#the-e-and-f) [g](a.md#the-e-and-f)", &[]);
        says("# E\n[d](c/d.md#e) [e](#f)", &[("docs/a.md", 2), ("docs/a.md", 2)]);
        says("```\n[x](y)\n```\n", &[]);
        says("ok\n[b](b.md) [g](https://g.h)", &[("docs/a.md", 2)]);
    }

    #[test]
    fn a_task_that_is_not_there_is_found() {
        check(
            tasks_unknown,
            &[("a.md", "`cargo xtask tidy`, `cargo xtask` and cargo xtask TASK")],
            &[],
        );
        // In two parts, so as not to be found here.
        let unknown = format!("\ncargo xtask {}", "no-such");
        check(tasks_unknown, &[("a.md", &unknown)], &[("a.md", 2)]);
    }

    #[test]
    fn a_changelog_without_a_place_for_changes_is_found() {
        let manifest = ("Cargo.toml", "[workspace.package]\nversion = \"0.2.0\"\n");
        let says = |text: &str, expected: &[(&str, usize)]| {
            check(changelog_closed, &[manifest, ("CHANGELOG.md", text)], expected);
        };
        says("# Changelog\n\n## Unreleased\n", &[]);
        says("## [0.2.0] - 2026-12-01\n", &[]);
        says("## 0.1.0\n", &[("CHANGELOG.md", 0)]);
        says("", &[("CHANGELOG.md", 0)]);
    }
}
