//! The socket to listen on, and what to stop at.

use std::io;
use std::net::{SocketAddr, TcpListener};

use communicado_runtime::on_stdin_eof;
use futures_util::future::OptionFuture;
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, listen as begin, socket_with};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

use crate::failure::{Failure, Outcome};

/// Connections that wait to be accepted; the usual 128 turn a storm of readers who come back into
/// a second's silence for most of them.
const BACKLOG: i32 = 4096;

/// `SIGXFSZ`: a file grew beyond what this process may write. Unless it is taken, it kills; taken,
/// the write fails, and that is answered.
const FILE_TOO_LARGE: i32 = 25;

/// # Errors
///
/// If the address cannot be listened on.
pub(super) fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    opened(address).map_err(|cause| {
        let what = format!("nothing can listen on {address}");
        let help = "end what listens there, or give another address with --listen";
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

/// What ends a gateway.
pub(super) struct ShutdownSignals {
    term: Signal,
    int: Signal,
    _file_too_large: Signal,
    input: Option<oneshot::Receiver<()>>,
}

impl ShutdownSignals {
    /// # Errors
    ///
    /// If the system gives no signals, or no thread for the input.
    pub(super) fn new(exit_on_stdin_eof: bool) -> io::Result<Self> {
        Ok(Self {
            input: exit_on_stdin_eof.then(stdin_eof).transpose()?,
            term: signal(SignalKind::terminate())?,
            int: signal(SignalKind::interrupt())?,
            _file_too_large: signal(SignalKind::from_raw(FILE_TOO_LARGE))?,
        })
    }

    /// Waits for one, and says which.
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
