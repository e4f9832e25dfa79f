//! Publishing to a remote server: what may be sent, when, and what to do when it fails.
//!
//! [`Publisher`] is the pure half: permission, coalescing, renewals, backoff. [`RemoteSink`]
//! drives it with a feed, a clock and a [`Transport`], which sends one message at a time.
//!
//! A sink starts without permission and sends nothing until it has one. Without permission it does
//! not even look up a name.

mod message;
mod publisher;
mod sink;

pub use communicado_net::{NetError as PublishError, Retry};
pub(crate) use message::has_same_content;
pub use message::{Detail, Message, redact};
pub use publisher::{Permission, Publisher, PublisherAction};
pub use sink::{PublishEvent, RemoteSink, Transport};
