//! Many readers in one thread, which counts events and the time when all have the next one.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::event::Timespec;
use rustix::event::epoll::{self, EventData, EventFlags};

use super::servers::MARK;

/// The longest wait for an event.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) struct LoadClients {
    received: Arc<AtomicUsize>,
    over: Arc<AtomicBool>,
    /// The number of an event, and the time when the last reader had it.
    complete: Mutex<Receiver<(usize, Instant)>>,
    thread: Option<JoinHandle<()>>,
}

impl LoadClients {
    /// Opens `count` streams, each of which must have begun.
    pub(super) fn gather(address: SocketAddr, request: &str, count: usize) -> Result<Self, String> {
        let cannot = |error: std::io::Error| format!("a reader cannot be opened: {error}");
        raise_limit();
        let mut sockets = Vec::with_capacity(count);
        for _ in 0..count {
            let mut socket = TcpStream::connect(address).map_err(cannot)?;
            socket.set_read_timeout(Some(PATIENCE)).map_err(cannot)?;
            socket.write_all(request.as_bytes()).map_err(cannot)?;
            sockets.push(socket);
        }
        for socket in &mut sockets {
            begun(socket)?;
            socket.set_nonblocking(true).map_err(cannot)?;
        }
        let (received, over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (sender, complete) = channel();
        let poll = epoll::create(epoll::CreateFlags::CLOEXEC).map_err(|it| cannot(it.into()))?;
        for (index, socket) in (0_u64..).zip(&sockets) {
            let data = EventData::new_u64(index);
            epoll::add(&poll, socket, data, EventFlags::IN).map_err(|it| cannot(it.into()))?;
        }
        let shared = (received.clone(), over.clone());
        let thread = thread::spawn(move || read(&poll, sockets, &shared.0, &shared.1, &sender));
        Ok(Self { received, over, complete: Mutex::new(complete), thread: Some(thread) })
    }

    pub(super) fn received(&self) -> usize {
        self.received.load(Ordering::SeqCst)
    }

    /// The time when the last reader had its `number`th event; none if a reader never gets it.
    pub(super) fn wait_for(&self, number: usize) -> Option<Instant> {
        let complete = self.complete.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match complete.recv_timeout(PATIENCE) {
                Ok((event, at)) if event == number => return Some(at),
                Ok(_) => {}
                Err(_) => return None,
            }
        }
    }
}

impl Drop for LoadClients {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn raise_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

/// Reads the head of a response, and the begin of its body.
fn begun(socket: &mut TcpStream) -> Result<(), String> {
    let mut part = [0; 4096];
    let count = socket.read(&mut part).map_err(|error| format!("no stream begins: {error}"))?;
    let head = part.get(..count).unwrap_or_default();
    if head.starts_with(b"HTTP/1.1 200") {
        return Ok(());
    }
    Err(format!("no stream begins: {}", String::from_utf8_lossy(head)))
}

/// Counts marks on every socket, and reports when all sockets have the same number.
#[expect(clippy::disallowed_methods, reason = "the moment at which the last reader has it")]
fn read(
    poll: &OwnedFd,
    mut sockets: Vec<TcpStream>,
    received: &AtomicUsize,
    over: &AtomicBool,
    complete: &Sender<(usize, Instant)>,
) {
    let mut events = Vec::with_capacity(1024);
    let mut part = vec![0; 64 * 1024];
    let second = Timespec { tv_sec: 1, tv_nsec: 0 };
    let (mut sum, mut reported) = (0, 0);
    while !over.load(Ordering::SeqCst) {
        events.clear();
        let buffer = rustix::buffer::spare_capacity(&mut events);
        if epoll::wait(poll, buffer, Some(&second)).is_err() {
            continue;
        }
        for event in &events {
            let index = usize::try_from(event.data.u64()).unwrap_or(usize::MAX);
            let Some(socket) = sockets.get_mut(index) else { continue };
            match socket.read(&mut part) {
                Ok(0) => {
                    let _ = epoll::delete(poll, &*socket);
                }
                Ok(count) => sum += marks(part.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => {
                    let _ = epoll::delete(poll, &*socket);
                }
            }
        }
        received.store(sum, Ordering::SeqCst);
        // Only one event is in flight, so the sum gives the events of every reader.
        let all = sum / sockets.len().max(1);
        if all > reported {
            reported = all;
            let _ = complete.send((all, Instant::now()));
        }
    }
}

fn marks(bytes: &[u8]) -> usize {
    bytes.windows(MARK.len()).filter(|window| *window == MARK.as_bytes()).count()
}
