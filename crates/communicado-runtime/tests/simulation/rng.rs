//! Pseudo-random numbers from a seed.

/// Sebastiano Vigna's splitmix64.
#[derive(Clone)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % (end as u64)).expect("it is below a usize")
    }

    pub(crate) fn one_in(&mut self, odds: usize) -> bool {
        self.below(odds) == 0
    }

    pub(crate) fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// A random choice by weight, or `None` if all weights are zero.
    pub(crate) fn weighted<T: Copy>(&mut self, choices: &[(T, usize)]) -> Option<T> {
        let total: usize = choices.iter().map(|(_, weight)| weight).sum();
        let mut left = if total == 0 { return None } else { self.below(total) };
        for (choice, weight) in choices {
            match left.checked_sub(*weight) {
                None => return Some(*choice),
                Some(less) => left = less,
            }
        }
        None
    }
}
