//! The crates that a program contains, from `cargo tree` and `Cargo.lock`.

use std::collections::BTreeMap;

use super::{read, text_of};
use crate::command::cargo;

/// A crate in a program.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Component {
    pub(super) name: String,
    pub(super) version: String,
    /// An SPDX expression.
    pub(super) licence: String,
    /// The SHA-256 of the registry; none for a crate of the workspace.
    pub(super) checksum: Option<String>,
    /// The indices of the crates that it needs.
    pub(super) needs: Vec<usize>,
}

/// The crates of a program, the program's own first.
pub(super) fn of(package: &str) -> Result<Vec<Component>, String> {
    let mut tree = cargo(&["tree", "--locked", "--edges", "normal", "--prefix", "depth"]);
    tree.args(["--package", package, "--format", " {p}|{l}", "--charset", "ascii"]);
    let components = parse(&text_of(&mut tree)?, &checksums(&read("Cargo.lock")?))?;
    let unknown = components.iter().find(|it| it.licence.is_empty());
    match unknown {
        Some(it) => Err(format!("the crate {} {} names no licence", it.name, it.version)),
        None => Ok(components),
    }
}

/// The checksums in a lock file, by name and version.
fn checksums(lock: &str) -> BTreeMap<(String, String), String> {
    let value = |block: &str, key: &str| {
        let start = format!("{key} = \"");
        let line = block.lines().find_map(|line| line.strip_prefix(&start));
        line.map(|line| line.trim_end_matches('"').to_owned())
    };
    let blocks = lock.split("[[package]]");
    blocks
        .filter_map(|block| {
            let package = (value(block, "name")?, value(block, "version")?);
            Some((package, value(block, "checksum")?))
        })
        .collect()
}

/// Reads lines such as `2 serde v1.0.0|MIT OR Apache-2.0 (*)`.
fn parse(
    tree: &str,
    checksums: &BTreeMap<(String, String), String>,
) -> Result<Vec<Component>, String> {
    let mut components: Vec<Component> = Vec::new();
    let mut above: Vec<usize> = Vec::new();
    for line in tree.lines().filter(|line| !line.is_empty()) {
        let unknown = || format!("cargo tree printed an unknown line: {line}");
        let (depth, rest) = line.split_once(' ').ok_or_else(unknown)?;
        let depth: usize = depth.parse().map_err(|_| unknown())?;
        let (package, licence) = rest.split_once('|').ok_or_else(unknown)?;
        let mut words = package.split(' ');
        let (name, version) = (words.next(), words.next().and_then(|it| it.strip_prefix('v')));
        let (name, version) = name.zip(version).ok_or_else(unknown)?;
        let is_same = |it: &Component| it.name == name && it.version == version;
        let index = components.iter().position(is_same).unwrap_or(components.len());
        if index == components.len() {
            components.push(Component {
                name: name.to_owned(),
                version: version.to_owned(),
                // An old form of `OR`.
                licence: licence.trim_end_matches("(*)").trim().replace('/', " OR "),
                checksum: checksums.get(&(name.to_owned(), version.to_owned())).cloned(),
                needs: Vec::new(),
            });
        }
        above.truncate(depth);
        let parent = above.last().and_then(|parent| components.get_mut(*parent));
        if let Some(parent) = parent.filter(|parent| !parent.needs.contains(&index)) {
            parent.needs.push(index);
        }
        above.push(index);
    }
    Ok(components)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_becomes_components() {
        let lock = "[[package]]\nname = \"b\"\nversion = \"2.0.0\"\nchecksum = \"ab\"\n";
        let tree = "0 a v1.0.0 (/here)|MIT\n1 b v2.0.0|MIT/Apache-2.0\n2 c v3.0.0 (proc-macro)|ISC\n\
                    1 c v3.0.0|ISC (*)\n";
        let components = parse(tree, &checksums(lock)).expect("the tree is valid");
        let one = |name: &str, version: &str, licence: &str, needs: &[usize]| Component {
            name: name.to_owned(),
            version: version.to_owned(),
            licence: licence.to_owned(),
            checksum: (name == "b").then(|| "ab".to_owned()),
            needs: needs.to_vec(),
        };
        let expected = [
            one("a", "1.0.0", "MIT", &[1, 2]),
            one("b", "2.0.0", "MIT OR Apache-2.0", &[2]),
            one("c", "3.0.0", "ISC", &[]),
        ];
        assert_eq!(components, expected);
        assert!(parse("no depth", &BTreeMap::new()).is_err());
    }
}
