//! The way to the front, from every thread.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};

use communicado_wire::gateway::EndReason;
use rustix::event::{EventfdFlags, eventfd};
use tokio::sync::oneshot;

use super::{Mailbox, ReaderId, Wanted, frame};
use crate::grant::Grant;
use crate::metrics::Transport;
use crate::model::Change;
use crate::refusal::Refusal;

/// Changes that wait before those of one person become one.
const CHANGES_WAITING: usize = 4096;
/// Something for the front to do.
#[derive(Debug)]
pub(crate) enum Order {
    /// Tell of these.
    Changes(Vec<Change>),
    /// Take in a reader whose socket is not ours.
    Open {
        grant: Grant,
        mailbox: Arc<Mailbox>,
        transport: Transport,
        reply: oneshot::Sender<Result<ReaderId, Refusal>>,
    },
    /// Tell it of these too, and say when it has the first of it.
    Want(ReaderId, Wanted, oneshot::Sender<Result<(), Refusal>>),
    /// Tell it of these no more.
    WantNoMore(ReaderId, Wanted),
    /// Its mailbox has room again.
    Room(ReaderId),
    /// It is gone.
    Close(ReaderId),
    /// These tokens are no longer valid.
    End(BTreeMap<Arc<str>, EndReason>),
    /// Say that you live.
    Ask(oneshot::Sender<()>),
    /// Take no more connections, and end all streams.
    Stop,
}

/// The way to the front, from every thread.
#[derive(Debug)]
pub(crate) struct Way {
    inbox: Mutex<Inbox>,
    pub(super) bell: OwnedFd,
}

#[derive(Debug)]
struct Inbox {
    orders: Vec<Order>,
    /// Waiting changes of one person become one when there are more than these.
    coalesce_at: usize,
}

impl Default for Inbox {
    fn default() -> Self {
        Self { orders: Vec::new(), coalesce_at: CHANGES_WAITING }
    }
}

impl Way {
    /// # Errors
    ///
    /// If too many files are open.
    pub(crate) fn new() -> io::Result<Self> {
        let bell = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self { inbox: Mutex::default(), bell })
    }

    /// Orders something. Each reader waits for its last order, so the orders are not more than a
    /// few for each reader.
    pub(crate) fn order(&self, order: Order) {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner).orders.push(order);
        self.ring();
    }

    /// Orders to tell of changes. Where too many wait, those of one person become one.
    pub(crate) fn changes(&self, changes: Vec<Change>) {
        let mut inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
        let Inbox { orders, coalesce_at } = &mut *inbox;
        match orders.last_mut() {
            Some(Order::Changes(waiting)) => {
                waiting.extend(changes);
                if waiting.len() > *coalesce_at {
                    *waiting = frame::coalesced(std::mem::take(waiting));
                    *coalesce_at = (*coalesce_at).max(2 * waiting.len());
                }
            }
            _ => orders.push(Order::Changes(changes)),
        }
        drop(inbox);
        self.ring();
    }

    fn ring(&self) {
        let _ = rustix::io::write(&self.bell, &1_u64.to_ne_bytes());
    }

    pub(super) fn take(&self) -> Vec<Order> {
        let mut count = [0; 8];
        let _ = rustix::io::read(&self.bell, &mut count);
        let mut inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *inbox).orders
    }
}
