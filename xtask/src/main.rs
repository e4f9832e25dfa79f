//! The project's own automation: `cargo xtask` lists what it can do.
//!
//! One file a task, and one table of them. It has no dependencies, so that it is built at once.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program's output is its purpose")]

mod board;
mod command;
mod deny;
mod faults;
mod fresh_clone;
mod fuzz;
mod gateway;
mod peers;
mod test;
mod tidy;
mod traces;
mod windows;

use std::process::ExitCode;

/// One thing that `cargo xtask` can do.
struct Task {
    name: &'static str,
    about: &'static str,
    /// Takes what stands behind the name; an error says what failed and what to do.
    run: fn(&[String]) -> Result<(), String>,
}

const TASKS: &[Task] = &[
    Task {
        name: "test",
        about: "passes all tests, or those steps that are named; --list names them",
        run: test::run,
    },
    Task {
        name: "tidy",
        about: "holds the house rules: headers, leftovers, purity, names, links, generated files",
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
        about: "plants faults in the core, one at a time, and shows which promise notices each",
        run: faults::run,
    },
    Task {
        name: "fuzz",
        about: "feeds foreign bytes to every decoder, or those named; --seconds 5 for each",
        run: fuzz::run,
    },
    Task {
        name: "fresh-clone",
        about: "follows the README's first command in a fresh clone of what is committed",
        run: fresh_clone::run,
    },
    Task {
        name: "peers",
        about: "installs the clients, servers and tools that the tests need, from Debian",
        run: peers::run,
    },
    Task {
        name: "traces",
        about: "records anew what real clients send, for the tests of the decoder",
        run: traces::run,
    },
    Task {
        name: "gateway",
        about: "tries the gateway: promises, faults, and peers that it installs below target",
        run: gateway::run,
    },
    Task {
        name: "board",
        about: "tries the gateway's board in Chromium, and its client beside others",
        run: board::run,
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
            println!("  {:<12} {}", task.name, task.about);
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
