//! A network that can be cut: it delays all data, and reports no error. It can also lose one side
//! of a connection, record the bytes of the clients, and replace a text of the server.

use std::borrow::Cow;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use crate::expect_ok::ExpectOk;

/// A relay on loopback. Its threads end with their connections.
#[derive(Debug)]
pub struct Relay {
    port: u16,
    network: Arc<Network>,
}

#[derive(Debug, Default)]
struct Network {
    is_cut: Mutex<bool>,
    healed: Condvar,
    connections: Mutex<Vec<Connection>>,
    /// The bytes of the clients, of all connections.
    sent: Mutex<Vec<u8>>,
    /// A text of the server, and the text that its clients get instead.
    replacement: Option<[Vec<u8>; 2]>,
}

/// The origin of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Client,
    Server,
}

/// The client's side of a connection.
#[derive(Debug)]
struct Connection {
    near: TcpStream,
    /// True if the server does not learn that the client has gone.
    is_half_open: Arc<AtomicBool>,
}

impl Relay {
    /// A relay to a server at this port.
    pub fn to(server: u16) -> Self {
        Self::over(server, Network::default())
    }

    /// A relay that replaces a text of the server. The server must send the text at once.
    pub fn replacing(server: u16, old: &str, new: &str) -> Self {
        let replacement = Some([old, new].map(|text| text.as_bytes().to_vec()));
        Self::over(server, Network { replacement, ..Network::default() })
    }

    fn over(server: u16, network: Network) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect_ok("listen as a relay");
        let port = listener.local_addr().expect_ok("learn the relay's port").port();
        let network = Arc::new(network);
        let own = Arc::clone(&network);
        thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                if let Ok(far) = TcpStream::connect((Ipv4Addr::LOCALHOST, server)) {
                    own.connect(near, far);
                }
            }
        });
        Self { port, network }
    }

    /// The URL for HTTP.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The TCP port on 127.0.0.1.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Delays all data from now on, also on new connections.
    pub fn cut(&self) {
        self.set(true);
    }

    /// Delivers the delayed data.
    pub fn heal(&self) {
        self.set(false);
    }

    /// The bytes that clients have sent, of all connections.
    pub fn sent(&self) -> Vec<u8> {
        self.network.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, is_cut: bool) {
        *self.network.is_cut.lock().unwrap_or_else(PoisonError::into_inner) = is_cut;
        self.network.healed.notify_all();
    }

    /// Ends all connections on the side of the client. The server does not learn it.
    pub fn lose_clients(&self) {
        let connections = &self.network.connections;
        for lost in connections.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            lost.is_half_open.store(true, Ordering::SeqCst);
            // The client may have ended the connection.
            _ = lost.near.shutdown(Shutdown::Both);
        }
    }
}

impl Network {
    fn connect(self: &Arc<Self>, near: TcpStream, far: TcpStream) {
        let is_half_open = Arc::<AtomicBool>::default();
        for (side, from, to) in [(Side::Client, &near, &far), (Side::Server, &far, &near)] {
            let (Ok(from), Ok(to)) = (from.try_clone(), to.try_clone()) else { return };
            let (network, is_half_open) = (Arc::clone(self), Arc::clone(&is_half_open));
            thread::spawn(move || network.carry(side, from, to, &is_half_open));
        }
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        connections.push(Connection { near, is_half_open });
    }

    fn carry(&self, side: Side, mut from: TcpStream, mut to: TcpStream, is_half_open: &AtomicBool) {
        let mut room = [0; 4096];
        // The relay delays the end of a connection too.
        while let Ok(count @ 1..) = from.read(&mut room) {
            self.pass();
            let bytes = room.get(..count).unwrap_or_default();
            let written = match side {
                Side::Client => {
                    let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
                    sent.extend_from_slice(bytes);
                    drop(sent);
                    to.write_all(bytes)
                }
                Side::Server => to.write_all(&self.replaced(bytes)),
            };
            if written.is_err() {
                return;
            }
        }
        self.pass();
        if !is_half_open.load(Ordering::SeqCst) {
            _ = to.shutdown(Shutdown::Both);
        }
    }

    /// The bytes for the client, with the new text for the old one.
    fn replaced<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let Some([old, new]) = &self.replacement else { return Cow::Borrowed(bytes) };
        let Some(start) = bytes.windows(old.len()).position(|part| part == old) else {
            return Cow::Borrowed(bytes);
        };
        let (before, rest) = bytes.split_at(start);
        let (_, after) = rest.split_at(old.len());
        Cow::Owned([before, new, after].concat())
    }

    /// Waits until the network is up.
    fn pass(&self) {
        let is_cut = self.is_cut.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.healed.wait_while(is_cut, |is_cut| *is_cut));
    }
}
