//! Every process below this one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::Duration;

use communicado_runtime::{Clock as _, SystemClock, sleep_until};
use rustix::process::{Pid, Signal, WaitOptions, kill_process};

/// How often it is looked whether they are gone. Nothing tells of the end of a grandchild.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Ends every process below this one: asks them to, and kills what is left after `grace`.
pub(super) async fn end(grace: Duration) {
    let clock = SystemClock::start();
    let end = clock.now().after(grace);
    let mut asked = BTreeSet::new();
    loop {
        while let Ok(Some(_)) = rustix::process::wait(WaitOptions::NOHANG) {}
        let family = below(rustix::process::getpid());
        if family.is_empty() {
            return;
        }
        let signal = if clock.now() < end { Signal::TERM } else { Signal::KILL };
        for process in family {
            // Asked once, for one that cleans up may be asked in vain a second time; killed as
            // often as it takes. A process that has just ended is none to signal.
            if signal == Signal::KILL || asked.insert(process.as_raw_nonzero()) {
                let _ = kill_process(process, signal);
            }
        }
        if sleep_until(&clock, clock.now().after(LOOK_EVERY)).await.is_err() {
            return;
        }
    }
}

/// The processes whose line of parents leads to `root`, zombies left out.
fn below(root: Pid) -> Vec<Pid> {
    let mut children: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    for process in processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok()) {
        if let Some(parent) = parent(process) {
            children.entry(parent).or_default().push(process);
        }
    }
    let mut found = Vec::new();
    let mut next = vec![root.as_raw_nonzero().get()];
    while let Some(parent) = next.pop() {
        let below = children.remove(&parent).unwrap_or_default();
        found.extend(below.iter().copied().filter_map(Pid::from_raw));
        next.extend(below);
    }
    found
}

/// The parent of a process that has not ended (`proc(5)`, `/proc/PID/stat`, fields 3 and 4).
fn parent(process: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name before may hold spaces and parentheses.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    (state != "Z").then_some(parent)
}
