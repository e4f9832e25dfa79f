//! Checks a promise with many random journals, and reports the smallest one that breaks it.
//!
//! `CASES=100000` checks more journals than usual; `SEED=169` checks only that one.

use std::env;
use std::thread;

use crate::journal::{Journal, Rng};

/// The result of one check: `Err` says how the promise was broken.
pub(crate) type Verdict = Result<(), String>;

/// The journals for each promise. All promises together take about three seconds on two cores.
const CASES: u64 = 2_000;

/// Bounds the search for a smaller journal, which is quadratic in the length of the first.
const ATTEMPTS_MAX: usize = 2_000;

/// Checks `promise` with random journals. The choices of the check come from the seed, too.
pub(crate) fn for_random_journals(promise: impl Fn(&Journal, &mut Rng) -> Verdict) {
    for seed in seeds() {
        let _repeat = Repeat(seed);
        let check = |journal: &Journal| promise(journal, &mut Rng::new(!seed));
        let journal = Journal::random(seed);
        if let Err(why) = check(&journal) {
            let (journal, why) = smallest(journal, why, check);
            panic!("{why}\nafter\n{journal}");
        }
    }
}

pub(crate) fn seeds() -> impl Iterator<Item = u64> {
    let number = |name| {
        let text = env::var(name).ok()?;
        Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")))
    };
    match number("SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("CASES").unwrap_or(CASES),
    }
}

/// Removes steps one by one while the promise stays broken.
fn smallest(
    mut journal: Journal,
    mut why: String,
    check: impl Fn(&Journal) -> Verdict,
) -> (Journal, String) {
    let mut attempts = 0;
    let mut at = 0;
    while at < journal.steps.len() && attempts < ATTEMPTS_MAX {
        let mut shorter = journal.clone();
        shorter.steps.remove(at);
        attempts += 1;
        match check(&shorter) {
            // A step that was needed before may have become unnecessary.
            Err(still) => (journal, why, at) = (shorter, still, 0),
            Ok(()) => at += 1,
        }
    }
    (journal, why)
}

/// Prints how to repeat a case that panics.
struct Repeat(u64);

impl Drop for Repeat {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("repeat with: SEED={} cargo test -p communicado-core", self.0);
        }
    }
}

/// Breaks the promise with a reason unless the condition holds.
#[macro_export]
macro_rules! ensure {
    ($condition:expr, $($why:tt)+) => {
        if !$condition {
            return Err(format!($($why)+));
        }
    };
}
