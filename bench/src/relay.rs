//! A relay between a client and its bus, which records the time of a signal.
//!
//! A listener's own clock is not exact: of two processes that a signal wakes, the one with the
//! clock is often later. The relay reads the clock just before it writes the signal. It changes no
//! byte.
#![expect(clippy::disallowed_methods, reason = "to measure is to read the clock")]

use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

/// Many times the size of a message.
const PIECE: usize = 65_536;

/// The time of the latest signal, until a caller takes it.
#[derive(Clone, Default)]
pub(crate) struct Relay {
    noted: Arc<Mutex<Noted>>,
}

#[derive(Default)]
struct Noted {
    signalled: Option<Instant>,
    /// The action just before the signal, which returns its time.
    instead: Option<Box<dyn FnOnce() -> Instant + Send>>,
}

impl Relay {
    /// Replaces the bus at the address `bus` for new connections, and returns the new address of
    /// the bus. Records the time when data with `member` passes.
    pub(crate) fn before(bus: &str, member: &'static str) -> io::Result<(Self, String)> {
        let place = bus.strip_prefix("unix:path=").ok_or(io::ErrorKind::InvalidInput)?;
        let itself = PathBuf::from(format!("{place}-itself"));
        // A renamed socket stays connected to the bus.
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

    /// Takes the time of the latest signal.
    pub(crate) fn take(&self) -> Option<Instant> {
        self.lock().signalled.take()
    }

    /// Runs `tell` just before the next signal, and records its time.
    pub(crate) fn before_it(&self, tell: impl FnOnce() -> Instant + Send + 'static) {
        self.lock().instead = Some(Box::new(tell));
    }

    fn lock(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Copies all data until one side closes.
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
            // The lock covers the write and the record, so that no caller reads in between.
            let mut noted = self.lock();
            let instead = noted.instead.take().map(|tell| tell());
            noted.signalled.get_or_insert(instead.unwrap_or_else(Instant::now));
            if to.write_all(bytes).is_err() {
                return;
            }
        }
    }
}
