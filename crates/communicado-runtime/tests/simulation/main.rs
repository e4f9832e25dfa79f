//! The runtime in a simulated world: sources that stall, flood, repeat themselves, speak late, end
//! in mid-sentence, panic and come back; readers that lag, never read, come late and go; and a
//! clock that is turned by hand, by a millisecond or by a night.
//!
//! One thread polls everything by hand, so a seed is all there is to a run: a failure prints the
//! line that repeats it. `CASES=10000` plays more of them.
//!
//! What holds everything together is that much is said twice: the journal, replayed, must give
//! what the feeds were told; a bookkeeper that reads the journal must find the timers that are
//! set; the puppets' own memory must agree with the notices.
//!
//! Read next: `script.rs` for what happens; `check.rs`, `finish.rs`, `told.rs` and `retries.rs` for
//! what must hold; `examples.rs` for single promises.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test")]

mod chance;
mod check;
mod clock;
mod examples;
mod finish;
mod ledger;
mod notices;
mod paper;
mod puppet;
mod reader;
mod retries;
mod run;
mod script;
mod swarm;
mod told;
mod world;

use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::Once;

/// A second or two in a debug build.
const CASES: u64 = 100;

#[test]
fn what_every_reader_is_told_adds_up_to_what_the_sources_saw() {
    silence_panics_that_are_meant();
    let number = |name| std::env::var(name).ok().map(|text: String| text.parse::<u64>().unwrap());
    let seeds = match number("SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("CASES").unwrap_or(CASES),
    };
    for seed in seeds {
        if catch_unwind(AssertUnwindSafe(|| script::play(seed))).is_err() {
            panic!("this repeats it: SEED={seed} cargo test -p communicado-runtime");
        }
    }
}

#[test]
fn the_same_seed_is_the_same_run() {
    silence_panics_that_are_meant();
    for seed in [3, 4, 5] {
        assert_eq!(script::play(seed), script::play(seed));
    }
}

/// Leaves the noise to panics that nobody asked for.
pub(crate) fn silence_panics_that_are_meant() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let noisy = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !panic.payload().is::<puppet::Meant>() {
                noisy(panic);
            }
        }));
    });
}
