//! A network that can be cut: it delays all data, and reports no error.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use communicado_conformance::ExpectOk as _;

/// A relay on loopback. Its threads end with their connections.
pub(crate) struct Relay {
    port: u16,
    cut: Arc<Cut>,
}

#[derive(Default)]
struct Cut {
    is_cut: Mutex<bool>,
    healed: Condvar,
}

impl Relay {
    /// A relay to a server at this port.
    pub(crate) fn to(server: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect_ok("listen as a relay");
        let port = listener.local_addr().expect_ok("learn the relay's port").port();
        let cut = Arc::<Cut>::default();
        let network = Arc::clone(&cut);
        thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                let Ok(far) = TcpStream::connect((Ipv4Addr::LOCALHOST, server)) else { continue };
                for (from, to) in [(&near, &far), (&far, &near)] {
                    let (Ok(from), Ok(to)) = (from.try_clone(), to.try_clone()) else { continue };
                    let network = Arc::clone(&network);
                    thread::spawn(move || network.carry(from, to));
                }
            }
        });
        Self { port, cut }
    }

    pub(crate) fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Delays all data from now on, also on new connections.
    pub(crate) fn cut(&self) {
        self.set(true);
    }

    /// Delivers the delayed data.
    pub(crate) fn heal(&self) {
        self.set(false);
    }

    fn set(&self, is_cut: bool) {
        *self.cut.is_cut.lock().unwrap_or_else(PoisonError::into_inner) = is_cut;
        self.cut.healed.notify_all();
    }
}

impl Cut {
    fn carry(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut room = [0; 4096];
        // The relay delays the end of a connection too.
        while let Ok(count @ 1..) = from.read(&mut room) {
            self.pass();
            if to.write_all(room.get(..count).unwrap_or_default()).is_err() {
                return;
            }
        }
        self.pass();
        _ = to.shutdown(std::net::Shutdown::Both);
    }

    /// Waits until the network is up.
    fn pass(&self) {
        let is_cut = self.is_cut.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.healed.wait_while(is_cut, |is_cut| *is_cut));
    }
}
