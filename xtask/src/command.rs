//! How the tasks run other programs: in the root of the workspace, and loudly when they fail.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

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

/// The cargo that runs us.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    program(env!("CARGO"), arguments)
}

/// Runs a command that speaks for itself.
///
/// # Errors
///
/// If it cannot be started or does not end with 0: the command, to repeat it by hand.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|error| cannot_run(command, &error))?;
    if status.success() { Ok(()) } else { Err(format!("`{}`: {status}", written(command))) }
}

/// Runs a command and returns what it said, however it ended.
///
/// # Errors
///
/// If it cannot be started.
pub(crate) fn output(command: &mut Command) -> Result<Output, String> {
    command.output().map_err(|error| cannot_run(command, &error))
}

/// Whether a program can be found in the path, or where Debian keeps those of the system.
pub(crate) fn is_installed(program: &str) -> bool {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut folders = path.split(':').chain(["/usr/local/sbin", "/usr/sbin", "/sbin"]);
    folders.any(|folder| Path::new(folder).join(program).is_file())
}

/// Says how long something took.
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "what is measured here is this machine")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A duration for people: `3.2 s`, `2 min 05 s`.
pub(crate) fn spoken(span: Duration) -> String {
    let seconds = span.as_secs();
    if seconds < 60 {
        return format!("{:.1} s", span.as_secs_f64());
    }
    format!("{} min {:02} s", seconds / 60, seconds % 60)
}

/// A command as it would be typed.
pub(crate) fn written(command: &Command) -> String {
    let name = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(name).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

fn cannot_run(command: &Command, error: &std::io::Error) -> String {
    format!("cannot run `{}`: {error}", written(command))
}
