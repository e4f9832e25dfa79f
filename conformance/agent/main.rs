//! What `communicado agent` must say to a gateway beside a real Finch, whatever the gateway does.
//!
//! The gateway is Python's own HTTP server, which says what it was asked (`conformance/peers/gateway.py`), so that
//! our HTTP is not tested against itself; and, where leases and people matter, the real one
//! (`real.rs`).
#![expect(clippy::indexing_slicing, reason = "a failure here fails the test")]

mod desk;
mod endings;
mod leases;
mod people;
mod permission;
mod publishing;
mod real;
mod relay;
mod secrets;
mod silence;
mod tls;
mod troubles;
