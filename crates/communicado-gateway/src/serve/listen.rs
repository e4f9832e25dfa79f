//! The listening socket, and the shutdown signals.

use std::io;
use std::net::{SocketAddr, TcpListener};

use communicado_cli_support::{Failure, Outcome};
use communicado_runtime::on_stdin_eof;
use futures_util::future::OptionFuture;
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, listen as begin, socket_with};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

/// The backlog of the listening socket. The default of 128 drops connection attempts when many
/// readers reconnect at once, which delays most of them by a second.
const BACKLOG: i32 = 4096;

/// `SIGXFSZ`: a file exceeds the size limit of the process. By default the signal kills the
/// process. With a handler the write fails instead, and the gateway reports the error.
const FILE_TOO_LARGE: i32 = 25;

/// # Errors
///
/// If the address is not available.
pub(super) fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    opened(address).map_err(|cause| {
        let what = format!("cannot listen on {address}");
        let help = match cause.kind() {
            io::ErrorKind::PermissionDenied => {
                "listen on a port from 1024 with --listen, and let a proxy listen on the other port"
            }
            _ => "stop the program that listens there, or set another address with --listen",
        };
        Failure::new(Outcome::Failed, what).cause(cause).help(help)
    })
}

fn opened(address: SocketAddr) -> io::Result<TcpListener> {
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    let socket = socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    rustix::net::sockopt::set_socket_reuseaddr(&socket, true)?;
    bind(&socket, &address)?;
    begin(&socket, BACKLOG)?;
    Ok(socket.into())
}

/// The events that end a gateway.
pub(super) struct ShutdownSignals {
    term: Signal,
    int: Signal,
    _file_too_large: Signal,
    input: Option<oneshot::Receiver<()>>,
}

impl ShutdownSignals {
    /// # Errors
    ///
    /// If the signal handlers or the stdin thread cannot be created.
    pub(super) fn new(exit_on_stdin_eof: bool) -> io::Result<Self> {
        Ok(Self {
            input: exit_on_stdin_eof.then(stdin_eof).transpose()?,
            term: signal(SignalKind::terminate())?,
            int: signal(SignalKind::interrupt())?,
            _file_too_large: signal(SignalKind::from_raw(FILE_TOO_LARGE))?,
        })
    }

    /// Waits for the first event and names it.
    pub(super) async fn wait(mut self) -> &'static str {
        tokio::select! {
            _ = self.term.recv() => "SIGTERM",
            _ = self.int.recv() => "SIGINT",
            Some(_) = OptionFuture::from(self.input) => "stdin was closed",
        }
    }
}

fn stdin_eof() -> io::Result<oneshot::Receiver<()>> {
    let (end, ended) = oneshot::channel();
    on_stdin_eof(move || {
        let _ = end.send(());
    })?;
    Ok(ended)
}
