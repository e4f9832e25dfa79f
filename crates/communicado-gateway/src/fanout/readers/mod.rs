//! The readers: an index from people and groups to readers, and the backlog of each reader.
//!
//! A reader costs a socket and about a hundred bytes. A change is written directly to the sockets
//! of the readers that see it. If a socket is full, its reader gets a backlog, which coalesces
//! changes until the socket is writable. If a backlog grows too large, the gateway closes the
//! stream; the reader reconnects and gets a snapshot.

mod ends;

use std::collections::{BTreeMap, VecDeque};
use std::net::TcpStream;
use std::sync::Arc;

use communicado_core::Moment;
use communicado_wire::gateway::View;
use slab::Slab;

use super::filter::{groups, joined_groups, visible_frame_if};
use super::replay::ReplayLog;
use super::topics::{Memberships, Topic, TopicMember, Topics};
use super::transport::{ReaderTransport, WriteOutcome, write};
use crate::api_error::{ApiError, ApiErrorKind};
use crate::connection_limit::ConnectionPermit;
use crate::limits::{BACKLOG, Limit, NAMES_PER_SUBSCRIPTION, STREAM_BYTES_PER_TOKEN};
use crate::metrics::{Metrics, TransportLabel};
use crate::model::{People, Person, PersonChange};
use crate::principal::Principal;
use crate::stream::{
    Charge, Frame, NUMBER_MASK, RETRY, RETRY_CHUNK, ReaderId, RenderedChange, StreamBudget,
    StreamBudgets, merged, slot_index,
};
use crate::subscription::Subscription;

/// The size up to which the start of a stream is one write.
const ONE_WRITE: usize = 64 * 1024;

/// The approximate size of a subscribed name, with its entries in the index.
const BYTES_OF_A_NAME: usize = 128;

#[derive(Debug)]
struct Reader {
    transport: ReaderTransport,
    number: u32,
    /// The view of most people.
    view: View,
    /// True if the reader may see all people, so that only its view matters.
    plain: bool,
    label: TransportLabel,
    principal: Principal,
    budget: StreamBudget,
    memberships: Memberships,
    /// The charge for `memberships`, if there are many.
    names: Option<Charge>,
    /// The last change that was sent, or that was in the snapshot.
    last: u64,
    backlog: Option<Box<Backlog>>,
    _permit: Option<ConnectionPermit>,
}

/// The backlog of a slow reader.
#[derive(Debug)]
struct Backlog {
    /// The rest of a frame that was begun, and the start of a stream.
    rest: VecDeque<(Frame, Option<Charge>)>,
    /// One coalesced change per person.
    changes: BTreeMap<Arc<str>, (PersonChange, Charge)>,
    /// The time of the last write.
    since: Moment,
    /// True if the stream closes after `rest`.
    ends: bool,
}

#[derive(Debug)]
pub(super) struct Readers {
    readers: Slab<Reader>,
    topics: Topics,
    stream_budgets: StreamBudgets,
    replay_log: ReplayLog,
    number: u32,
    slot: usize,
    over: Vec<u32>,
}

impl Readers {
    pub(super) fn new(position: u64, streams_per_token: Limit) -> Self {
        Self {
            readers: Slab::new(),
            topics: Topics::default(),
            stream_budgets: StreamBudgets::new(streams_per_token),
            replay_log: ReplayLog::new(position),
            number: 0,
            slot: 0,
            over: Vec::new(),
        }
    }

    /// Returns true if there is no reader, and no data of one.
    pub(super) fn is_empty(&self) -> bool {
        self.readers.is_empty() && self.topics.is_empty() && self.stream_budgets.is_empty()
    }

    pub(super) fn socket(&self, id: ReaderId) -> Option<&TcpStream> {
        match &self.reader(id)?.transport {
            ReaderTransport::Socket(socket, _) => Some(socket),
            ReaderTransport::Mailbox(_) => None,
        }
    }

    fn reader(&self, id: ReaderId) -> Option<&Reader> {
        self.readers.get(slot_index(id.key)).filter(|reader| reader.number == id.number)
    }

    /// # Errors
    ///
    /// If the token family of the reader has too many streams.
    pub(super) fn require_capacity(&self, principal: &Principal) -> Result<(), ApiError> {
        self.stream_budgets.require_capacity(principal.token.family())
    }

