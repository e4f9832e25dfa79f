//! Plants faults in the core, one at a time, and shows which test notices each.
//!
//! A passing test proves little until it has failed once. The task puts each fault of the table
//! into a copy of the core outside the workspace, and runs the tests of the promises on it. It
//! fails if no test notices a fault, or if the expected test does not.
//!
//! The task changes nothing in the workspace.

mod planted;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use crate::watchdog;
use planted::FAULTS;

/// The interval of the readings of the tests' CPU time.
const CHECK_INTERVAL: Duration = Duration::from_millis(250);

/// A fault, as an edit of one of the core's files.
struct Fault {
    file: &'static str,
    /// The text to replace, which occurs exactly once in the file.
    find: &'static str,
    replace: &'static str,
    breaks: &'static str,
    /// The test that must notice the fault; others may too.
    noticed_by: &'static str,
}

/// The name of the test that notices a roster that never returns.
const HANG: &str = "(hangs)";

/// The journals for each test: enough to notice every fault of the table at a quarter of the usual
/// cost.
const CASES: &str = "500";

/// The CPU time after which the tests hang: many times what they need. Time on the clock would
/// count the other programs of a busy machine too.
const CPU_LIMIT: Duration = Duration::from_secs(20);

/// Shows a table of all faults; fails unless each is noticed by the promise that it breaks.
///
/// # Errors
///
/// Names the faults that were not noticed, or whose text no longer occurs exactly once.
pub(crate) fn run(_: &[String]) -> Result<(), String> {
    let bench = Workbench::set_up()?;
    let unharmed = bench.test()?;
    if !unharmed.is_empty() {
        return Err(format!("the tests fail without any fault: {}", list(&unharmed)));
    }
    let mut failures = 0;
    println!("| fault | noticed by | |\n|---|---|---|");
    for fault in FAULTS {
        let (noticed, remark) = match bench.test_with(fault) {
            Err(why) => (String::new(), format!("**{why}**")),
            Ok(noticed) if noticed.is_empty() => (String::new(), "**SURVIVED**".to_owned()),
            Ok(noticed) if noticed.contains(fault.noticed_by) => (list(&noticed), String::new()),
            Ok(noticed) => (list(&noticed), format!("**not by `{}`**", fault.noticed_by)),
        };
        failures += usize::from(!remark.is_empty());
        println!("| {} | {noticed} | {remark} |", fault.breaks);
    }
    println!("\n{} of {} faults noticed as expected", FAULTS.len() - failures, FAULTS.len());
    if failures == 0 { Ok(()) } else { Err(format!("{failures} faults not noticed as expected")) }
}

fn list(tests: &BTreeSet<String>) -> String {
    tests.iter().map(|test| format!("`{test}`")).collect::<Vec<_>>().join(", ")
}

/// A copy of the core in a separate workspace; removed when dropped.
struct Workbench {
    root: PathBuf,
    core: PathBuf,
}

impl Workbench {
    fn set_up() -> Result<Self, String> {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let root = std::env::temp_dir().join(format!("communicado-faults-{}", std::process::id()));
        let core = root.join("crates/communicado-core");
        let bench = Self { root, core };
        copy(&workspace.join("crates/communicado-core"), &bench.core)?;
        let manifest = read(&workspace.join("Cargo.toml"))?;
        write(&bench.root.join("Cargo.toml"), &alone(&manifest))?;
        Ok(bench)
    }

    /// The tests that notice `fault`.
    fn test_with(&self, fault: &Fault) -> Result<BTreeSet<String>, String> {
        let path = self.core.join(fault.file);
        let sound = read(&path)?;
        let count = sound.matches(fault.find).count();
        if count != 1 {
            return Err(format!("the text to find is {count} times in {}", fault.file));
        }
        write(&path, &sound.replace(fault.find, fault.replace))?;
        let noticed = self.test();
        write(&path, &sound)?;
        noticed
    }

