//! Where a stream begins: with what was missed, if that can be repeated, or else with all that is.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use communicado_wire::gateway::View;

use super::choice::{chosen, wants};
use super::frame::{Frame, Told};
use super::wanted::Wanted;
use crate::grant::Grant;
use crate::limits::CHANGES_REPEATED;
use crate::model::{People, Person, written};

/// Snapshots of one revision that others may want too.
type Snapshots = HashMap<(View, Wanted), Frame>;

#[derive(Debug)]
pub(super) struct Past {
    /// The last changes, to be repeated.
    log: VecDeque<Arc<Told>>,
    /// The last change that was delivered.
    position: u64,
    /// The same, as this process counts.
    ordinal: u64,
    /// Up to this revision, who was told what is not known to all: see `Change::kept`.
    unsure: Option<u64>,
    snapshots: (u64, Snapshots),
}

impl Past {
    pub(super) fn new(position: u64) -> Self {
        let (log, snapshots) = (VecDeque::new(), (0, Snapshots::new()));
        Self { log, position, ordinal: 0, unsure: None, snapshots }
    }

    pub(super) const fn ordinal(&self) -> u64 {
        self.ordinal
    }

    pub(super) fn remember(&mut self, told: Arc<Told>) {
        (self.position, self.ordinal) = (told.revision(), told.ordinal());
        if !told.change.kept {
            self.unsure = Some(told.revision());
            self.log.clear();
            return;
        }
        if self.log.len() >= CHANGES_REPEATED.most {
            self.log.pop_front();
        }
        self.log.push_back(told);
    }

    /// Where a stream begins: what was missed, or all that is; and the change up to which it goes.
    pub(super) fn beginning(
        &mut self,
        grant: &Grant,
        plain: bool,
        wanted: &Wanted,
        people: &People,
        is_first: bool,
    ) -> (Vec<Frame>, u64) {
        if let Some(last) = wanted.last.filter(|_| is_first)
            && last <= self.position
            && self.unsure.is_none_or(|unsure| unsure < last)
            && (last == self.position
                || self.log.front().is_some_and(|first| first.revision() <= last + 1))
        {
            let since = self.log.iter().filter(|told| told.revision() > last);
            let frames = since.filter_map(|told| chosen(told, grant, wanted)).collect();
            return (frames, self.ordinal);
        }
        let missed = wanted.last.is_some();
        let (revision, ordinal) = (people.revision(), people.ordinal());
        if self.snapshots.0 != ordinal {
            self.snapshots = (ordinal, Snapshots::new());
        }
        let key = (grant.view(), Wanted { last: None, ..wanted.clone() });
        // What several may get: it depends on nothing but view and names.
        let shareable = plain && grant.own().is_none() && !missed;
        if shareable && let Some(frame) = self.snapshots.1.get(&key) {
            return (vec![frame.clone()], ordinal);
        }
        let written = |person: &Arc<Person>| {
            let sight = grant.sight(person).filter(|_| wants(wanted, person))?;
            Some(written(person, sight.view))
        };
        let people: Vec<Bytes> = if wanted.groups.is_empty() && !wanted.is_everybody() {
            let named = wanted.people.iter().filter_map(|id| people.person(id));
            named.filter_map(written).collect()
        } else {
            people.after(None).filter_map(written).collect()
        };
        let frame = Frame::snapshot(revision, missed, &people);
        if shareable {
            self.snapshots.1.insert(key, frame.clone());
        }
        (vec![frame], ordinal)
    }
}
