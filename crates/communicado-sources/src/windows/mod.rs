//! Shared part of the sources on Windows: the registration of clients with Office, and the session
//! with a client over COM.
//!
//! The public modules are pure, for tests and the fuzzer. `snapshot` has the values that were read,
//! `registration` ties them together, `decision` decides on each client, and `finding` explains the
//! decision for `doctor`. `reading` and `session` follow a client over COM.
//!
//! The others wait: `registry_watcher` for the registry and for processes, `registry_subscription`
//! for one watcher shared by all sources, `com_worker` for a client, and `watch` for all of them.

#[cfg(windows)]
mod class_reader;
pub mod class_server;
#[cfg(windows)]
pub(crate) mod com_worker;
pub mod decision;
mod draft;
mod event_trust;
pub mod finding;
pub mod known_clients;
#[cfg(windows)]
mod probe;
pub mod program_name;
pub mod reading;
pub mod registered_client;
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
pub mod snapshot;
#[cfg(windows)]
pub(crate) mod source;
#[cfg(windows)]
pub(crate) mod starting;
#[cfg(windows)]
mod watch;

#[cfg(windows)]
pub use running::{running_messenger, wait_for_messenger};
