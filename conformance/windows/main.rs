//! `communicado.exe` beside clients on Windows, with the registry and COM of Wine.
//!
//! Each test runs beside two clients without shared code. One is in C: early-bound, with its own
//! type library, in a single-threaded apartment. The other uses our wrappers: late-bound, in the
//! multithreaded apartment.

/// The tests of these modules, beside either client.
macro_rules! beside_both {
    ($($case:ident,)*) => {
        mod c {$(
            #[test]
            fn $case() {
                super::$case(&communicado_conformance::Wine::with(
                    communicado_conformance::PeerKind::C,
                ));
            }
        )*}
        mod rust {$(
            #[test]
            fn $case() {
                super::$case(&communicado_conformance::Wine::with(
                    communicado_conformance::PeerKind::Rust,
                ));
            }
        )*}
    };
}
pub(crate) use beside_both;

mod agent;
mod communicator;
mod doctor;
mod dotnet;
mod evidence;
mod hook;
mod im_providers;
mod lync;
mod messenger;
mod program;
mod provider;
mod sinks;

use communicado_conformance::{Peer, Watch, Wine};

/// The account at every peer.
const ALICE: &str = "alice@uc.test";

/// Communicator, installed, not started and signed out.
fn communicator(wine: &Wine) -> Peer {
    let mut peer = wine.peer("communicator.exe", &[]);
    peer.install_messenger();
    peer.tell(&format!("name {ALICE}"));
    peer.tell("friendly Alice Liddell");
    peer
}

/// Communicator, running and signed in, with a watch that has reported it.
fn signed_in(wine: &Wine) -> (Peer, Watch) {
    let mut peer = communicator(wine);
    peer.tell("status 2");
    let mut watch = wine.watch();
    watch.expect_all_absent_but("communicator");
    peer.come_up();
    watch.expect_eventually("communicator", SIGNED_IN);
    (peer, watch)
}

/// The line of a client that is signed in. Before it, the process and the flag count, in any order.
const SIGNED_IN: &str = "signed-in available/ONLINE by communicator";
/// The lines of a signed-in client that crashes.
const GONE: &[&str] = &["signed-out by communicator", "absent by communicator"];
