//! Standard output on Windows, which has no readiness: a thread writes it.

use std::fs::File;
use std::future::{Future, poll_fn};
use std::io::{self, IsTerminal as _, Write};
use std::os::windows::io::AsHandle as _;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};

/// The output of lines.
///
/// A slow reader never blocks the thread of the sources. Windows reports a closed pipe only when
/// the next line is written.
///
/// A console shows the text correctly with every code page, since the standard library writes
/// UTF-16 to it; a pipe or a file gets UTF-8.
pub struct Output {
    sender: SyncSender<Vec<u8>>,
    pending: Arc<Mutex<PendingWrite>>,
}

#[derive(Default)]
struct PendingWrite {
    /// The result of the last write, once it is known.
    result: Option<io::Result<()>>,
    waker: Option<Waker>,
}

/// Standard output, as a file if it is none of a console: the standard library asks the system
/// before each write whether its output is a console.
fn standard_output() -> Box<dyn Write> {
    let out = io::stdout();
    if out.is_terminal() {
        return Box::new(out);
    }
    match out.as_handle().try_clone_to_owned() {
        Ok(handle) => Box::new(File::from(handle)),
        Err(_) => Box::new(out),
    }
}

impl Output {
    /// Standard output.
    ///
    /// # Errors
    ///
    /// If the system cannot create a thread.
    pub fn standard() -> io::Result<Self> {
        let pending = Arc::<Mutex<PendingWrite>>::default();
        let (sender, receiver) = sync_channel::<Vec<u8>>(1);
        let shared = Arc::clone(&pending);
        let write = move || {
            let mut out = standard_output();
            for piece in receiver {
                let result = out.write_all(&piece).and_then(|()| out.flush());
                let mut pending = shared.lock().unwrap_or_else(PoisonError::into_inner);
                pending.result = Some(result);
                let waker = pending.waker.take();
                drop(pending);
                waker.into_iter().for_each(Waker::wake);
            }
        };
        std::thread::Builder::new().name("output".to_owned()).spawn(write)?;
        Ok(Self { sender, pending })
    }

    /// Writes all of `bytes`, and waits for a slow reader.
    pub async fn write(&self, bytes: &[u8]) -> io::Result<()> {
        if self.sender.send(bytes.to_vec()).is_err() {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        poll_fn(|cx| {
            let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(result) = pending.result.take() {
                return Poll::Ready(result);
            }
            pending.waker = Some(cx.waker().clone());
            Poll::Pending
        })
        .await
    }

    /// The output of `future`.
    pub(crate) async fn unless_closed<F: Future>(&self, future: F) -> Option<F::Output> {
        Some(future.await)
    }
}
