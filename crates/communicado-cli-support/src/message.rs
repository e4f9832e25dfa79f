//! Messages to standard error.

use std::io::{self, Write as _};

/// Prints `text` to standard error. A write error is ignored.
pub fn print_message(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Prints a line `note: {text}` to standard error. A write error is ignored.
pub fn note(text: &str) {
    print_message(&format!("note: {text}\n"));
}
