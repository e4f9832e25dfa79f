//! No token, and no address without one, slows or stops the gateway for others.
//!
//! A hundred readers and fifty publishers work as they should, first alone and then beside an
//! attack. Every reader must get every change that it watches, the slowest publications may take
//! twice as long as without the attack, and the memory of the gateway has a bound.
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
