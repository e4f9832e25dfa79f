//! From what readers want to the readers, and back: a reader that leaves costs nothing but its own
//! places.

use std::collections::HashMap;
use std::sync::Arc;

use slab::Slab;

/// What can be wanted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Topic {
    /// Everybody, by readers who all get the same.
    Crowd,
    /// Everybody, by readers who do not.
    Everybody,
    Person(Arc<str>),
    Group(Arc<str>),
    /// The reader itself, among others.
    Own(Arc<str>),
}

/// Where a reader stands in the list of a topic.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) topic: Topic,
    at: usize,
}

/// Something that stands in lists.
pub(super) trait HasPlaces {
    fn places(&mut self) -> &mut Vec<Place>;
}

#[derive(Debug, Default)]
pub(super) struct Topics {
    lists: HashMap<Topic, Vec<u32>>,
}

impl Topics {
    /// The readers of a topic.
    pub(super) fn of(&self, topic: &Topic) -> Vec<u32> {
        self.lists.get(topic).cloned().unwrap_or_default()
    }

    pub(super) fn enter(&mut self, all: &mut Slab<impl HasPlaces>, key: u32, topic: Topic) {
        let Some(one) = all.get_mut(super::readers::usize_of(key)) else { return };
        let places = one.places();
        if places.iter().any(|place| place.topic == topic) {
            return;
        }
        let list = self.lists.entry(topic.clone()).or_default();
        places.push(Place { topic, at: list.len() });
        list.push(key);
    }

    pub(super) fn leave(&mut self, all: &mut Slab<impl HasPlaces>, key: u32, topic: &Topic) {
        let Some(one) = all.get_mut(super::readers::usize_of(key)) else { return };
        let places = one.places();
        let Some(index) = places.iter().position(|place| place.topic == *topic) else { return };
        let at = places.swap_remove(index).at;
        let Some(list) = self.lists.get_mut(topic) else { return };
        if at < list.len() {
            list.swap_remove(at);
        }
        // The last of the list has taken the place.
        let moved = list.get(at).copied();
        if list.is_empty() {
            self.lists.remove(topic);
        }
        let moved = moved.and_then(|moved| all.get_mut(super::readers::usize_of(moved)));
        let place = moved.and_then(|one| one.places().iter_mut().find(|it| it.topic == *topic));
        if let Some(place) = place {
            place.at = at;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct One(Vec<Place>);

    impl HasPlaces for One {
        fn places(&mut self) -> &mut Vec<Place> {
            &mut self.0
        }
    }

    #[test]
    fn who_leaves_is_told_no_more_and_the_others_still_are() {
        let mut all: Slab<One> = Slab::new();
        let mut topics = Topics::default();
        for _ in 0..5 {
            let key = u32::try_from(all.insert(One::default())).unwrap();
            topics.enter(&mut all, key, Topic::Crowd);
            topics.enter(&mut all, key, Topic::Person("ada".into()));
            topics.enter(&mut all, key, Topic::Crowd);
        }
        for (leaves, left) in [(1, vec![0, 4, 2, 3]), (3, vec![0, 4, 2]), (2, vec![0, 4])] {
            topics.leave(&mut all, leaves, &Topic::Crowd);
            topics.leave(&mut all, leaves, &Topic::Crowd);
            assert_eq!(topics.of(&Topic::Crowd), left);
        }
        assert_eq!(topics.of(&Topic::Person("ada".into())).len(), 5);
        topics.leave(&mut all, 4, &Topic::Crowd);
        topics.leave(&mut all, 0, &Topic::Crowd);
        assert!(topics.of(&Topic::Crowd).is_empty());
    }
}
