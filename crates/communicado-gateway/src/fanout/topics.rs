//! The index from topics to readers and back: removing a reader costs only its own memberships.

use std::collections::HashMap;
use std::sync::Arc;

use crate::stream::slot_index;
use slab::Slab;

/// A subject of a subscription.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Topic {
    /// All people, for readers that all get the same frames.
    AllSameView,
    /// All people, for readers that get different frames.
    Everybody,
    Person(Arc<str>),
    Group(Arc<str>),
    /// The topics of this reader.
    Own(Arc<str>),
}

/// The topics of a reader, in order, each with its index in the list of the topic.
#[derive(Debug, Default)]
pub(super) struct Memberships(Vec<(Topic, usize)>);

impl Memberships {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn topics(&self) -> impl Iterator<Item = &Topic> {
        self.0.iter().map(|(topic, _)| topic)
    }

    pub(super) fn contains(&self, topic: &Topic) -> bool {
        self.find(topic).is_ok()
    }

    pub(super) fn is_only(&self, topic: &Topic) -> bool {
        matches!(self.0.as_slice(), [(only, _)] if only == topic)
    }

    fn find(&self, topic: &Topic) -> Result<usize, usize> {
        self.0.binary_search_by(|(each, _)| each.cmp(topic))
    }

    fn index_mut(&mut self, topic: &Topic) -> Option<&mut usize> {
        let at = self.find(topic).ok()?;
        self.0.get_mut(at).map(|(_, index)| index)
    }
}

/// A reader with memberships in topics.
pub(super) trait TopicMember {
    fn memberships(&mut self) -> &mut Memberships;
}

#[derive(Debug, Default)]
pub(super) struct Topics {
    lists: HashMap<Topic, Vec<u32>>,
}

impl Topics {
    pub(super) fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    /// The readers of a topic.
    pub(super) fn of(&self, topic: &Topic) -> Vec<u32> {
        self.lists.get(topic).cloned().unwrap_or_default()
    }

    pub(super) fn join(&mut self, all: &mut Slab<impl TopicMember>, key: u32, topic: Topic) {
        let Some(one) = all.get_mut(slot_index(key)) else { return };
        let memberships = one.memberships();
        let Err(at) = memberships.find(&topic) else { return };
        let list = self.lists.entry(topic.clone()).or_default();
        memberships.0.insert(at, (topic, list.len()));
        list.push(key);
    }

    pub(super) fn leave(&mut self, all: &mut Slab<impl TopicMember>, key: u32, topic: &Topic) {
        let Some(one) = all.get_mut(slot_index(key)) else { return };
        let memberships = one.memberships();
        let Ok(at) = memberships.find(topic) else { return };
        let (_, index) = memberships.0.remove(at);
        self.take_out(all, topic, index);
    }

    /// Removes a reader from all its lists.
    pub(super) fn leave_all(&mut self, all: &mut Slab<impl TopicMember>, memberships: Memberships) {
        for (topic, index) in memberships.0 {
            self.take_out(all, &topic, index);
        }
    }

    fn take_out(&mut self, all: &mut Slab<impl TopicMember>, topic: &Topic, index: usize) {
        let Some(list) = self.lists.get_mut(topic) else { return };
        if index < list.len() {
            list.swap_remove(index);
        }
        // The last reader of the list has moved to this index.
        let moved = list.get(index).copied();
        if list.is_empty() {
            self.lists.remove(topic);
        }
        let moved = moved.and_then(|moved| all.get_mut(slot_index(moved)));
        if let Some(place) = moved.and_then(|one| one.memberships().index_mut(topic)) {
            *place = index;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct One(Memberships);

    impl TopicMember for One {
        fn memberships(&mut self) -> &mut Memberships {
            &mut self.0
        }
    }

    #[test]
    fn a_member_that_leaves_is_in_no_list_and_the_others_still_are() {
        let mut all: Slab<One> = Slab::new();
        let mut topics = Topics::default();
        for _ in 0..5 {
            let key = u32::try_from(all.insert(One::default())).unwrap();
            topics.join(&mut all, key, Topic::AllSameView);
            topics.join(&mut all, key, Topic::Person("ada".into()));
            topics.join(&mut all, key, Topic::AllSameView);
        }
        for (leaves, reader_closed) in [(1, vec![0, 4, 2, 3]), (3, vec![0, 4, 2]), (2, vec![0, 4])]
        {
            topics.leave(&mut all, leaves, &Topic::AllSameView);
            topics.leave(&mut all, leaves, &Topic::AllSameView);
            assert_eq!(topics.of(&Topic::AllSameView), reader_closed);
        }
        assert_eq!(topics.of(&Topic::Person("ada".into())).len(), 5);
        topics.leave(&mut all, 4, &Topic::AllSameView);
        topics.leave(&mut all, 0, &Topic::AllSameView);
        assert!(topics.of(&Topic::AllSameView).is_empty());
        let one = all.remove(3);
        topics.leave_all(&mut all, one.0);
        assert_eq!(topics.of(&Topic::Person("ada".into())), [0, 1, 2, 4]);
        let one = all.remove(0);
        topics.leave_all(&mut all, one.0);
        assert_eq!(topics.of(&Topic::Person("ada".into())), [4, 1, 2]);
    }
}
