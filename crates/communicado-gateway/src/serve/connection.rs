//! Connections that hyper serves: all but the streams of events that the front keeps.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::Connection;
use super::socket::Socket;
use crate::api::Peer;
use crate::front::HandOver;
use crate::limits::{HEAD_BYTES, HEAD_TIME, HEADERS};

/// Serves what the front hands over, until it is stopped and all are done.
pub(super) async fn serve(
    mut connections: mpsc::UnboundedReceiver<HandOver>,
    router: Router,
    acceptor: Option<TlsAcceptor>,
    mut stopping: watch::Receiver<bool>,
) {
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            next = connections.recv() => {
                let Some(HandOver { socket, read, peer, seat }) = next else { break };
                let (router, acceptor) = (router.clone(), acceptor.clone());
                let stopping = stopping.clone();
                tasks.spawn(async move {
                    let Ok(socket) = TcpStream::from_std(socket) else { return };
                    let socket = Socket::new(socket);
                    let (address, connection) = (peer.ip(), Connection::of(socket.clone()));
                    let socket = Rewound { read, at: 0, socket };
                    match acceptor {
                        None => converse(socket, connection, address, router, stopping).await,
                        Some(acceptor) => {
                            let greeted = timeout(HEAD_TIME, acceptor.accept(socket)).await;
                            if let Ok(Ok(socket)) = greeted {
                                converse(socket, connection, address, router, stopping).await;
                            }
                        }
                    }
                    drop(seat);
                });
            }
            Some(_) = tasks.join_next() => {}
            _ = stopping.changed() => break,
        }
    }
    while tasks.join_next().await.is_some() {}
}

/// Serves one connection.
pub(super) async fn converse(
    io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    connection: Connection,
    peer: IpAddr,
    router: Router,
    mut stopping: watch::Receiver<bool>,
) {
    // Whoever asks is known by where from, too.
    let router = router.layer(Extension(Peer(peer))).layer(Extension(connection));
    let service = TowerToHyperService::new(router);
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_headers(HEADERS.most)
        .max_buf_size(HEAD_BYTES.most)
        // A client that has sent all may still wait for its answer.
        .half_close(true);
    let connection = builder.serve_connection(TokioIo::new(io), service).with_upgrades();
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopping.wait_for(|stops| *stops) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

/// A socket of which something was read already.
struct Rewound {
    read: Vec<u8>,
    at: usize,
    socket: Socket,
}

impl AsyncRead for Rewound {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let rest = this.read.get(this.at..).unwrap_or_default();
        if rest.is_empty() {
            return Pin::new(&mut this.socket).poll_read(cx, buffer);
        }
        let count = rest.len().min(buffer.remaining());
        buffer.put_slice(rest.get(..count).unwrap_or_default());
        this.at += count;
        if this.at >= this.read.len() {
            (this.read, this.at) = (Vec::new(), 0);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Rewound {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
