//! Tests of the command line: arguments, exit status and complete output.
//!
//! Each test contains the complete output, so that a review shows every changed word. No test needs
//! a bus or a client; those tests are in `conformance/`.
//!
//! The help texts are in `snapshots/`. To update them after an intended change:
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
