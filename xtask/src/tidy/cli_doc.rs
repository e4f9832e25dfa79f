//! The generated parts of the documentation of the command line.
//!
//! A part stands between `<!-- generated: NAME -->` and `<!-- end -->`. Its text comes from the
//! help pages of the built program, which `help` parses. `cargo xtask cli-doc` writes the parts,
//! and a rule of `tidy` compares them.

mod help;

use std::fmt::Write as _;
use std::path::PathBuf;

use self::help::{Entry, Page, Pages};
use super::Finding;
use super::tree::{Tree, lines};
use crate::command::{cargo, root, run as run_command};

/// The files with generated parts; the last one has a part for every command.
const FILES: [&str; 2] = ["README.md", REFERENCE];
const REFERENCE: &str = "docs/cli.md";

const BEGIN: &str = "<!-- generated: ";
const END: &str = "<!-- end -->";

/// Rewrites the generated parts.
///
/// # Errors
///
/// If the program cannot be built or run, or a part has an unknown name.
pub(crate) fn run(_: &[String]) -> Result<(), String> {
    let pages = Pages::of_program(&program()?)?;
    for file in FILES {
        let path = root().join(file);
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{file}: {error}"))?;
        let new = with_parts(file, &text, &pages).map_err(|why| format!("{file}: {why}"))?;
        if new != text {
            std::fs::write(&path, new).map_err(|error| format!("{file}: {error}"))?;
            println!("{file}: updated");
        }
    }
    Ok(())
}

/// Compares the generated parts with the help of the program.
pub(super) fn stale(tree: &Tree) -> Vec<Finding> {
    let pages = program().and_then(|program| Pages::of_program(&program));
    match pages {
        Ok(pages) => FILES.iter().flat_map(|file| stale_in(tree, file, &pages)).collect(),
        Err(why) => {
            let to_do = "see `cargo build --package communicado-cli`";
            vec![Finding::new(REFERENCE, 0, why, to_do)]
        }
    }
}

/// Builds the program in the profile of the tests.
fn program() -> Result<PathBuf, String> {
    run_command(&mut cargo(&["build", "--quiet", "--locked", "--package", "communicado-cli"]))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root().join("target"), Into::into);
    Ok(target.join("debug").join(format!("communicado{}", std::env::consts::EXE_SUFFIX)))
}

fn stale_in(tree: &Tree, file: &str, pages: &Pages) -> Vec<Finding> {
    const TO_DO: &str = "cargo xtask cli-doc";
    let text = tree.text(file).unwrap_or_default();
    let mut findings = Vec::new();
    match with_parts(file, text, pages) {
        Ok(new) if new == text => {}
        Ok(new) => {
            let same = new.lines().zip(text.lines()).take_while(|(new, old)| new == old).count();
            let what = "the generated part differs from the help of the program";
            findings.push(Finding::new(file, same + 1, what, TO_DO));
        }
        Err(why) => findings.push(Finding::new(file, 0, why, "correct the marker")),
    }
    if file == REFERENCE {
        for command in pages.commands() {
            let marker = format!("{BEGIN}command {command} -->");
            if lines(text).all(|(_, line)| line != marker) {
                let what = format!("`communicado {command}` is missing");
                findings.push(Finding::new(file, 0, what, format!("add `{marker}` and `{END}`")));
            }
        }
    }
    findings
}

/// The text of `file` with each generated part rewritten.
fn with_parts(file: &str, text: &str, pages: &Pages) -> Result<String, String> {
    let mut new = String::new();
    let mut rest = text;
    while let Some((before, from)) = rest.split_once(BEGIN) {
        let (name, from) = from.split_once(" -->\n").ok_or("a marker does not end its line")?;
        let (_, after) = from.split_once(END).ok_or(format!("`{name}` has no `{END}`"))?;
        let part = part(file, name, pages).ok_or(format!("no part is named `{name}`"))?;
        let _ = write!(new, "{before}{BEGIN}{name} -->\n{part}{END}");
        rest = after;
    }
    new.push_str(rest);
    Ok(new)
}

fn part(file: &str, name: &str, pages: &Pages) -> Option<String> {
    let program = pages.page("")?;
    let templates = |title: &str| pages.page("status")?.section(title);
    match name {
        "commands" => {
            let to = if file == REFERENCE { "" } else { REFERENCE };
            let link = |name: &str| format!("[`{name}`]({to}#{name})");
            Some(table(["command", "purpose"], program.section("Commands")?, link))
        }
        "global options" => Some(table(["option", "meaning"], program.global()?, code)),
        "exit statuses" => exit_statuses(&program.after),
        "template keys" => Some(table(["key", "value"], templates("Template keys")?, code)),
        "template helpers" => {
            Some(table(["helper", "result"], templates("Template helpers")?, code))
        }
        _ => Some(command(pages.page(name.strip_prefix("command ")?)?)),
    }
}

