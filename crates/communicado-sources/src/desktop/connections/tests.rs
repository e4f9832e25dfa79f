//! Connections without a bus.

use std::collections::HashMap;

use zbus::OwnedVariant;

use super::*;
use crate::bus::{BUS, BUS_PATH, BusRequest as _};

const OWN: ConnectionCredentials = ConnectionCredentials { process: 7, user: 1000 };

fn reply() -> zbus::message::Builder<'static> {
    let call = Message::method_call(BUS_PATH, "Any").build(&()).unwrap();
    Message::method_return(&call.header()).sender(BUS).destination(":1.5")
}

fn credentials(process: u32, user: u32) -> Message {
    let all = [("ProcessID", process), ("UnixUserID", user)];
    let all: HashMap<&str, OwnedVariant> =
        all.into_iter().map(|(name, number)| (name, number.into())).collect();
    reply().build(&all).unwrap()
}

fn owner_changed(name: &str, old: &str, new: &str) -> Message {
    let signal = Message::signal(BUS_PATH, BUS, "NameOwnerChanged");
    signal.sender(BUS).build(&(name, old, new)).unwrap()
}

fn error() -> Message {
    let call = Message::method_call(BUS_PATH, "Any").build(&()).unwrap();
    let error = Message::error(&call.header(), "org.freedesktop.DBus.Error.NameHasNoOwner");
    error.build(&"gone").unwrap()
}

/// Handles a message at a second, and returns the numbers and the names that it requests.
fn handle(
    connections: &mut Connections,
    second: u64,
    message: &Message,
    to: Option<u32>,
) -> Vec<(u32, String)> {
    let now = Moment::START.after(std::time::Duration::from_secs(second));
    let effects = connections.handle_message(now, message, to);
    let name = |request| match request {
        DesktopRequest::Match => String::new(),
        DesktopRequest::Credentials(unique) => unique,
    };
    effects.requests.into_iter().map(|(number, request)| (number, name(request))).collect()
}

fn subscribed() -> Connections {
    let mut connections = Connections::new(OWN);
    let (number, request) = connections.start().requests.remove(0);
    assert_eq!(request, DesktopRequest::Match);
    let requests = handle(&mut connections, 0, &reply().build(&()).unwrap(), Some(number));
    let [(number, own)] = requests.as_slice() else { panic!("{requests:?}") };
    assert_eq!(own, ":1.5");
    handle(&mut connections, 0, &credentials(7, 1000), Some(*number));
    assert_eq!(connections.take_events(), [ConnectionEvent::Subscribed]);
    connections
}

#[test]
fn a_process_of_this_user_is_found_with_the_moment_of_its_connection() {
    let mut connections = subscribed();
    let requests = handle(&mut connections, 3, &owner_changed(":1.9", "", ":1.9"), None);
    let [(number, unique)] = requests.as_slice() else { panic!("{requests:?}") };
    assert_eq!(unique, ":1.9");
    handle(&mut connections, 5, &credentials(42, 1000), Some(*number));
    let joined = Moment::START.after(std::time::Duration::from_secs(3));
    assert_eq!(connections.take_events(), [ConnectionEvent::Joined { process: 42, joined }]);
}

#[test]
fn other_users_ended_connections_and_well_known_names_are_ignored() {
    let mut connections = subscribed();
    assert_eq!(handle(&mut connections, 1, &owner_changed(":1.9", ":1.9", ""), None), []);
    assert_eq!(handle(&mut connections, 1, &owner_changed("org.slack", "", ":1.9"), None), []);
    let signal = Message::signal(BUS_PATH, BUS, "NameOwnerChanged");
    let forged = signal.sender(":1.6").build(&(":1.9", "", ":1.9")).unwrap();
    assert_eq!(handle(&mut connections, 1, &forged, None), []);
    for reply in [credentials(42, 1001), error(), reply().build(&"no dictionary").unwrap()] {
        let requests = handle(&mut connections, 1, &owner_changed(":1.9", "", ":1.9"), None);
        handle(&mut connections, 1, &reply, Some(requests[0].0));
        assert_eq!(connections.take_events(), []);
    }
}

#[test]
fn a_bus_that_takes_this_process_for_another_hides_programs() {
    for answer in [credentials(8, 1000), reply().build(&()).unwrap(), error()] {
        let mut connections = Connections::new(OWN);
        let number = connections.start().requests[0].0;
        let requests = handle(&mut connections, 0, &reply().build(&()).unwrap(), Some(number));
        handle(&mut connections, 0, &answer, Some(requests[0].0));
        let events = connections.take_events();
        assert!(matches!(events.as_slice(), [ConnectionEvent::Blind(_)]), "{events:?}");
    }
}

#[test]
fn a_refused_subscription_is_an_error() {
    let mut connections = Connections::new(OWN);
    let number = connections.start().requests[0].0;
    handle(&mut connections, 0, &error(), Some(number));
    assert_eq!(connections.take_events(), [ConnectionEvent::Blind(refused())]);
}

#[test]
fn a_flood_of_connections_leads_to_one_search() {
    let mut connections = subscribed();
    let mut requested = Vec::new();
    for number in 0..2 * PENDING_MAX {
        let unique = format!(":1.{number}");
        requested.extend(handle(&mut connections, 1, &owner_changed(&unique, "", &unique), None));
    }
    assert_eq!(requested.len(), PENDING_MAX);
    for (number, _) in requested {
        assert_eq!(connections.take_events(), []);
        handle(&mut connections, 2, &error(), Some(number));
    }
    assert_eq!(connections.take_events(), [ConnectionEvent::Missed]);
}

#[test]
fn the_requests_start_no_program() {
    for request in [DesktopRequest::Match, DesktopRequest::Credentials(":1.9".to_owned())] {
        let message = request.encode().unwrap();
        assert!(message.primary_header().flags().contains(zbus::message::Flags::NO_AUTO_START));
    }
}
