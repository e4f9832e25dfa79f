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

/// The address that programs set to hide the bus from a child.
pub const DISABLED: &str = "disabled:";

/// The address of the session bus in an environment.
///
/// By the D-Bus specification and systemd, it is `DBUS_SESSION_BUS_ADDRESS`, or else the socket
/// `bus` in `XDG_RUNTIME_DIR`. Jobs of cron and commands over SSH may have neither; `folder` is
/// another place for the socket.
///
/// `owner` returns the owner of the file at a path, if there is one. A bus of user `uid` comes
/// before a bus of another user.
#[must_use]
pub fn address(
    var: impl Fn(&str) -> Option<String>,
    folder: Option<&str>,
    uid: u32,
    owner: impl Fn(&Path) -> Option<u32>,
) -> Option<String> {
    let set = |name: &str| var(name).filter(|value| !value.is_empty());
    let folders = [set("XDG_RUNTIME_DIR"), folder.map(str::to_owned)];
    let sockets = || folders.iter().flatten().map(|folder| Path::new(folder).join("bus"));
    let socket = || {
        let own = sockets().find(|socket| owner(socket) == Some(uid));
        let found = own.or_else(|| sockets().find(|socket| owner(socket).is_some()))?;
        Some(DbusAddress::of_socket(&found).to_string())
    };
    set("DBUS_SESSION_BUS_ADDRESS").or_else(socket)
}

/// The address of the session bus in the environment of this process.
///
/// # Errors
///
/// If the environment has no address and no bus of this user is in its usual place.
pub fn own_address() -> Result<String, SourceError> {
    let var = |name: &str| std::env::var(name).ok();
    match usual_address(var).filter(|address| address != DISABLED) {
        Some(address) => Ok(address),
        None => Err(missing(own_uid(), var)),
    }
}

/// The error for an environment `var` without a bus.
fn missing(uid: u32, var: impl Fn(&str) -> Option<String>) -> SourceError {
    let is_disabled = var("DBUS_SESSION_BUS_ADDRESS").is_some_and(|address| address == DISABLED);
    let cause = if is_disabled {
        "there is no session bus: DBUS_SESSION_BUS_ADDRESS is `disabled:`"
    } else {
        "there is no session bus: DBUS_SESSION_BUS_ADDRESS is not set, and neither \
         XDG_RUNTIME_DIR nor /run/user has a bus of yours"
    };
    let help = match var("SUDO_USER").filter(|user| uid == 0 && user != "root") {
        Some(user) => format!("run communicado as {user}, without sudo").into(),
        None => "run communicado inside the desktop session, or set \
                 DBUS_SESSION_BUS_ADDRESS to the address of its bus"
            .into(),
    };
    SourceError { cause: cause.into(), help }
}

fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// The address in an environment of this user.
fn usual_address(var: impl Fn(&str) -> Option<String>) -> Option<String> {
    let uid = own_uid();
    address(var, Some(&format!("/run/user/{uid}")), uid, |path| {
        Some(fs::metadata(path).ok()?.uid())
    })
}

/// Connects to the bus at `address`. If that lists several, connects to the first that responds
/// (D-Bus specification, "Server Addresses").
///
/// # Errors
///
/// If all connections fail.
pub async fn connect(clock: &dyn Clock, address: &str) -> Result<Connection, SourceError> {
    Ok(connect_to_first(clock, address).await?.0)
}

/// Connects to the bus at `address`, and returns which address of the list responded.
pub(crate) async fn connect_to_first<'a>(
    clock: &dyn Clock,
    address: &'a str,
) -> Result<(Connection, &'a str), SourceError> {
    let end = clock.now().after(CONNECT_MAX);
    let mut cause = "the address is empty".to_owned();
    for each in address.split(';').filter(|each| !each.is_empty()) {
        cause = match timeout_at(clock, end, Builder::address(each).build()).await {
            Some(Ok(connection)) => return Ok((connection, each)),
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
        help: match usual_address(without_address).filter(|usual| usual != address) {
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

/// A variable of this process, without regard to `DBUS_SESSION_BUS_ADDRESS`.
fn without_address(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|_| name != "DBUS_SESSION_BUS_ADDRESS")
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
    (owner != own_uid()).then(|| name().unwrap_or_else(|| format!("user {owner}")))
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
            let owner = |path: &Path| match path.to_str()? {
                "/run/user/7/bus" | "/a b/bus" => Some(7),
                "/run/user/8/bus" => Some(8),
                _ => None,
            };
            assert_eq!(address(var, Some("/run/user/7"), 7, owner).as_deref(), expected);
            if bus.is_none_or(str::is_empty) {
                assert_eq!(address(var, None, 7, |_| None), None, "no socket is no bus");
            }
        };
        let usual = Some("unix:path=/run/user/7/bus");
        check(Some("unix:path=/a"), Some("/run/user/7"), Some("unix:path=/a"));
        check(None, Some("/a b"), Some("unix:path=/a%20b/bus"));
        check(Some(""), Some("/run/user/7"), usual);
        check(None, Some("/nowhere"), usual);
        check(None, Some("/run/user/8"), usual);
        check(None, None, usual);
        let (owner, var) = (|_: &Path| Some(8), |_: &str| Some("/run/user/8".to_owned()));
        let var = |name: &str| var(name).filter(|_| name == "XDG_RUNTIME_DIR");
        let foreign = address(var, Some("/run/user/7"), 7, owner);
        assert_eq!(
            foreign.as_deref(),
            Some("unix:path=/run/user/8/bus"),
            "its owner is the advice"
        );
    }

    #[test]
    fn a_missing_bus_has_its_cause_and_the_user_behind_sudo() {
        let missing = |uid: u32, bus: Option<&str>| {
            let error = missing(uid, |name| match name {
                "DBUS_SESSION_BUS_ADDRESS" => bus.map(str::to_owned),
                "SUDO_USER" => Some("ada".to_owned()),
                _ => None,
            });
            format!("{}; {}", error.cause, error.help)
        };
        assert!(missing(0, None).ends_with("run communicado as ada, without sudo"));
        assert!(missing(7, None).contains("inside the desktop session"));
        assert!(missing(7, Some("disabled:")).contains("DBUS_SESSION_BUS_ADDRESS is `disabled:`"));
    }

    #[test]
    fn a_user_has_the_name_in_the_password_file() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\nbroken\n";
        assert_eq!(user_name(passwd, 1000).as_deref(), Some("ada"));
        assert_eq!(user_name(passwd, 1001), None);
    }
}
