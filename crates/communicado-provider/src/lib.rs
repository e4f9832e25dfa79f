//! The other side of the contract: a client without a window, that other programs see.
//!
//! The heart is [`Provider`]: commands go in with the moment at which they were given, what is to
//! be told comes out, oldest first. A face (D-Bus, COM) tells it in this order and in no other.
//!
//! **Invariant:** nothing here touches the world. The crate is `no_std`, so there is no clock,
//! socket or file to reach for; time is an argument.
//! **Invariant:** signed out is told before shutting down, whatever came before.
//!
//! Read next: [`Provider::handle`], [`ProviderEvent`], then `tests/promises.rs` for what is promised.
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
