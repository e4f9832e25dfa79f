//! The order of the calls that deliver events to connections, without I/O.
//!
//! A .NET program has one connection per handler, and its handlers must run in the order of the
//! events. The connections of one client process therefore share an order: event n+1 waits until
//! all calls for event n have returned. A process has one call at a time, which also bounds the
//! number of threads.
//!
//! A call that lasts [`HUNG_AFTER`] no longer holds back the other connections of its process. Its
//! connection is late, and has its own order until its queue is empty.
//!
//! **Invariant:** no process waits for a call into another one, except for [`SLOW_AFTER`] while
//! [`QUICK_CALLS_MAX`] calls begin at once.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

/// The time after which a call no longer holds back the other connections of its process.
pub(crate) const HUNG_AFTER: Duration = Duration::from_secs(3);
/// The time after which another call may begin although [`QUICK_CALLS_MAX`] calls run.
pub(crate) const SLOW_AFTER: Duration = Duration::from_millis(20);
/// The maximum number of running calls that are not slow yet.
pub(crate) const QUICK_CALLS_MAX: usize = 4;
/// The maximum number of running calls.
pub(crate) const CALLS_MAX: usize = 256;
/// The maximum number of connections of one event source.
pub(crate) const CONNECTIONS_MAX: usize = 1024;
/// The maximum number of queued events of one connection.
pub(crate) const QUEUE_MAX: usize = 256;

/// The connections with their listeners `L`, and their queued events `E`.
#[derive(Debug)]
pub(crate) struct EventSchedule<L, E> {
    connections: BTreeMap<u32, Connection<L, E>>,
    last_connection: u32,
    last_source: u32,
    last_event: u64,
}

#[derive(Debug)]
struct Connection<L, E> {
    /// The event source, or `None` for a single call of an object.
    source: Option<u32>,
    /// The client process, if it is known. Each unknown one has its own order.
    process: Option<u32>,
    /// `None` once the release has begun.
    listener: Option<L>,
    /// The events with their numbers, in order.
    queue: VecDeque<(u64, E)>,
    /// The start of the running call.
    begun: Option<Duration>,
    is_late: bool,
    /// True if the listener is released after the queue is empty.
    is_closing: bool,
}

/// The next step of a worker thread.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NextStep<L, E> {
    /// Call the listener of a connection, then report [`EventSchedule::finish`].
    Fire(u32, L, E),
    /// Release the listener of a connection, then report [`EventSchedule::finish`].
    Release(u32, L),
    /// Wait for a change, or at most until this moment.
    Wait(Option<Duration>),
}

impl<L: Clone, E: Clone> EventSchedule<L, E> {
    pub(crate) const fn new() -> Self {
        Self { connections: BTreeMap::new(), last_connection: 0, last_source: 0, last_event: 0 }
    }

    /// A new event source without connections.
    pub(crate) const fn add_source(&mut self) -> u32 {
        self.last_source = self.last_source.wrapping_add(1);
        self.last_source
    }

    /// Connects a listener of a client process; `None` if the source has too many connections.
    pub(crate) fn connect(
        &mut self,
        source: u32,
        process: Option<u32>,
        listener: L,
    ) -> Option<u32> {
        if self.open(source).count() >= CONNECTIONS_MAX {
            return None;
        }
        Some(self.insert(Some(source), process, listener))
    }

