//! Runs the tests: `cargo xtask test` all of them, as CI does, and `cargo xtask check` the quick
//! ones.
//!
//! Every step runs, also after one that failed. The report at the end lists each failure with the
//! command that repeats it.
//!
//! All debug builds select the whole workspace, and a test by its name. With `--package`, cargo
//! would build most dependencies again, with the features that this one package needs.

use crate::command::{Stopwatch, cargo, human_duration, run as run_command};
use crate::{
    board, deny, dist, faults, fresh_clone, gateway, package, peers, sink_peers, tidy, windows,
};

/// A step of the test run.
struct Step {
    name: &'static str,
    about: &'static str,
    /// The steps without which this one cannot run.
    needs: &'static [&'static str],
    run: fn() -> Result<(), String>,
}

/// In order of speed, so that a quick step reports first. `peers` may ask for a password, so it is
/// the first.
const STEPS: &[Step] = &[
    Step {
        name: "peers",
        about: "install the programs to test against",
        needs: &[],
        run: || peers::run(&[]),
    },
    Step { name: "format", about: "check the format of the code", needs: &[], run: format },
    Step { name: "tidy", about: "check the house rules", needs: &[], run: || tidy::run(&[]) },
    Step { name: "clippy", about: "lint the code", needs: &[], run: clippy },
    Step { name: "docs", about: "build the documentation", needs: &[], run: docs },
    Step {
        name: "unit",
        about: "units, properties, simulations, fuzz corpora, the command line, examples",
        needs: &[],
        run: unit,
    },
    Step {
        name: "deny",
        about: "licences, bans, sources and advisories of the dependencies",
        needs: &[],
        run: || deny::run(&[]),
    },
    Step {
        name: "faults",
        about: "plant faults in the core, each of which a test must notice",
        needs: &[],
        run: || faults::run(&[]),
    },
    Step {
        name: "fresh-clone",
        about: "follow the README in a fresh clone",
        needs: &[],
        run: || fresh_clone::run(&[]),
    },
    Step {
        name: "windows",
        about: "lint and test for Windows, under Wine, and build the programs for `conformance`",
        needs: &["peers"],
        run: windows::check,
    },
    Step {
        name: "gateway",
        about: "the gateway: crashes, full disks, load, and other servers and clients",
        needs: &["peers"],
        run: || gateway::run(&[]),
    },
    Step {
        name: "board",
        about: "the board and the JavaScript client, in a browser and beside other clients",
        needs: &["peers"],
        run: || board::run(&[]),
    },
    Step {
        name: "packages",
        about: "install, use, upgrade and purge the packages in a clean Debian",
        needs: &["peers"],
        run: || package::run(&["--check".to_owned()]),
    },
    Step {
        name: "conformance",
        about: "communicado beside real clients and servers",
        needs: &["peers", "windows"],
        run: conformance,
    },
];

/// The steps of `cargo xtask check`.
const QUICK: [&str; 4] = ["format", "tidy", "clippy", "unit"];

/// The outcome of a step.
enum Outcome {
    Passed,
    Failed(String),
    /// The name of a step that did not pass and that this one needs.
    CannotRun(&'static str),
}

/// Runs all steps, or the named ones.
///
/// # Errors
///
/// If a step fails: the list of the failures, each with the command that repeats it.
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
    let is_chosen = |step: &&Step| names.is_empty() || names.iter().any(|name| name == step.name);
    run_steps(&STEPS.iter().filter(is_chosen).collect::<Vec<_>>())
}

/// Runs the steps that need no other programs.
///
/// # Errors
///
/// As [`run`].
pub(crate) fn check(_: &[String]) -> Result<(), String> {
    run(&QUICK.map(str::to_owned))
}

fn run_steps(steps: &[&Step]) -> Result<(), String> {
    let whole = Stopwatch::start();
    let mut outcomes: Vec<(&Step, Outcome)> = Vec::new();
    let mut times = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        println!("\n== {} of {}: {}: {}", index + 1, steps.len(), step.name, step.about);
        let stopwatch = Stopwatch::start();
        let outcome = match missing(step, &outcomes) {
            Some(name) => Outcome::CannotRun(name),
            None => (step.run)().map_or_else(Outcome::Failed, |()| Outcome::Passed),
        };
        let took = human_duration(stopwatch.elapsed());
        let result = match &outcome {
            Outcome::Passed => format!("passed in {took}"),
            Outcome::Failed(why) => format!("FAILED after {took}: {why}"),
            Outcome::CannotRun(name) => format!("CANNOT RUN without `{name}`"),
        };
        println!("== {} {result}", step.name);
        times.push(format!("  {:<12} {took}", step.name));
        outcomes.push((*step, outcome));
    }
    println!("\n{}\n  {:<12} {}", times.join("\n"), "all", human_duration(whole.elapsed()));
    report(&outcomes)
}

