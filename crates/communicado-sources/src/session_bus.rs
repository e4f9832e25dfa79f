//! Connection to the session bus.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use communicado_runtime::{Clock, SourceError, timeout_at};
use zbus::Connection;
use zbus::connection::Builder;

use crate::dbus_address::{self, DbusAddress};

/// The maximum time to connect. A working bus needs less than a millisecond.
const CONNECT_MAX: std::time::Duration = std::time::Duration::from_secs(5);

/// The address of the session bus in the environment `var` of a process of user `uid`.
///
/// By the D-Bus specification and systemd, it is `DBUS_SESSION_BUS_ADDRESS`, or else the socket
/// `bus` in `XDG_RUNTIME_DIR`. Jobs of cron and commands over SSH may have neither; for them it is
/// the socket in `/run/user`.
///
/// `exists` returns whether there is a file at a path.
#[must_use]
pub fn address(
    var: impl Fn(&str) -> Option<String>,
    uid: u32,
    exists: impl Fn(&Path) -> bool,
) -> Option<String> {
    let set = |name: &str| var(name).filter(|value| !value.is_empty());
    let sockets = || {
        let folders = [set("XDG_RUNTIME_DIR"), Some(format!("/run/user/{uid}"))];
        folders.into_iter().flatten().map(|folder| format!("{folder}/bus"))
    };
    let socket = || {
        let found = sockets().find(|socket| exists(Path::new(socket)))?;
        Some(DbusAddress::of_socket(Path::new(&found)).to_string())
    };
    set("DBUS_SESSION_BUS_ADDRESS").or_else(socket)
}

/// The address of the session bus in the environment of this process.
///
/// # Errors
///
/// If the environment has no address and no bus of this user is in its usual place.
pub fn own_address() -> Result<String, SourceError> {
    let uid = rustix::process::geteuid().as_raw();
    let var = |name: &str| std::env::var(name).ok();
    address(var, uid, Path::exists).ok_or_else(|| SourceError {
        cause: "there is no session bus: DBUS_SESSION_BUS_ADDRESS is not set, and neither \
                XDG_RUNTIME_DIR nor /run/user has a bus of yours"
            .into(),
        help: match var("SUDO_USER").filter(|user| uid == 0 && user != "root") {
            Some(user) => format!("run communicado as {user}, without sudo").into(),
            None => "run communicado inside the desktop session, or set \
                     DBUS_SESSION_BUS_ADDRESS to the address of its bus"
                .into(),
        },
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
    if let Some(owner) = foreign_owner(address) {
        return Err(SourceError {
            cause: format!("the session bus at `{address}` belongs to {owner}: {cause}").into(),
            help: format!("run communicado as {owner}, without sudo").into(),
        });
    }
    Err(SourceError {
        cause: format!("cannot connect to the session bus at `{address}`: {cause}").into(),
        help: match usual_address().filter(|usual| usual != address) {
            Some(usual) => {
                format!("set DBUS_SESSION_BUS_ADDRESS to `{usual}`, where you have a session bus")
                    .into()
            }
            None => "check that the desktop session is running, and that \
                     DBUS_SESSION_BUS_ADDRESS names its bus"
                .into(),
        },
    })
}

/// The address of this user's bus without regard to `DBUS_SESSION_BUS_ADDRESS`.
fn usual_address() -> Option<String> {
    let var = |name: &str| match name {
        "DBUS_SESSION_BUS_ADDRESS" => None,
        _ => std::env::var(name).ok(),
    };
    address(var, rustix::process::geteuid().as_raw(), Path::exists)
}

/// The owner of the socket at `address`, if that is another user.
///
/// Nobody else may look into the owner's folder. The folder's owner is then the socket's.
fn foreign_owner(address: &str) -> Option<String> {
    let addresses = dbus_address::parse(address.as_bytes());
    let socket = addresses.iter().find_map(DbusAddress::socket_path)?;
    let owner = match fs::metadata(socket) {
        Ok(socket) => socket.uid(),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            socket.ancestors().skip(1).find_map(|folder| fs::metadata(folder).ok())?.uid()
        }
        Err(_) => return None,
    };
    let name = || user_name(&fs::read_to_string("/etc/passwd").unwrap_or_default(), owner);
    (owner != rustix::process::geteuid().as_raw())
        .then(|| name().unwrap_or_else(|| format!("user {owner}")))
}

/// The name of user `uid` in the text of `/etc/passwd`.
fn user_name(passwd: &str, uid: u32) -> Option<String> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, number) = (fields.next()?, fields.nth(1)?);
        (number.parse() == Ok(uid)).then(|| name.to_owned())
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
            let exists = |path: &Path| path.starts_with("/run/user/7") || path == "/a b/bus";
            assert_eq!(address(var, 7, exists).as_deref(), expected);
            if bus.is_none_or(str::is_empty) {
                assert_eq!(address(var, 8, |_| false), None, "no socket is no bus");
            }
        };
        let usual = Some("unix:path=/run/user/7/bus");
        check(Some("unix:path=/a"), Some("/run/user/7"), Some("unix:path=/a"));
        check(None, Some("/a b"), Some("unix:path=/a%20b/bus"));
        check(Some(""), Some("/run/user/7"), usual);
        check(None, Some("/nowhere"), usual);
        check(None, None, usual);
        check(Some(""), Some(""), usual);
    }

    #[test]
    fn a_user_has_the_name_in_the_password_file() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\nbroken\n";
        assert_eq!(user_name(passwd, 1000).as_deref(), Some("ada"));
        assert_eq!(user_name(passwd, 1001), None);
    }
}
