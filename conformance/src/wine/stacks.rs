//! The stacks of all processes in one Wine prefix, for the report of a test that hangs.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::deadline::Deadline;
use crate::expect_ok::ExpectOk;
use crate::process::Process;
use crate::wine::{WINE, in_prefix, processes_in};

/// The idle time for the debugger, which hangs if Wine's server does.
const DEBUGGER: Duration = Duration::from_secs(20);

/// The threads of every process as the kernel sees them, then their backtraces.
pub(crate) fn stacks(prefix: &Path) -> String {
    let ids = processes_in(prefix);
    let threads: String = ids.into_iter().map(threads).collect();
    format!("{threads}{}", backtraces(prefix))
}

fn threads(id: i32) -> String {
    let words = fs::read_to_string(format!("/proc/{id}/cmdline")).unwrap_or_default();
    let mut report = format!("process {id}: {}\n", words.replace('\0', " "));
    for task in fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten() {
        let read = |file: &str| {
            let text = fs::read_to_string(task.path().join(file)).unwrap_or_default();
            text.trim_end().to_owned()
        };
        let status = read("status");
        let state = status.lines().find_map(|line| line.strip_prefix("State:"));
        let (state, name) = (state.unwrap_or_default().trim(), read("comm"));
        let number = task.file_name().to_string_lossy().into_owned();
        report += &format!("  thread {number} {name}: {state}, in {}\n", read("wchan"));
    }
    report
}

/// The backtraces that Wine's own debugger prints.
fn backtraces(prefix: &Path) -> String {
    let file = prefix.join("backtraces");
    let output = fs::File::create(&file).expect_ok("write the backtraces");
    let errors = output.try_clone().expect_ok("write the backtraces");
    let mut debugger = Process::start("winedbg", WINE, prefix, |command: &mut Command| {
        command.args(["winedbg", "--command", "bt all"]);
        in_prefix(command, prefix).stdin(Stdio::null()).stdout(output).stderr(errors);
    });
    let ended = Deadline::new(DEBUGGER).poll(|| debugger.poll());
    let text = String::from_utf8_lossy(&fs::read(&file).unwrap_or_default()).into_owned();
    if ended.is_some() { text } else { format!("{text}\nwinedbg does not exit\n") }
}
