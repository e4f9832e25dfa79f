//! The project's own automation: `cargo xtask` lists what it can do.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program's output is its purpose")]

mod faults;

use std::process::ExitCode;

/// One thing that `cargo xtask` can do.
struct Task {
    name: &'static str,
    about: &'static str,
    run: fn() -> Result<(), String>,
}

const TASKS: &[Task] = &[Task {
    name: "faults",
    about: "plants faults in the core, one at a time, and shows which promise notices each",
    run: faults::run,
}];

fn main() -> ExitCode {
    let name = std::env::args().nth(1).unwrap_or_default();
    let Some(task) = TASKS.iter().find(|task| task.name == name) else {
        println!("cargo xtask TASK, where TASK is one of:");
        for task in TASKS {
            println!("  {:<10} {}", task.name, task.about);
        }
        return if name.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(2) };
    };
    match (task.run)() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}
