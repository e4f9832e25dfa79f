//! The transport of a reader: its socket, or a mailbox.

use bytes::Bytes;

use crate::stream::{Frame, Mailbox, StreamBudget};
use std::io::{ErrorKind, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

/// The transport of a reader.
#[derive(Debug)]
pub(super) enum ReaderTransport {
    /// A socket, and whether the body consists of chunks. Without chunks it ends with the
    /// connection.
    Socket(TcpStream, bool),
    Mailbox(Arc<Mailbox>),
}

impl ReaderTransport {
    /// True if the body of the response consists of chunks.
    pub(super) const fn is_chunked(&self) -> bool {
        matches!(self, Self::Socket(_, true))
    }

    /// The bytes of a frame that this transport writes.
    pub(super) const fn bytes_of<'a>(&self, frame: &'a Frame) -> &'a Bytes {
        if self.is_chunked() { &frame.chunk } else { &frame.event }
    }
}

/// The outcome of a write.
pub(super) enum WriteOutcome {
    Complete,
    /// The rest of the frame.
    Partial(Frame),
    Closed,
}

/// Writes as much as fits. Frames in a mailbox are charged to the budget.
pub(super) fn write(
    transport: &ReaderTransport,
    budget: &StreamBudget,
    frame: Frame,
) -> WriteOutcome {
    match transport {
        ReaderTransport::Mailbox(mailbox) if mailbox.is_closed() => WriteOutcome::Closed,
        ReaderTransport::Mailbox(mailbox) => {
            let is_for_all = frame.is_for_all;
            let charged =
                if is_for_all { Some(frame.clone()) } else { frame.clone().charged_to(budget) };
            match charged.map(|charged| mailbox.put(charged)) {
                Some(true) => WriteOutcome::Complete,
                Some(false) => WriteOutcome::Partial(frame),
                // The budget of its family is exhausted.
                None => WriteOutcome::Closed,
            }
        }
        ReaderTransport::Socket(socket, _) => {
            let mut socket = socket;
            let mut bytes = transport.bytes_of(&frame).clone();
            loop {
                match socket.write(&bytes) {
                    Ok(0) => return WriteOutcome::Closed,
                    Ok(count) if count == bytes.len() => return WriteOutcome::Complete,
                    Ok(count) => bytes = bytes.slice(count..),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {
                        let is_for_all = frame.is_for_all;
                        return WriteOutcome::Partial(Frame { is_for_all, ..Frame::bare(bytes) });
                    }
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(_) => return WriteOutcome::Closed,
                }
            }
        }
    }
}
