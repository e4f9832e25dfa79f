//! A receiver of webhooks: it prints each body as a line.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use communicado_conformance::free_port;

use crate::fixture::{Empty, Follower};

/// Starts a receiver, and returns its port too.
pub(crate) fn start(empty: &Empty) -> Result<(Follower, u16), String> {
    let this = std::env::current_exe().map_err(|error| format!("this program is gone: {error}"))?;
    let port = free_port();
    let mut command = empty.command(&this);
    command.args(["receiver", &port.to_string()]);
    let mut follower = Follower::start(command);
    // The first line says that it listens.
    let mut text = Vec::new();
    while !text.contains(&b'\n') {
        follower.read(&mut text);
    }
    Ok((follower, port))
}

/// Serves connections one after the other.
///
/// # Errors
///
/// If the port is taken, or the output is closed.
#[expect(clippy::print_stdout, reason = "a receiver's output is its purpose")]
pub(crate) fn receiver(port: &str) -> Result<(), String> {
    let port = port.parse().map_err(|_| "the port is not a number".to_owned())?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    let listener = listener.map_err(|error| format!("port {port}: {error}"))?;
    println!("listening");
    for connection in listener.incoming().flatten() {
        // The sender may close the connection at any time.
        _ = serve(&connection);
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a receiver's output is its purpose")]
fn serve(connection: &TcpStream) -> std::io::Result<()> {
    connection.set_nodelay(true)?;
    let (mut reader, mut writer) = (BufReader::new(connection), connection);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            if line.trim().is_empty() {
                break;
            }
            let header = line.trim().split_once(':');
            if let Some((_, value)) =
                header.filter(|it| it.0.eq_ignore_ascii_case("content-length"))
            {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        let mut body = Vec::new();
        reader.by_ref().take(length).read_to_end(&mut body)?;
        println!("{}", String::from_utf8_lossy(&body));
        writer.write_all(b"HTTP/1.1 204 No Content\r\n\r\n")?;
    }
}
