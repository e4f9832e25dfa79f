//! The address of a bus from a process's environment: parsing must not panic, the written form has
//! the same meaning, and an address means the same bus as itself.

use communicado_sources::dbus_address::{is_same_bus, parse};

/// Runs the target on one input.
pub fn run(bytes: &[u8]) {
    let addresses = parse(bytes);
    let written: Vec<_> = addresses.iter().map(ToString::to_string).collect();
    assert_eq!(parse(written.join(";").as_bytes()), addresses, "{written:?}");
    let no_socket = |_: &std::path::Path| None;
    let is_same = is_same_bus(&addresses, no_socket, &addresses, no_socket);
    assert_eq!(is_same, !addresses.is_empty(), "{written:?}");
    let halves = bytes.split_at(bytes.len() / 2);
    let (left, right) = (parse(halves.0), parse(halves.1));
    assert_eq!(
        is_same_bus(&left, no_socket, &right, no_socket),
        is_same_bus(&right, no_socket, &left, no_socket),
        "the comparison is symmetric"
    );
}
