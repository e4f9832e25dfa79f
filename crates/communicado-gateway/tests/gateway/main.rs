//! The gateway as it is run: the program, its socket, its folder; `curl` and bare sockets ask it.
//!
//! Every test has a gateway of its own on a free port of loopback and ends it. What is waited for
//! is a state, with a deadline.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a failure here fails the test"
)]

mod authorization;
mod client;
mod cluster;
mod collector;
mod commands;
mod damage;
mod faults;
mod fixture;
mod help;
mod hostile;
mod http;
mod limits;
mod people;
mod private;
mod reading;
mod revocation;
mod revocation_concurrent;
mod schemathesis;
mod sign_in;
mod storm;
mod stream;
mod traces;
mod websocket;
