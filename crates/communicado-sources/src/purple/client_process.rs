//! Processes of libpurple clients, and where each looks for its bus. Reads `/proc`.

use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use rustix::time::ClockId;

use super::off_bus_cause::{OffBusCause, Whereabouts, cause};
use super::watcher::KNOWN_CLIENTS;
use crate::dbus_address::{self, BusAddress, DbusAddress, SocketId};
use crate::process::{
    age, elapsed, environment, open_exit, owner, process_name, processes, read_sandboxed, snap,
};
use crate::session_bus;

/// The maximum number of clients found. Each has an open file.
const CLIENTS_MAX: usize = 32;

/// A client of this user that runs and that the bus may not show.
pub(super) struct OffBusClient {
    pub(super) client: &'static str,
    pub(super) process: u32,
    pub(super) cause: OffBusCause,
    /// The time since the start of the process.
    pub(super) age: Duration,
    /// Becomes readable when the process exits (`pidfd_open(2)`).
    pub(super) exited: OwnedFd,
}

/// The clients of this user, each with the cause why it is not on the bus at `address`, if it is
/// not.
pub(super) fn find(address: &BusAddress) -> Vec<OffBusClient> {
    let bus = &address.parsed;
    let processes = processes().unwrap_or_default().into_iter();
    let found = processes.filter_map(|process| off_bus_client(process, bus));
    found.take(CLIENTS_MAX).collect()
}

fn off_bus_client(process: u32, bus: &[DbusAddress]) -> Option<OffBusClient> {
    let name = process_name(process)?;
    let (_, client, _) = KNOWN_CLIENTS.iter().find(|(known, ..)| *known == name)?;
    if owner(process)? != rustix::process::getuid().as_raw() {
        return None;
    }
    // Opened before the rest is read, in case the kernel reuses the process ID meanwhile.
    let exited = open_exit(process)?;
    let age = age(process)?;
    let cause = cause(&whereabouts(process, bus), age, socket_age(bus));
    Some(OffBusClient { client, process, cause, age, exited })
}

/// The time since the bus made its socket.
fn socket_age(bus: &[DbusAddress]) -> Option<Duration> {
    let socket =
        bus.iter().filter_map(DbusAddress::socket_path).find_map(|path| fs::metadata(path).ok())?;
    let made = socket.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    elapsed(ClockId::Realtime)?.checked_sub(made)
}

fn whereabouts(process: u32, bus: &[DbusAddress]) -> Whereabouts {
    let Some(environment) = environment(process) else { return Whereabouts::Unreadable };
    let folder = PathBuf::from(format!("/proc/{process}"));
    // A path as the process sees it: in its root, and if relative, in its working directory.
    let inside = |path: &Path| match path.strip_prefix("/") {
        Ok(rest) => folder.join("root").join(rest),
        Err(_) => folder.join("cwd").join(path),
    };
    if let Some(info) = read_sandboxed(&inside(Path::new("/.flatpak-info"))) {
        return Whereabouts::Flatpak { info };
    }
    let var = |name: &str| {
        let value = environment.get(name.as_bytes())?;
        Some(String::from_utf8_lossy(value).into_owned())
    };
    let uid = rustix::process::getuid().as_raw();
    // A client does not search `/run/user` as Communicado does.
    let file_owner = |path: &Path| Some(fs::metadata(inside(path)).ok()?.uid());
    let Some(address) = session_bus::address(var, None, uid, file_owner) else {
        return Whereabouts::NoBus;
    };
    let addresses = dbus_address::parse(address.as_bytes());
    if addresses.is_empty() || address == session_bus::DISABLED {
        return Whereabouts::NoBus;
    }
    // The client uses the first address that responds.
    let abstract_sockets = fs::read(folder.join("net/unix")).unwrap_or_default();
    let is_gone = |address: &&DbusAddress| match (address.socket_path(), address.abstract_name()) {
        (Some(path), _) => !inside(path).exists(),
        (None, Some(name)) => !is_listed(&abstract_sockets, name),
        (None, None) => false,
    };
    let Some(used) = addresses.iter().find(|address| !is_gone(address)) else {
        return Whereabouts::GoneBus { address };
    };
    let is_bus = |addresses: &[DbusAddress]| {
        dbus_address::is_same_bus(addresses, |path| socket_id(&inside(path)), bus, socket_id)
    };
    if is_bus(std::slice::from_ref(used)) {
        return match fs::read_link(folder.join("exe")).ok().and_then(|program| snap(&program)) {
            Some(snap) => Whereabouts::Snap { snap },
            None => Whereabouts::Bus,
        };
    }
    let socket = used.socket_path().and_then(|path| socket_id(&inside(path)));
    match socket.and_then(behind_proxy) {
        Some(behind) if is_bus(&behind) => Whereabouts::Proxy { address },
        Some(_) | None if used.is_supported() => Whereabouts::OtherBus { address },
        Some(_) | None => Whereabouts::HiddenBus { address },
    }
}

/// Returns whether an abstract socket is in the text of `/proc/net/unix`.
fn is_listed(sockets: &[u8], name: &[u8]) -> bool {
    let name = [b"@", name].concat();
    sockets
        .split(|byte| *byte == b'\n')
        .any(|line| line.rsplit(|byte| *byte == b' ').next().is_some_and(|path| path == name))
}

fn socket_id(path: &Path) -> Option<SocketId> {
    let file = fs::metadata(path).ok()?;
    file.file_type().is_socket().then(|| (file.dev(), file.ino()))
}

/// The address of the bus behind the `xdg-dbus-proxy` that made this socket.
fn behind_proxy(socket: SocketId) -> Option<Vec<DbusAddress>> {
    let is_proxy = |process: &u32| process_name(*process).as_deref() == Some("xdg-dbus-proxy");
    processes().unwrap_or_default().into_iter().filter(is_proxy).find_map(|process| {
        let command = fs::read(format!("/proc/{process}/cmdline")).ok()?;
        let words: Vec<&[u8]> = command.split(|byte| *byte == 0).collect();
        let pairs = words.iter().zip(words.iter().skip(1));
        // The arguments of a proxy are addresses, each before the path of its socket.
        pairs.clone().find_map(|(address, path)| {
            let path = std::str::from_utf8(path).ok()?;
            (socket_id(Path::new(path)) == Some(socket)).then(|| dbus_address::parse(address))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_abstract_socket_is_in_the_kernels_list() {
        let list = b"Num       RefCount Protocol Flags    Type St Inode Path\n\
            0000000000000000: 00000002 00000000 00010000 0001 01 20391 @/tmp/dbus-a\n\
            0000000000000000: 00000002 00000000 00010000 0001 01 20392 /tmp/dbus-b\n";
        assert!(is_listed(list, b"/tmp/dbus-a"));
        assert!(!is_listed(list, b"/tmp/dbus-b"));
        assert!(!is_listed(list, b"/tmp/dbus"));
    }
}
