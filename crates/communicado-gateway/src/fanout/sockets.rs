//! Operations on client sockets: responses without hyper, and socket options.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

use super::pending_connections::PendingConnection;
use crate::api_error::{ApiError, ApiErrorKind};
use crate::http::last_answer;
use crate::limits::{HEAD_TIME, Limit, READER_TIME};

/// Responds to a connection beyond a limit.
pub(super) fn reject_over_limit(socket: &TcpStream, limit: Limit) {
    let detail = "too many open connections";
    refuse(
        socket,
        &ApiError::limit_exceeded(ApiErrorKind::Unavailable, limit, detail).retry_after(5),
    );
}

/// Responds to a connection whose request head did not arrive in time.
pub(super) fn reject_late(connection: &PendingConnection) {
    // A client that sent nothing expects no response.
    if !connection.read.is_empty() {
        let help = format!("send it within {} seconds", HEAD_TIME.as_secs());
        let detail = "the request head did not arrive in time";
        refuse(
            &connection.socket,
            &ApiError::new(ApiErrorKind::TooSlow, detail, help).with_limit("head-time"),
        );
    }
}

/// Responds with a problem and closes the connection.
pub(super) fn refuse(socket: &TcpStream, error: &ApiError) {
    respond(socket, &last_answer(error));
}

/// Sends the last response, and reads remaining input so that the response is not lost.
pub(super) fn respond(mut socket: &TcpStream, answer: &str) {
    let _ = socket.set_nonblocking(true);
    let _ = socket.write(answer.as_bytes());
    let _ = socket.shutdown(Shutdown::Write);
    let mut part = [0; 16 * 1024];
    for _ in 0..4 {
        if !matches!(socket.read(&mut part), Ok(count) if count > 0) {
            return;
        }
    }
}

/// Sets keepalive and the user timeout, which detect a peer whose network is gone.
pub(super) fn configure(socket: &TcpStream) {
    let time = u32::try_from(READER_TIME.as_millis()).unwrap_or(u32::MAX);
    let _ = rustix::net::sockopt::set_tcp_user_timeout(socket, time);
    let _ = socket.set_nodelay(true);
}

/// Limits the send buffer of a reader's socket.
pub(super) fn configure_reader(socket: &TcpStream) {
    let _ = rustix::net::sockopt::set_socket_send_buffer_size(socket, SEND_BUFFER);
}

/// The size of a reader's send buffer.
const SEND_BUFFER: usize = 64 * 1024;

/// Discards input from a reader. Returns false if the peer closed the connection.
pub(super) fn drain(mut socket: &TcpStream) -> bool {
    let mut part = [0; 1024];
    loop {
        match socket.read(&mut part) {
            Ok(0) => return false,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return true,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return false,
        }
    }
}
