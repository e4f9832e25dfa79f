//! Measures what is claimed about speed: `cargo run --release -p communicado-bench -- WHAT`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program's output is its purpose")]

mod roster;

use std::process::ExitCode;

/// What can be measured, each with its own table as output.
const BENCHES: &[(&str, fn())] = &[("roster", roster::run)];

fn main() -> ExitCode {
    let name = std::env::args().nth(1).unwrap_or_default();
    let Some((_, run)) = BENCHES.iter().find(|bench| bench.0 == name) else {
        let names: Vec<_> = BENCHES.iter().map(|bench| bench.0).collect();
        eprintln!("what to measure? one of: {}", names.join(", "));
        return ExitCode::from(2);
    };
    run();
    ExitCode::SUCCESS
}
