//! Output to standard output.

use std::io::{self, Write as _};

use crate::{Failure, Outcome};

/// Prints `text` to standard output.
///
/// # Errors
///
/// If standard output cannot be written. A closed pipe is not an error.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    check_written(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// Turns the result of a write to standard output into a failure. A closed pipe is not an error.
///
/// # Errors
///
/// If the write failed for another reason.
pub fn check_written(written: io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new(Outcome::Failed, "cannot write to standard output")
                .cause(error)
                .help("free disk space, or redirect the output to another file"))
        }
        _ => Ok(()),
    }
}

/// Prints a message of the command-line parser: help, the version, or an error of usage.
///
/// # Errors
///
/// If standard output cannot be written.
pub fn print_usage(message: &clap::Error) -> Result<Outcome, Failure> {
    let printed = message.print();
    if message.use_stderr() {
        return Ok(Outcome::Usage);
    }
    check_written(printed).map(|()| Outcome::Yes)
}
