//! A headless client that other programs can observe, as a pure state machine.
//!
//! [`Provider`] takes commands with their time and returns [`ProviderEvent`]s, oldest first. A
//! frontend (D-Bus, COM) sends the events in this order.
//!
//! **Invariant:** no I/O. The crate is `no_std`, so it has no clock, socket or file; time is an
//! argument.
//! **Invariant:** a signed-in provider signs out before it shuts down.
//!
//! Read next: [`Provider::handle`], [`ProviderEvent`], then `tests/promises.rs` for the promises.
#![no_std]
#![warn(clippy::wildcard_enum_match_arm)]

extern crate alloc;

mod account;
mod command;
pub mod dbus;
mod desired_state;
mod event;
mod faults;
mod provider;
mod reason;
pub mod script;
mod status;
pub mod words;

pub use account::{Account, TextError};
pub use command::{CommandError, ProviderCommand};
pub use desired_state::{DesiredState, TemporaryPresence};
pub use event::ProviderEvent;
pub use faults::{ActiveFaults, Fault};
pub use provider::{CommandOutcome, Provider};
pub use reason::Reason;
pub use status::{Presence, ProviderStatus};
