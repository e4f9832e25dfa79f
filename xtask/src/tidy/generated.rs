//! The rule about files that the program generates.

use super::Finding;
use super::tree::Tree;
use crate::command::{build_debug, output, program};

/// A file, and the arguments of `communicado` that print it.
const GENERATED: &[(&str, &[&str])] = &[("docs/config.schema.json", &["config", "--schema"])];

pub(super) fn stale(tree: &Tree) -> Vec<Finding> {
    let communicado = match build_debug(&["communicado"]) {
        Ok(folder) => folder.join("communicado"),
        Err(why) => return vec![Finding::new("", 0, why, "fix the build")],
    };
    let mut findings = Vec::new();
    for (file, arguments) in GENERATED {
        let by = format!("cargo run -- {} > {file}", arguments.join(" "));
        let mut print = program(&communicado.to_string_lossy(), arguments);
        // The configuration of this machine's user must not show.
        let printed = output(print.env("XDG_CONFIG_HOME", "/nonexistent"));
        let printed = match printed {
            Ok(printed) if printed.status.success() => printed.stdout,
            Ok(failed) => {
                let why = String::from_utf8_lossy(&failed.stderr).into_owned();
                let what = format!("`communicado` cannot print it: {why}");
                findings.push(Finding::new(file, 0, what, by));
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
            let what = "the file differs from what the program prints";
            findings.push(Finding::new(file, line, what, by));
        }
    }
    findings
}
