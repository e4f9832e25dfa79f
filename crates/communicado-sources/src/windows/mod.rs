//! Shared part of the sources on Windows: the registration of clients with Office, and the session
//! with a client over COM.
//!
//! `known_clients`, `reading`, `registration` and `session` are pure, and public for tests and the
//! fuzzer. The others wait: `registry_watcher` for the registry and for processes,
//! `registry_subscription` for one watcher shared by all sources, `com_worker` for a client, and
//! `watch` for all of them.

#[cfg(windows)]
pub(crate) mod com_worker;
pub mod known_clients;
#[cfg(windows)]
mod probe;
pub mod reading;
pub mod registration;
#[cfg(windows)]
pub(crate) mod registry_subscription;
#[cfg(windows)]
pub(crate) mod registry_watcher;
#[cfg(windows)]
mod running;
pub mod session;
#[cfg(windows)]
mod session_reporter;
#[cfg(windows)]
pub(crate) mod source;
#[cfg(windows)]
mod watch;

#[cfg(windows)]
pub use running::{running_messenger, wait_for_messenger};
