//! The project's automation: `cargo xtask` lists the tasks.
//!
//! Each task is a file. The program has no dependencies, so that it builds in seconds.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program's output is its purpose")]

mod board;
mod command;
mod deny;
mod dist;
mod faults;
mod fresh_clone;
mod fuzz;
mod gateway;
mod home_assistant;
mod package;
mod peers;
mod release;
mod sink_peers;
mod test;
mod tidy;
mod traces;
mod watchdog;
mod windows;

use std::process::ExitCode;

/// A task of `cargo xtask`.
struct Task {
    name: &'static str,
    about: &'static str,
    /// Takes the arguments after the name. An error says what failed and what to do.
    run: fn(&[String]) -> Result<(), String>,
}

const TASKS: &[Task] = &[
    Task {
        name: "check",
        about: "checks format, house rules, lints and unit tests: the command while you work",
        run: test::check,
    },
    Task {
        name: "test",
        about: "runs all tests, or the named steps; --list shows the steps",
        run: test::run,
    },
    Task {
        name: "tidy",
        about: "checks the house rules: headers, leftovers, purity, names, links, generated files",
        run: tidy::run,
    },
    Task {
        name: "cli-doc",
        about: "writes the generated parts of README.md and docs/cli.md",
        run: tidy::write_cli_doc,
    },
    Task {
        name: "deny",
        about: "checks licences, bans, sources and advisories of all dependencies",
        run: deny::run,
    },
    Task {
        name: "faults",
        about: "plants faults in the core, one at a time, and shows which test notices each",
        run: faults::run,
    },
    Task {
        name: "fuzz",
        about: "fuzzes every decoder, or the named ones, for --seconds 5 each",
        run: fuzz::run,
    },
    Task {
        name: "fresh-clone",
        about: "runs the README's first command in a fresh clone of the last commit",
        run: fresh_clone::run,
    },
    Task {
        name: "peers",
        about: "installs the clients, servers and tools that the tests need, from Debian",
        run: peers::run,
    },
    Task {
        name: "sink-peers",
        about: "installs the MQTT brokers and receivers that the tests of the sinks need",
        run: sink_peers::run,
    },
    Task {
        name: "home-assistant",
        about: "tests the sink mqtt with Home Assistant, which it installs below target",
        run: home_assistant::run,
    },
    Task {
        name: "traces",
        about: "records D-Bus traces of real clients again, for the tests of the decoder",
        run: traces::run,
    },
    Task {
        name: "gateway",
        about: "tests the gateway, beside peers that it installs below target",
        run: gateway::run,
    },
    Task {
        name: "board",
        about: "tests the gateway's board in Chromium, and its client beside others",
        run: board::run,
    },
    Task {
        name: "package",
        about: "builds the packages into target/packages; --verify or --check",
        run: package::run,
    },
    Task {
        name: "release",
        about: "prepares the release of a VERSION: changelog, versions, packages, tag",
        run: release::run,
    },
    Task {
        name: "windows",
        about: "builds target/windows/communicado.exe; or: lint, test, peers",
        run: windows::run,
    },
];

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_default();
    let Some(task) = TASKS.iter().find(|task| task.name == name) else {
        println!("cargo xtask TASK, where TASK is one of:");
        for task in TASKS {
            println!("  {:<14} {}", task.name, task.about);
        }
        return if name.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(2) };
    };
    match (task.run)(&arguments.collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}
