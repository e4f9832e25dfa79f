//! Connections of which the head is still awaited, and what is done to a socket.

use std::collections::BTreeMap;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::OwnedFd;

use communicado_core::Moment;
use rustix::event::epoll::{self, EventFlags};

use super::{PollToken, Seat};
use crate::http::last_answer;
use crate::ledger::Entry;
use crate::limits::{HEAD_BYTES, HEAD_TIME, Limit, READER_TIME};
use crate::rates::Network;
use crate::refusal::{Kind, Refusal};

/// A connection that has not said what it wants.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) socket: TcpStream,
    pub(super) read: Vec<u8>,
    pub(super) peer: SocketAddr,
    pub(super) seat: Seat,
    /// What it read of a head that is not whole.
    held: Entry<Network>,
    until: Moment,
}

impl Arrival {
    pub(super) fn new(
        socket: TcpStream,
        peer: SocketAddr,
        seat: Seat,
        held: Entry<Network>,
        now: Moment,
    ) -> Self {
        let until = now.after(HEAD_TIME);
        Self { socket, read: Vec::new(), peer, seat, held, until }
    }

    /// Holds what it read until more comes.
    ///
    /// # Errors
    ///
    /// If its address holds too much.
    pub(super) fn hold(&mut self) -> Result<(), Refusal> {
        self.held.set(self.read.len()).map_err(|limit| {
            let detail = "too many heads of this address are not whole";
            Refusal::beyond(Kind::TooMany, limit, detail).retry_after(10)
        })
    }

    /// Reads what there is; false if the other side sends no more.
    pub(super) fn read(&mut self) -> io::Result<bool> {
        let mut part = [0; 4096];
        while self.read.len() < HEAD_BYTES.most {
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

/// By a number that is not used again soon.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    waiting: BTreeMap<u32, Arrival>,
    number: u32,
}

impl Arrivals {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Lets one wait for more of its head.
    pub(super) fn put(&mut self, poll: &OwnedFd, arrival: Arrival) {
        self.number = self.number.wrapping_add(1);
        let flags = EventFlags::IN | EventFlags::RDHUP;
        let data = PollToken::Arrival(self.number).data();
        if epoll::add(poll, &arrival.socket, data, flags).is_ok() {
            self.waiting.insert(self.number, arrival);
        }
    }

    /// Lets one that was taken out for a look wait on.
    pub(super) fn put_back(&mut self, number: u32, arrival: Arrival) {
        self.waiting.insert(number, arrival);
    }

    pub(super) fn remove(&mut self, number: u32) -> Option<Arrival> {
        self.waiting.remove(&number)
    }

    /// Takes out those that have had their time.
    pub(super) fn late(&mut self, poll: &OwnedFd, now: Moment) -> Vec<Arrival> {
        let late = self.waiting.extract_if(.., |_, arrival| arrival.until <= now);
        let late: Vec<Arrival> = late.map(|(_, arrival)| arrival).collect();
        for arrival in &late {
            let _ = epoll::delete(poll, &arrival.socket);
        }
        late
    }
}

/// Says to somebody for whom there is no seat that there is none.
pub(super) fn turn_away(socket: &TcpStream, limit: Limit) {
    let detail = "no more connections can be held";
    refuse(socket, &Refusal::beyond(Kind::Unavailable, limit, detail).retry_after(5));
}

/// Says to somebody whose head did not come in time why that is all.
pub(super) fn give_up(arrival: &Arrival) {
    // One that said nothing at all waits for no answer.
    if !arrival.read.is_empty() {
        let help = format!("send it within {} seconds", HEAD_TIME.as_secs());
        let detail = "the head of the request did not come in time";
        refuse(&arrival.socket, &Refusal::new(Kind::TooSlow, detail, help).limited("head-time"));
    }
}

/// Answers with a problem, and closes the connection.
pub(super) fn refuse(socket: &TcpStream, refusal: &Refusal) {
    answer(socket, &last_answer(refusal));
}

/// Answers for the last time, and takes what is still coming so that the answer is not lost.
pub(super) fn answer(mut socket: &TcpStream, answer: &str) {
    let _ = socket.set_nonblocking(true);
    let _ = socket.write(answer.as_bytes());
    let _ = socket.shutdown(Shutdown::Write);
    let mut part = [0; 16 * 1024];
    for _ in 0..4 {
        if !matches!(socket.read(&mut part), Ok(count) if count > 0) {
            return;
        }
    }
}

/// Has the system end a connection whose other side takes nothing and says nothing: a network that
/// was cut tells nobody.
pub(super) fn prepare(socket: &TcpStream) {
    let time = u32::try_from(READER_TIME.as_millis()).unwrap_or(u32::MAX);
    let _ = rustix::net::sockopt::set_tcp_user_timeout(socket, time);
    let _ = socket.set_nodelay(true);
}

/// Has the system hold no more for a reader than a reader is worth.
pub(super) fn prepare_reader(socket: &TcpStream) {
    let _ = rustix::net::sockopt::set_socket_send_buffer_size(socket, SEND_BUFFER);
}

/// What the system holds at most of what a reader does not take.
const SEND_BUFFER: usize = 64 * 1024;

/// Takes what a reader says, which is nothing to us; false if it has gone.
pub(super) fn drained(mut socket: &TcpStream) -> bool {
    let mut part = [0; 1024];
    loop {
        match socket.read(&mut part) {
            Ok(0) => return false,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return true,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return false,
        }
    }
}
