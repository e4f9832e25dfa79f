//! Ids of readers.

/// A reader, for as long as it is there; its key may be used again, the number is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReaderId {
    pub(crate) key: u32,
    pub(crate) number: u32,
}

/// Readers are told apart by so many bits of a number: what is left beside a key in an event of
/// `epoll(7)`.
pub(crate) const NUMBER_MASK: u32 = (1 << 30) - 1;

pub(crate) const fn slot_index(key: u32) -> usize {
    key as usize
}
