//! Safe wrappers for Windows: the registry and directories with change notifications, processes,
//! tokens, job objects, timers, and COM as client and server.
//!
//! The decoders of foreign bytes ([`Guid`], [`RawValue`], [`Variant`]) are pure and exist on every
//! platform. Everything else exists only on Windows.
//!
//! **Invariant:** no other crate has unsafe code. Each unsafe block has a comment with the reason
//! why it is sound.

#[cfg(windows)]
pub mod com;
#[cfg(windows)]
mod dir_watcher;
#[cfg(windows)]
mod error;
#[cfg(any(windows, test))]
mod event_schedule;
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
