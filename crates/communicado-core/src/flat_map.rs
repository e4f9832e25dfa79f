//! A sorted vector map.

use alloc::vec::Vec;

/// A map of few entries, sorted by key.
///
/// It allocates exactly what its entries need; a tree reserves a node of a dozen. With 100,000
/// clients this decides whether a lookup misses the cache.
#[derive(Debug)]
pub(crate) struct FlatMap<K, V>(Vec<(K, V)>);

impl<K, V> Default for FlatMap<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Copy + Ord, V: Default> FlatMap<K, V> {
    /// The value of `key`; inserts the default if it is missing.
    pub(crate) fn entry(&mut self, key: K) -> &mut V {
        let at = self.0.partition_point(|(each, _)| *each < key);
        if self.0.get(at).is_none_or(|(each, _)| *each != key) {
            self.0.reserve_exact(1);
            self.0.insert(at, (key, V::default()));
        }
        #[expect(clippy::indexing_slicing, reason = "found or inserted just before")]
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
