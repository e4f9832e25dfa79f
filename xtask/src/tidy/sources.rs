//! Rules about what stands in a file.

use super::Finding;
use super::tree::{Tree, lines, words};

/// So many lines are read in one sitting.
const LINES_MAX: usize = 500;

/// The marks of unfinished work, in parts so that the rule does not find itself.
const LEFTOVERS: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
const LEFT_MACROS: [&str; 3] =
    [concat!("dbg", "!("), concat!("todo", "!("), concat!("unimplemented", "!(")];

/// Folders that only some machines have.
const PRIVATE: [&str; 2] = [concat!("/wo", "rk/"), concat!("sha", "red/")];

pub(super) fn without_header(tree: &Tree) -> Vec<Finding> {
    let without = tree.ending(".rs").filter(|(_, text)| !text.starts_with("//! "));
    without
        .map(|(file, _)| {
            let to_do = "say in `//!` what it is, what it does not do, and where to read next";
            Finding::new(file, 1, "the file does not begin with a header", to_do)
        })
        .collect()
}

pub(super) fn long(tree: &Tree) -> Vec<Finding> {
    let long = tree.ending(".rs").filter(|(_, text)| {
        let mut header = text.lines().take_while(|line| line.starts_with("//!"));
        text.lines().count() > LINES_MAX && !header.any(|line| line.contains("is long because"))
    });
    long.map(|(file, text)| {
        let count = text.lines().count();
        let to_do = format!(
            "split it where its reader would pause, or say in its header that it is long because \
             it cannot be split (at most {LINES_MAX})"
        );
        Finding::new(file, count, format!("the file has {count} lines"), to_do)
    })
    .collect()
}

pub(super) fn leftovers(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, text) in tree.texts().filter(|(file, _)| !is_made(file)) {
        for (number, line) in lines(text) {
            let macros = || LEFT_MACROS.iter().find(|it| line.contains(**it)).copied();
            let left = words(line).find(|word| LEFTOVERS.contains(word)).or_else(macros);
            findings.extend(left.map(|left| {
                let to_do = "do it, file an issue, or assert in a test what is wrong today";
                Finding::new(file, number, format!("`{left}` is left over"), to_do)
            }));
        }
    }
    findings
}

pub(super) fn private_paths(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, text) in tree.texts().filter(|(file, _)| !is_made(file)) {
        for (number, line) in lines(text) {
            let named = PRIVATE.into_iter().find(|path| {
                let parts: Vec<&str> = line.split(path).collect();
                // `/home/work/`, `the-shared/` and addresses of the web are others.
                let before = parts.split_last().map_or(&[][..], |(_, before)| before);
                before.iter().any(|it| {
                    let word = it.rsplit(char::is_whitespace).next().unwrap_or_default();
                    let is_longer = it.ends_with(|c: char| c.is_alphanumeric() || c == '-');
                    !is_longer && !word.contains("://")
                })
            });
            findings.extend(named.map(|path| {
                let to_do = "name a file of the repository, or say here what stands there";
                Finding::new(file, number, format!("`{path}` is not in the repository"), to_do)
            }));
        }
    }
    findings
}

/// True if a program generates the file.
fn is_made(file: &str) -> bool {
    [".lock", ".svg"].iter().any(|end| file.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::check;

    #[test]
    fn a_file_without_a_header_is_found() {
        check(without_header, &[("a.rs", "//! It is.\n"), ("b.md", "# B\n")], &[]);
        check(without_header, &[("a.rs", "use b;\n"), ("b.rs", "")], &[("a.rs", 1), ("b.rs", 1)]);
    }

    #[test]
    fn a_long_file_must_say_why() {
        let long = "x\n".repeat(LINES_MAX + 1);
        let said = format!("//! It is long because it is one table.\n{long}");
        check(self::long, &[("a.rs", &said), ("b.md", &long)], &[]);
        check(self::long, &[("a.rs", &long)], &[("a.rs", LINES_MAX + 1)]);
    }

    #[test]
    fn a_leftover_is_found_as_a_word() {
        let [to_do, fix_me, _] = LEFTOVERS;
        let [debug, ..] = LEFT_MACROS;
        check(leftovers, &[("a.md", &format!("ok\n{to_do}: more"))], &[("a.md", 2)]);
        check(
            leftovers,
            &[("a.rs", &format!("// ({fix_me})\n{debug}x)"))],
            &[("a.rs", 1), ("a.rs", 2)],
        );
        check(leftovers, &[("a.rs", &format!("AU{to_do}\nA_{to_do}")), ("b.lock", to_do)], &[]);
    }

    #[test]
    fn a_path_of_one_machine_is_found() {
        let [work, other] = PRIVATE;
        check(
            private_paths,
            &[("a", &format!("see {work}b\nsee ../{other}c"))],
            &[("a", 1), ("a", 2)],
        );
        check(private_paths, &[("a", &format!("/home{work}b un{other}"))], &[]);
        check(private_paths, &[("a", &format!("[b](https://c.example/{other}d)"))], &[]);
    }
}
