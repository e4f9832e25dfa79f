//! Readiness of file descriptors.

use std::io;
use std::os::fd::OwnedFd;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Registers a file descriptor with the current tokio runtime, without changing its flags.
///
/// # Errors
///
/// If the descriptor does not support readiness, such as that of a regular file.
///
/// # Panics
///
/// Outside a tokio runtime with I/O enabled.
pub fn async_fd(file: OwnedFd, interest: Interest) -> io::Result<AsyncFd<OwnedFd>> {
    #[expect(
        deprecated,
        reason = "it is deprecated because not every type keeps one descriptor open and the same; \
                  an `OwnedFd` does"
    )]
    AsyncFd::with_interest(file, interest)
}
