//! Follows the README in a fresh clone, with the commands as the README prints them.
//!
//! The clone has the last commit and an empty target folder, so the first command builds
//! everything. The second command is `cargo xtask test`, which runs this task. It is only compared
//! with CI.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::Sender;
use std::time::Duration;

use crate::command::{Stopwatch, human_duration, output, program, run as run_command};
use crate::watchdog;

/// The time that the README promises on two cores that do nothing else.
const FIRST_LINE: Duration = Duration::from_secs(180);

/// The variables of a session, a bus and a display, which a bare machine has not.
const SESSION: [&str; 5] =
    ["DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "DISPLAY", "WAYLAND_DISPLAY", "XDG_SESSION_ID"];

/// The statuses, one of which is in every line about a client.
const STATUSES: [&str; 8] = [
    "absent",
    "starting",
    "signed-out",
    "signing-in",
    "signed-in",
    "signing-out",
    "shutting-down",
    "unknown",
];

/// Clones, runs the first command, and compares the second with the command of CI.
///
/// # Errors
///
/// If the README has no such commands, or they do not do what the README says.
pub(crate) fn run(_: &[String]) -> Result<(), String> {
    let clone = Clone::make()?;
    let readme = clone.read("README.md")?;
    let first = command_after(&readme, "<!-- first command -->")?;
    let second = command_after(&readme, "<!-- second command -->")?;
    let script = clone.read(".ci/run")?;
    if commands_of(&script) != [second] {
        return Err(format!(".ci/run must run `{second}`, as the README says, and nothing else"));
    }
    println!("the second command is the command of CI: {second}");
    println!("the first command, without any earlier build: {first}");
    let (took, line) = clone.first_line(first)?;
    println!("the first line about a client came after {}: {line}", human_duration(took));
    Ok(())
}

/// A clone in the folder for temporary files; removed when dropped.
struct Clone {
    folder: PathBuf,
}

impl Clone {
    fn make() -> Result<Self, String> {
        let name = format!("communicado-fresh-clone-{}", std::process::id());
        let clone = Self { folder: std::env::temp_dir().join(name) };
        let changed = output(&mut program("git", &["status", "--porcelain"]))?.stdout;
        if !changed.is_empty() {
            println!("the clone does not have your uncommitted changes");
        }
        let mut git = program("git", &["clone", "--quiet", "--local", "."]);
        run_command(git.arg(&clone.folder))?;
        Ok(clone)
    }

    fn read(&self, file: &str) -> Result<String, String> {
        fs::read_to_string(self.folder.join(file)).map_err(|error| format!("{file}: {error}"))
    }

    /// Runs a command to its end. Returns the time to its first line with a status, and the line.
    ///
    /// A busy machine is reported and does not fail: the promise is about an idle one.
    fn first_line(&self, command: &str) -> Result<(Duration, String), String> {
        let (stopwatch, work) = (Stopwatch::start(), Work::done());
        let mut running = Running::start(command, &self.folder)?;
        let stdout = running.child.stdout.take().ok_or("the command has no output")?;
        let mut stdout = BufReader::new(stdout);
        // A line that cannot be read ends the output.
        let mut lines = stdout.by_ref().lines().map_while(Result::ok);
        let has_status = |line: &String| line.split_whitespace().any(|it| STATUSES.contains(&it));
        let line = lines.find(has_status).unwrap_or_default();
        let took = stopwatch.elapsed();
        // Until the end: the command must not block on a full pipe.
        let _ = stdout.read_to_end(&mut Vec::new());
        running.end()?;
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            return Err(format!("`{command}` has ended and printed no status"));
        }
        if took > FIRST_LINE {
            let others = work.others_since();
            let [spent, busy] = [took, others].map(human_duration);
            println!("it took {spent}; other programs used both cores for {busy} of that");
            if took.saturating_sub(others) > FIRST_LINE {
                println!("SLOW: the README promises a line in {}", human_duration(FIRST_LINE));
            }
        }
        Ok((took, line))
    }
}

