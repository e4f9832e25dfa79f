//! The transport of a reader: its socket, or a mailbox.

use crate::stream::{Frame, Mailbox, StreamBudget};
use std::io::{ErrorKind, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

/// The transport of a reader.
#[derive(Debug)]
pub(super) enum ReaderTransport {
    Socket(TcpStream),
    Mailbox(Arc<Mailbox>),
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
    mut frame: Frame,
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
        ReaderTransport::Socket(socket) => {
            let mut socket = socket;
            loop {
                match socket.write(&frame.event) {
                    Ok(0) => return WriteOutcome::Closed,
                    Ok(count) if count == frame.event.len() => return WriteOutcome::Complete,
                    Ok(count) => frame.event = frame.event.slice(count..),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {
                        return WriteOutcome::Partial(frame);
                    }
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(_) => return WriteOutcome::Closed,
                }
            }
        }
    }
}
