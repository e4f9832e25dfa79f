//! Ends a command that hangs, and prints what its processes were doing.
//!
//! The limit is many times what any command takes on a busy machine. It exists so that a run ends
//! at last, not so that a command is quick.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

/// How long one command may run.
pub(crate) const HANG: Duration = Duration::from_secs(3 * 60 * 60);

/// Waits until a child process has exited. Kills it and its descendants if it hangs.
///
/// # Errors
///
/// If the child cannot be waited for.
pub(crate) fn wait(child: &mut Child) -> std::io::Result<ExitStatus> {
    let _ended = watch(child.id(), HANG);
    child.wait()
}

/// Watches over a process until the returned value is dropped.
pub(crate) fn watch(id: u32, limit: Duration) -> Sender<()> {
    let (ended, wait) = channel::<()>();
    thread::spawn(move || {
        if wait.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
            let tree = descendants(id, &parents());
            eprintln!("error: process {id} hangs: it has run for {} s", limit.as_secs());
            for id in &tree {
                eprintln!("  {}", describe(*id));
            }
            let ids: Vec<String> = tree.iter().rev().map(u32::to_string).collect();
            if let Err(why) = Command::new("kill").arg("-KILL").args(ids).status() {
                eprintln!("error: cannot run `kill`: {why}");
            }
        }
    });
    ended
}

/// The parent of every process.
fn parents() -> BTreeMap<u32, u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter_map(|id: u32| {
        // PID (NAME) STATE PARENT ..
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
        Some((id, parent))
    })
    .collect()
}

/// A process, its children, and theirs; each after its parent.
fn descendants(id: u32, parents: &BTreeMap<u32, u32>) -> Vec<u32> {
    let mut tree = vec![id];
    let mut next = 0;
    while let Some(parent) = tree.get(next).copied() {
        let children = parents.iter().filter(|(_, of)| **of == parent).map(|(child, _)| *child);
        tree.extend(children);
        next += 1;
    }
    tree
}

/// A process for the report: its number, state, the kernel function that it waits in, its command.
fn describe(id: u32) -> String {
    let read = |file: &str| fs::read_to_string(format!("/proc/{id}/{file}")).unwrap_or_default();
    let stat = read("stat");
    let state = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().next());
    let command = read("cmdline").replace('\0', " ");
    format!("{id} {} {} {}", state.unwrap_or("?"), read("wchan"), command.trim_end())
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader};
    use std::process::Stdio;

    use super::*;

    #[test]
    fn descendants_are_listed_after_their_parents() {
        let parents = BTreeMap::from([(2, 1), (3, 2), (4, 2), (5, 3), (6, 1)]);
        assert_eq!(descendants(2, &parents), [2, 3, 4, 5]);
        assert_eq!(descendants(7, &parents), [7]);
    }

    #[test]
    fn a_process_that_hangs_is_killed_with_its_children() {
        let script = "sleep 1000 & echo $!; wait";
        let mut child =
            Command::new("sh").args(["-c", script]).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let grandchild = lines.next().unwrap().unwrap();
        let _ended = watch(child.id(), Duration::ZERO);
        assert!(!child.wait().unwrap().success());
        // The pipe closes when the grandchild has exited too.
        assert!(lines.next().is_none(), "{grandchild} is alive");
    }
}
