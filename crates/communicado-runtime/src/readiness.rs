//! Waiting for a file descriptor.

use std::io;
use std::os::fd::OwnedFd;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Waits for a file descriptor on the current tokio runtime, without taking its flags over.
///
/// # Errors
///
/// If the descriptor cannot be waited for, as that of a regular file cannot.
///
/// # Panics
///
/// Outside a tokio runtime with I/O enabled.
pub fn wait_for(file: OwnedFd, interest: Interest) -> io::Result<AsyncFd<OwnedFd>> {
    #[expect(
        deprecated,
        reason = "its safe form cannot ask every type to keep one descriptor open and the same; \
                  an `OwnedFd` does, so nothing unsafe is left here"
    )]
    AsyncFd::with_interest(file, interest)
}
