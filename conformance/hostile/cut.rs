//! A bus that cuts the line in the middle of a message.

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;

use communicado_conformance::{Must as _, Stage, Watch};
use serde_json::json;

use crate::service::{AVAILABLE, NAMED, SOON, Service};

/// One line is cut, and so there is one: another source has another.
const ALONE: [&str; 2] = ["--set", "sources.provider.enabled=false"];
/// Far more than is said in any test.
const ALL: i64 = i64::MAX / 2;

/// What is between communicado and the bus, and lets so many bytes of the bus through before it
/// hangs up. Whoever calls again gets through.
struct Cutter {
    socket: PathBuf,
    left: Arc<AtomicI64>,
}

impl Cutter {
    fn new(stage: &mut Stage, name: &str, bytes: i64) -> Self {
        let socket = stage.folder().join(name);
        let listener = UnixListener::bind(&socket).must("listen");
        let address = stage.bus().address();
        let bus = PathBuf::from(address.strip_prefix("unix:path=").must("read the bus's address"));
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

    /// Lets only so many more bytes of the bus through.
    fn cut_after(&self, bytes: i64) {
        self.left.store(bytes, Ordering::SeqCst);
    }
}

/// Passes on what one says to the other until `left` is used up, then hangs up on both.
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
fn a_line_that_is_cut_at_any_byte_is_never_taken_for_a_no() {
    let mut stage = Stage::new();
    let _service = Service::sane(&mut stage);
    let mut told = [0, 0];
    // All that is said to one who asks once is about 4 kB.
    for (number, bytes) in (0..5000).step_by(53).enumerate() {
        let cutter = Cutter::new(&mut stage, &format!("cut-{number}"), bytes);
        let is = stage.communicado().on_bus(&cutter.address()).run(&[
            "is",
            "signed-in",
            ALONE[0],
            ALONE[1],
        ]);
        assert!(!is.err.contains("panicked"), "after {bytes} bytes: {is:?}");
        match is.code {
            Some(0) => told[0] += 1,
            Some(3) => {
                assert!(is.err.starts_with("error: source `purple` failed\n"), "{is:?}");
                told[1] += 1;
            }
            _ => panic!("after {bytes} bytes: {is:?}"),
        }
    }
    assert!(told[0] > 5 && told[1] > 20, "{told:?}");
}

#[test]
fn a_line_that_is_cut_in_the_first_look_is_taken_up_again() {
    let mut stage = Stage::new();
    let _service = Service::sane(&mut stage);
    let cutter = Cutter::new(&mut stage, "cut", 600);
    let on_cut = stage.communicado().on_bus(&cutter.address());
    let mut watch = Watch::start(&on_cut, &[&SOON[..], &ALONE].concat());
    for client in ["finch", "pidgin", "chatty"] {
        watch.expect(client, &["unknown reason=source-lost", "absent"]);
    }
    watch.expect_at_last(NAMED, AVAILABLE);
    assert!(watch.errors().contains("note: source `purple` works again"));
    watch.end();
}

#[test]
fn a_line_that_is_cut_in_a_session_is_taken_up_again() {
    let mut stage = Stage::new();
    let mut service = Service::sane(&mut stage);
    let cutter = Cutter::new(&mut stage, "cut", ALL);
    let on_cut = stage.communicado().on_bus(&cutter.address());
    let mut watch = Watch::start(&on_cut, &[&SOON[..], &ALONE].concat());
    watch.expect_nobody();
    watch.expect(NAMED, &[AVAILABLE]);
    for bytes in [0, 1, 15, 16, 17, 100, 200] {
        cutter.cut_after(bytes);
        // Whichever comes next, this signal or an answer, is cut.
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
