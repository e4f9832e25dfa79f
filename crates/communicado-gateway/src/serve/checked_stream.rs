//! A connection that passes only valid requests to hyper.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::api_error::{ApiError, ApiErrorKind};
use crate::budget::Reservation;
use crate::connection::ConnectionHandle;
use crate::http::{AllowedHosts, Framing, last_answer};
use crate::rate_limits::Network;

/// Size of one read in bytes.
const PART: usize = 8 * 1024;
/// Number of reads after the last response. Closing a socket with unread bytes resets it, which
/// discards the response.
const LAST_READS: usize = 8;

/// A byte stream that is validated before hyper reads it.
///
/// A head passes when it is complete. To hyper, a refused head is the end of the connection, so it
/// finishes the earlier requests. `shutdown` then writes the error response.
#[derive(Debug)]
pub(super) struct CheckedStream<S> {
    io: S,
    connection: ConnectionHandle,
    framing: Framing,
    /// Received bytes, and how many of the first ones may pass.
    read: BytesMut,
    passes: usize,
    /// The received part of an incomplete head.
    held: Option<Reservation<Network>>,
    /// True once no more bytes pass.
    ended: bool,
    /// The error for the next request, if it is refused.
    answer: Option<Bytes>,
}

impl<S> CheckedStream<S> {
    /// Validates `io`, from which `read` was already received. `held` is the budget for incomplete
    /// heads.
    pub(super) fn new(
        io: S,
        read: Vec<u8>,
        hosts: AllowedHosts,
        held: Option<Reservation<Network>>,
        connection: ConnectionHandle,
    ) -> Self {
        Self {
            io,
            connection,
            framing: Framing::new(hosts),
            read: Bytes::from(read).into(),
            passes: 0,
            held,
            ended: false,
            answer: None,
        }
    }

    pub(super) const fn connection(&self) -> &ConnectionHandle {
        &self.connection
    }

    /// Delivers bytes that may pass.
    fn give(&mut self, buffer: &mut ReadBuf<'_>) {
        let count = self.passes.min(buffer.remaining());
        buffer.put_slice(self.read.get(..count).unwrap_or_default());
        self.read.advance(count);
        self.passes -= count;
        if self.read.is_empty() {
            // An idle connection holds no buffer.
            self.read = BytesMut::new();
        }
    }

    /// Determines how many received bytes may pass.
    fn check(&mut self) -> io::Result<()> {
        if self.connection.is_upgraded() {
            self.passes = self.read.len();
            return Ok(());
        }
        let is_between = self.framing.is_between();
        match self.framing.pass(&self.read) {
            Ok(passes) => {
                self.passes = passes;
                let waits = if passes == 0 { self.read.len() } else { 0 };
                if let Some(Err(limit)) = self.held.as_mut().map(|held| held.set(waits)) {
                    self.ended = true;
                    let detail = "too many incomplete request heads from this address";
                    let error = ApiError::limit_exceeded(ApiErrorKind::TooMany, limit, detail)
                        .retry_after(10);
                    self.answer = Some(last_answer(&error).into());
                }
            }
            Err(error) => {
                self.ended = true;
                if !is_between {
                    // The handler of the request sends the response.
                    let why = error.problem().detail.to_string();
                    return Err(io::Error::new(io::ErrorKind::InvalidData, why));
                }
                self.answer = Some(last_answer(&error).into());
            }
        }
        Ok(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for CheckedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            if !this.ended && this.passes == 0 && !this.read.is_empty() {
                this.check()?;
            }
            if this.passes > 0 {
                this.give(buffer);
                return Poll::Ready(Ok(()));
            }
            if this.ended {
                return Poll::Ready(Ok(()));
            }
            let mut critical_thread = [0; PART];
            let mut critical_thread = ReadBuf::new(&mut critical_thread);
            ready!(Pin::new(&mut this.io).poll_read(cx, &mut critical_thread))?;
            this.ended = critical_thread.filled().is_empty();
            this.read.extend_from_slice(critical_thread.filled());
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for CheckedStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        while let Some(answer) = this.answer.as_mut().filter(|answer| !answer.is_empty()) {
            let count = ready!(Pin::new(&mut this.io).poll_write(cx, answer))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            answer.advance(count);
        }
        ready!(Pin::new(&mut this.io).poll_flush(cx))?;
        ready!(Pin::new(&mut this.io).poll_shutdown(cx))?;
        if this.answer.is_some() {
            let mut critical_thread = [0; PART];
            for _ in 0..LAST_READS {
                let mut critical_thread = ReadBuf::new(&mut critical_thread);
                let read = Pin::new(&mut this.io).poll_read(cx, &mut critical_thread);
                if !matches!(read, Poll::Ready(Ok(()))) || critical_thread.filled().is_empty() {
                    break;
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}
