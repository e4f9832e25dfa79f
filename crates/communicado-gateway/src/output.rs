//! Output of the program to standard output and standard error.

use crate::failure::{Failure, Outcome};

/// Writes to standard output.
pub(crate) fn print(text: &str) -> Result<Outcome, Failure> {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    outcome_of(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// The outcome of a write to standard output; a reader that went away is no error.
pub(crate) fn outcome_of(written: std::io::Result<()>) -> Result<Outcome, Failure> {
    match written {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::new(Outcome::Failed, "standard output cannot be written")
                .cause(error)
                .help("make room where the output goes, or send it elsewhere"))
        }
        _ => Ok(Outcome::Yes),
    }
}

/// Writes to standard error; one that is closed or full is no reason to fail.
pub(crate) fn print_error(text: &str) {
    use std::io::Write as _;
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}
