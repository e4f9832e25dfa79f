//! The way to the event loop, from every thread.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};

use communicado_wire::gateway::EndReason;
use rustix::event::{EventfdFlags, eventfd};
use tokio::sync::oneshot;

use super::frame;
use super::mailbox::Mailbox;
use super::reader_id::ReaderId;
use crate::api_error::ApiError;
use crate::metrics::TransportLabel;
use crate::model::Change;
use crate::principal::Principal;
use crate::subscription::Subscription;

/// Changes that wait before those of one person become one.
const CHANGES_WAITING: usize = 4096;
/// Something for the event loop to do.
#[derive(Debug)]
pub(crate) enum LoopCommand {
    /// Tell of these.
    Changes(Vec<Change>),
    /// Take in a reader whose socket is not ours.
    Open {
        principal: Principal,
        mailbox: Arc<Mailbox>,
        label: TransportLabel,
        reply: oneshot::Sender<Result<ReaderId, ApiError>>,
    },
    /// Tell it of these too, and say when it has the first of it.
    Subscribe(ReaderId, Subscription, oneshot::Sender<Result<(), ApiError>>),
    /// Tell it of these no more.
    Unsubscribe(ReaderId, Subscription),
    /// Its mailbox has room again.
    Writable(ReaderId),
    /// It is gone.
    Close(ReaderId),
    /// These tokens are no longer valid.
    End(BTreeMap<Arc<str>, EndReason>),
    /// Say that you live.
    Ask(oneshot::Sender<()>),
    /// Take no more connections, and end all streams.
    Stop,
}

/// The way to the event loop, from every thread.
#[derive(Debug)]
pub(crate) struct EventLoopHandle {
    inbox: Mutex<Inbox>,
    pub(crate) waker: OwnedFd,
}

#[derive(Debug)]
struct Inbox {
    commands: Vec<LoopCommand>,
    /// Waiting changes of one person become one when there are more than these.
    coalesce_at: usize,
}

impl Default for Inbox {
    fn default() -> Self {
        Self { commands: Vec::new(), coalesce_at: CHANGES_WAITING }
    }
}

impl EventLoopHandle {
    /// # Errors
    ///
    /// If too many files are open.
    pub(crate) fn new() -> io::Result<Self> {
        let waker = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self { inbox: Mutex::default(), waker })
    }

    /// Orders something. Each reader waits for its last order, so the orders are not more than a
    /// few for each reader.
    pub(crate) fn send(&self, command: LoopCommand) {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner).commands.push(command);
        self.wake();
    }

    /// Orders to tell of changes. Where too many wait, those of one person become one.
    pub(crate) fn send_changes(&self, changes: Vec<Change>) {
        let mut inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
        let Inbox { commands, coalesce_at } = &mut *inbox;
        match commands.last_mut() {
            Some(LoopCommand::Changes(waiting)) => {
                waiting.extend(changes);
                if waiting.len() > *coalesce_at {
                    *waiting = frame::coalesced(std::mem::take(waiting));
                    *coalesce_at = (*coalesce_at).max(2 * waiting.len());
                }
            }
            _ => commands.push(LoopCommand::Changes(changes)),
        }
        drop(inbox);
        self.wake();
    }

    fn wake(&self) {
        let _ = rustix::io::write(&self.waker, &1_u64.to_ne_bytes());
    }

    pub(crate) fn drain(&self) -> Vec<LoopCommand> {
        let mut count = [0; 8];
        let _ = rustix::io::read(&self.waker, &mut count);
        let mut inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *inbox).commands
    }
}
