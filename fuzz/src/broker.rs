//! The packets of an MQTT broker: decoding them must not panic, and the borders between two reads
//! must not matter.

use communicado_core::Moment;
use communicado_net::mqtt::{ConnectInfo, MqttSession, Version};

/// Runs the target on one input: a byte with the version and the size of a read, then the bytes of
/// the broker.
pub fn run(bytes: &[u8]) {
    let Some((first, bytes)) = bytes.split_first() else { return };
    let version = if first & 1 == 0 { Version::V5 } else { Version::V311 };
    let size = usize::from(first >> 1).max(1);
    let expected = session(version).receive(bytes, Moment::START);
    let mut session = session(version);
    let reads = bytes.chunks(size).map(|read| session.receive(read, Moment::START));
    let events: Result<Vec<_>, _> = reads.collect();
    match (events, expected) {
        (Ok(events), Ok(expected)) => assert_eq!(events.concat(), expected),
        (Err(error), Err(expected)) => assert_eq!(error.cause, expected.cause),
        (events, expected) => panic!("in reads {events:?}, at once {expected:?}"),
    }
}

/// A connection that waits for the answer to a subscription.
fn session(version: Version) -> MqttSession {
    let info = ConnectInfo {
        client_id: "communicado-laptop".to_owned(),
        user: None,
        password: None,
        keep_alive: 40,
        will: None,
    };
    let mut session = MqttSession::open(version, &info, Moment::START).expect("valid parameters");
    session.subscribe(&["teams/#".to_owned()], Moment::START).expect("a valid filter");
    session
}
