//! The JSON of Communicado: the state of a client, the journal, and the messages of a gateway.
//!
//! [`Client`] is the object that every listener gets, from every sink. It always has the same keys
//! in the same order; version 1 may get more keys, and keeps the ones it has. [`journal`] is the
//! format of recorded runs. [`gateway`] has the requests, responses and stored records of a
//! gateway.
//!
//! **Invariant:** only this crate derives `Serialize` for public formats, so that no other type
//! becomes one by accident. `tests/golden/` has examples of the formats.

mod client;
pub mod gateway;
pub mod journal;
mod number;
mod printable;
mod text;
mod timestamp;
mod words;

pub use client::{Account, Client, VERSION};
pub use printable::printable;
pub use text::is_printable;
pub use timestamp::{Timestamp, TimestampError};
pub use words::Status;
