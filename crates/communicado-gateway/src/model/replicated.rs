//! Entries that another gateway replicated: applied as they are, since they are stored already.

use std::sync::Arc;

use communicado_wire::gateway::View;
use communicado_wire::gateway::stored;

use super::{BatchResult, Now, People, Person, PersonChange, view};

/// A placeholder for the revision of the entry itself, which only the bucket assigns.
pub(crate) const OF_THIS_ENTRY: u64 = u64::MAX;

impl People {
    /// Applies the entry `revision` of a person; `None` for a removed person.
    ///
    /// The lease of a renewed device starts now, because the clocks of two machines differ.
    /// `is_news` is false for entries from before the start of this gateway.
    pub(crate) fn replicate(
        &self,
        id: &Arc<str>,
        stored: Option<stored::Person>,
        revision: u64,
        is_news: bool,
        now: Now,
    ) -> BatchResult {
        let before = self.person(id).cloned();
        let after = stored.map(|stored| {
            let stored = with_entry_revision(stored, revision);
            let mut person = Person::from_stored(stored, self.aggregation, now);
            for (name, device) in &mut person.devices {
                let known = before.as_ref().and_then(|before| before.devices.get(name));
                match known {
                    Some(known) if known.seen == device.seen && known.expired == device.expired => {
                        device.until = known.until;
                    }
                    _ if is_news && device.expired.is_none() => {
                        device.until = now.moment.after(device.lease);
                    }
                    _ => {}
                }
            }
            Arc::new(person)
        });
        let seen_by = match (&before, &after) {
            (None, None) => [false; 3],
            (Some(before), Some(after)) => View::ALL.map(|view| view::differs(before, after, view)),
            _ => [true; 3],
        };
        let change = PersonChange {
            revision,
            ordinal: 0,
            stored: true,
            id: id.clone(),
            before,
            after,
            seen_by,
        };
        let people = [(id.clone(), change.after.clone())].into_iter().collect();
        let changes = if seen_by == [false; 3] { Vec::new() } else { vec![change] };
        BatchResult { people, changes, revision: self.revision().max(revision) }
    }
}

/// The person of the entry `revision`, which replaces the placeholder.
pub(crate) fn with_entry_revision(mut stored: stored::Person, revision: u64) -> stored::Person {
    let stored::Facets { in_out, availability, everything } = &mut stored.seen;
    for facet in [in_out, availability, everything] {
        if facet.revision == OF_THIS_ENTRY {
            facet.revision = revision;
        }
    }
    stored
}

impl BatchResult {
    /// The entry of a person, in which the placeholder replaces revisions after `after`.
    pub(crate) fn entry(person: &Person, after: u64) -> stored::Person {
        Self::entry_of(person.to_stored(), after)
    }

    /// The entry of a stored person. See [`Self::entry`].
    pub(crate) fn entry_of(mut stored: stored::Person, after: u64) -> stored::Person {
        let stored::Facets { in_out, availability, everything } = &mut stored.seen;
        for facet in [in_out, availability, everything] {
            if facet.revision > after {
                facet.revision = OF_THIS_ENTRY;
            }
        }
        stored
    }

    /// Marks the result as not stored and gives it the revision that all gateways have.
    pub(crate) fn local_only(mut self, revision: u64) -> Self {
        for change in &mut self.changes {
            (change.revision, change.stored) = (revision, false);
            if let Some(after) = &change.after {
                let mut person = Person::clone(after);
                for facet in &mut person.facets {
                    facet.revision = facet.revision.min(revision);
                }
                person.json_cache = Default::default();
                let person = Arc::new(person);
                change.after = Some(person.clone());
                self.people.insert(change.id.clone(), Some(person));
            }
        }
        self.revision = revision;
        self
    }
}
