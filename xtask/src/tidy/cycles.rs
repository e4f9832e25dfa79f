//! The rule that sibling modules do not depend on each other in a circle.
//!
//! The rule compares siblings at every level of a crate. A path from `a/b.rs` to an item of
//! `c/d.rs` makes `a` depend on `c`; a path from `a/b.rs` to `a/d.rs` makes `b` depend on `d`
//! within `a`.
//!
//! - Paths count in `use` declarations and in code: `crate::a::B`, `super::b::f`, `self::c`, and
//!   `c::f` for a child module `c`. Relative paths through an imported module count at the import.
//! - A path through a re-export or an import leads to the module that defines the item. So
//!   `super::Item` is an edge to a sibling if the parent only imports or re-exports the item.
//! - A module and its descendants are one unit. Neither `mod child;`, `pub use child::Item` and a
//!   call of `child::f` in the parent nor `super::Item` of an item that the parent defines is an
//!   edge.
//! - Code that is only built for tests does not count: `#[cfg(test)]`, and files named `tests.rs`.
//!
//! The rule reads tokens. It does not expand macros and does not know `#[path]`.

mod paths;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::Finding;
use super::tree::Tree;
use paths::{Named, Paths};

/// Circles that exist today: the parent, and the modules in the circle.
///
/// An entry is a debt. Remove it with the circle; a module in no circle is a finding too.
const EXCEPTIONS: &[(&str, &[&str])] = &[];

/// Re-exports that a path may pass through; more would be a loop.
const REEXPORTS_MAX: usize = 8;

pub(super) fn circles(tree: &Tree) -> Vec<Finding> {
    circles_but(tree, EXCEPTIONS)
}

fn circles_but(tree: &Tree, exceptions: &[(&str, &[&str])]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut excused = BTreeSet::new();
    for root in tree.packages() {
        let package = Package::read(tree, root);
        for (parent, siblings) in package.dependencies() {
            let mut name = vec![root.rsplit('/').next().unwrap_or(root)];
            name.extend(parent);
            let name = name.join("::");
            let listed = exceptions.iter().filter(|(parent, _)| *parent == name);
            let listed: BTreeSet<&str> =
                listed.flat_map(|(_, modules)| *modules).copied().collect();
            for circle in siblings.circles() {
                excused.extend(circle.iter().map(|module| (name.clone(), *module)));
                if !circle.iter().all(|module| listed.contains(module)) {
                    findings.extend(siblings.finding(&name, &circle));
                }
            }
        }
    }
    for (parent, modules) in exceptions {
        for module in *modules {
            if !excused.contains(&((*parent).to_owned(), *module)) {
                let what = format!("`{parent}::{module}` is in no circle");
                findings.push(Finding::new(file!(), 0, what, "remove it from EXCEPTIONS"));
            }
        }
    }
    findings
}

/// The modules of one package, by their path from its root.
struct Package<'a>(BTreeMap<Vec<&'a str>, Module<'a>>);

/// One file of a package.
struct Module<'a> {
    file: &'a str,
    paths: Paths<'a>,
}

/// The dependencies between the children of one module, with a place of each.
#[derive(Default)]
struct Siblings<'a>(BTreeMap<&'a str, BTreeMap<&'a str, (&'a str, usize)>>);

impl<'a> Package<'a> {
    fn read(tree: &'a Tree, root: &str) -> Self {
        let source = format!("{root}/src/");
        let files = tree.ending(".rs").filter_map(|(file, text)| {
            let path = file.strip_prefix(&source)?.strip_suffix(".rs")?;
            Some((file, path, text))
        });
        let has_library = tree.text(&format!("{source}lib.rs")).is_some();
        let mut modules = BTreeMap::new();
        let mut of_tests = BTreeSet::new();
        for (file, path, text) in files {
            let mut path: Vec<&str> = path.split('/').collect();
            // A program beside a library is a crate without modules.
            let is_program = path.first() == Some(&"bin") || (path == ["main"] && has_library);
            if is_program || path.last() == Some(&"tests") {
                continue;
            }
            if path == ["main"] || path == ["lib"] || path.last() == Some(&"mod") {
                path.pop();
            }
            let paths = Paths::of(text);
            of_tests.extend(paths.of_tests.iter().map(|child| [&*path, &[*child]].concat()));
            modules.insert(path, Module { file, paths });
        }
        modules.retain(|path, _| !of_tests.iter().any(|of_tests| path.starts_with(of_tests)));
        Self(modules)
    }