    /// The tests that fail.
    fn test(&self) -> Result<BTreeSet<String>, String> {
        let mut failed = BTreeSet::new();
        let output = match output_within(CPU_LIMIT, &self.build()?)? {
            Ended::ByItself(output) => output,
            Ended::ByForce(output) => {
                failed.insert(HANG.to_owned());
                output
            }
        };
        let lines = output.lines().filter_map(|line| line.strip_prefix("test "));
        failed.extend(lines.filter_map(|line| line.strip_suffix(" ... FAILED")).map(str::to_owned));
        Ok(failed)
    }

    /// Builds the tests and returns the program that they are in.
    ///
    /// Cargo does not run them: a test that hangs would outlive a cargo that was killed.
    fn build(&self) -> Result<PathBuf, String> {
        let output = Command::new(env!("CARGO"))
            .args(["test", "--no-run", "--offline", "--test", "promises"])
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", self.root.join("target"))
            .env("CARGO_TERM_COLOR", "never")
            .output()
            .map_err(|error| format!("cannot run cargo: {error}"))?;
        let printed = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            let error = printed.lines().find(|line| line.starts_with("error")).unwrap_or_default();
            return Err(format!("does not compile: {error}"));
        }
        // Executable tests/promises.rs (target/debug/deps/promises-0123456789abcdef)
        let program = printed.lines().filter_map(|line| line.trim().strip_prefix("Executable"));
        let program = program.filter_map(|line| line.split_once('(')?.1.strip_suffix(')')).next();
        program
            .map(|path| self.root.join(path))
            .ok_or_else(|| format!("cargo names no test program:\n{printed}"))
    }
}

impl Drop for Workbench {
    fn drop(&mut self) {
        // A copy that is left in the folder for temporary files does no harm.
        let _ = fs::remove_dir_all(&self.root);
    }
}

/// The workspace's manifest with the core as its only member.
fn alone(manifest: &str) -> String {
    let keep = |line: &&str| !line.starts_with("members") && !line.starts_with("default-members");
    let lines = manifest.lines().filter(keep).map(|line| match line {
        "[workspace]" => "[workspace]\nmembers = [\"crates/*\"]\n",
        line => line,
    });
    lines.map(|line| format!("{line}\n")).collect()
}

enum Ended {
    ByItself(String),
    ByForce(String),
}

fn output_within(limit: Duration, program: &Path) -> Result<Ended, String> {
    let mut child = Command::new(program)
        .env("CASES", CASES)
        .env_remove("SEED")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("cannot run {}: {error}", program.display()))?;
    let _watchdog = watchdog::watch(child.id(), watchdog::HANG);
    let mut stdout = child.stdout.take().ok_or("the tests have no output")?;
    let (done, ended) = mpsc::channel();
    let reader = thread::spawn(move || {
        let mut output = Vec::new();
        // A test that the readable part does not name has not failed.
        let _ = stdout.read_to_end(&mut output);
        let _ = done.send(());
        String::from_utf8_lossy(&output).into_owned()
    });
    let mut in_time = true;
    while in_time && ended.recv_timeout(CHECK_INTERVAL) == Err(RecvTimeoutError::Timeout) {
        in_time = cpu_time(child.id()) < limit;
    }
    if !in_time {
        child.kill().map_err(|error| format!("cannot end the tests: {error}"))?;
    }
    child.wait().map_err(|error| format!("cannot wait for the tests: {error}"))?;
    let output = reader.join().map_err(|_| "the output of the tests cannot be read")?;
    Ok(if in_time { Ended::ByItself(output) } else { Ended::ByForce(output) })
}

/// The CPU time of a process so far.
fn cpu_time(id: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    // PID (NAME) STATE and 10 more, then user and system time in hundredths of a second.
    let numbers = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().skip(11);
    let ticks: u64 = numbers.take(2).filter_map(|number| number.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    let failed = |error| format!("cannot copy {}: {error}", from.display());
    fs::create_dir_all(to).map_err(failed)?;
    for entry in fs::read_dir(from).map_err(failed)? {
        let from = entry.map_err(failed)?.path();
        let to = to.join(from.file_name().unwrap_or(OsStr::new("")));
        if from.is_dir() {
            copy(&from, &to)?;
        } else {
            fs::copy(&from, &to).map_err(failed)?;
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}
