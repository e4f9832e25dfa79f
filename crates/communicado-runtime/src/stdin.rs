//! The end of standard input, which closes when the parent process exits.

use std::io;
use std::thread::Builder;

/// Calls `callback` once standard input has ended, and discards the input before.
///
/// A pipe from the parent process closes when that process exits, however it exits.
///
/// # Errors
///
/// If the system cannot create a thread.
pub fn on_stdin_eof(callback: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let reader = Builder::new().name("stdin".to_owned()).spawn(move || {
        // A read error counts as the end.
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        callback();
    });
    reader.map(drop)
}