    /// The dependencies between siblings, by parent.
    fn dependencies(&self) -> BTreeMap<Vec<&'a str>, Siblings<'a>> {
        let mut found: BTreeMap<Vec<&str>, Siblings> = BTreeMap::new();
        for (path, module) in &self.0 {
            for named in &module.paths.named {
                let Some(absolute) = module.absolute(path, named) else { continue };
                let target = self.definition(absolute, REEXPORTS_MAX);
                let common = path.iter().zip(&target).take_while(|(a, b)| a == b).count();
                if let (Some(from), Some(to)) = (path.get(common), target.get(common)) {
                    let parent = path.iter().take(common).copied().collect();
                    let siblings = found.entry(parent).or_default();
                    let edges = siblings.0.entry(*from).or_default();
                    edges.entry(*to).or_insert((module.file, named.line));
                }
            }
        }
        found
    }

    /// The module that defines the item of an absolute path.
    fn definition(&self, path: Vec<&'a str>, reexports: usize) -> Vec<&'a str> {
        let mut module = path.clone();
        while !module.is_empty() && !self.0.contains_key(&module) {
            module.pop();
        }
        let item = path.get(module.len()).copied();
        let imports = self.0.get(&module).into_iter().flat_map(|found| {
            let imports = found.paths.named.iter().filter(|named| named.import.is_some());
            imports.filter(|named| named.import == item && named.within.is_empty())
        });
        for named in imports {
            let found = self.0.get(&module).and_then(|found| found.absolute(&module, named));
            if let (Some(found), Some(left)) = (found, reexports.checked_sub(1)) {
                return self.definition(found, left);
            }
        }
        module
    }
}

impl<'a> Module<'a> {
    /// A path from the root, or nothing if the path leaves the crate or is of an import.
    fn absolute(&self, module: &[&'a str], named: &Named<'a>) -> Option<Vec<&'a str>> {
        let mut rest = named.path.iter().copied().peekable();
        let mut absolute = match *rest.peek()? {
            "crate" => {
                rest.next();
                Vec::new()
            }
            "self" | "super" => [module, &*named.within].concat(),
            first if self.paths.children.contains(first) && named.within.is_empty() => {
                module.to_vec()
            }
            _ => return None,
        };
        while let Some(up) = rest.next_if(|name| matches!(*name, "self" | "super")) {
            if up == "super" {
                absolute.pop();
            }
        }
        absolute.extend(rest);
        Some(absolute)
    }
}

impl<'a> Siblings<'a> {
    /// The groups of modules that reach each other, in the order of their names.
    fn circles(&self) -> Vec<Vec<&'a str>> {
        let reached: BTreeMap<_, _> =
            self.0.keys().map(|from| (*from, self.reached(from))).collect();
        let reaches = |from: &str, to: &str| reached.get(from).is_some_and(|it| it.contains(to));
        let mut circles = Vec::new();
        for first in self.0.keys() {
            let both = self.0.keys().filter(|it| reaches(first, it) && reaches(it, first));
            let circle: Vec<&str> = both.copied().collect();
            if circle.len() > 1 && circle.first() == Some(first) {
                circles.push(circle);
            }
        }
        circles
    }

