//! Follows the README as its reader does: a fresh clone, and the commands as they stand there.
//!
//! The clone is of what is committed; it has an empty target folder, so it is built from nothing.
//! The second command is the one that this is a part of, so it is only compared with what CI runs.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::command::{Stopwatch, output, program, run as run_command, spoken};

/// What the README promises of a machine of two cores that does nothing else.
const FIRST_LINE: Duration = Duration::from_secs(180);

/// After so long it hangs, whatever else the machine does.
const HANG: Duration = Duration::from_secs(900);

/// After its first line it goes on for a quarter of a minute; so much is for a machine that is busy.
const END: Duration = Duration::from_secs(120);

/// What a bare machine has not: a session, a bus, a display.
const SESSION: [&str; 5] =
    ["DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "DISPLAY", "WAYLAND_DISPLAY", "XDG_SESSION_ID"];

/// One of these is in every line about a client.
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

/// Clones, runs the first command, and compares the second with what CI runs.
///
/// # Errors
///
/// If the commands cannot be found, or do not do what the README says.
pub(crate) fn run(_: &[String]) -> Result<(), String> {
    let clone = Clone::make()?;
    let readme = clone.read("README.md")?;
    let first = command_after(&readme, "<!-- first command -->")?;
    let second = command_after(&readme, "<!-- second command -->")?;
    let script = clone.read(".ci/run")?;
    if commands_of(&script) != [second] {
        return Err(format!(".ci/run must run `{second}`, as the README says, and nothing else"));
    }
    println!("the second command is the one that CI runs: {second}");
    println!("the first command, from nothing: {first}");
    let (took, line) = clone.first_line(first)?;
    println!("its first word of a client came after {}: {line}", spoken(took));
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
            println!("what is not committed is not in the clone");
        }
        let mut git = program("git", &["clone", "--quiet", "--local", "."]);
        run_command(git.arg(&clone.folder))?;
        Ok(clone)
    }

    fn read(&self, file: &str) -> Result<String, String> {
        fs::read_to_string(self.folder.join(file)).map_err(|error| format!("{file}: {error}"))
    }

    /// Runs a command to its end, and returns its first line that says a status and how long that
    /// took.
    fn first_line(&self, command: &str) -> Result<(Duration, String), String> {
        let (stopwatch, work) = (Stopwatch::start(), Work::done());
        let mut running = Running::start(command, &self.folder)?;
        let stdout = running.child.stdout.take().ok_or("the command has no output")?;
        let (told, lines) = mpsc::channel();
        let reader = thread::spawn(move || {
            let mut stdout = BufReader::new(stdout);
            // What cannot be read is as good as nothing, and so it is told.
            let mut lines = stdout.by_ref().lines().map_while(Result::ok);
            let says = |line: &String| line.split_whitespace().any(|it| STATUSES.contains(&it));
            let _ = told.send(lines.find(says).unwrap_or_default());
            let _ = stdout.read_to_end(&mut Vec::new());
        });
        let line = lines.recv_timeout(HANG).map_err(|_| {
            format!("`{command}` says nothing within {} in a fresh clone", spoken(HANG))
        })?;
        let took = stopwatch.elapsed();
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            return Err(format!("`{command}` has ended and said no status"));
        }
        running.end()?;
        reader.join().map_err(|_| "the output of the command cannot be read")?;
        if took > FIRST_LINE {
            let others = work.others_since();
            println!("it took {}, while others worked for {}", spoken(took), spoken(others));
            if took.saturating_sub(others) > FIRST_LINE {
                let limit = spoken(FIRST_LINE);
                return Err(format!("the README promises a first line of `{command}` in {limit}"));
            }
        }
        Ok((took, line))
    }
}

