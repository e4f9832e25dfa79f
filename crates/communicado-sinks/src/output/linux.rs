//! Standard output on Linux, waited for as every other descriptor.

use std::future::{Future, poll_fn};
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::pin::pin;
use std::task::Poll;

use communicado_runtime::async_fd;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pipe::PIPE_BUF;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Where lines go.
///
/// A reader that is slow never blocks the thread: the descriptor keeps its flags, which others
/// may share, and is only written when it takes a piece whole.
pub struct Output {
    /// Waits for the descriptor; none for a regular file, which is always ready.
    waiting: Option<AsyncFd<OwnedFd>>,
    file: OwnedFd,
}

impl Output {
    /// Standard output.
    ///
    /// # Errors
    ///
    /// If the descriptor cannot be doubled.
    pub fn standard() -> io::Result<Self> {
        let file = io::stdout().as_fd().try_clone_to_owned()?;
        let interest = Interest::WRITABLE.add(Interest::ERROR);
        let waiting = async_fd(file.try_clone()?, interest).ok();
        Ok(Self { waiting, file })
    }

    /// Writes all of `bytes`, waiting as often as the reader wants.
    pub async fn write(&self, bytes: &[u8]) -> io::Result<()> {
        for piece in bytes.chunks(PIPE_BUF) {
            let mut rest = piece;
            while !rest.is_empty() {
                self.takes_a_piece().await?;
                let written = rustix::io::write(&self.file, rest)?;
                rest = rest.get(written..).unwrap_or_default();
            }
        }
        Ok(())
    }

    /// What `future` gives, or nothing if the reader goes away before.
    pub(crate) async fn unless_closed<F: Future>(&self, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        let mut closed = pin!(self.closed());
        poll_fn(|cx| {
            if let Poll::Ready(output) = future.as_mut().poll(cx) {
                return Poll::Ready(Some(output));
            }
            closed.as_mut().poll(cx).map(|()| None)
        })
        .await
    }

    /// Waits until a write of up to `PIPE_BUF` bytes would not block (pipe(7), poll(2)).
    async fn takes_a_piece(&self) -> io::Result<()> {
        loop {
            let mut guard = match &self.waiting {
                None => return Ok(()),
                Some(_) if self.is_ready(PollFlags::OUT)? => return Ok(()),
                Some(waiting) => waiting.ready(Interest::WRITABLE.add(Interest::ERROR)).await?,
            };
            if !self.is_ready(PollFlags::OUT)? {
                guard.clear_ready();
            }
        }
    }

    async fn closed(&self) {
        let Some(waiting) = &self.waiting else { return std::future::pending().await };
        loop {
            let Ok(mut guard) = waiting.ready(Interest::ERROR).await else { return };
            if self.is_ready(PollFlags::ERR).unwrap_or(true) {
                return;
            }
            guard.clear_ready();
        }
    }

    fn is_ready(&self, wanted: PollFlags) -> io::Result<bool> {
        let mut polled = [PollFd::new(&self.file, wanted)];
        poll(&mut polled, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))?;
        let seen = polled.map(|each| each.revents());
        Ok(seen.iter().any(|seen| seen.intersects(wanted | PollFlags::ERR)))
    }
}