    /// Adds a reader.
    ///
    /// # Errors
    ///
    /// If its token family has too many streams.
    pub(super) fn open(
        &mut self,
        transport: ReaderTransport,
        label: TransportLabel,
        principal: Principal,
        permit: Option<ConnectionPermit>,
    ) -> Result<ReaderId, ApiError> {
        let budget = self.stream_budgets.open(principal.token.family())?;
        self.number = self.number.wrapping_add(1) & NUMBER_MASK;
        let plain = principal.only_group().is_none() && principal.only_person().is_none();
        let reader = Reader {
            transport,
            number: self.number,
            view: principal.view(),
            plain,
            label,
            principal,
            budget,
            memberships: Memberships::default(),
            names: None,
            last: 0,
            backlog: None,
            _permit: permit,
        };
        let key = u32::try_from(self.readers.insert(reader)).unwrap_or(u32::MAX);
        Ok(ReaderId { key, number: self.number })
    }

    /// Adds a subscription of a reader and sends its snapshot or the missed changes.
    ///
    /// For a socket, `head` is the head of the response.
    ///
    /// # Errors
    ///
    /// If the subscription has too many names, or the unsent data of the family is too large.
    pub(super) fn subscribe(
        &mut self,
        id: ReaderId,
        subscription: &Subscription,
        people: &People,
        head: Option<&[u8]>,
        metrics: &Metrics,
        now: Moment,
    ) -> Result<(), ApiError> {
        let Some(reader) = self.reader(id) else { return Ok(()) };
        let is_first = reader.memberships.is_empty();
        let (principal, plain) = (reader.principal.clone(), reader.plain);
        let mut topics: Vec<Topic> = Vec::new();
        match (subscription.is_everybody(), principal.own_person()) {
            (true, None) if plain => topics.push(Topic::AllSameView),
            (true, own) => {
                topics.push(Topic::Everybody);
                topics.extend(own.cloned().map(Topic::Own));
            }
            (false, _) => {
                topics.extend(subscription.people.iter().cloned().map(Topic::Person));
                topics.extend(subscription.groups.iter().cloned().map(Topic::Group));
            }
        }
        topics.retain(|topic| !reader.memberships.contains(topic));
        let names = reader.memberships.len() + topics.len();
        if !NAMES_PER_SUBSCRIPTION.allows(names) {
            let detail = format!("the stream would subscribe to {names} people and groups");
            return Err(ApiError::limit_exceeded(
                ApiErrorKind::BadRequest,
                NAMES_PER_SUBSCRIPTION,
                detail,
            ));
        }
        let budget = reader.budget.clone();
        let more = budget.charge(topics.len() * BYTES_OF_A_NAME).ok_or_else(budget_exhausted)?;
        let start = self.replay_log.start(&principal, &budget, subscription, people, is_first);
        let (frames, last) = start.ok_or_else(budget_exhausted)?;
        drop(more);
        for topic in topics {
            self.topics.join(&mut self.readers, id.key, topic);
        }
        if let Some(reader) = self.readers.get_mut(slot_index(id.key)) {
            reader.last = if is_first { last } else { reader.last.min(last) };
            reader.charge_names();
        }
        self.begin(id.key, head, frames, metrics, now);
        Ok(())
    }

    /// Removes a subscription of a reader.
    pub(super) fn unsubscribe(&mut self, id: ReaderId, subscription: &Subscription) {
        let Some(reader) = self.reader(id) else { return };
        let all = subscription.is_everybody();
        let leaves = |topic: &Topic| match topic {
            Topic::Person(person) => all || subscription.people.contains(person),
            Topic::Group(group) => all || subscription.groups.contains(group),
            Topic::AllSameView | Topic::Everybody | Topic::Own(_) => all,
        };
        let topics: Vec<Topic> =
            reader.memberships.topics().filter(|it| leaves(it)).cloned().collect();
        for topic in topics {
            self.topics.leave(&mut self.readers, id.key, &topic);
        }
        if let Some(reader) = self.readers.get_mut(slot_index(id.key)) {
            reader.charge_names();
        }
    }

    fn begin(
        &mut self,
        key: u32,
        head: Option<&[u8]>,
        frames: Vec<Frame>,
        metrics: &Metrics,
        now: Moment,
    ) {
        let mut frames = frames.into_iter().peekable();
        if let Some(head) = head {
            let reader = self.readers.get(slot_index(key));
            let is_chunked = reader.is_some_and(|reader| reader.transport.is_chunked());
            let mut bytes = Vec::from(head);
            bytes.extend_from_slice(if is_chunked { RETRY_CHUNK } else { RETRY });
            while let Some(frame) =
                frames.next_if(|frame| bytes.len() + frame.chunk.len() <= ONE_WRITE)
            {
                bytes.extend_from_slice(if is_chunked { &frame.chunk } else { &frame.event });
            }
            self.send(key, Frame::bare(bytes.into()), metrics, now);
        }
        for frame in frames {
            self.send(key, frame, metrics, now);
        }
    }