/// The first step that `step` needs and that did not pass. A step that was not chosen is not
/// missing.
fn missing(step: &Step, outcomes: &[(&Step, Outcome)]) -> Option<&'static str> {
    let failed = outcomes.iter().filter(|(_, outcome)| !matches!(outcome, Outcome::Passed));
    failed.map(|(failed, _)| failed.name).find(|name| step.needs.contains(name))
}

/// The summary: nothing but a count if all steps passed.
fn report(outcomes: &[(&Step, Outcome)]) -> Result<(), String> {
    let mut failures = String::new();
    let (mut passed, mut failed, mut not_run) = (0, 0, 0);
    for (step, outcome) in outcomes {
        match outcome {
            Outcome::Passed => passed += 1,
            Outcome::Failed(why) => {
                failed += 1;
                let repeat = format!("repeat: cargo xtask test {}", step.name);
                failures += &format!("\n{}: {}\n  {repeat}", step.name, why.trim_end());
            }
            Outcome::CannotRun(name) => {
                not_run += 1;
                failures += &format!("\n{}: not run, because `{name}` did not pass", step.name);
            }
        }
    }
    let count = format!("{passed} passed, {failed} failed, {not_run} not run");
    if failures.is_empty() {
        println!("steps: {count}");
        Ok(())
    } else {
        Err(format!("steps: {count}{failures}"))
    }
}

fn format() -> Result<(), String> {
    let hint = |why| format!("{why}\n  help: cargo fmt --all, and the same in fuzz/libfuzzer");
    run_command(&mut cargo(&["fmt", "--all", "--check"])).map_err(hint)?;
    let libfuzzer = ["fmt", "--manifest-path", "fuzz/libfuzzer/Cargo.toml", "--check"];
    run_command(&mut cargo(&libfuzzer)).map_err(hint)
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
    let test = ["test", "--locked", "--workspace", "--no-fail-fast"];
    // The integration tests of these two need peers, and have their own steps.
    let others = ["communicado-conformance", "communicado-gateway"];
    let others = others.iter().flat_map(|name| ["--exclude", name]);
    // A test starts the examples; cargo builds them by itself only if no target is selected.
    run_command(&mut cargo(&["build", "--locked", "--workspace", "--examples"]))?;
    let units = run_command(cargo(&test).args(["--lib", "--bins"]));
    let integration = run_command(cargo(&test).args(others).args(["--test", "*"]));
    let docs = run_command(cargo(&test).arg("--doc"));
    let failures: Vec<String> =
        [units, integration, docs].into_iter().filter_map(Result::err).collect();
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n")) }
}

fn conformance() -> Result<(), String> {
    sink_peers::run(&[])?;
    // Users get the packaged build, so that is what is tested.
    let programs = dist::build(&dist::PROGRAMS)?;
    let test = ["test", "--locked", "--workspace", "--no-fail-fast"];
    let tests = [
        "agent", "desktop", "hostile", "lines", "mqtt", "provider", "purple", "sinks", "windows",
        "xmpp",
    ];
    let mut test = cargo(&test);
    test.args(tests.iter().flat_map(|name| ["--test", name]));
    test.env("COMMUNICADO_BIN", programs.join("communicado"));
    test.env("COMMUNICADO_GATEWAY_BIN", programs.join("communicado-gateway"));
    // Most tests wait for a peer, so there are more of them than cores.
    run_command(test.args(["--", "--test-threads", "8"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSES: Step = Step { name: "passes", about: "", needs: &[], run: || Ok(()) };
    const FAILS: Step =
        Step { name: "fails", about: "", needs: &[], run: || Err("it is broken".to_owned()) };

    #[test]
    fn a_failure_does_not_stop_the_steps_after_it() {
        let needs = Step { name: "needs", about: "", needs: &["fails"], run: || Ok(()) };
        let needs_that = Step { name: "needs-that", about: "", needs: &["needs"], run: || Ok(()) };
        let report = run_steps(&[&FAILS, &needs, &needs_that, &PASSES]).unwrap_err();
        assert_eq!(
            report,
            "steps: 1 passed, 1 failed, 2 not run\n\
             fails: it is broken\n  repeat: cargo xtask test fails\n\
             needs: not run, because `fails` did not pass\n\
             needs-that: not run, because `needs` did not pass"
        );
    }

    #[test]
    fn a_step_alone_runs_without_the_steps_that_it_needs() {
        let needs = Step { name: "needs", about: "", needs: &["fails"], run: || Ok(()) };
        assert_eq!(run_steps(&[&needs]), Ok(()));
        assert_eq!(run_steps(&[&PASSES, &needs]), Ok(()));
    }

    #[test]
    fn every_step_needs_steps_before_it() {
        for (index, step) in STEPS.iter().enumerate() {
            let before = STEPS.get(..index).unwrap_or_default();
            let is_before = |name: &&str| before.iter().any(|step| step.name == *name);
            assert!(step.needs.iter().all(is_before), "{}", step.name);
        }
        assert!(QUICK.iter().all(|name| STEPS.iter().any(|step| step.name == *name)));
    }
}
