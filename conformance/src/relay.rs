//! A network that can be cut: it delays all data, and reports no error. It can also lose one side
//! of a connection.

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
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect_ok("listen as a relay");
        let port = listener.local_addr().expect_ok("learn the relay's port").port();
        let network = Arc::<Network>::default();
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
        for (from, to) in [(&near, &far), (&far, &near)] {
            let (Ok(from), Ok(to)) = (from.try_clone(), to.try_clone()) else { return };
            let (network, is_half_open) = (Arc::clone(self), Arc::clone(&is_half_open));
            thread::spawn(move || network.carry(from, to, &is_half_open));
        }
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        connections.push(Connection { near, is_half_open });
    }

    fn carry(&self, mut from: TcpStream, mut to: TcpStream, is_half_open: &AtomicBool) {
        let mut room = [0; 4096];
        // The relay delays the end of a connection too.
        while let Ok(count @ 1..) = from.read(&mut room) {
            self.pass();
            if to.write_all(room.get(..count).unwrap_or_default()).is_err() {
                return;
            }
        }
        self.pass();
        if !is_half_open.load(Ordering::SeqCst) {
            _ = to.shutdown(Shutdown::Both);
        }
    }

    /// Waits until the network is up.
    fn pass(&self) {
        let is_cut = self.is_cut.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.healed.wait_while(is_cut, |is_cut| *is_cut));
    }
}
