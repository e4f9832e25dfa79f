//! The rules that turn the observations of all sources into one believed state for each client.
//!
//! The center is [`Roster`]: observations go in, each with its moment; changes come out.
//!
//! **Invariant:** no I/O. The crate is `no_std` and has no dependencies, so it cannot reach a
//! clock, socket, file, thread or environment; time is an argument.
//! **Invariant:** no names. Clients, accounts, sources and the clients' own words are numbers, so
//! you can share a journal of inputs without revealing names.
//!
//! Read next: [`Roster::handle`], then `tests/promises.rs` for the promises.
#![no_std]
#![warn(clippy::wildcard_enum_match_arm)]

extern crate alloc;

mod claim;
mod client_state;
mod flat_map;
mod ids;
mod moment;
mod observation;
mod presence;
mod roster;
mod sign_in_failure;
mod status;
mod status_start;
mod unknown_reason;

pub use client_state::{AccountState, ClientState};
pub use ids::{AccountId, ClientId, Generation, NoteId, Revision, SourceId, Symbol};
pub use moment::Moment;
pub use observation::{Fact, Life, Observation, RosterInput, SignIn};
pub use presence::{Activity, Availability, Presence};
pub use roster::{Change, ChangeCause, Roster};
pub use sign_in_failure::SignInFailure;
pub use status::Status;
pub use status_start::StatusStart;
pub use unknown_reason::UnknownReason;
