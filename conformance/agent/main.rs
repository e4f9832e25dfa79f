//! What `communicado agent` must say to a gateway beside a real Finch, whatever the gateway does.
//!
//! The gateway is Python's own HTTP server, which says what it was asked (`conformance/peers/gateway.py`), so that
//! our HTTP is not tested against itself; and, where leases and people matter, the real one
//! (`real_gateway.rs`).
#![expect(clippy::indexing_slicing, reason = "a failure here fails the test")]

mod failures;
mod fixture;
mod leases;
mod pauses;
mod people;
mod permission;
mod publishing;
mod real_gateway;
mod relay;
mod secrets;
mod shutdown;
mod tls;
