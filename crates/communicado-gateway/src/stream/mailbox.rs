//! The mailbox of a reader whose socket hyper owns: a WebSocket, a stream over TLS, or a stream on
//! a reused connection.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use super::frame::Frame;

/// The capacity. If a mailbox is full, the event loop waits as for a full socket.
const CAPACITY: usize = 64;

#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    state: Mutex<MailboxState>,
    notify: Notify,
}

#[derive(Debug, Default)]
struct MailboxState {
    frames: VecDeque<Frame>,
    /// True if the reader is gone.
    closed: bool,
    /// True if no more frames will come.
    ended: bool,
    /// True if the event loop has more frames and waits for room.
    is_awaited: bool,
}

/// The result of a receive.
#[derive(Debug)]
pub(crate) enum Recv {
    /// The frames, and true if the event loop waits for room.
    Frames(Vec<Frame>, bool),
    /// The end: no more frames will come.
    End,
}

impl Mailbox {
    /// Adds a frame. Returns false if there is no room; the receiver then reports when there is.
    ///
    /// Frames for a reader that is gone are dropped.
    pub(crate) fn put(&self, frame: Frame) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            return true;
        }
        if state.frames.len() >= CAPACITY {
            state.is_awaited = true;
            return false;
        }
        state.frames.push_back(frame);
        drop(state);
        self.notify.notify_one();
        true
    }

    /// Closes the mailbox after the frames that are in it.
    pub(crate) fn end(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).ended = true;
        self.notify.notify_one();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).closed
    }

    /// Marks the reader as gone and drops its frames.
    pub(crate) fn close(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.closed = true;
        state.frames.clear();
    }

    /// Waits until no more frames will come. Only the receiving task may call this.
    pub(crate) async fn ended(&self) {
        while !self.state.lock().unwrap_or_else(PoisonError::into_inner).ended {
            self.notify.notified().await;
        }
    }

    /// Waits for frames.
    pub(crate) async fn recv(&self) -> Recv {
        loop {
            {
                let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                if !state.frames.is_empty() {
                    let is_awaited = std::mem::take(&mut state.is_awaited);
                    return Recv::Frames(state.frames.drain(..).collect(), is_awaited);
                }
                if state.ended {
                    return Recv::End;
                }
            }
            self.notify.notified().await;
        }
    }
}
