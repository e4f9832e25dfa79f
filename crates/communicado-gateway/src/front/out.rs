//! Where frames go: a socket that is ours, or a mailbox.

use std::io::{ErrorKind, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

use super::frame::Frame;
use super::mailbox::Mailbox;

/// Where a reader's frames go.
#[derive(Debug)]
pub(super) enum Out {
    Socket(TcpStream),
    Mailbox(Arc<Mailbox>),
}

/// How a write went.
pub(super) enum Wrote {
    All,
    /// What is left.
    Part(Frame),
    Gone,
}

/// Writes as much as there is room for.
pub(super) fn write(out: &Out, mut frame: Frame) -> Wrote {
    match out {
        Out::Mailbox(mailbox) if mailbox.is_closed() => Wrote::Gone,
        Out::Mailbox(mailbox) if mailbox.put(frame.clone()) => Wrote::All,
        Out::Mailbox(_) => Wrote::Part(frame),
        Out::Socket(socket) => {
            let mut socket = socket;
            loop {
                match socket.write(&frame.event) {
                    Ok(0) => return Wrote::Gone,
                    Ok(count) if count == frame.event.len() => return Wrote::All,
                    Ok(count) => frame.event = frame.event.slice(count..),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {
                        return Wrote::Part(frame);
                    }
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(_) => return Wrote::Gone,
                }
            }
        }
    }
}
