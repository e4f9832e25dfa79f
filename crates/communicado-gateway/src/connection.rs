//! A socket that its owners can watch while hyper reads and writes it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;

use crate::api_error::{ApiError, ApiErrorKind};
use crate::connection_limit::ConnectionPermit;
use crate::rate_limits::Network;

/// A socket with several owners.
#[derive(Clone, Debug)]
pub(crate) struct SharedSocket(Arc<TcpStream>);

impl SharedSocket {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self(Arc::new(stream))
    }
}

impl AsyncRead for SharedSocket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            ready!(self.0.poll_read_ready(cx))?;
            match self.0.try_read(buffer.initialize_unfilled()) {
                Ok(count) => {
                    buffer.advance(count);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl AsyncWrite for SharedSocket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.poll_write_ready(cx))?;
            match self.0.try_write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => return Poll::Ready(written),
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(rustix::net::shutdown(&*self.0, rustix::net::Shutdown::Write)?))
    }
}

/// A connection handle for the handlers of its requests.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConnectionHandle {
    socket: Option<SharedSocket>,
    upgraded: Arc<AtomicBool>,
    /// The connection permit, held while the socket is open, also after an upgrade.
    permit: Option<Arc<ConnectionPermit>>,
}

impl ConnectionHandle {
    pub(crate) fn of(socket: SharedSocket, permit: ConnectionPermit) -> Self {
        Self { socket: Some(socket), upgraded: Arc::default(), permit: Some(Arc::new(permit)) }
    }

    /// Waits until the peer sends no more data: it closed its side, or it only reads.
    pub(crate) async fn read_closed(&self) {
        match &self.socket {
            // No other code registers for urgent data, so `PRIORITY` reports only this.
            Some(SharedSocket(socket)) => drop(socket.ready(Interest::PRIORITY).await),
            None => std::future::pending().await,
        }
    }

    /// Counts a connection that becomes a stream for the network of its client.
    ///
    /// # Errors
    ///
    /// If the network has too many connections.
    pub(crate) fn assign(&self, network: Network) -> Result<(), ApiError> {
        let assigned = self.permit.as_ref().map_or(Ok(()), |permit| permit.assign(network));
        assigned.map_err(|limit| {
            let detail = "too many open connections";
            ApiError::limit_exceeded(ApiErrorKind::Unavailable, limit, detail).retry_after(5)
        })
    }

    /// Stops reading requests: after the current request the connection speaks another protocol.
    pub(crate) fn upgrade(&self) {
        self.upgraded.store(true, Ordering::Release);
    }

    pub(crate) fn is_upgraded(&self) -> bool {
        self.upgraded.load(Ordering::Acquire)
    }
}
