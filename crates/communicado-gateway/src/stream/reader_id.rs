//! Ids of readers.

/// The id of a reader. A later reader may have the same key, but not the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReaderId {
    pub(crate) key: u32,
    pub(crate) number: u32,
}

/// The mask of a reader's number: the bits left beside the key in the data of an `epoll(7)` event.
pub(crate) const NUMBER_MASK: u32 = (1 << 30) - 1;

pub(crate) const fn slot_index(key: u32) -> usize {
    key as usize
}
