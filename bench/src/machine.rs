//! The machine, the commit and the load of a measurement.
#![expect(clippy::disallowed_methods, reason = "to look how busy a machine is takes time")]

use std::fs;
use std::thread;
use std::time::Duration;

use crate::peers::{self, first_line};
use crate::report::Table;

/// The sampling time, long beside the kernel's tick of at most 10 ms.
const LOOK: Duration = Duration::from_secs(2);

/// The head of the published results.
pub(crate) fn head(command: &str, others: f64) -> String {
    let mut table = Table { heads: vec!["", ""], rows: Vec::new() };
    let mut row = |name: &str, value: String| table.rows.push(vec![name.to_owned(), value]);
    row("Machine", machine());
    row("Kernel", first_line("uname -srm"));
    row("Commit", commit());
    row("Command", format!("`{command}`, with a fresh release build"));
    row("Date", first_line("date -u +%F"));
    row("CPU load before the run", format!("{others:.0} %"));
    for (peer, version) in peers::versions() {
        row(peer, version);
    }
    // The second column has text.
    let table = table.to_string().replace("--:", "---");
    format!(
        "# Benchmarks\n\n\
         The command below writes this file. Every number has a comparison with another program from the same run on the same bus.\n\
         A ratio says more than a number of microseconds, which depends on this machine.\n\n{table}"
    )
}

fn machine() -> String {
    let of = |file: &str, name: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.split_once(':'));
        line.map_or_else(|| "unknown".to_owned(), |(_, value)| value.trim().to_owned())
    };
    let processors = thread::available_parallelism().map_or(0, usize::from);
    let kib = of("/proc/meminfo", "MemTotal");
    let kib: f64 = kib.split(' ').next().and_then(|kib| kib.parse().ok()).unwrap_or(f64::NAN);
    let gib = kib / 1024.0 / 1024.0;
    format!("{processors} x {}, {gib:.0} GiB of memory", of("/proc/cpuinfo", "model name"))
}

fn commit() -> String {
    let commit = first_line("git rev-parse --short HEAD");
    // The results and untracked files do not change the program.
    let changed =
        first_line("git status --porcelain --untracked-files=no -- :!bench/BENCHMARKS.md");
    if changed.is_empty() || changed == "unknown" { commit } else { format!("{commit}, changed") }
}

/// The current CPU load, in percent.
///
/// Before and after a run, this is the load of other programs.
pub(crate) fn busy() -> f64 {
    let (busy_before, all_before) = ticks();
    thread::sleep(LOOK);
    let (busy, all) = ticks();
    100.0 * (busy - busy_before) / (all - all_before)
}

/// The busy ticks and all ticks since the start of the machine (proc(5), /proc/stat).
fn ticks() -> (f64, f64) {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let line = stat.lines().next().unwrap_or_default();
    let ticks: Vec<f64> = line.split(' ').filter_map(|word| word.parse().ok()).collect();
    // The fourth is idle and the fifth is iowait. The last two are part of others.
    let all: f64 = ticks.iter().take(8).sum();
    let idle: f64 = ticks.iter().skip(3).take(2).sum();
    (all - idle, all)
}
