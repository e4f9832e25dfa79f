//! Standard output: a pipe, a file or a terminal, whose reader may be slow or go away.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(windows)]
mod windows;

#[cfg(target_os = "linux")]
pub use linux::Output;
#[cfg(windows)]
pub use windows::Output;