impl Drop for Clone {
    fn drop(&mut self) {
        // A clone that is left behind in the folder for temporary files does no harm.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A command and all that it started, in a group of their own; killed when dropped.
struct Running {
    child: Child,
}

impl Running {
    fn start(command: &str, folder: &Path) -> Result<Self, String> {
        let mut shell = Command::new("sh");
        shell.args(["-c", command]).current_dir(folder).process_group(0);
        // The clone's own folder, as a reader has it.
        for variable in SESSION {
            shell.env_remove(variable);
        }
        shell.env_remove("CARGO_TARGET_DIR").stdin(Stdio::null()).stdout(Stdio::piped());
        let child = shell.spawn().map_err(|error| format!("cannot run `{command}`: {error}"))?;
        Ok(Self { child })
    }

    /// Waits until it has ended, well.
    fn end(&mut self) -> Result<(), String> {
        let stopwatch = Stopwatch::start();
        loop {
            match self.child.try_wait().map_err(|error| error.to_string())? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(format!("it has ended badly: {status}")),
                None if stopwatch.elapsed() > END => {
                    return Err(format!("it goes on for {} after its first line", spoken(END)));
                }
                None => thread::park_timeout(Duration::from_millis(10)),
            }
        }
    }

    fn signal(&self, signal: &str) -> Result<(), String> {
        let kill = format!("kill -{signal} -{}", self.child.id());
        output(&mut program("sh", &["-c", &kill])).map(|_| ())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Whoever ended already cannot be killed, and need not be.
        let _ = self.signal("KILL");
        let _ = self.child.wait();
    }
}

/// How long the cores have worked, in all and for us, in hundredths of a second.
struct Work {
    all: u64,
    ours: u64,
    cores: u64,
}

impl Work {
    /// Zero where the system does not say: then nothing is excused.
    fn done() -> Self {
        let system = fs::read_to_string("/proc/stat").unwrap_or_default();
        let own = fs::read_to_string("/proc/self/stat").unwrap_or_default();
        // cpu  user nice system idle iowait irq softirq steal ..: those that are work.
        let of_all = numbers(system.lines().next().unwrap_or_default());
        let all = [0, 1, 2, 5, 6, 7].iter().filter_map(|index| of_all.get(*index)).sum();
        // PID (NAME) STATE and 12 more, then the user and system time of children that ended.
        let of_us = numbers(own.rsplit_once(')').map_or("", |(_, after)| after));
        let ours = of_us.iter().skip(12).take(2).sum();
        let is_core = |line: &&str| line.strip_prefix("cpu").is_some_and(|it| !it.starts_with(' '));
        let cores = system.lines().filter(is_core).count().max(1) as u64;
        Self { all, ours, cores }
    }

    /// For how long all cores together have worked for others since then.
    fn others_since(&self) -> Duration {
        let now = Self::done();
        let ours = now.ours.saturating_sub(self.ours);
        let others = now.all.saturating_sub(self.all).saturating_sub(ours);
        Duration::from_millis(others * 10 / now.cores)
    }
}

/// The numbers behind the first word.
fn numbers(line: &str) -> Vec<u64> {
    line.split_whitespace().skip(1).map(|word| word.parse().unwrap_or(0)).collect()
}

/// The one command in the block of code that follows `marker`.
fn command_after<'a>(readme: &'a str, marker: &str) -> Result<&'a str, String> {
    let (_, after) = readme.split_once(marker).ok_or(format!("README.md has no `{marker}`"))?;
    let block = after.trim_start().strip_prefix("```sh\n").and_then(|it| it.split_once("\n```"));
    let (block, _) = block.ok_or(format!("no block of `sh` follows `{marker}` in README.md"))?;
    match *commands_of(block).as_slice() {
        [command] => Ok(command),
        _ => Err(format!("the block after `{marker}` in README.md is not one command")),
    }
}

/// The lines of a script that do something.
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
    fn a_script_is_what_it_runs() {
        let script = "#!/usr/bin/env bash\n# All.\nset -euo pipefail\n\ncargo xtask test\n";
        assert_eq!(commands_of(script), ["cargo xtask test"]);
    }
}
