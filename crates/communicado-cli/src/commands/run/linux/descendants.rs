//! The descendants of this process.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::Duration;

use communicado_runtime::{Clock as _, SystemClock, sleep_until};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions, kill_process};

use super::cgroup::Cgroup;

/// The interval between checks of the descendants. The system does not report the end of a
/// grandchild.
const CHECK_INTERVAL: Duration = Duration::from_millis(20);

/// Ends every descendant: sends SIGTERM, and SIGKILL after `grace`.
///
/// This process is a subreaper, so all descendants are gone when it has no children. An empty
/// result from `/proc` proves nothing, because a process that forks and exits can be missed.
pub(super) async fn end(grace: Duration, cgroup: Option<&Cgroup>) {
    let clock = SystemClock::start();
    let end = clock.now().after(grace);
    let (mut terminated, mut killed) = (BTreeSet::new(), BTreeSet::new());
    while has_children() {
        let descendants = descendants_of(rustix::process::getpid());
        let is_over = clock.now() >= end;
        // Only speed catches a process that forks and exits.
        let mut found_new = is_over && descendants.is_empty();
        if let Some(cgroup) = cgroup.filter(|_| is_over) {
            // A process that left the cgroup is found below.
            let _ = cgroup.kill();
        }
        for process in descendants {
            // SIGTERM once, because a second one may interrupt a cleanup. SIGKILL as often as
            // needed. A signal fails if the process has just ended.
            let number = process.as_raw_nonzero();
            if is_over {
                found_new |= killed.insert(number);
                let _ = kill_process(process, Signal::KILL);
            } else if terminated.insert(number) {
                let _ = kill_process(process, Signal::TERM);
            }
        }
        if !found_new {
            let _ = sleep_until(&clock, clock.now().after(CHECK_INTERVAL)).await;
        }
    }
}

/// Reaps the children that have ended. Returns whether others remain.
fn has_children() -> bool {
    loop {
        match rustix::process::wait(WaitOptions::NOHANG) {
            Ok(Some(_)) | Err(Errno::INTR) => {}
            Ok(None) => return true,
            Err(_) => return false,
        }
    }
}

/// The descendants of `root`, including zombies, of which only the first thread may have ended.
fn descendants_of(root: Pid) -> Vec<Pid> {
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

/// The parent of a process (`proc(5)`, `/proc/PID/stat`, field 4).
fn parent(process: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name before this may contain spaces and parentheses.
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}
