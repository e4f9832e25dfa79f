//! Rules about the walls between crates, and what holds them.

use super::Finding;
use super::tree::{Tree, code, lines, words};
use crate::peers::PEERS;

const CORE: &str = "crates/communicado-core/";
const WIRE: &str = "crates/communicado-wire/";
const GATEWAY: &str = "communicado-gateway";
const SOURCES: &str = "crates/communicado-sources/src/lib.rs";
const PACKAGES: &str = "conformance/src/packages.rs";

pub(super) fn misnamed(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for folder in tree.crates() {
        let manifest = format!("crates/{folder}/Cargo.toml");
        let name = format!("name = \"{folder}\"");
        let text = tree.text(&manifest).unwrap_or_default();
        if !text.lines().any(|line| line == name) {
            let to_do = "give the crate the name of its folder";
            findings.push(Finding::new(&manifest, 0, format!("there is no line `{name}`"), to_do));
        }
    }
    findings
}

pub(super) fn impure_core(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut section = "";
    let manifest = format!("{CORE}Cargo.toml");
    for (number, line) in lines(tree.text(&manifest).unwrap_or_default()) {
        if line.starts_with('[') {
            section = line;
        } else if section.contains("dependencies") && !line.trim().is_empty() {
            let to_do = "move it to the runtime or the wire crate";
            findings.push(Finding::new(&manifest, number, "the core has a dependency", to_do));
        }
    }
    let root = format!("{CORE}src/lib.rs");
    if !tree.text(&root).unwrap_or_default().lines().any(|line| line == "#![no_std]") {
        let to_do = "begin it with `#![no_std]`, so that the compiler enforces it";
        findings.push(Finding::new(&root, 1, "the core is not `no_std`", to_do));
    }
    let source = format!("{CORE}src/");
    for (file, text) in tree.ending(".rs").filter(|(file, _)| file.starts_with(&source)) {
        for (number, line) in
            lines(text).filter(|(_, line)| code(line).contains("extern crate std"))
        {
            let to_do = "pass the value as an argument";
            findings.push(Finding::new(file, number, line.trim(), to_do));
        }
    }
    findings
}

/// A desktop carries no server: nothing that it installs depends on the gateway.
pub(super) fn depending_on_the_gateway(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for folder in tree.crates().into_iter().filter(|folder| *folder != GATEWAY) {
        let manifest = format!("crates/{folder}/Cargo.toml");
        for (number, line) in lines(tree.text(&manifest).unwrap_or_default()) {
            if line.contains(GATEWAY) {
                let to_do = "move the shared items to communicado-wire";
                let what = "a crate of the desktop depends on the gateway";
                findings.push(Finding::new(&manifest, number, what, to_do));
            }
        }
    }
    findings
}

pub(super) fn serialized_elsewhere(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let elsewhere = |file: &str| file.starts_with("crates/") && !file.starts_with(WIRE);
    for (file, text) in tree.ending(".rs").filter(|(file, _)| elsewhere(file)) {
        for (number, line) in lines(text) {
            if words(code(line)).any(|word| word == "Serialize") {
                let to_do = "move the type to communicado-wire, which has the promised formats";
                findings.push(Finding::new(file, number, "`Serialize` outside the wire", to_do));
            }
        }
    }
    findings
}

/// Every row `&name::DESCRIPTOR` of the table has a folder of cases, or a file of those for
/// Windows.
pub(super) fn sources_without_peers(tree: &Tree) -> Vec<Finding> {
    let text = tree.text(SOURCES).unwrap_or_default();
    let table =
        text.split_once("SOURCES: &[&SourceDescriptor] =").and_then(|it| it.1.split_once("];"));
    let Some((table, _)) = table else {
        let to_do = "update this rule with the place of the table";
        return vec![Finding::new(SOURCES, 0, "the table of sources is not found", to_do)];
    };
    let rows = table.trim().trim_start_matches("&[").split(',');
    let names = rows.filter_map(|row| row.trim().strip_prefix('&'));
    let names = names.filter_map(|row| row.strip_suffix("::DESCRIPTOR"));
    names
        .filter(|name| {
            let [folder, file] = ["", "windows/"].map(|of| format!("conformance/{of}{name}"));
            !tree.has(&folder) && !tree.has(&format!("{file}.rs"))
        })
        .map(|name| {
            let to_do = format!("add conformance/{name}/ with a client that we did not write");
            Finding::new(
                SOURCES,
                0,
                format!("the source `{name}` has no test with a real client"),
                to_do,
            )
        })
        .collect()
}

