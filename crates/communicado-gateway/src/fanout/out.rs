//! Where frames go: a socket that is ours, or a mailbox.

use std::io::{ErrorKind, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

use super::accounts::Account;
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

/// Writes as much as there is room for. What waits in a mailbox is at the expense of the account.
pub(super) fn write(out: &Out, account: &Account, mut frame: Frame) -> Wrote {
    match out {
        Out::Mailbox(mailbox) if mailbox.is_closed() => Wrote::Gone,
        Out::Mailbox(mailbox) => {
            let is_for_all = frame.is_for_all;
            let charged =
                if is_for_all { Some(frame.clone()) } else { frame.clone().charged_to(account) };
            match charged.map(|charged| mailbox.put(charged)) {
                Some(true) => Wrote::All,
                Some(false) => Wrote::Part(frame),
                // Its family holds too much.
                None => Wrote::Gone,
            }
        }
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
