//! The sinks of `communicado agent` beside a real Finch, and real listeners.
//!
//! Every sink passes the contract (`contract.rs`): the current status first, then the changes, the
//! latest status after an interruption, and a death that the listener sees.
#![expect(clippy::indexing_slicing, reason = "a failure here fails the test")]

mod contract;
mod dbus;
mod hook;
mod mqtt;
mod mqtt_faults;
mod mqtt_tls;
mod notification;
mod webhook;
