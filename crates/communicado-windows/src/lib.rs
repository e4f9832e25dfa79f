//! Safe wrappers over the parts of Windows that communicado needs: the registry and folders with
//! their notices, processes and their ends, tokens, jobs, timers, and COM late-bound, from both
//! sides.
//!
//! What decodes foreign bytes ([`Guid`], [`RawValue`], [`Variant`]) is pure and is there on every
//! platform; the rest is there on Windows.
//!
//! **Invariant:** this is the only crate with unsafe code, and each unsafe block says why it
//! holds.

#[cfg(windows)]
pub mod com;
#[cfg(windows)]
mod dir_watcher;
#[cfg(windows)]
mod error;
mod guid;
mod hresult;
#[cfg(windows)]
mod job;
#[cfg(windows)]
mod named_mutex;
#[cfg(windows)]
mod process;
#[cfg(windows)]
mod registry;
mod registry_value;
#[cfg(windows)]
mod time;
#[cfg(windows)]
mod token;
mod variant;
#[cfg(windows)]
mod wait;

#[cfg(windows)]
pub use dir_watcher::DirWatcher;
#[cfg(windows)]
pub use error::WindowsError;
pub use guid::{Guid, ParseGuidError};
pub use hresult::HResult;
#[cfg(windows)]
pub use job::JobObject;
#[cfg(windows)]
pub use named_mutex::NamedMutex;
#[cfg(windows)]
pub use process::{Process, ProcessEntry, own_session, processes, session_of};
#[cfg(windows)]
pub use registry::{
    ChangeFilter, ChangeNotification, Hive, RegistryKey, RegistryView, was_deleted,
};
pub use registry_value::{RawValue, RegistryValue};
#[cfg(windows)]
pub use time::{WakeTimer, civil_micros, uptime};
#[cfg(windows)]
pub use token::{Integrity, TokenInfo};
pub use variant::{Variant, decode};
#[cfg(windows)]
pub use wait::WaitableObject;
