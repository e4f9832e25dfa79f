//! The rule about files that the program writes itself.

use super::Finding;
use super::tree::Tree;
use crate::command::{cargo, output};

/// A file, and what prints it behind `cargo`.
const GENERATED: &[(&str, &[&str])] = &[(
    "docs/config.schema.json",
    &["run", "--quiet", "--locked", "--package", "communicado-cli", "--", "config", "--schema"],
)];

pub(super) fn stale(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, command) in GENERATED {
        let by = command.join(" ");
        // Whatever this machine's user has configured is not ours to print.
        let printed = output(cargo(command).env("XDG_CONFIG_HOME", "/nonexistent"));
        let printed = match printed {
            Ok(printed) if printed.status.success() => printed.stdout,
            Ok(failed) => {
                let why = String::from_utf8_lossy(&failed.stderr).into_owned();
                findings.push(Finding::new(file, 0, format!("it cannot be printed: {why}"), by));
                continue;
            }
            Err(why) => {
                findings.push(Finding::new(file, 0, why, by));
                continue;
            }
        };
        let printed = String::from_utf8_lossy(&printed);
        let kept = tree.text(file).unwrap_or_default();
        if printed != kept {
            let pairs = printed.lines().zip(kept.lines());
            let line = pairs.take_while(|(printed, kept)| printed == kept).count() + 1;
            let to_do = format!("cargo {by} > {file}");
            findings.push(Finding::new(file, line, "it is not what the program prints", to_do));
        }
    }
    findings
}
