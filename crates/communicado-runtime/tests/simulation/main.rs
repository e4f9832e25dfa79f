//! A simulation of the runtime: sources that stall, flood, repeat themselves, report late, end in
//! the middle of a report, panic and restart; readers that lag, never read, come late and go; and a
//! manual clock, which moves by a millisecond or by a night.
//!
//! One thread polls everything by hand, so a seed determines a run. A failure prints the command
//! that repeats it. `CASES=10000` plays more runs.
//!
//! The checks compare independent records: the replay of the journal with the updates of the
//! readers, a model of the leases with the timers, and the memory of the scripted sources with the
//! notices.
//!
//! Read next: `script.rs` for the events; `checks.rs`, `final_checks.rs`, `delivery.rs` and
//! `retries.rs` for the checks; `examples.rs` for single promises.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test")]

mod checks;
mod clock;
mod delivery;
mod examples;
mod final_checks;
mod journal_buffer;
mod lease_model;
mod notices;
mod reader;
mod retries;
mod rng;
mod run;
mod script;
mod scripted_source;
mod simulation;
mod swarm;

use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::Once;

/// One or two seconds in a debug build.
const CASES: u64 = 100;

#[test]
fn the_updates_of_every_reader_add_up_to_the_reports_of_the_sources() {
    silence_intended_panics();
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
    silence_intended_panics();
    for seed in [3, 4, 5] {
        assert_eq!(script::play(seed), script::play(seed));
    }
}

/// Silences the intended panics.
pub(crate) fn silence_intended_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let noisy = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !panic.payload().is::<scripted_source::IntendedPanic>() {
                noisy(panic);
            }
        }));
    });
}