    /// Sends changes, which are in order and of one person each, to all readers that see them.
    ///
    /// Returns the new readers of people and groups that did not exist when they subscribed.
    pub(super) fn deliver(
        &mut self,
        changes: Vec<PersonChange>,
        metrics: &Metrics,
        now: Moment,
    ) -> Vec<(Principal, Arc<str>)> {
        let mut new_readers = Vec::new();
        let rendered: Vec<Arc<RenderedChange>> =
            changes.into_iter().map(|change| Arc::new(RenderedChange::new(change))).collect();
        for rendered in &rendered {
            self.replay_log.push(rendered.clone());
        }
        for rendered in &rendered {
            let id = &rendered.change.id;
            if rendered.before().is_none() {
                let named = self.topics.of(&Topic::Person(id.clone()));
                new_readers.extend(self.principals(named).map(|principal| (principal, id.clone())));
            }
            for group in joined_groups(rendered) {
                let subject: Arc<str> = format!("@{group}").into();
                let of_group = self.topics.of(&Topic::Group(group));
                new_readers.extend(
                    self.principals(of_group).map(|principal| (principal, subject.clone())),
                );
            }
            let own = self.topics.of(&Topic::Own(id.clone()));
            let named = self.topics.of(&Topic::Person(id.clone()));
            let everybody = self.topics.of(&Topic::Everybody);
            let groups = groups(rendered).into_iter().map(Topic::Group);
            let of_groups: Vec<u32> = groups.flat_map(|group| self.topics.of(&group)).collect();
            for key in own.into_iter().chain(everybody).chain(named).chain(of_groups) {
                // A reader that also subscribes to everybody gets all changes in order below.
                if !self.is_in_same_view(key) {
                    self.send_change(key, rendered, metrics, now);
                }
            }
        }
        self.send_same_view(&rendered, metrics, now);
        self.close_over(metrics);
        new_readers
    }

    fn is_in_same_view(&self, key: u32) -> bool {
        let reader = self.readers.get(slot_index(key));
        reader.is_some_and(|reader| reader.memberships.contains(&Topic::AllSameView))
    }

    fn principals(&self, keys: Vec<u32>) -> impl Iterator<Item = Principal> {
        let readers = keys.into_iter().filter_map(|key| self.readers.get(slot_index(key)));
        readers.map(|reader| reader.principal.clone())
    }

    /// Sends changes to the readers of everybody that have one view: a burst is one write.
    fn send_same_view(&mut self, rendered: &[Arc<RenderedChange>], metrics: &Metrics, now: Moment) {
        let Some(first) = rendered.first().map(|rendered| rendered.ordinal()) else { return };
        let together = View::ALL.map(|view| {
            let frames: Vec<&Frame> =
                rendered.iter().filter_map(|rendered| rendered.frame(view)).collect();
            match frames.as_slice() {
                [] => None,
                [one] => Some((*one).clone()),
                several => Some(Frame::joined(several)),
            }
        });
        let [in_out, availability, everything] = together;
        for key in self.topics.of(&Topic::AllSameView) {
            let Some(reader) = self.readers.get(slot_index(key)) else { continue };
            let is_socket = matches!(reader.transport, ReaderTransport::Socket(..));
            let is_ready = reader.backlog.is_none() && reader.last < first;
            if !(is_ready && (is_socket || rendered.len() == 1)) {
                for rendered in rendered {
                    self.send_change(key, rendered, metrics, now);
                }
                continue;
            }
            let frame = match reader.view {
                View::InOut => &in_out,
                View::Availability => &availability,
                View::Everything => &everything,
            };
            if let Some(frame) = frame.clone() {
                self.send(key, frame, metrics, now);
            }
            if let Some(reader) = self.readers.get_mut(slot_index(key)) {
                reader.last = self.replay_log.ordinal();
            }
        }
    }

    /// Sends one change to one reader, unless it has the change already.
    fn send_change(
        &mut self,
        key: u32,
        rendered: &Arc<RenderedChange>,
        metrics: &Metrics,
        now: Moment,
    ) {
        let Some(reader) = self.readers.get_mut(slot_index(key)) else { return };
        if rendered.ordinal() <= reader.last {
            return;
        }
        reader.last = rendered.ordinal();
        if let Some(backlog) = &mut reader.backlog {
            let change = rendered.change.clone();
            let id = change.id.clone();
            let change = match backlog.changes.remove(&id) {
                Some((first, _)) => merged(first, change),
                None => change,
            };
            let charge = reader.budget.charge(change.held_bytes());
            match charge.filter(|_| BACKLOG.allows(backlog.changes.len() + 1)) {
                Some(charge) => drop(backlog.changes.insert(id, (change, charge))),
                None => {
                    metrics.slow_reader();
                    self.over.push(key);
                }
            }
            return;
        }
        if let Some(frame) = frame_for(reader, rendered) {
            self.send(key, frame, metrics, now);
        }
    }

