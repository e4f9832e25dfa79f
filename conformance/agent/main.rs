//! `communicado agent` beside a real Finch and a gateway with every kind of failure.
//!
//! The gateway is Python's own HTTP server (`conformance/peers/gateway.py`), because our HTTP code
//! must not test itself. Tests about leases and people use the real gateway (`real_gateway.rs`).
#![expect(clippy::indexing_slicing, reason = "a failure here fails the test")]

mod failures;
mod fixture;
mod leases;
mod pauses;
mod people;
mod permission;
mod publishing;
mod secrets;
mod shutdown;
mod tls;
