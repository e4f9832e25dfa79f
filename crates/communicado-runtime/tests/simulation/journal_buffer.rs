//! A buffer for a journal, of limited size.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A buffer for a journal, of limited size.
#[derive(Clone)]
pub(crate) struct JournalBuffer(Arc<Mutex<BufferState>>);

struct BufferState {
    text: Vec<u8>,
    capacity: usize,
}

impl JournalBuffer {
    pub(crate) fn new(capacity: usize) -> Self {
        Self(Arc::new(Mutex::new(BufferState { text: Vec::new(), capacity })))
    }

    /// The text from the byte `start` on.
    pub(crate) fn text_from(&self, start: usize) -> String {
        let text = self.state().text[start..].to_vec();
        String::from_utf8(text).expect("a journal is text")
    }

    fn state(&self) -> MutexGuard<'_, BufferState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for JournalBuffer {
    /// Writes up to the capacity, as a full disk does: the last line may be incomplete.
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let mut state = self.state();
        let taken = buf.len().min(state.capacity - state.text.len());
        if taken == 0 && !buf.is_empty() {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        state.text.extend(&buf[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
