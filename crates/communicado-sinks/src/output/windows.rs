//! Standard output on Windows, which nobody can wait for: a thread of its own writes it.

use std::future::{Future, poll_fn};
use std::io::{self, Write as _};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};

/// Where lines go.
///
/// A reader that is slow never blocks the thread of the sources. One that goes away is noticed
/// when the next line is written: Windows tells nobody before.
///
/// On a console every code page shows the text right, since the standard library writes it there
/// in UTF-16; a pipe or a file gets UTF-8.
pub struct Output {
    pieces: SyncSender<Vec<u8>>,
    writing: Arc<Mutex<Writing>>,
}

#[derive(Default)]
struct Writing {
    /// How the last piece went, once that is known.
    done: Option<io::Result<()>>,
    waker: Option<Waker>,
}

impl Output {
    /// Standard output.
    ///
    /// # Errors
    ///
    /// If the system gives no thread.
    pub fn standard() -> io::Result<Self> {
        let writing = Arc::<Mutex<Writing>>::default();
        let (pieces, to_write) = sync_channel::<Vec<u8>>(1);
        let told = Arc::clone(&writing);
        let write = move || {
            for piece in to_write {
                let mut out = io::stdout().lock();
                let done = out.write_all(&piece).and_then(|()| out.flush());
                let mut writing = told.lock().unwrap_or_else(PoisonError::into_inner);
                writing.done = Some(done);
                let waker = writing.waker.take();
                drop(writing);
                waker.into_iter().for_each(Waker::wake);
            }
        };
        std::thread::Builder::new().name("output".to_owned()).spawn(write)?;
        Ok(Self { pieces, writing })
    }

    /// Writes all of `bytes`, waiting as long as the reader wants.
    pub async fn write(&self, bytes: &[u8]) -> io::Result<()> {
        if self.pieces.send(bytes.to_vec()).is_err() {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        poll_fn(|cx| {
            let mut writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(done) = writing.done.take() {
                return Poll::Ready(done);
            }
            writing.waker = Some(cx.waker().clone());
            Poll::Pending
        })
        .await
    }

    /// What `future` gives.
    pub(crate) async fn unless_closed<F: Future>(&self, future: F) -> Option<F::Output> {
        Some(future.await)
    }
}
