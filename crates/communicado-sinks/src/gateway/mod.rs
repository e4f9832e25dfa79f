//! The client of a gateway: it publishes over HTTP and sets the manual status.
//!
//! [`GatewayClient`] is the [`Transport`](crate::publish::Transport) of a
//! [`RemoteSink`](crate::publish::RemoteSink). The access token is in no error and no report.

mod access;
mod address;
mod body;
mod client;
mod response;

pub use access::{Access, AccessToken};
pub use address::{Address, Id};
pub use client::GatewayClient;
pub use hyper::StatusCode;
pub use response::Response;
