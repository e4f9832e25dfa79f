//! A client that keeps its connections and its name, and does not answer.

use communicado_conformance::{Account, Kind, Saved, TestSession, Watch};

use crate::{GOES_AWAY, signs_in};

/// The default finds a hung client within 35 s; this is faster. A healthy Pidgin that starts beside
/// other tests may need a second to answer.
const SOON: &[&str] =
    &["--set", "sources.purple.check=500ms", "--set", "sources.purple.timeout=3s"];

const HUNG: &[&str] = &["unknown reason=not-responding"];

#[test]
fn finch_hangs_and_goes_on() {
    check(Kind::Finch, "finch");
}

#[test]
fn pidgin_hangs_and_goes_on() {
    check(Kind::Pidgin, "pidgin");
}

fn check(kind: Kind, name: &str) {
    let session = TestSession::new();
    let prosody = session.prosody();
    let alice = Account::xmpp("alice", &prosody);
    let mut watch = Watch::start(&session.communicado(), SOON);
    watch.expect_all_absent();
    let mut client = session.client(kind, &[&alice]);
    signs_in(&mut watch, name);
    client.user().pick(Saved::Away);
    watch.expect(name, GOES_AWAY);
    client.hang();
    watch.expect(name, HUNG);
    client.resume();
    watch.expect(name, &["signed-in away/away saved=away"]);
    watch.end();
}

#[test]
fn a_hung_client_that_is_killed() {
    let session = TestSession::new();
    let prosody = session.prosody();
    let alice = Account::xmpp("alice", &prosody);
    let mut watch = Watch::start(&session.communicado(), SOON);
    watch.expect_all_absent();
    let mut finch = session.finch(&[&alice]);
    signs_in(&mut watch, "finch");
    finch.hang();
    watch.expect("finch", HUNG);
    finch.kill();
    watch.expect("finch", &["signed-out", "absent"]);
    watch.end();
}

#[test]
fn a_client_that_lost_its_server_while_it_hung() {
    let session = TestSession::new();
    let mut prosody = session.prosody();
    let alice = Account::xmpp("alice", &prosody);
    let mut watch = Watch::start(&session.communicado(), SOON);
    watch.expect_all_absent();
    let mut finch = session.finch(&[&alice]);
    signs_in(&mut watch, "finch");
    finch.hang();
    watch.expect("finch", HUNG);
    prosody.kill();
    finch.resume();
    // It may answer before it reads the connection to its server.
    let signed_out = "signed-out reason=network-error saved=available";
    let signed_in = "signed-in available/available saved=available";
    watch.expect_either("finch", &[&[signed_out], &[signed_in, signed_out]]);
    watch.end();
}

#[test]
fn a_client_that_hangs_before_communicado_starts() {
    let session = TestSession::new();
    let prosody = session.prosody();
    let alice = Account::xmpp("alice", &prosody);
    let mut finch = session.finch(&[&alice]);
    finch.user().until_signed_in(&alice);
    finch.hang();
    let mut watch = Watch::start(&session.communicado(), SOON);
    // The first line waits a second for an answer. Until then the client is starting.
    watch.expect("finch", &["starting", "unknown reason=not-responding"]);
    watch.expect_all_absent_but("finch");
    finch.resume();
    watch.expect("finch", &["signed-in available/available saved=available"]);
    watch.end();
}
