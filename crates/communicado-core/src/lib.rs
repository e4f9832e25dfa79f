//! Decides what to believe about every client, from what the sources observe.
//!
//! The heart is [`Roster`]: observations go in with the moment they were made, changes come out.
//!
//! **Invariant:** nothing here touches the world. The crate is `no_std` and has no dependencies,
//! so there is no clock, socket, file, thread or environment to reach for; time is an argument.
//! **Invariant:** nothing here holds a name. Clients, accounts, sources and the clients' own
//! words are numbers, so a journal of inputs can be shared without sharing who was online.
//!
//! Read next: [`Roster::handle`], then `tests/promises.rs` for what is promised.
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
mod status;

pub use client_state::{AccountState, ClientState};
pub use ids::{AccountId, ClientId, Generation, Revision, SourceId, Token};
pub use moment::Moment;
pub use observation::{Fact, Input, Life, Observation, SignIn};
pub use presence::{Activity, Availability, Presence};
pub use roster::{Cause, Change, Roster};
pub use status::{Failure, Status, UnknownReason};
