//! The handle of the event loop, for all threads.

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
use crate::model::PersonChange;
use crate::principal::Principal;
use crate::subscription::Subscription;

/// The number of waiting changes beyond which they are coalesced by person.
const CHANGES_WAITING: usize = 4096;
/// A command to the event loop.
#[derive(Debug)]
pub(crate) enum LoopCommand {
    /// Send these changes to the readers.
    Changes(Vec<PersonChange>),
    /// Add a reader whose socket hyper owns.
    Open {
        principal: Principal,
        mailbox: Arc<Mailbox>,
        label: TransportLabel,
        reply: oneshot::Sender<Result<ReaderId, ApiError>>,
    },
    /// Add a subscription, and reply after its first frames.
    Subscribe(ReaderId, Subscription, oneshot::Sender<Result<(), ApiError>>),
    /// Remove a subscription.
    Unsubscribe(ReaderId, Subscription),
    /// The mailbox of a reader has room again.
    Writable(ReaderId),
    /// Remove a reader.
    Close(ReaderId),
    /// End the streams of these tokens, which are no longer valid.
    End(BTreeMap<Arc<str>, EndReason>),
    /// Reply to a liveness check.
    Ask(oneshot::Sender<()>),
    /// Accept no more connections, and end all streams.
    Stop,
}

/// A handle of the event loop, for all threads.
#[derive(Debug)]
pub(crate) struct EventLoopHandle {
    inbox: Mutex<Inbox>,
    pub(crate) waker: OwnedFd,
}

#[derive(Debug)]
struct Inbox {
    commands: Vec<LoopCommand>,
    /// The number of waiting changes beyond which they are coalesced by person.
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

    /// Sends a command.
    ///
    /// Each reader waits for the reply to its last command, so few commands per reader queue up.
    pub(crate) fn send(&self, command: LoopCommand) {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner).commands.push(command);
        self.wake();
    }

    /// Sends changes. If too many wait, they are coalesced by person.
    pub(crate) fn send_changes(&self, changes: Vec<PersonChange>) {
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
