//! Budgets of owners that share a resource, such as bytes.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use crate::limits::Limit;

/// The budgets of all owners.
#[derive(Debug)]
pub(crate) struct Budgets<K> {
    limit: Limit,
    held: Arc<Mutex<HashMap<K, usize>>>,
}

/// A reservation of one owner. Dropping it releases the amount.
#[derive(Debug)]
pub(crate) struct Reservation<K: Eq + Hash> {
    limit: Limit,
    held: Arc<Mutex<HashMap<K, usize>>>,
    owner: K,
    amount: usize,
}

impl<K: Clone + Eq + Hash> Budgets<K> {
    pub(crate) fn new(limit: Limit) -> Self {
        Self { limit, held: Arc::default() }
    }

    /// An empty reservation, which costs nothing.
    pub(crate) fn reservation(&self, owner: K) -> Reservation<K> {
        Reservation { limit: self.limit, held: self.held.clone(), owner, amount: 0 }
    }
}

impl<K: Clone + Eq + Hash> Reservation<K> {
    /// Replaces the reserved amount.
    ///
    /// # Errors
    ///
    /// If its owner would exceed the limit; returns the limit and leaves the reservation unchanged.
    pub(crate) fn set(&mut self, amount: usize) -> Result<(), Limit> {
        if amount == self.amount {
            return Ok(());
        }
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let others = held.get(&self.owner).map_or(0, |all| all - self.amount);
        let all = others + amount;
        if amount > self.amount && !self.limit.allows(all) {
            return Err(self.limit);
        }
        if all == 0 {
            held.remove(&self.owner);
        } else {
            held.insert(self.owner.clone(), all);
        }
        self.amount = amount;
        Ok(())
    }
}

impl<K: Eq + Hash> Drop for Reservation<K> {
    fn drop(&mut self) {
        if self.amount == 0 {
            return;
        }
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(all) = held.get_mut(&self.owner) {
            *all -= self.amount;
            if *all == 0 {
                held.remove(&self.owner);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_limits_one_owner_and_is_released_on_drop() {
        let budgets = Budgets::new(Limit { name: "heads", max: 10 });
        let [mut one, mut two] = [budgets.reservation("a"), budgets.reservation("a")];
        assert!(one.set(6).is_ok() && two.set(4).is_ok());
        assert_eq!(two.set(5).unwrap_err().name, "heads");
        assert!(one.set(7).is_err(), "a refused request changes nothing");
        let mut other = budgets.reservation("b");
        assert!(other.set(10).is_ok());
        assert!(one.set(5).is_ok() && two.set(5).is_ok());
        drop(one);
        assert!(two.set(10).is_ok() && two.set(0).is_ok());
        drop((two, other));
        assert!(budgets.held.lock().unwrap().is_empty());
    }
}
