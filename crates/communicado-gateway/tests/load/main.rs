//! Load tests: no token, and no address without one, slows or stops the gateway for others.
//!
//! A hundred readers and fifty publishers work without and during an attack. Every reader must get
//! every change that it watches. The slowest publications may take twice as long during the attack.
//! The memory of the gateway is bounded.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a failure here fails the test"
)]
#![expect(clippy::print_stdout, reason = "the times and the memory of each load are of interest")]

mod addresses;
mod attack;
#[path = "../gateway/client.rs"]
#[expect(dead_code, reason = "the tests of the gateway use the rest")]
mod client;
#[path = "../gateway/fixture.rs"]
#[expect(dead_code, reason = "the tests of the gateway use the rest")]
mod fixture;
mod measure;
mod publications;
mod sessions;
mod streams;
mod workload;
