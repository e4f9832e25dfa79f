//! Whether the user's unified-communications client runs and whether its user is signed in, now
//! and as it changes.
//!
//! ```
//! use communicado::{Condition, blocking::Monitor};
//!
//! # fn main() -> Result<(), communicado::Error> {
//! let monitor = Monitor::start()?;
//! let snapshot = monitor.snapshot();
//! for client in snapshot.iter() {
//!     println!("{} is {}", client.client, client.status.word());
//! }
//! match Condition::SIGNED_IN.judge(&snapshot) {
//!     Some(true) => println!("somebody is signed in"),
//!     Some(false) => println!("nobody is"),
//!     None => println!("that cannot be told"),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! [`Monitor`] is for programs with an async runtime, whichever it is; [`blocking::Monitor`] for
//! those without one; [`messenger`] for those who port code from the Office Communicator SDK.
//! `examples/sign_in_gate.rs` and `examples/while_signed_in.rs` are whole
//! programs.
//!
//! **What it promises:** a snapshot first, then every change; signed out before gone, also when
//! the client was killed; `unknown` with a reason instead of a guess. It starts no client, polls
//! nothing, and lets go of everything when it is dropped.

pub mod blocking;
mod condition;
pub mod messenger;
mod monitor;
mod snapshot;

pub use communicado_core::{Activity, Availability};
pub use communicado_runtime::{Notice, Update};
pub use communicado_sources::{OptionError, SOURCES, SourceDescriptor, SourceOptions};
pub use communicado_wire::{Account, Client, Status, Timestamp};
pub use condition::{Condition, ConditionError, Question};
pub use monitor::{Changes, Error, LiveSnapshot, Monitor, MonitorBuilder};
pub use snapshot::Snapshot;

/// The example of the README.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
