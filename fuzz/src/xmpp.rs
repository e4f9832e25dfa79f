//! The stream of an XMPP server: reading it must not panic, chunks must not matter, and only the
//! presence of a visible account signs it in.

use communicado_core::{Life, Moment};
use communicado_net::xmpp::{AccountAddress, XmppSession, XmppEvent, Negotiation};
use communicado_sources::xmpp::WatchedAccounts;

/// Runs the target on one input: the bytes of a server, from the first stream on.
pub fn run(bytes: &[u8]) {
    let all = events(bytes, 3);
    // An error drops the events of its chunk.
    let whole = events(bytes, bytes.len().max(1));
    assert!(all.starts_with(&whole), "the chunks change the events");
    let mut accounts = WatchedAccounts::new(
        address("bob@uc.test"),
        &[("alice".to_owned(), address("alice@uc.test")), ("far".to_owned(), address("far@x"))],
    );
    let mut is_visible = false;
    for event in all {
        match event {
            XmppEvent::Presence(presence) => {
                accounts.take_presence(presence);
            }
            XmppEvent::Roster(items) => {
                accounts.take_roster(&items);
                is_visible |= items.iter().any(|item| item.is_visible);
            }
            XmppEvent::Ordered => accounts.settle(),
        }
        for address in ["alice@uc.test", "far@x"] {
            let is_known = accounts.life(address) == Some(Life::Running);
            assert!(is_visible || !is_known, "an account that shows nothing has a state");
        }
    }
    // No input has the proof of the password.
    let (account, password) = (address("bob@uc.test"), "secret".to_owned());
    let mut sign_in = Negotiation::new(account, password, "x".to_owned(), false, true);
    for chunk in bytes.chunks(7) {
        match sign_in.receive(chunk) {
            Ok(None) => {}
            Ok(Some(event)) => panic!("{event:?} without a proof"),
            Err(_) => break,
        }
    }
}

/// The events until the first error.
fn events(bytes: &[u8], step: usize) -> Vec<XmppEvent> {
    let mut session = XmppSession::new(&address("bob@uc.test"), "bob@uc.test/watcher".to_owned());
    let mut all = Vec::new();
    for chunk in bytes.chunks(step) {
        match session.receive(chunk, Moment::START) {
            Ok(events) => all.extend(events),
            Err(_) => break,
        }
    }
    all
}

fn address(text: &str) -> AccountAddress {
    AccountAddress::parse(text).expect("a valid address")
}
