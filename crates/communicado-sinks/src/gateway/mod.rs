//! The sink that publishes to a gateway what the clients of this device are.
//!
//! [`Publisher`] is the pure half: what is told, and when. [`Connection`] waits for the gateway,
//! over HTTP, and says in words what went wrong. [`Gateway`] is the sink around both.
//!
//! It begins without permission, and tells nothing until it has one; without permission, not even
//! a name is looked up. The token is in no error and in no report.

mod access;
mod address;
mod answer;
mod connection;
mod publication;
mod publish_error;
mod publisher;
mod sink;
mod tls;

pub use access::{Access, Token};
pub use address::{Address, Id};
pub use answer::Answer;
pub use connection::Connection;
pub use hyper::StatusCode;
pub use publication::{Detail, published};
pub use publish_error::{PublishError, Retry};
pub use publisher::{Message, Permission, Publisher, Step};
pub use sink::{Gateway, Report};