/// Every row of the stage's table of packages is in the one that is installed from.
pub(super) fn peers_unknown(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in lines(tree.text(PACKAGES).unwrap_or_default()) {
        let row = line.trim().strip_prefix("(\"").and_then(|row| row.strip_suffix("\"),"));
        let Some((program, package)) = row.and_then(|row| row.split_once("\", \"")) else {
            continue;
        };
        if PEERS.iter().all(|(_, known)| *known != package) {
            let what = format!("`{program}` of the package `{package}` is not installed");
            findings.push(Finding::new(PACKAGES, number, what, "add it in xtask/src/peers.rs"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::check;

    #[test]
    fn a_crate_must_bear_its_folders_name() {
        let manifest = "[package]\nname = \"a\"\n";
        check(misnamed, &[("crates/a/Cargo.toml", manifest)], &[]);
        check(misnamed, &[("crates/b/Cargo.toml", manifest)], &[("crates/b/Cargo.toml", 0)]);
        check(misnamed, &[("crates/c/src/lib.rs", "")], &[("crates/c/Cargo.toml", 0)]);
    }

    #[test]
    fn the_core_can_have_nothing() {
        let manifest = "crates/communicado-core/Cargo.toml";
        let root = "crates/communicado-core/src/lib.rs";
        let pure = (root, "#![no_std]\n");
        check(impure_core, &[(manifest, "[dependencies]\n\n[lints]\na = 1\n"), pure], &[]);
        check(impure_core, &[(manifest, "[dev-dependencies]\na = 1\n"), pure], &[(manifest, 2)]);
        check(impure_core, &[(manifest, ""), (root, "")], &[(root, 1)]);
        let hole = "#![no_std]\n// extern crate std;\n    extern crate std;\n";
        check(impure_core, &[(root, hole)], &[(root, 3)]);
    }

    #[test]
    fn a_desktop_carries_no_server() {
        let needs = "[dependencies]\ncommunicado-gateway.workspace = true\n";
        let named = "[package]\nname = \"communicado-gateway\"\n";
        check(depending_on_the_gateway, &[("crates/a/Cargo.toml", "[dependencies]")], &[]);
        check(depending_on_the_gateway, &[("crates/communicado-gateway/Cargo.toml", named)], &[]);
        let manifest = "crates/communicado/Cargo.toml";
        check(depending_on_the_gateway, &[(manifest, needs)], &[(manifest, 2)]);
    }

    #[test]
    fn only_the_wire_is_serialized() {
        let line = "#[derive(Debug, Serialize)]\n";
        check(serialized_elsewhere, &[("crates/communicado-wire/src/a.rs", line)], &[]);
        check(serialized_elsewhere, &[("crates/b/src/a.rs", "// Serialize\nDeserialize")], &[]);
        check(serialized_elsewhere, &[("crates/b/src/a.rs", line)], &[("crates/b/src/a.rs", 1)]);
    }

    #[test]
    fn a_source_needs_a_real_client() {
        let table = (
            SOURCES,
            "pub const SOURCES: &[&SourceDescriptor] = &[&a::DESCRIPTOR, &b::DESCRIPTOR];",
        );
        let (a, b) = (("conformance/a/main.rs", ""), ("conformance/b/main.rs", ""));
        check(sources_without_peers, &[table, a, b], &[]);
        check(sources_without_peers, &[table, a], &[(SOURCES, 0)]);
        check(sources_without_peers, &[], &[(SOURCES, 0)]);
    }

    #[test]
    fn a_package_must_be_known() {
        let text = "    (\"finch\", \"finch\"),\n    (\"b\", \"no-such-package\"),\n";
        check(peers_unknown, &[(PACKAGES, text)], &[(PACKAGES, 2)]);
    }
}
