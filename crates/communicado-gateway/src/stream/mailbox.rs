//! Where frames wait for a reader whose socket is not ours to write: a WebSocket, a stream over
//! TLS, or one on a connection that was used for something else before.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use super::frame::Frame;

/// Frames that wait at most; then the event loop waits, as for a socket that is full.
const CAPACITY: usize = 64;

#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    state: Mutex<MailboxState>,
    notify: Notify,
}

#[derive(Debug, Default)]
struct MailboxState {
    frames: VecDeque<Frame>,
    /// The reader is gone.
    closed: bool,
    /// Nothing more will come.
    ended: bool,
    /// The event loop has more for when there is room.
    is_awaited: bool,
}

/// The result of a receive.
#[derive(Debug)]
pub(crate) enum Recv {
    /// The frames, and whether the event loop waits for room.
    Frames(Vec<Frame>, bool),
    /// Nothing, and nothing more will come.
    End,
}

impl Mailbox {
    /// Puts a frame in; false if there is no room, and then the event loop will be told of room.
    /// What comes for a reader that is gone is dropped.
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

    /// Nothing more will come after what is in it.
    pub(crate) fn end(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).ended = true;
        self.notify.notify_one();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).closed
    }

    /// The reader is gone, and so is what waits for it.
    pub(crate) fn close(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.closed = true;
        state.frames.clear();
    }

    /// Waits until nothing more will come. To be awaited by the task that takes, in its place.
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
