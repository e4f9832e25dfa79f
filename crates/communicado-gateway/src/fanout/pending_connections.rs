//! Connections whose request head is not complete.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;

use communicado_core::Moment;
use rustix::event::epoll::{self, EventFlags};

use super::poll_token::PollToken;
use crate::api_error::{ApiError, ApiErrorKind};
use crate::budget::Reservation;
use crate::connection_limit::ConnectionPermit;
use crate::limits::{HEAD_BYTES, HEAD_TIME};
use crate::rate_limits::Network;

/// A connection whose request head is not complete.
#[derive(Debug)]
pub(super) struct PendingConnection {
    pub(super) socket: TcpStream,
    pub(super) read: Vec<u8>,
    pub(super) peer: SocketAddr,
    pub(super) permit: ConnectionPermit,
    /// The received part of the head.
    held: Reservation<Network>,
    until: Moment,
}

impl PendingConnection {
    pub(super) fn new(
        socket: TcpStream,
        peer: SocketAddr,
        permit: ConnectionPermit,
        held: Reservation<Network>,
        now: Moment,
    ) -> Self {
        let until = now.after(HEAD_TIME);
        Self { socket, read: Vec::new(), peer, permit, held, until }
    }

    /// Keeps the received part of the head until more arrives.
    ///
    /// # Errors
    ///
    /// If the heads of its address use too much memory.
    pub(super) fn hold(&mut self) -> Result<(), ApiError> {
        self.held.set(self.read.len()).map_err(|limit| {
            let detail = "too many incomplete request heads from this address";
            ApiError::limit_exceeded(ApiErrorKind::TooMany, limit, detail).retry_after(10)
        })
    }

    /// Reads the available bytes. Returns false if the peer closed its side.
    pub(super) fn read(&mut self) -> io::Result<bool> {
        let mut part = [0; 4096];
        while self.read.len() < HEAD_BYTES.max {
            match self.socket.read(&mut part) {
                Ok(0) => return Ok(false),
                Ok(count) => self.read.extend_from_slice(part.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}

/// The connections by a number that is not reused soon.
#[derive(Debug, Default)]
pub(super) struct PendingConnections {
    waiting: BTreeMap<u32, PendingConnection>,
    number: u32,
}

impl PendingConnections {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Adds a connection that waits for more of its head.
    pub(super) fn put(&mut self, poll: &OwnedFd, connection: PendingConnection) {
        self.number = self.number.wrapping_add(1);
        let flags = EventFlags::IN | EventFlags::RDHUP;
        let data = PollToken::Pending(self.number).data();
        if epoll::add(poll, &connection.socket, data, flags).is_ok() {
            self.waiting.insert(self.number, connection);
        }
    }

    /// Puts back a connection that was removed to classify its head.
    pub(super) fn put_back(&mut self, number: u32, connection: PendingConnection) {
        self.waiting.insert(number, connection);
    }

    pub(super) fn remove(&mut self, number: u32) -> Option<PendingConnection> {
        self.waiting.remove(&number)
    }

    /// Removes and returns the connections whose time is over.
    pub(super) fn take_expired(&mut self, poll: &OwnedFd, now: Moment) -> Vec<PendingConnection> {
        let expired = self.waiting.extract_if(.., |_, connection| connection.until <= now);
        let expired: Vec<PendingConnection> = expired.map(|(_, connection)| connection).collect();
        for connection in &expired {
            let _ = epoll::delete(poll, &connection.socket);
        }
        expired
    }
}