    /// Schedules one event for a listener that has no connection.
    pub(crate) fn call_once(&mut self, process: Option<u32>, listener: L, event: E) {
        let id = self.insert(None, process, listener);
        self.last_event += 1;
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.queue.push_back((self.last_event, event));
            connection.is_closing = true;
        }
    }

    fn insert(&mut self, source: Option<u32>, process: Option<u32>, listener: L) -> u32 {
        let next = |id: u32| id.wrapping_add(1).max(1);
        let mut id = next(self.last_connection);
        while self.connections.contains_key(&id) {
            id = next(id);
        }
        self.last_connection = id;
        let listener = Some(listener);
        let connection = Connection {
            source,
            process,
            listener,
            queue: VecDeque::new(),
            begun: None,
            is_late: false,
            is_closing: false,
        };
        self.connections.insert(id, connection);
        id
    }

    /// The open connections of a source, with their listeners.
    pub(crate) fn open(&self, source: u32) -> impl Iterator<Item = (u32, &L)> {
        self.connections.iter().filter_map(move |(id, connection)| {
            let is_open = connection.source == Some(source) && !connection.is_closing;
            connection.listener.as_ref().filter(|_| is_open).map(|listener| (*id, listener))
        })
    }

    /// Queues an event for all connections of a source, and returns the events that it displaces:
    /// the newest ones that it `replaces`, and the oldest ones of full queues.
    pub(crate) fn fire(&mut self, source: u32, event: &E, replaces: impl Fn(&E) -> bool) -> Vec<E> {
        self.last_event += 1;
        let mut displaced = Vec::new();
        for connection in self.connections.values_mut() {
            if connection.source != Some(source) || connection.is_closing {
                continue;
            }
            let queue = &mut connection.queue;
            if queue.back().is_some_and(|(_, last)| replaces(last)) {
                displaced.extend(queue.pop_back().map(|(_, event)| event));
            }
            if queue.len() >= QUEUE_MAX {
                displaced.extend(queue.pop_front().map(|(_, event)| event));
            }
            queue.push_back((self.last_event, event.clone()));
        }
        displaced
    }

    /// Closes a connection of a source, and returns its queued events; `None` if there is no such
    /// connection.
    pub(crate) fn disconnect(&mut self, source: u32, id: u32) -> Option<Vec<E>> {
        let connection = self.connections.get_mut(&id)?;
        if connection.source != Some(source) || connection.is_closing {
            return None;
        }
        connection.is_closing = true;
        Some(connection.queue.drain(..).map(|(_, event)| event).collect())
    }

    /// Closes all connections of a source, and returns their queued events.
    pub(crate) fn remove_source(&mut self, source: u32) -> Vec<E> {
        let ids: Vec<u32> = self.open(source).map(|(id, _)| id).collect();
        ids.into_iter().filter_map(|id| self.disconnect(source, id)).flatten().collect()
    }

    /// The next step of a worker thread. A call or release begins with the return of this function.
    pub(crate) fn next(&mut self, now: Duration) -> NextStep<L, E> {
        let mut quick = Vec::new();
        let mut busy = BTreeSet::new();
        let mut running = 0;
        let mut late_at = None;
        for (id, connection) in &mut self.connections {
            let Some(begun) = connection.begun else { continue };
            running += 1;
            if now < begun + SLOW_AFTER {
                quick.push(begun + SLOW_AFTER);
            }
            if now >= begun + HUNG_AFTER {
                connection.is_late = true;
            }
            if !connection.is_late {
                busy.insert(order_of(*id, connection));
                let at = begun + HUNG_AFTER;
                late_at = Some(late_at.map_or(at, |other: Duration| other.min(at)));
            }
        }
        if running >= CALLS_MAX {
            return NextStep::Wait(None);
        }
        let is_ready = |(id, connection): &(&u32, &mut Connection<L, E>)| {
            let is_held = !connection.is_late && busy.contains(&order_of(**id, connection));
            connection.begun.is_none()
                && match connection.queue.is_empty() {
                    true => connection.is_closing,
                    false => !is_held,
                }
        };
        let is_held_back = self.has_waiting();
        let ready = self.connections.iter_mut().filter(is_ready);
        let number = |connection: &Connection<L, E>| connection.queue.front().map(|(it, _)| *it);
        let Some((id, connection)) = ready.min_by_key(|(_, connection)| number(connection)) else {
            return NextStep::Wait(late_at.filter(|_| is_held_back));
        };
        if quick.len() >= QUICK_CALLS_MAX {
            return NextStep::Wait(quick.into_iter().min());
        }
        connection.begun = Some(now);
        match (connection.queue.pop_front(), &connection.listener) {
            (Some((_, event)), Some(listener)) => NextStep::Fire(*id, listener.clone(), event),
            _ => {
                // A release holds back no event.
                connection.is_late = true;
                match connection.listener.take() {
                    Some(listener) => NextStep::Release(*id, listener),
                    None => NextStep::Wait(None),
                }
            }
        }
    }

    /// Reports that the call or the release of a connection has returned. A connection whose
    /// process `has_exited` is closed, and its queued events are returned.
    pub(crate) fn finish(&mut self, id: u32, has_exited: bool) -> Vec<E> {
        let Some(connection) = self.connections.get_mut(&id) else { return Vec::new() };
        connection.begun = None;
        if connection.listener.is_none() {
            self.connections.remove(&id);
            return Vec::new();
        }
        let mut dropped = Vec::new();
        if has_exited {
            connection.is_closing = true;
            dropped.extend(connection.queue.drain(..).map(|(_, event)| event));
        }
        connection.is_late &= !connection.queue.is_empty();
        dropped
    }

    /// True if a connection waits for a call or a release.
    pub(crate) fn has_waiting(&self) -> bool {
        self.connections.values().any(|it| it.begun.is_none() && it.has_work())
    }

    /// True if every listener has received its events, except for late ones.
    pub(crate) fn is_flushed(&self) -> bool {
        let is_busy = |it: &Connection<L, E>| it.begun.is_some() || !it.queue.is_empty();
        self.connections.values().all(|it| it.is_late || !is_busy(it))
    }
}

impl<L, E> Connection<L, E> {
    fn has_work(&self) -> bool {
        !self.queue.is_empty() || self.is_closing
    }
}

/// The key of connections with a common order.
const fn order_of<L, E>(id: u32, connection: &Connection<L, E>) -> (bool, u32) {
    match connection.process {
        Some(process) => (true, process),
        None => (false, id),
    }
}

#[cfg(test)]
mod tests;
