//! A map for the few.

use alloc::vec::Vec;

/// A map of a handful of entries, in the order of their keys.
///
/// Takes up what its entries need, where a tree would reserve a node for a dozen of each: beside
/// a hundred thousand clients, that is the difference between a look-up that waits for memory
/// and one that does not.
#[derive(Debug)]
pub(crate) struct FlatMap<K, V>(Vec<(K, V)>);

impl<K, V> Default for FlatMap<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Copy + Ord, V: Default> FlatMap<K, V> {
    /// The value of `key`, which is added if it is not there.
    pub(crate) fn entry(&mut self, key: K) -> &mut V {
        let at = self.0.partition_point(|(each, _)| *each < key);
        if self.0.get(at).is_none_or(|(each, _)| *each != key) {
            self.0.reserve_exact(1);
            self.0.insert(at, (key, V::default()));
        }
        #[expect(clippy::indexing_slicing, reason = "found or put there just before")]
        &mut self.0[at].1
    }

    pub(crate) fn contains(&self, key: K) -> bool {
        self.0.iter().any(|(each, _)| *each == key)
    }

    pub(crate) fn first(&self) -> Option<&(K, V)> {
        self.0.first()
    }

    pub(crate) fn last(&self) -> Option<&(K, V)> {
        self.0.last()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &(K, V)> {
        self.0.iter()
    }

    pub(crate) fn remove_below(&mut self, key: K) {
        self.0.retain(|(each, _)| key <= *each);
    }
}