    /// Writes a frame and puts the rest in the backlog.
    fn send(&mut self, key: u32, frame: Frame, metrics: &Metrics, now: Moment) {
        let Some(reader) = self.readers.get_mut(slot_index(key)) else { return };
        if let Some(backlog) = &mut reader.backlog {
            // Only the start of a stream comes here: it precedes all changes.
            match held(&reader.budget, frame) {
                Some(held) => backlog.rest.push_back(held),
                None => self.over.push(key),
            }
            return;
        }
        match write(&reader.transport, &reader.budget, frame) {
            WriteOutcome::Complete => metrics.delivered(),
            WriteOutcome::Partial(rest) => match held(&reader.budget, rest) {
                Some(held) => {
                    let (rest, changes) = ([held].into(), BTreeMap::new());
                    let backlog = Backlog { rest, changes, since: now, ends: false };
                    reader.backlog = Some(Box::new(backlog));
                }
                None => self.over.push(key),
            },
            WriteOutcome::Closed => self.over.push(key),
        }
    }

    /// Writes the backlog of a reader that is writable.
    pub(super) fn on_writable(&mut self, id: ReaderId, metrics: &Metrics, now: Moment) {
        if self.reader(id).is_none() {
            return;
        }
        let Some(reader) = self.readers.get_mut(slot_index(id.key)) else { return };
        let Some(mut backlog) = reader.backlog.take() else { return };
        loop {
            if let Some((rest, charge)) = backlog.rest.pop_front() {
                let before = reader.transport.bytes_of(&rest).len();
                match write(&reader.transport, &reader.budget, rest) {
                    WriteOutcome::Complete => metrics.delivered(),
                    WriteOutcome::Partial(rest) => {
                        if reader.transport.bytes_of(&rest).len() < before {
                            backlog.since = now;
                        }
                        backlog.rest.push_front((rest, charge));
                        reader.backlog = Some(backlog);
                        return;
                    }
                    WriteOutcome::Closed => {
                        self.over.push(id.key);
                        break;
                    }
                }
                backlog.since = now;
                continue;
            }
            if backlog.ends {
                self.over.push(id.key);
                break;
            }
            let next = backlog.changes.values().min_by_key(|(change, _)| change.ordinal);
            let Some(next) = next.map(|(change, _)| change.id.clone()) else { break };
            if let Some((change, _)) = backlog.changes.remove(&next) {
                let next = frame_for(reader, &RenderedChange::new(change));
                backlog.rest.extend(next.map(|frame| (frame, None)));
            }
        }
        self.close_over(metrics);
    }
}

impl Reader {
    fn charge_names(&mut self) {
        self.names = None;
        // One name is negligible beside the rest of a reader.
        if self.memberships.len() > 1 {
            self.names = self.budget.charge(self.memberships.len() * BYTES_OF_A_NAME);
        }
    }
}

/// A waiting frame with its charge; `None` if the budget of the family is exhausted.
fn held(budget: &StreamBudget, frame: Frame) -> Option<(Frame, Option<Charge>)> {
    if frame.is_for_all {
        return Some((frame, None));
    }
    let charge = budget.charge(frame.event.len())?;
    Some((frame, Some(charge)))
}

fn budget_exhausted() -> ApiError {
    let detail = "the unsent data for this token and its sessions is too large";
    ApiError::limit_exceeded(ApiErrorKind::TooMany, STREAM_BYTES_PER_TOKEN, detail).retry_after(5)
}

impl TopicMember for Reader {
    fn memberships(&mut self) -> &mut Memberships {
        &mut self.memberships
    }
}

/// The frame of a change for a reader.
fn frame_for(reader: &Reader, rendered: &RenderedChange) -> Option<Frame> {
    if reader.plain && reader.memberships.is_only(&Topic::AllSameView) {
        return rendered.frame(reader.view).cloned();
    }
    let is_in = |topic: Topic| reader.memberships.contains(&topic);
    let everybody = is_in(Topic::AllSameView) || is_in(Topic::Everybody);
    visible_frame_if(rendered, &reader.principal, |person: &Person| {
        everybody
            || is_in(Topic::Person(person.id.clone()))
            || is_in(Topic::Own(person.id.clone()))
            || person.groups.iter().any(|group| is_in(Topic::Group(group.clone())))
    })
}
