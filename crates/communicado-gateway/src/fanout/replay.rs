//! The start of a stream: the missed changes if the log has all of them, else a snapshot.
//!
//! Readers of the same people in the same view share a snapshot. If the snapshot is older than the
//! last change, the changes since then follow it.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use communicado_wire::gateway::View;
use lru::LruCache;

use super::filter::{matches, visible_frame};
use crate::limits::CHANGES_REPEATED;
use crate::model::{People, Person, person_json};
use crate::principal::Principal;
use crate::stream::{Frame, RenderedChange, StreamBudget};
use crate::subscription::Subscription;

/// The number of changes after which a shared snapshot is rebuilt.
const SNAPSHOT_AGE: u64 = 256;
/// The maximum size of all shared snapshots together.
const SNAPSHOT_BYTES: usize = 16 * 1024 * 1024;
/// The maximum number of shared snapshots.
const SNAPSHOTS: usize = 64;
/// The maximum number of people and groups in the key of a shared snapshot.
const SHARED_NAMES: usize = 8;

/// The key of a shared snapshot: everything that determines its people.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct SnapshotKey {
    view: View,
    /// The only group that the reader may see.
    group: Option<Arc<str>>,
    subscription: Subscription,
    missed: bool,
}

impl SnapshotKey {
    /// The key of a reader's snapshot, if other readers can share it.
    fn of(principal: &Principal, subscription: &Subscription) -> Option<Self> {
        let is_alone = principal.own_person().is_some() || principal.only_person().is_some();
        if is_alone || subscription.people.len() + subscription.groups.len() > SHARED_NAMES {
            return None;
        }
        let (view, group) = (principal.view(), principal.only_group().cloned());
        let missed = subscription.last_event_id.is_some();
        Some(Self {
            view,
            group,
            subscription: Subscription { last_event_id: None, ..subscription.clone() },
            missed,
        })
    }

    /// Returns true if all readers with this view share the snapshot, so that few such keys exist.
    fn is_everybody(&self) -> bool {
        self.group.is_none() && self.subscription.is_everybody()
    }
}

/// A snapshot and its last change.
#[derive(Debug)]
struct SharedSnapshot {
    frame: Frame,
    ordinal: u64,
}

/// The last changes, for streams that continue after a `Last-Event-ID`, and shared snapshots.
#[derive(Debug)]
pub(super) struct ReplayLog {
    /// The last changes.
    log: VecDeque<Arc<RenderedChange>>,
    /// The ordinal of the last change that the log dropped.
    forgotten: u64,
    /// The revision of the last delivered change.
    position: u64,
    /// The ordinal of the last delivered change.
    ordinal: u64,
    /// The revision of the last change that was sent but not stored: see `PersonChange::stored`.
    unsure: Option<u64>,
    shared: LruCache<SnapshotKey, SharedSnapshot>,
    shared_bytes: usize,
}

/// The first frames of a stream, and the ordinal of their last change.
pub(super) type StreamStart = (Vec<Frame>, u64);

impl ReplayLog {
    pub(super) fn new(position: u64) -> Self {
        let (log, shared) = (VecDeque::new(), LruCache::unbounded());
        Self { log, forgotten: 0, position, ordinal: 0, unsure: None, shared, shared_bytes: 0 }
    }

    pub(super) const fn ordinal(&self) -> u64 {
        self.ordinal
    }

    pub(super) fn push(&mut self, rendered: Arc<RenderedChange>) {
        (self.position, self.ordinal) = (rendered.revision(), rendered.ordinal());
        if !rendered.change.stored {
            (self.unsure, self.forgotten) = (Some(rendered.revision()), rendered.ordinal());
            self.log.clear();
            return;
        }
        if self.log.len() >= CHANGES_REPEATED.max
            && let Some(oldest) = self.log.pop_front()
        {
            self.forgotten = oldest.ordinal();
        }
        self.log.push_back(rendered);
    }