impl Drop for Clone {
    fn drop(&mut self) {
        // A clone that is left in the folder for temporary files does no harm.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A command in its own process group, which is killed when this is dropped.
struct Running {
    child: Child,
    _watchdog: Sender<()>,
}

impl Running {
    fn start(command: &str, folder: &Path) -> Result<Self, String> {
        let mut shell = Command::new("sh");
        shell.args(["-c", command]).current_dir(folder).process_group(0);
        for variable in SESSION {
            shell.env_remove(variable);
        }
        shell.env_remove("CARGO_TARGET_DIR").stdin(Stdio::null()).stdout(Stdio::piped());
        let child = shell.spawn().map_err(|error| format!("cannot run `{command}`: {error}"))?;
        let _watchdog = watchdog::watch(child.id(), watchdog::HANG);
        Ok(Self { child, _watchdog })
    }

    /// Waits until the command has exited, which must be with success.
    fn end(&mut self) -> Result<(), String> {
        let status = self.child.wait().map_err(|error| error.to_string())?;
        if status.success() { Ok(()) } else { Err(format!("the command failed: {status}")) }
    }

    fn signal(&self, signal: &str) -> Result<(), String> {
        let kill = format!("kill -{signal} -{}", self.child.id());
        output(&mut program("sh", &["-c", &kill])).map(|_| ())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A group that has exited cannot be killed.
        let _ = self.signal("KILL");
        let _ = self.child.wait();
    }
}

/// The CPU time of the machine and of our children, in hundredths of a second.
struct Work {
    all: u64,
    ours: u64,
    cores: u64,
}

impl Work {
    /// The time so far, or zero if the system does not report it.
    fn done() -> Self {
        let system = fs::read_to_string("/proc/stat").unwrap_or_default();
        let own = fs::read_to_string("/proc/self/stat").unwrap_or_default();
        // cpu  user nice system idle iowait irq softirq steal ..: without the two idle ones.
        let of_all = numbers(system.lines().next().unwrap_or_default());
        let all = [0, 1, 2, 5, 6, 7].iter().filter_map(|index| of_all.get(*index)).sum();
        // PID (NAME) STATE and 12 more, then user and system time of the children that exited.
        let of_us = numbers(own.rsplit_once(')').map_or("", |(_, after)| after));
        let ours = of_us.iter().skip(12).take(2).sum();
        let is_core = |line: &&str| line.strip_prefix("cpu").is_some_and(|it| !it.starts_with(' '));
        let cores = system.lines().filter(is_core).count().max(1) as u64;
        Self { all, ours, cores }
    }

    /// For how long all cores worked for other programs since then.
    fn others_since(&self) -> Duration {
        let now = Self::done();
        let ours = now.ours.saturating_sub(self.ours);
        let others = now.all.saturating_sub(self.all).saturating_sub(ours);
        Duration::from_millis(others * 10 / now.cores)
    }
}

/// The numbers after the first word.
fn numbers(line: &str) -> Vec<u64> {
    line.split_whitespace().skip(1).map(|word| word.parse().unwrap_or(0)).collect()
}

/// The command in the code block after `marker`.
fn command_after<'a>(readme: &'a str, marker: &str) -> Result<&'a str, String> {
    let (_, after) = readme.split_once(marker).ok_or(format!("README.md has no `{marker}`"))?;
    let block = after.trim_start().strip_prefix("```sh\n").and_then(|it| it.split_once("\n```"));
    let (block, _) = block.ok_or(format!("no block of `sh` follows `{marker}` in README.md"))?;
    match *commands_of(block).as_slice() {
        [command] => Ok(command),
        _ => Err(format!("the block after `{marker}` in README.md is not one command")),
    }
}

/// The commands of a script: its lines without comments and settings.
fn commands_of(script: &str) -> Vec<&str> {
    let lines = script.lines().map(str::trim);
    lines.filter(|it| !it.is_empty() && !it.starts_with('#') && !it.starts_with("set -")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_found_after_its_marker() {
        let check = |readme: &str, expected: Option<&str>| {
            assert_eq!(command_after(readme, "<!-- it -->").ok(), expected, "{readme}");
        };
        check("Text.\n<!-- it -->\n```sh\ncargo run\n```\nMore.", Some("cargo run"));
        check("<!-- it -->\n\n```sh\n# first\ncargo run\n```", Some("cargo run"));
        check("<!-- it -->\n```sh\ncargo build\ncargo run\n```", None);
        check("<!-- it -->\nText.\n```sh\ncargo run\n```", None);
        check("```sh\ncargo run\n```", None);
    }

    #[test]
    fn a_script_has_its_commands() {
        let script = "#!/usr/bin/env bash\n# All.\nset -euo pipefail\n\ncargo xtask test\n";
        assert_eq!(commands_of(script), ["cargo xtask test"]);
    }
}
