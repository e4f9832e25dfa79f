//! Passes all tests: the README's second command, and all that CI runs.
//!
//! In order of speed once everything is built, so that what is quickly found is found first; it
//! stops at the first failure. Installing comes before all, since it may ask for a password.
//! Each step can be run alone: `cargo xtask test tidy clippy`.

use crate::command::{Stopwatch, cargo, run as run_command, spoken};
use crate::{board, deny, faults, fresh_clone, fuzz, gateway, peers, tidy, windows};

/// One step.
struct Step {
    name: &'static str,
    about: &'static str,
    run: fn() -> Result<(), String>,
}

const STEPS: &[Step] = &[
    Step {
        name: "peers",
        about: "the programs to test against are installed",
        run: || peers::run(&[]),
    },
    Step { name: "format", about: "the code is formatted", run: format },
    Step { name: "tidy", about: "the house rules hold", run: || tidy::run(&[]) },
    Step { name: "clippy", about: "no compiler and no lint warns", run: clippy },
    Step { name: "docs", about: "the documentation builds without a warning", run: docs },
    Step {
        name: "unit",
        about: "units, properties, simulations, written forms, the command line, examples",
        run: unit,
    },
    Step {
        name: "deny",
        about: "licences, bans, sources and advisories of the dependencies",
        run: || deny::run(&[]),
    },
    Step { name: "fuzz", about: "no foreign bytes make a decoder panic", run: || fuzz::run(&[]) },
    Step {
        name: "faults",
        about: "every planted fault is noticed by a promise",
        run: || faults::run(&[]),
    },
    Step {
        name: "fresh-clone",
        about: "the README's two commands do all the set-up",
        run: || fresh_clone::run(&[]),
    },
    Step {
        name: "windows",
        about: "lints and tests for Windows, under Wine, and builds what is tested there",
        run: windows::check,
    },
    Step {
        name: "gateway",
        about: "the gateway: its promises, kills, full disks, storms, and peers of others",
        run: || gateway::run(&[]),
    },
    Step {
        name: "board",
        about: "the board and the client in JavaScript, in a browser and beside others' clients",
        run: || board::run(&[]),
    },
    Step {
        name: "conformance",
        about: "real clients and servers, and what is said about them",
        run: conformance,
    },
];

/// Runs all steps, or those that are named, until one fails.
///
/// # Errors
///
/// If a step fails: which one, and how to repeat it.
pub(crate) fn run(names: &[String]) -> Result<(), String> {
    if names.iter().any(|name| name == "--list") {
        for step in STEPS {
            println!("{:<12} {}", step.name, step.about);
        }
        return Ok(());
    }
    if let Some(name) = names.iter().find(|name| STEPS.iter().all(|step| step.name != **name)) {
        return Err(format!("there is no step `{name}`\n  help: cargo xtask test --list"));
    }
    let chosen = |step: &&Step| names.is_empty() || names.iter().any(|name| name == step.name);
    let steps: Vec<&Step> = STEPS.iter().filter(chosen).collect();
    let whole = Stopwatch::start();
    let mut summary = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        println!("\n== {} of {}: {}: {}", index + 1, steps.len(), step.name, step.about);
        let stopwatch = Stopwatch::start();
        let result = (step.run)();
        let took = spoken(stopwatch.elapsed());
        if let Err(why) = result {
            println!("== {} FAILED after {took}", step.name);
            println!("steps: {index} passed, 1 failed, {} skipped", steps.len() - index - 1);
            return Err(format!("{why}\n  repeat: cargo xtask test {}", step.name));
        }
        println!("== {} passed in {took}", step.name);
        summary.push(format!("  {:<12} {took}", step.name));
    }
    println!("\n{}\n  {:<12} {}", summary.join("\n"), "all", spoken(whole.elapsed()));
    println!("steps: {} passed, 0 failed", steps.len());
    Ok(())
}

fn format() -> Result<(), String> {
    let hint = |why| format!("{why}\n  help: cargo fmt --all, and the same in fuzz/");
    run_command(&mut cargo(&["fmt", "--all", "--check"])).map_err(hint)?;
    let fuzz = ["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"];
    run_command(&mut cargo(&fuzz)).map_err(hint)
}

fn clippy() -> Result<(), String> {
    run_command(&mut cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "--deny",
        "warnings",
    ]))
}

fn docs() -> Result<(), String> {
    let mut doc = cargo(&["doc", "--workspace", "--no-deps", "--locked"]);
    run_command(doc.env("RUSTDOCFLAGS", "--deny warnings"))
}

fn unit() -> Result<(), String> {
    // Those two meet peers, and have steps of their own.
    let all_but = ["communicado-conformance", "communicado-gateway"];
    let all_but = all_but.iter().flat_map(|name| ["--exclude", name]);
    run_command(cargo(&["test", "--locked", "--workspace"]).args(all_but))
}

fn conformance() -> Result<(), String> {
    // What is tested is what users run, so the program is built as they build it.
    for package in ["communicado-cli", "communicado-gateway"] {
        run_command(&mut cargo(&["build", "--release", "--locked", "--package", package]))?;
    }
    run_command(&mut cargo(&["test", "--locked", "--package", "communicado-conformance"]))
}