/// The description, usage, arguments and options of a command; the global options are left out.
fn command(page: &Page) -> String {
    let about = page.about.trim_end_matches('.');
    let mut text = format!("{about}.\n\n```text\n{}\n```\n", page.usage.join("\n"));
    let own = [("Commands", "command"), ("Arguments", "argument"), ("Options", "option")];
    for (title, column) in own {
        let entries = page.section(title).unwrap_or_default();
        let is_own = |entry: &&Entry| !entry.name.contains("--help") && !entry.text.is_empty();
        let entries: Vec<Entry> = entries.iter().filter(is_own).cloned().collect();
        if !entries.is_empty() {
            let _ = write!(text, "\n{}", table([column, "meaning"], &entries, code));
        }
    }
    text
}

/// A table from the sentence `Exit status: 0 yes, 1 no.`
fn exit_statuses(after: &str) -> Option<String> {
    let (_, list) = after.split_once("Exit status: ")?;
    let entry = |status: &str| {
        let (number, meaning) = status.trim().split_once(' ')?;
        Some(Entry { name: number.to_owned(), text: meaning.to_owned() })
    };
    let entries: Option<Vec<Entry>> = list.trim_end_matches('.').split(", ").map(entry).collect();
    Some(table(["status", "meaning"], &entries?, code))
}

fn table(head: [&str; 2], entries: &[Entry], name: impl Fn(&str) -> String) -> String {
    let mut text = format!("| {} | {} |\n|---|---|\n", head[0], head[1]);
    for entry in entries {
        let row = [name(&entry.name), entry.text.clone()].map(|cell| cell.replace('|', "\\|"));
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    text
}

fn code(name: &str) -> String {
    format!("`{name}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROGRAM: &str = "\
Tells something.

Usage: communicado [OPTIONS] [COMMAND]

Commands:
  is    Test a condition
  wait  Wait until a condition is true: exit status 0, or 4 after
        the time-out

Options:
  -h, --help
          Print help

Global options:
      --client <NAME>
          Only these | clients

Exit status: 0 yes or done, 1 no.
";

    const IS: &str = "\
Test a condition.

By exit status.

Usage: communicado is [OPTIONS] <CONDITION>

Arguments:
  <CONDITION>
          A status

          [possible values: running,
          away]

Options:
      --for <DURATION>
          How long

          [default: 5s]

  -h, --help
          Print help
";

    fn pages() -> Pages {
        Pages::of(&[("", PROGRAM), ("is", IS)])
    }

    #[track_caller]
    fn check(name: &str, expected: &str) {
        let text = format!("a\n{BEGIN}{name} -->\nold\n{END}\nb\n");
        let new = with_parts(REFERENCE, &text, &pages()).unwrap();
        assert_eq!(new, format!("a\n{BEGIN}{name} -->\n{expected}{END}\nb\n"));
    }

    #[test]
    fn a_table_is_made_of_each_section() {
        check(
            "commands",
            "| command | purpose |\n|---|---|\n| [`is`](#is) | Test a condition |\n\
             | [`wait`](#wait) | Wait until a condition is true: exit status 0, or 4 after the \
             time-out |\n",
        );
        check(
            "global options",
            "| option | meaning |\n|---|---|\n| `--client <NAME>` | Only these \\| clients |\n",
        );
        check(
            "exit statuses",
            "| status | meaning |\n|---|---|\n| `0` | yes or done |\n| `1` | no |\n",
        );
    }

    #[test]
    fn a_command_has_its_own_arguments_and_options() {
        check(
            "command is",
            "Test a condition.\n\nBy exit status.\n\n\
             ```text\ncommunicado is [OPTIONS] <CONDITION>\n```\n\n\
             | argument | meaning |\n|---|---|\n\
             | `<CONDITION>` | A status. One of `running`, `away`. |\n\n\
             | option | meaning |\n|---|---|\n| `--for <DURATION>` | How long. Default: `5s`. |\n",
        );
    }

    #[test]
    fn a_part_that_differs_and_a_command_that_is_missing_are_found() {
        let part = command(pages().page("is").unwrap());
        let good = format!("{BEGIN}command is -->\n{part}{END}\n");
        let find = |text: &str| {
            let found = stale_in(&Tree::of(&[(REFERENCE, text)]), REFERENCE, &pages());
            found.iter().map(|it| it.line).collect::<Vec<_>>()
        };
        assert_eq!(find(&good), [0; 0]);
        assert_eq!(find(&good.replace("How long", "How short")), [16]);
        assert_eq!(find("# Commands\n"), [0]);
        assert_eq!(find(&format!("{good}{BEGIN}nothing -->\n{END}")), [0]);
    }
}
