//! The written forms of what communicado says: one JSON object a line, and the journal.
//!
//! [`Client`] is the one object that every listener gets, whatever the sink. Its keys are always
//! all there, in the same order; a new key may be added within version 1, none is taken away.
//! [`journal`] is the form in which a run is recorded and repeated, [`gateway`] what a gateway
//! is asked, answers and keeps.
//!
//! **Invariant:** only here is `Serialize` derived for what strangers read, so nothing else can
//! become a promise by accident. `tests/golden/` holds the promise.

mod client;
pub mod gateway;
pub mod journal;
mod number;
mod text;
mod timestamp;
mod words;

pub use client::{Account, Client, VERSION};
pub use text::is_printable;
pub use timestamp::{Timestamp, TimestampError};
pub use words::Status;
