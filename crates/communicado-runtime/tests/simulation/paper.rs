//! What a journal is written on.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a journal is written on; there may be only so much of it.
#[derive(Clone)]
pub(crate) struct Paper(Arc<Mutex<Sheet>>);

struct Sheet {
    text: Vec<u8>,
    room: usize,
}

impl Paper {
    pub(crate) fn new(room: usize) -> Self {
        Self(Arc::new(Mutex::new(Sheet { text: Vec::new(), room })))
    }

    /// What was written from the byte `start` on.
    pub(crate) fn text_from(&self, start: usize) -> String {
        let text = self.sheet().text[start..].to_vec();
        String::from_utf8(text).expect("a journal is text")
    }

    fn sheet(&self) -> MutexGuard<'_, Sheet> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Paper {
    /// Takes what there is room for, as a full disk does: the last line is broken off.
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let mut sheet = self.sheet();
        let taken = buf.len().min(sheet.room - sheet.text.len());
        if taken == 0 && !buf.is_empty() {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        sheet.text.extend(&buf[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
