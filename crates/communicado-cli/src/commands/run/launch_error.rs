//! The errors of a command that a hook runs. Pure.

use std::process::ExitStatus;

use communicado_sinks::agent::Launch;
use communicado_sinks::publish::{PublishError, Retry};
use communicado_wire::printable;

/// The kept part of what a command writes to standard error.
pub(super) const STDERR_MAX: usize = 4096;
/// The length of this text in an error, in characters.
const SHOWN_MAX: usize = 300;

fn error(launch: &Launch, what: &str, help: &str) -> PublishError {
    let program = launch.command.first().map_or("", String::as_str);
    let cause = format!("the command `{}` {what}", printable(program, SHOWN_MAX));
    PublishError { cause, help: help.to_owned(), retry: Retry::Soon }
}

pub(super) fn cannot_start(launch: &Launch, why: &std::io::Error) -> PublishError {
    let help = "name the path of a program in `run`, or install it";
    error(launch, &format!("cannot be started: {why}"), help)
}

pub(super) fn timed_out(launch: &Launch) -> PublishError {
    let what = format!("did not end within {} ms and was ended", launch.timeout.as_millis());
    error(launch, &what, "make the command faster, or set a longer `timeout`")
}

/// The result of a command that has ended.
pub(super) fn ended(
    launch: &Launch,
    status: ExitStatus,
    stderr: &[u8],
) -> Result<(), PublishError> {
    if status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(stderr);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let text = match lines.join("; ") {
        text if text.is_empty() => text,
        text => format!(": {}", printable(&text, SHOWN_MAX)),
    };
    let what = format!("failed with {status}{text}");
    Err(error(launch, &what, "run the command in a terminal to find the cause"))
}
