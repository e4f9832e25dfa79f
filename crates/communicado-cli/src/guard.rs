//! The command line of the guard, a process that ends a program when this one ends.

use std::ffi::OsString;

/// The first argument of the guard.
#[cfg(target_os = "linux")]
pub(crate) const GUARD: &str = "run-guard";

/// Milliseconds between SIGTERM and SIGKILL.
#[cfg(target_os = "linux")]
const GRACE: &str = "2000";

/// The guard with its first arguments, if the platform has one.
#[cfg(target_os = "linux")]
pub(crate) fn command_prefix() -> Vec<OsString> {
    let Ok(program) = std::env::current_exe() else { return Vec::new() };
    let parent = rustix::process::getpid().as_raw_nonzero().to_string();
    let arguments = [GUARD, &parent, GRACE, "--"].map(OsString::from);
    [program.into_os_string()].into_iter().chain(arguments).collect()
}

/// The guard with its first arguments, if the platform has one.
#[cfg(windows)]
pub(crate) const fn command_prefix() -> Vec<OsString> {
    Vec::new()
}
