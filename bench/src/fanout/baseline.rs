//! The baseline: a loop that writes each publication to all readers in sequence.
//!
//! It shows the cost of the system itself.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

/// # Errors
///
/// If nothing can listen on the port.
pub(crate) fn run(port: &str) -> Result<(), String> {
    let cannot = |error: std::io::Error| error.to_string();
    let port = port.parse().map_err(|_| format!("`{port}` is no port"))?;
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], port));
    let listener = listen(address).map_err(cannot)?;
    let mut readers: Vec<TcpStream> = Vec::new();
    let mut part = [0; 4096];
    loop {
        let (mut socket, _) = listener.accept().map_err(cannot)?;
        let count = socket.read(&mut part).map_err(cannot)?;
        if part.starts_with(b"GET ") {
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
            socket.write_all(head.as_bytes()).map_err(cannot)?;
            readers.push(socket);
        } else {
            publish(socket, part.get(..count).unwrap_or_default(), &readers).map_err(cannot)?;
        }
    }
}

fn listen(address: std::net::SocketAddr) -> std::io::Result<TcpListener> {
    use rustix::net::{AddressFamily, SocketType, bind, listen, socket};
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None)?;
    rustix::net::sockopt::set_socket_reuseaddr(&socket, true)?;
    bind(&socket, &address)?;
    listen(&socket, 4096)?;
    Ok(socket.into())
}

/// Serves the publisher until it disconnects.
fn publish(mut socket: TcpStream, first: &[u8], readers: &[TcpStream]) -> std::io::Result<()> {
    let mut received = first.to_vec();
    let mut part = [0; 4096];
    loop {
        if let Some(at) = received.windows(4).position(|it| it == b"\r\n\r\n") {
            let rest = received.split_off(at + 4);
            let head = String::from_utf8_lossy(&received).into_owned();
            received = rest;
            let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
            let length = length.and_then(|it| it.parse().ok()).unwrap_or(0);
            while received.len() < length {
                let count = socket.read(&mut part)?;
                received.extend_from_slice(part.get(..count).unwrap_or_default());
            }
            let body = received.drain(..length).collect::<Vec<u8>>();
            let event = [b"data: ", &*body, b"\n\n"].concat();
            for mut reader in readers {
                let _ = reader.write(&event);
            }
            socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?;
            continue;
        }
        let count = socket.read(&mut part)?;
        if count == 0 {
            return Ok(());
        }
        received.extend_from_slice(part.get(..count).unwrap_or_default());
    }
}
