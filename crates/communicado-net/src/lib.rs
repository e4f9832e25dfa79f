//! Connections to servers, which sources and sinks share.
//!
//! A [`Connector`] connects over TCP, with TLS or without. [`mqtt`] keeps a connection to a broker,
//! and [`xmpp`] one to an XMPP server. [`read_secret`] reads a password from a file. Each error has
//! the cause, the advice, and when to retry.
//!
//! **Invariant:** this crate knows no source and no sink.

mod certificate_file;
mod client_certificate;
mod connector;
mod error;
pub mod mqtt;
mod peer;
mod secret_file;
mod tls;
pub mod xmpp;

pub use certificate_file::read_ca;
pub use client_certificate::ClientCertificate;
pub use connector::{Connector, Endpoint, Stream, is_this_machine};
pub use error::{NetError, Retry};
pub use peer::Peer;
pub use secret_file::{configured_path, is_file_name, read_secret};
