//! Benchmarks for every claim about speed, beside comparable programs.
//!
//!     cargo build --profile dist -p communicado-cli -p communicado-gateway
//!     cargo xtask windows peers
//!     cargo run --release -p communicado-bench -- all --write
//!
//! `communicado-conformance` starts real peers on private buses. The output is Markdown; `--write`
//! writes it to `bench/BENCHMARKS.md`.
//!
//! Each benchmark is a file with a function that returns a [`Report`], in the table below. A slow
//! program is no failure: the report shows the goal as not met.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program's output is its purpose")]

mod fanout;
mod fixture;
mod idle;
mod latency;
mod machine;
mod numbers;
mod output_lines;
mod peers;
mod player;
mod provider;
mod provider_com;
mod raw_dbus;
mod reading;
mod relay;
mod report;
mod roster;
mod sinks;
mod status;
mod windows;

use std::process::ExitCode;

use report::Report;

const RESULTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/BENCHMARKS.md");

/// A benchmark.
struct Bench {
    name: &'static str,
    /// The option for the number of measurements, with its default.
    option: Option<(&'static str, u32)>,
    run: fn(u32) -> Result<Report, String>,
    needs_peers: bool,
}

const BENCHES: [Bench; 10] = [
    Bench {
        name: "latency",
        // Enough that the 99th percentile is not the maximum.
        option: Some(("--samples", 300)),
        run: latency::run,
        needs_peers: true,
    },
    Bench { name: "status", option: Some(("--runs", 100)), run: status::run, needs_peers: true },
    Bench {
        name: "idle",
        option: Some(("--seconds", 60)),
        run: |seconds| idle::run(seconds.into()),
        needs_peers: true,
    },
    Bench { name: "fanout", option: Some(("--events", 30)), run: fanout::run, needs_peers: true },
    Bench {
        name: "people",
        option: Some(("--changes", 3000)),
        run: fanout::people,
        needs_peers: true,
    },
    Bench {
        name: "windows",
        option: Some(("--samples", 300)),
        run: windows::run,
        needs_peers: false,
    },
    Bench {
        name: "provider",
        option: Some(("--samples", 300)),
        run: provider::run,
        needs_peers: true,
    },
    Bench {
        name: "provider-com",
        option: Some(("--samples", 300)),
        run: provider_com::run,
        needs_peers: false,
    },
    Bench { name: "sinks", option: Some(("--samples", 300)), run: sinks::run, needs_peers: true },
    Bench { name: "roster", option: None, run: |_| Ok(roster::run()), needs_peers: false },
];

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let words: Vec<_> = arguments.iter().map(String::as_str).collect();
    let done = match *words.as_slice() {
        // Internal: a peer of `latency`.
        ["listener", address, rule] => {
            latency::listener(address, rule).map_err(|error| error.to_string())
        }
        // Internal: a peer of `sinks`.
        ["receiver", port] => sinks::receiver(port),
        // Internal: the baseline of `fanout`.
        ["baseline", port] => fanout::baseline(port),
        ["all"] => all().map(|_| ()),
        ["all", "--write"] => all().and_then(|results| {
            std::fs::write(RESULTS, results).map_err(|error| format!("{RESULTS}: {error}"))
        }),
        [name, ref options @ ..] => one(name, options),
        [] => Err(usage()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn all() -> Result<String, String> {
    peers::require()?;
    let command = "cargo run --release -p communicado-bench -- all --write";
    let mut results = machine::head(command, machine::busy());
    println!("{results}");
    for Bench { option, run, .. } in BENCHES {
        let report = run(option.map_or(0, |(_, default)| default))?;
        println!("{report}");
        results.push_str(&format!("\n{report}"));
    }
    let after = format!("\nCPU load after the run: {:.0} %.\n", machine::busy());
    println!("{after}");
    results.push_str(&after);
    Ok(results)
}

fn one(name: &str, options: &[&str]) -> Result<(), String> {
    let bench = BENCHES.into_iter().find(|bench| bench.name == name).ok_or_else(usage)?;
    let count = match (bench.option, options) {
        (Some((_, default)), []) => default,
        (None, []) => 0,
        (Some((option, _)), [given, count]) if option == *given => {
            count.parse().map_err(|_| format!("{option} takes a number, not `{count}`"))?
        }
        _ => return Err(usage()),
    };
    if bench.needs_peers {
        peers::require()?;
    }
    println!("{}", (bench.run)(count)?);
    Ok(())
}

fn usage() -> String {
    let mut usage = "what to measure? one of:\n  all [--write]".to_owned();
    for Bench { name, option, .. } in BENCHES {
        usage.push_str("\n  ");
        usage.push_str(name);
        if let Some((option, default)) = option {
            usage.push_str(&format!(" [{option} {default}]"));
        }
    }
    usage
}
