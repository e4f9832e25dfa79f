//! The program as its user meets it: command, exit status, and all that it writes.
//!
//! Each test is a command line with the complete answer beside it, so that a change of a word
//! shows in review. Nothing here needs a bus or a client; those are in `conformance/`.
//!
//! The help texts are in `snapshots/`. After a change that is meant:
//! `UPDATE_SNAPSHOTS=1 cargo test -p communicado-cli --test it`.
#![cfg(target_os = "linux")]
#![expect(clippy::expect_used, reason = "a failure here fails the test")]

mod addresses;
mod agent;
mod explain;
mod format;
mod generated;
mod help;
mod journals;
mod lines;
mod outputs;
mod program;
mod provide;
mod schema;
mod settings;
mod snapshot;
mod usage;
