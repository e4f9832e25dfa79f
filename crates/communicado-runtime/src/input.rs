//! The end of standard input, which is that of whoever started this program.

use std::io;
use std::thread::Builder;

/// Calls `tell` once standard input has ended: the pipe of whoever started this program closes with
/// it, however it ends. What comes before is thrown away.
///
/// # Errors
///
/// If the system gives no thread.
pub fn at_input_end(tell: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let reader = Builder::new().name("input".to_owned()).spawn(move || {
        // What cannot be read any more has ended too.
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        tell();
    });
    reader.map(drop)
}
