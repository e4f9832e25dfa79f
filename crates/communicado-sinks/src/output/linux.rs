//! Standard output on Linux, with readiness from the async runtime.

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

/// The output of lines.
///
/// A slow reader never blocks the thread. The descriptor keeps its flags, which other processes may
/// share; a chunk is only written when a write would not block.
pub struct Output {
    /// The readiness of the descriptor. `None` for a regular file, which is always ready.
    async_file: Option<AsyncFd<OwnedFd>>,
    file: OwnedFd,
}

impl Output {
    /// Standard output.
    ///
    /// # Errors
    ///
    /// If the descriptor cannot be duplicated.
    pub fn standard() -> io::Result<Self> {
        let file = io::stdout().as_fd().try_clone_to_owned()?;
        let interest = Interest::WRITABLE.add(Interest::ERROR);
        let async_file = async_fd(file.try_clone()?, interest).ok();
        Ok(Self { async_file, file })
    }

    /// Writes all of `bytes`, and waits for a slow reader.
    pub async fn write(&self, bytes: &[u8]) -> io::Result<()> {
        for piece in bytes.chunks(PIPE_BUF) {
            let mut rest = piece;
            while !rest.is_empty() {
                self.writable().await?;
                let written = rustix::io::write(&self.file, rest)?;
                rest = rest.get(written..).unwrap_or_default();
            }
        }
        Ok(())
    }

    /// The output of `future`, or `None` if the reader closes the pipe before.
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
    async fn writable(&self) -> io::Result<()> {
        loop {
            let mut guard = match &self.async_file {
                None => return Ok(()),
                Some(_) if self.is_ready(PollFlags::OUT)? => return Ok(()),
                Some(async_file) => {
                    async_file.ready(Interest::WRITABLE.add(Interest::ERROR)).await?
                }
            };
            if !self.is_ready(PollFlags::OUT)? {
                guard.clear_ready();
            }
        }
    }

    async fn closed(&self) {
        let Some(async_file) = &self.async_file else { return std::future::pending().await };
        loop {
            let Ok(mut guard) = async_file.ready(Interest::ERROR).await else { return };
            if self.is_ready(PollFlags::ERR).unwrap_or(true) {
                return;
            }
            guard.clear_ready();
        }
    }

    fn is_ready(&self, wanted: PollFlags) -> io::Result<bool> {
        let mut polled = [PollFd::new(&self.file, wanted)];
        poll(&mut polled, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))?;
        let events = polled.map(|each| each.revents());
        Ok(events.iter().any(|events| events.intersects(wanted | PollFlags::ERR)))
    }
}