    /// The start of a stream; `None` if the budget of the reader's family is exhausted.
    pub(super) fn start(
        &mut self,
        principal: &Principal,
        budget: &StreamBudget,
        subscription: &Subscription,
        people: &People,
        is_first: bool,
    ) -> Option<StreamStart> {
        if let Some(last) = subscription.last_event_id.filter(|_| is_first)
            && last <= self.position
            && self.unsure.is_none_or(|unsure| unsure < last)
            && (last == self.position
                || self.log.front().is_some_and(|first| first.revision() <= last + 1))
        {
            let from = self.log.partition_point(|rendered| rendered.revision() <= last);
            let since = self.log.range(from..);
            let frames = since
                .filter_map(|rendered| visible_frame(rendered, principal, subscription))
                .collect();
            return Some((frames, self.ordinal));
        }
        let key = SnapshotKey::of(principal, subscription);
        if let Some(found) = key.as_ref().and_then(|it| self.shared(it, principal, is_first)) {
            return Some(found);
        }
        let ordinal = people.ordinal();
        let missed = subscription.last_event_id.is_some();
        let frame =
            Frame::snapshot(people.revision(), missed, &seen(people, principal, subscription));
        let Some(key) = key else {
            return Some((vec![frame.charged_to(budget)?], ordinal));
        };
        // There are more such keys than the cache holds, so the reader's family is charged.
        let frame = if key.is_everybody() {
            Frame { is_for_all: true, ..frame }
        } else {
            frame.charged_to(budget)?
        };
        self.share(key, SharedSnapshot { frame: frame.clone(), ordinal });
        Some((vec![frame], ordinal))
    }

    /// The shared snapshot with this key, and the changes since then.
    ///
    /// A stream that has begun has later changes already, so it needs a snapshot without changes
    /// since then.
    fn shared(
        &mut self,
        key: &SnapshotKey,
        principal: &Principal,
        is_first: bool,
    ) -> Option<StreamStart> {
        let SharedSnapshot { frame, ordinal } = self.shared.get(key)?;
        let (frame, ordinal) = (frame.clone(), *ordinal);
        if self.ordinal <= ordinal {
            return Some((vec![frame], ordinal));
        }
        if !is_first || ordinal < self.forgotten || self.ordinal - ordinal > SNAPSHOT_AGE {
            return None;
        }
        let from = self.log.partition_point(|rendered| rendered.ordinal() <= ordinal);
        let since = self.log.range(from..);
        let since =
            since.filter_map(|rendered| visible_frame(rendered, principal, &key.subscription));
        Some(([frame].into_iter().chain(since).collect(), self.ordinal))
    }

    fn share(&mut self, key: SnapshotKey, shared: SharedSnapshot) {
        self.shared_bytes += shared.frame.event.len();
        if let Some((_, old)) = self.shared.push(key, shared) {
            self.shared_bytes -= old.frame.event.len();
        }
        while self.shared.len() > SNAPSHOTS
            || (self.shared_bytes > SNAPSHOT_BYTES && self.shared.len() > 1)
        {
            let Some((_, old)) = self.shared.pop_lru() else { return };
            self.shared_bytes -= old.frame.event.len();
        }
    }
}

/// The JSON of the subscribed people that a reader may see.
fn seen(people: &People, principal: &Principal, subscription: &Subscription) -> Vec<Bytes> {
    let json = |person: &Arc<Person>| {
        let visibility = principal.visibility(person).filter(|_| matches(subscription, person))?;
        Some(person_json(person, visibility.view))
    };
    let of_group = |group: &Arc<str>| people.of_group(group).cloned();
    let ids: BTreeSet<Arc<str>> = match (subscription.is_everybody(), principal.only_group()) {
        (true, Some(group)) if principal.own_person().is_none() => of_group(group).collect(),
        (true, _) => return people.after(None).filter_map(json).collect(),
        (false, _) => subscription
            .people
            .iter()
            .cloned()
            .chain(subscription.groups.iter().flat_map(of_group))
            .collect(),
    };
    ids.iter().filter_map(|id| people.person(id)).filter_map(json).collect()
}
