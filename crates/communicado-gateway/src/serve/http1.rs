//! Connections that hyper serves: all except the event streams of the event loop.

use std::net::IpAddr;
use std::sync::Arc;

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::checked_stream::CheckedStream;
use crate::api::PeerAddress;
use crate::app_state::AppState;
use crate::connection::{ConnectionHandle, SharedSocket};
use crate::fanout::HandedOff;
use crate::limits::{HEAD_BYTES, HEAD_TIME, HEADERS};

/// Serves connections from the event loop until shutdown, and then the remaining requests.
pub(super) async fn serve(
    mut connections: mpsc::UnboundedReceiver<HandedOff>,
    router: Router,
    acceptor: Option<TlsAcceptor>,
    app: Arc<AppState>,
    mut stopping: watch::Receiver<bool>,
) {
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            next = connections.recv() => {
                let Some(HandedOff { socket, read, peer, permit }) = next else { break };
                let (router, acceptor) = (router.clone(), acceptor.clone());
                let (hosts, stopping) = (app.hosts, stopping.clone());
                let held = Some(app.heads.reservation(peer.ip().into()));
                tasks.spawn(async move {
                    let Ok(socket) = TcpStream::from_std(socket) else { return };
                    let socket = SharedSocket::new(socket);
                    let (address, connection) = (peer.ip(), ConnectionHandle::of(socket.clone(), permit));
                    match acceptor {
                        None => {
                            let io = CheckedStream::new(socket, read, hosts, held, connection);
                            serve_connection(io, address, router, stopping).await;
                        }
                        // The event loop has read nothing of a TLS connection.
                        Some(acceptor) => {
                            let greeted = timeout(HEAD_TIME, acceptor.accept(socket)).await;
                            if let Ok(Ok(socket)) = greeted {
                                let io = CheckedStream::new(socket, Vec::new(), hosts, held, connection);
                                serve_connection(io, address, router, stopping).await;
                            }
                        }
                    }
                });
            }
            Some(_) = tasks.join_next() => {}
            _ = stopping.changed() => break,
        }
    }
    while tasks.join_next().await.is_some() {}
}

/// Serves one connection.
pub(super) async fn serve_connection(
    io: CheckedStream<impl AsyncRead + AsyncWrite + Unpin + Send + 'static>,
    peer: IpAddr,
    router: Router,
    mut stopping: watch::Receiver<bool>,
) {
    // The peer address also identifies a caller.
    let router =
        router.layer(Extension(PeerAddress(peer))).layer(Extension(io.connection().clone()));
    let service = TowerToHyperService::new(router);
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_headers(HEADERS.max)
        .max_buf_size(HEAD_BYTES.max)
        // A client that closed its sending side may still wait for its response.
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
