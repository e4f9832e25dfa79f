//! A bus connection that closes in the middle of a message.

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;

use communicado_conformance::{ExpectOk as _, TestSession, Watch};
use serde_json::json;

use crate::service::{AVAILABLE, NAMED, SOON, Service};

/// The source `purple` alone, so that there is only one connection.
const ALONE: [&str; 2] = ["--set", "sources.provider.enabled=false"];
/// More bytes than in any test.
const ALL: i64 = i64::MAX / 2;

/// A proxy between communicado and the bus. It closes the first connection after a number of bytes
/// from the bus, and passes later connections.
struct DisconnectingProxy {
    socket: PathBuf,
    left: Arc<AtomicI64>,
}

impl DisconnectingProxy {
    fn new(session: &mut TestSession, name: &str, bytes: i64) -> Self {
        let socket = session.folder().join(name);
        let listener = UnixListener::bind(&socket).expect_ok("listen");
        let address = session.bus().address();
        let bus =
            PathBuf::from(address.strip_prefix("unix:path=").expect_ok("read the bus's address"));
        let left = Arc::new(AtomicI64::new(bytes));
        let budget = Arc::clone(&left);
        thread::spawn(move || {
            for caller in listener.incoming().map_while(Result::ok) {
                let Ok(bus) = UnixStream::connect(&bus) else { return };
                let (from, to) = (caller.try_clone(), bus.try_clone());
                let (Ok(from), Ok(to)) = (from, to) else { return };
                thread::spawn(move || pass(from, to, &AtomicI64::new(ALL)));
                let budget = Arc::clone(&budget);
                thread::spawn(move || {
                    pass(bus, caller, &budget);
                    budget.store(ALL, Ordering::SeqCst);
                });
            }
        });
        Self { socket, left }
    }

    fn address(&self) -> String {
        format!("unix:path={}", self.socket.display())
    }

    /// Closes the connection after this many more bytes from the bus.
    fn cut_after(&self, bytes: i64) {
        self.left.store(bytes, Ordering::SeqCst);
    }
}

/// Copies data in one direction until `left` is used up, then closes both connections.
fn pass(mut from: UnixStream, mut to: UnixStream, left: &AtomicI64) {
    let mut piece = [0; 4096];
    while let Ok(read @ 1..) = from.read(&mut piece) {
        let length = i64::try_from(read).unwrap_or(ALL);
        let before = left.fetch_sub(length, Ordering::SeqCst);
        let through = usize::try_from(before.clamp(0, length)).unwrap_or(0);
        if to.write_all(&piece[..through]).is_err() || through < read {
            break;
        }
    }
    _ = from.shutdown(Shutdown::Both);
    _ = to.shutdown(Shutdown::Both);
}

#[test]
fn a_connection_closed_at_any_byte_is_never_a_no() {
    let mut session = TestSession::new();
    let _service = Service::sane(&mut session);
    let mut reported = [0, 0];
    // A single query receives about 4 kB.
    for (number, bytes) in (0..5000).step_by(53).enumerate() {
        let proxy = DisconnectingProxy::new(&mut session, &format!("cut-{number}"), bytes);
        let is = session.communicado().on_bus(&proxy.address()).run(&[
            "is",
            "signed-in",
            ALONE[0],
            ALONE[1],
        ]);
        assert!(!is.err.contains("panicked"), "after {bytes} bytes: {is:?}");
        match is.code {
            Some(0) => reported[0] += 1,
            Some(3) => {
                assert!(is.err.starts_with("error: source `purple` failed\n"), "{is:?}");
                reported[1] += 1;
            }
            _ => panic!("after {bytes} bytes: {is:?}"),
        }
    }
    assert!(reported[0] > 5 && reported[1] > 20, "{reported:?}");
}

#[test]
fn a_connection_closed_in_the_first_query_is_restored() {
    let mut session = TestSession::new();
    let _service = Service::sane(&mut session);
    let proxy = DisconnectingProxy::new(&mut session, "cut", 600);
    let on_cut = session.communicado().on_bus(&proxy.address());
    let mut watch = Watch::start(&on_cut, &[&SOON[..], &ALONE].concat());
    for client in ["finch", "pidgin", "chatty"] {
        watch.expect(client, &["unknown reason=source-lost", "absent"]);
    }
    watch.expect_eventually(NAMED, AVAILABLE);
    assert!(watch.errors().contains("note: source `purple` works again"));
    watch.end();
}

#[test]
fn a_connection_closed_in_a_session_is_restored() {
    let mut session = TestSession::new();
    let mut service = Service::sane(&mut session);
    let proxy = DisconnectingProxy::new(&mut session, "cut", ALL);
    let on_cut = session.communicado().on_bus(&proxy.address());
    let mut watch = Watch::start(&on_cut, &[&SOON[..], &ALONE].concat());
    watch.expect_all_absent();
    watch.expect(NAMED, &[AVAILABLE]);
    for bytes in [0, 1, 15, 16, 17, 100, 200] {
        proxy.cut_after(bytes);
        // This cuts the next message, the signal or an answer.
        service.order(json!(["emit", "AccountStatusChanged", "iii", 1, 10, 10]));
        for client in ["finch", "pidgin", "chatty"] {
            watch.expect(client, &["unknown reason=source-lost", "absent"]);
        }
        watch.expect(NAMED, &["unknown reason=source-lost", AVAILABLE]);
    }
    service.tell("sign_off");
    watch.expect(NAMED, &["signed-out saved=available"]);
    watch.end();
}
