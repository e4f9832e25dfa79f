//! Tests of the gateway as a program, over `curl`, bare sockets and the control socket.
//!
//! Every test starts a separate gateway on a free loopback port and stops it. A test waits for a
//! state, with a timeout.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a failure here fails the test"
)]

mod administration;
mod audit;
mod authorization;
mod board;
mod client;
mod cluster;
mod collector;
mod commands;
mod damage;
mod django;
mod doctor;
mod export;
mod faults;
mod fixture;
mod foreign_clients;
mod generated_clients;
mod guide;
mod help;
mod hostile;
mod http;
mod import;
mod install;
mod issuers;
mod limits;
mod monitoring;
mod operations;
mod pairing;
mod people;
mod private;
mod proxies;
mod reading;
mod reload;
mod revocation;
mod revocation_concurrent;
mod schemathesis;
mod settings;
mod sign_in;
mod storm;
mod stream;
mod traces;
mod websocket;