    fn reached(&self, from: &str) -> BTreeSet<&'a str> {
        let mut reached = BTreeSet::new();
        let mut to_do = vec![from];
        while let Some(from) = to_do.pop() {
            for to in self.0.get(from).into_iter().flat_map(BTreeMap::keys) {
                if reached.insert(*to) {
                    to_do.push(to);
                }
            }
        }
        reached
    }

    /// A circle as a finding, with a shortest way round through its first module.
    fn finding(&self, parent: &str, circle: &[&'a str]) -> Option<Finding> {
        let first = *circle.first()?;
        let mut ways = VecDeque::from([vec![first]]);
        let mut visited = BTreeSet::new();
        while let Some(way) = ways.pop_front() {
            for to in self.0.get(way.last()?).into_iter().flat_map(BTreeMap::keys) {
                let way = [&*way, &[*to]].concat();
                if *to == first {
                    return self.describe(parent, circle, &way);
                }
                if circle.contains(to) && visited.insert(*to) {
                    ways.push_back(way);
                }
            }
        }
        None
    }

    fn describe(&self, parent: &str, circle: &[&str], way: &[&str]) -> Option<Finding> {
        let edges = way.windows(2).filter_map(|pair| {
            let [from, to] = pair else { return None };
            Some((from, to, self.0.get(from)?.get(to)?))
        });
        let way: Vec<String> = edges
            .clone()
            .map(|(from, to, (file, line))| format!("{from} names {to} at {file}:{line}"))
            .collect();
        let what = format!(
            "modules of `{parent}` depend on each other: {}; {}",
            circle.join(", "),
            way.join(", ")
        );
        let (_, _, (file, line)) = edges.clone().next()?;
        let to_do = "move the shared items into a module that depends on neither";
        Some(Finding::new(file, *line, what, to_do))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks the places where a package `a` of these files has circles.
    #[track_caller]
    fn check(files: &[(&str, &str)], expected: &[(&str, usize)]) {
        let manifest = ("crates/a/Cargo.toml".to_owned(), "");
        let files = files.iter().map(|(path, text)| (format!("crates/a/src/{path}"), *text));
        let files: Vec<_> = files.chain([manifest]).collect();
        let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        let tree = Tree::of(&files);
        let found = circles_but(&tree, &[]);
        let places: Vec<_> =
            found.iter().map(|it| (it.file.trim_start_matches("crates/a/src/"), it.line)).collect();
        assert_eq!(places, expected, "{found:#?}");
    }

    const ROOT: (&str, &str) = ("lib.rs", "mod b;\nmod c;\nmod d;\n");

    #[test]
    fn siblings_that_name_each_other_are_a_circle() {
        check(&[ROOT, ("b.rs", "use crate::c::C;"), ("c.rs", "\nuse super::d;")], &[]);
        check(&[ROOT, ("b.rs", "use crate::c::C;"), ("c.rs", "\nuse super::b;")], &[("b.rs", 1)]);
        check(
            &[
                ROOT,
                ("b.rs", "\n\nuse crate::{c::{self, X}, Y};"),
                ("c.rs", "fn f() -> super::d::D {}"),
                ("d.rs", "fn f() { crate::b::g::<u8>(); }"),
            ],
            &[("b.rs", 3)],
        );
    }

    #[test]
    fn files_of_a_folder_count_for_the_folder() {
        let files = [ROOT, ("b/mod.rs", "mod e;"), ("b/e.rs", "use crate::c::C;")];
        check(&files, &[]);
        check(&[&files[..], &[("c.rs", "use crate::b::B;")]].concat(), &[("b/e.rs", 1)]);
    }

    #[test]
    fn a_child_and_its_parent_are_one_unit() {
        let parent = "mod e;\npub use e::E;\nstruct B;\nfn f() { e::g(); }";
        check(&[ROOT, ("b.rs", parent), ("b/e.rs", "use super::B;\nuse crate::R;")], &[]);
    }

    #[test]
    fn a_re_export_leads_to_the_definition() {
        let root = ("lib.rs", "mod b;\nmod c;\npub use c::C;\npub(crate) use b::B as Z;");
        check(&[root, ("b.rs", "use crate::C;"), ("c.rs", "")], &[]);
        check(&[root, ("b.rs", "use crate::C;"), ("c.rs", "type X = super::Z;")], &[("b.rs", 1)]);
    }

    #[test]
    fn imports_of_a_child_are_its_parents_siblings() {
        let inline = "mod e {\n    use super::super::c::C;\n}\n";
        check(&[ROOT, ("b.rs", inline), ("c.rs", "use crate::b::B;")], &[("b.rs", 2)]);
    }

    #[test]
    fn tests_comments_and_literals_do_not_count() {
        let c = ("c.rs", "use super::b::B;");
        let says = |text: &str| check(&[ROOT, ("b.rs", text), c], &[]);
        says("#[cfg(test)]\nmod tests {\n    use crate::c::C;\n}\n");
        says("#[cfg(test)]\nuse crate::c::C;\n");
        says("// crate::c::C\n/* use crate::c::C; */\nconst A: &str = \"crate::c::C\";");
        says("const A: &str = r#\"\"crate::c::C\"#; const B: u8 = b'\\'; fn f<'a>() {}");
        says("#[cfg(test)]\nmod tests;\n");
        check(&[ROOT, ("b.rs", ""), ("b/tests.rs", "use crate::c::C;"), c], &[]);
        check(&[ROOT, ("b.rs", "#[cfg(test)]\nmod e;"), ("b/e.rs", "use crate::c::C;"), c], &[]);
        check(&[ROOT, ("b.rs", "#[cfg(not(test))]\nuse crate::c::C;"), c], &[("b.rs", 2)]);
    }

    #[test]
    fn other_crates_and_bounds_do_not_count() {
        let text = "use c::C;\nfn f() -> impl Sized + use<'_> { ::c::g() }";
        check(&[ROOT, ("b.rs", text), ("c.rs", "use super::b::B;")], &[]);
    }

    #[test]
    fn an_exception_must_be_needed() {
        let tree = Tree::of(&[
            ("crates/a/Cargo.toml", ""),
            ("crates/a/src/lib.rs", "mod b;\nmod c;"),
            ("crates/a/src/b.rs", "use crate::c::C;"),
            ("crates/a/src/c.rs", "use crate::b::B;"),
        ]);
        assert_eq!(circles_but(&tree, &[("a", &["b", "c"])]), []);
        assert_eq!(circles_but(&tree, &[("a", &["b"])]).len(), 1);
        assert_eq!(circles_but(&tree, &[("a", &["b", "c", "d"])]).len(), 1);
        assert_eq!(circles_but(&tree, &[("a", &["b", "c"]), ("a::b", &["c"])]).len(), 1);
    }
}
