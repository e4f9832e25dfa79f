//! Helpers that run other programs, in the root of the workspace.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use crate::watchdog;

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_owned()
}

/// A program, started in the root of the workspace.
pub(crate) fn program(name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(name);
    command.args(arguments).current_dir(root());
    command
}

/// The cargo that runs this program.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    program(env!("CARGO"), arguments)
}

/// Runs a command, which prints its own output.
///
/// # Errors
///
/// If the command cannot be started or fails: the command line, to repeat it by hand.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let status = command.spawn().and_then(|mut child| watchdog::wait(&mut child));
    let status = status.map_err(|error| cannot_run(command, &error))?;
    if status.success() { Ok(()) } else { Err(format!("`{}`: {status}", command_line(command))) }
}

/// Runs a command and returns its output, also if it fails.
///
/// # Errors
///
/// If the command cannot be started.
pub(crate) fn output(command: &mut Command) -> Result<Output, String> {
    command.output().map_err(|error| cannot_run(command, &error))
}

/// True if a program is in the path or in Debian's folders for the administrator.
pub(crate) fn is_installed(program: &str) -> bool {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut folders = path.split(':').chain(["/usr/local/sbin", "/usr/sbin", "/sbin"]);
    folders.any(|folder| Path::new(folder).join(program).is_file())
}

/// Measures how long something takes.
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "it measures this machine")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A duration for people: `3.2 s`, `2 min 05 s`.
pub(crate) fn human_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 60 {
        return format!("{:.1} s", duration.as_secs_f64());
    }
    format!("{} min {:02} s", seconds / 60, seconds % 60)
}

/// A command as a user would type it.
fn command_line(command: &Command) -> String {
    let name = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(name).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

fn cannot_run(command: &Command, error: &std::io::Error) -> String {
    format!("cannot run `{}`: {error}", command_line(command))
}

/// The folder of the programs that cargo builds.
pub(crate) fn target_folder() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or(root().join("target"), Into::into)
}

/// Builds programs as the tests use them, and returns the folder that they are in.
///
/// # Errors
///
/// If the build fails.
pub(crate) fn build_debug(programs: &[&str]) -> Result<PathBuf, String> {
    let mut build = cargo(&["build", "--quiet", "--locked", "--workspace"]);
    run(build.args(programs.iter().flat_map(|name| ["--bin", name])))?;
    Ok(target_folder().join("debug"))
}
