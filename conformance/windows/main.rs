//! What `communicado.exe` must say beside clients on Windows: a real registry and real COM, which
//! are Wine's.
//!
//! Each case runs beside two clients that share nothing: one in C, which answers by a type library
//! of its own, early-bound, from a single-threaded apartment; and one over our own wrappers, late-
//! bound, from the multithreaded one.

/// The tests of these cases, beside either client.
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
mod im_providers;
mod lync;
mod messenger;
mod program;
mod provider;

use communicado_conformance::{Peer, Watch, Wine};

/// The name that signs in at every peer.
const ALICE: &str = "alice@uc.test";

/// Communicator, installed, not yet up, and signed out.
fn communicator(wine: &Wine) -> Peer {
    let mut peer = wine.peer("communicator.exe", &[]);
    peer.install_messenger();
    peer.tell(&format!("name {ALICE}"));
    peer.tell("friendly Alice Liddell");
    peer
}

/// Communicator, up and signed in, and a watch that has said so.
fn signed_in(wine: &Wine) -> (Peer, Watch) {
    let mut peer = communicator(wine);
    peer.tell("status 2");
    let mut watch = wine.watch();
    watch.expect_all_absent();
    peer.come_up();
    watch.expect("communicator", SIGN_IN);
    (peer, watch)
}

/// From the flag to a user who is signed in.
const SIGN_IN: &[&str] =
    &["starting by communicator", "signed-in available/ONLINE by communicator"];
/// From a user who is signed in to a client that is gone without a word.
const GONE: &[&str] = &["signed-out by communicator", "absent by communicator"];
