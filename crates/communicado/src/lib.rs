//! Reports whether a unified-communications client is running and whether its user is signed in,
//! as it changes.
//!
//! Communicado reads Pidgin, Finch and other clients of libpurple on Linux, and Lync, Skype for
//! Business and Office Communicator on Windows; [`SOURCES`] lists all sources. It never launches a
//! client, polls no client that sends events, and reads no messages.
//!
//! # Example
//!
//! Keep a feature on while a user is signed in:
//!
//! ```no_run
//! fn main() -> Result<(), communicado::Error> {
//!     communicado::blocking::while_signed_in(|snapshot| {
//!         println!("signed in to {} clients", snapshot.iter().count());
//!     })?;
//!     Ok(())
//! }
//! ```
//!
//! Query the current status of every client:
//!
//! ```
//! use communicado::{Condition, blocking::Monitor};
//!
//! fn main() -> Result<(), communicado::Error> {
//!     let monitor = Monitor::start()?;
//!     let snapshot = monitor.snapshot();
//!     for client in snapshot.iter() {
//!         println!("{}: {}", client.client, client.status.word());
//!     }
//!     match Condition::SIGNED_IN.evaluate(&snapshot) {
//!         Some(true) => println!("a user is signed in"),
//!         Some(false) => println!("no user is signed in"),
//!         None => println!("unknown"),
//!     }
//!     Ok(())
//! }
//! ```
//!
//! # Where to start
//!
//! - [`blocking`] is for programs without an async runtime.
//! - [`Monitor`] is for programs with an async runtime, whichever it is.
//! - [`messenger`] is for code that was written for the Office Communicator SDK.
//!
//! The examples `sign_in_gate` and `while_signed_in` are complete programs:
//! `cargo run -p communicado --example while_signed_in`.
//!
//! # Guarantees
//!
//! - The first update is a snapshot; each later change follows. A reader that is too slow gets a
//!   new snapshot with the number of missed changes.
//! - A client signs out before it goes, also if it crashes: [`Status::SignedOut`] always comes
//!   between [`Status::SignedIn`] and [`Status::Absent`].
//! - If a status cannot be determined, it is [`Status::Unknown`] with a reason, never a guess.
//! - Dropping the monitor ends its thread and closes all of its connections.
//!
//! # Platforms
//!
//! Linux (D-Bus session bus) and Windows 10 or later. Other platforms do not compile.
//!
//! # Feature flags
//!
//! None.
//!
//! # Minimum supported Rust version
//!
//! Rust 1.95. A minor release may raise it, a patch release does not.
//!
//! # Stability
//!
//! The crate follows semantic versioning; before 1.0, a minor release may break it. Types that may
//! get more fields or variants are `#[non_exhaustive]`. The JSON of a [`Client`] has a version of
//! its own: keys may be added to it but not removed.

pub mod blocking;
mod condition;
pub mod messenger;
mod monitor;
mod snapshot;

pub use communicado_core::{Activity, Availability};
pub use communicado_runtime::{Notice, Update};
pub use communicado_sources::{OptionError, OptionValue, SOURCES, SourceDescriptor, SourceOptions};
pub use communicado_wire::{Account, Client, Status, Timestamp};
pub use condition::{Condition, ConditionError, Question};
pub use monitor::{Changes, Error, LiveSnapshot, Monitor, MonitorBuilder};
pub use snapshot::Snapshot;

/// The example of the README.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
