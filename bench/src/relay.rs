//! A relay between a client and its bus, which knows when the client's signal reached the bus.
//!
//! A listener's own clock would not do: of two processes that a signal wakes, the one that only
//! wanted to know the time is often the later. Here the time is taken by who writes the signal to
//! the bus, just before. Every byte passes as it is.
#![expect(clippy::disallowed_methods, reason = "to measure is to read the clock")]

use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

/// Many times what a client says at once.
const PIECE: usize = 65_536;

/// When the latest signal was written to the bus, until that is taken.
#[derive(Clone, Default)]
pub(crate) struct Relay {
    noted: Arc<Mutex<Noted>>,
}

#[derive(Default)]
struct Noted {
    told: Option<Instant>,
    /// What tells of something else just before, and says when.
    instead: Option<Box<dyn FnOnce() -> Instant + Send>>,
}

impl Relay {
    /// Takes the place of the bus at the address `bus`, for those who connect from now on, and
    /// returns the address at which the bus itself is found. Notes when a piece with `member`
    /// passes.
    pub(crate) fn before(bus: &str, member: &'static str) -> io::Result<(Self, String)> {
        let place = bus.strip_prefix("unix:path=").ok_or(io::ErrorKind::InvalidInput)?;
        let itself = PathBuf::from(format!("{place}-itself"));
        // A socket that was moved is still the same socket.
        fs::rename(place, &itself)?;
        let listener = UnixListener::bind(place)?;
        let relay = Self::default();
        let address = format!("unix:path={}", itself.display());
        let relayed = relay.clone();
        thread::spawn(move || {
            while let Ok((client, _)) = listener.accept() {
                let Ok(bus) = UnixStream::connect(&itself) else { return };
                let (Ok(to_client), Ok(from_bus)) = (client.try_clone(), bus.try_clone()) else {
                    return;
                };
                let relayed = relayed.clone();
                thread::spawn(move || relayed.pass(client, bus, member));
                thread::spawn(move || Self::default().pass(from_bus, to_client, member));
            }
        });
        Ok((relay, address))
    }

    /// When the latest signal was written, which is forgotten with that.
    pub(crate) fn take(&self) -> Option<Instant> {
        self.lock().told.take()
    }

    /// Has `tell` tell of something just before the next signal, and notes when that was.
    pub(crate) fn before_it(&self, tell: impl FnOnce() -> Instant + Send + 'static) {
        self.lock().instead = Some(Box::new(tell));
    }

    fn lock(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Passes all that comes, until one side is gone.
    fn pass(&self, mut from: UnixStream, mut to: UnixStream, member: &str) {
        let mut piece = [0; PIECE];
        while let Ok(length @ 1..) = from.read(&mut piece) {
            let bytes = piece.get(..length).unwrap_or_default();
            let noted = bytes.windows(member.len()).any(|part| part == member.as_bytes());
            if !noted {
                if to.write_all(bytes).is_err() {
                    return;
                }
                continue;
            }
            // Held until it is written and noted, or who asks might come between the two.
            let mut noted = self.lock();
            let instead = noted.instead.take().map(|tell| tell());
            noted.told.get_or_insert(instead.unwrap_or_else(Instant::now));
            if to.write_all(bytes).is_err() {
                return;
            }
        }
    }
}
