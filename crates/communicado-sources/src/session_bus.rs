//! Connection to the session bus.

use communicado_runtime::{Clock, SourceError, timeout_at};
use zbus::Connection;
use zbus::connection::Builder;

/// The maximum time to connect. A working bus needs less than a millisecond.
const CONNECT_MAX: std::time::Duration = std::time::Duration::from_secs(5);

/// The address of the session bus in the environment `var`.
///
/// By the D-Bus specification and systemd, it is `DBUS_SESSION_BUS_ADDRESS`, or else the socket
/// `bus` in `XDG_RUNTIME_DIR`.
#[must_use]
pub fn address(var: impl Fn(&str) -> Option<String>) -> Option<String> {
    let set = |name: &str| var(name).filter(|value| !value.is_empty());
    let in_runtime_dir = || Some(format!("unix:path={}/bus", set("XDG_RUNTIME_DIR")?));
    set("DBUS_SESSION_BUS_ADDRESS").or_else(in_runtime_dir)
}

/// The address of the session bus in the environment of this process.
///
/// # Errors
///
/// If the environment has no address.
pub fn own_address() -> Result<String, SourceError> {
    address(|name| std::env::var(name).ok()).ok_or_else(|| SourceError {
        cause: "there is no session bus: neither DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR \
                  is set"
            .into(),
        help: "run communicado inside the desktop session, or set DBUS_SESSION_BUS_ADDRESS to \
               the address of its bus"
            .into(),
    })
}

/// Connects to the bus at `address`. If that lists several, connects to the first that responds
/// (D-Bus specification, "Server Addresses").
///
/// # Errors
///
/// If all connections fail.
pub async fn connect(clock: &dyn Clock, address: &str) -> Result<Connection, SourceError> {
    let end = clock.now().after(CONNECT_MAX);
    let mut cause = "the address is empty".to_owned();
    for each in address.split(';').filter(|each| !each.is_empty()) {
        cause = match timeout_at(clock, end, Builder::address(each).build()).await {
            Some(Ok(connection)) => return Ok(connection),
            Some(Err(error)) => {
                let text = error.to_string();
                // The message has the address already.
                let rest = text.strip_prefix(&format!("failed to connect to `{each}`: "));
                rest.unwrap_or(&text).to_owned()
            }
            None => "no response within 5 s".to_owned(),
        };
    }
    Err(SourceError {
        cause: format!("cannot connect to the session bus at `{address}`: {cause}").into(),
        help: "check that the desktop session is running, and that DBUS_SESSION_BUS_ADDRESS \
               names its bus"
            .into(),
    })
}

/// The error for a connection that the bus has closed.
#[must_use]
pub fn lost(cause: &str) -> SourceError {
    SourceError {
        cause: format!("the session bus closed the connection{cause}").into(),
        help: "no action needed at the end of the session; otherwise check why its bus stopped"
            .into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_follows_the_order_of_the_specification() {
        let check = |bus: Option<&str>, dir: Option<&str>, expected: Option<&str>| {
            let var = |name: &str| match name {
                "DBUS_SESSION_BUS_ADDRESS" => bus.map(str::to_owned),
                "XDG_RUNTIME_DIR" => dir.map(str::to_owned),
                other => panic!("unexpected variable {other}"),
            };
            assert_eq!(address(var).as_deref(), expected);
        };
        check(Some("unix:path=/a"), Some("/run/user/1"), Some("unix:path=/a"));
        check(None, Some("/run/user/1"), Some("unix:path=/run/user/1/bus"));
        check(Some(""), Some("/run/user/1"), Some("unix:path=/run/user/1/bus"));
        check(None, None, None);
        check(Some(""), Some(""), None);
    }
}
