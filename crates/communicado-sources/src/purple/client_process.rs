//! Processes of libpurple clients, and where each looks for its bus. Reads `/proc`.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use rustix::process::{Pid, PidfdFlags, pidfd_open};
use rustix::time::{ClockId, clock_gettime};

use super::off_bus_cause::{OffBusCause, Whereabouts, cause};
use super::watcher::KNOWN_CLIENTS;
use crate::dbus_address::{self, BusAddress, DbusAddress, SocketId};
use crate::session_bus;

/// The unit of times in `/proc`: `USER_HZ` is 100 on every platform that Rust supports.
const TICK_MS: u64 = 10;

/// The maximum number of clients found. Each has an open file.
const CLIENTS_MAX: usize = 32;

/// The maximum length of a file in a sandbox that is read. Flatpak's have about 1 KiB.
const SANDBOX_FILE_MAX: u64 = 64 * 1024;

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

/// The name of a process: the first 15 bytes of its program's name (`proc(5)`).
pub(super) fn process_name(process: u32) -> Option<String> {
    let name = fs::read_to_string(format!("/proc/{process}/comm")).ok()?;
    Some(name.trim_end().to_owned())
}

/// The clients of this user, each with the cause why it is not on the bus at `address`, if it is
/// not.
pub(super) fn find(address: &BusAddress) -> Vec<OffBusClient> {
    let bus = &address.parsed;
    let found = processes().into_iter().filter_map(|process| off_bus_client(process, bus));
    found.take(CLIENTS_MAX).collect()
}

fn processes() -> Vec<u32> {
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect()
}

fn off_bus_client(process: u32, bus: &[DbusAddress]) -> Option<OffBusClient> {
    let name = process_name(process)?;
    let (_, client, _) = KNOWN_CLIENTS.iter().find(|(known, ..)| *known == name)?;
    if owner(process)? != rustix::process::getuid().as_raw() {
        return None;
    }
    // Opened before the rest is read, in case the kernel reuses the process ID meanwhile.
    let pid = Pid::from_raw(i32::try_from(process).ok()?)?;
    let exited = pidfd_open(pid, PidfdFlags::NONBLOCK).ok()?;
    let age = age(process)?;
    let cause = cause(&whereabouts(process, bus), age, socket_age(bus));
    Some(OffBusClient { client, process, cause, age, exited })
}

/// The real user ID of a process. Its folder in `/proc` may belong to root instead.
fn owner(process: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status
        .lines()
        .find_map(|line| line.strip_prefix("Uid:")?.split_whitespace().next()?.parse().ok())
}

/// The time since the start of a process that has not exited.
fn age(process: u32) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The fields follow the name, which may contain spaces and parentheses (`proc(5)`).
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    if fields.next()? == "Z" {
        return None;
    }
    let ticks: u64 = fields.nth(18)?.parse().ok()?;
    let started = Duration::from_millis(ticks.checked_mul(TICK_MS)?);
    Some(elapsed(ClockId::Boottime)?.saturating_sub(started))
}

/// The time since the zero of a clock of the kernel, by which it dates processes and files.
fn elapsed(clock: ClockId) -> Option<Duration> {
    let now = clock_gettime(clock);
    Some(Duration::new(now.tv_sec.try_into().ok()?, now.tv_nsec.try_into().ok()?))
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

/// The text of a regular file that a sandbox provides. A pipe could block the reader.
fn read_sandboxed(path: &Path) -> Option<String> {
    if !fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let mut text = Vec::new();
    fs::File::open(path).ok()?.take(SANDBOX_FILE_MAX).read_to_end(&mut text).ok()?;
    Some(String::from_utf8_lossy(&text).into_owned())
}

/// Returns whether an abstract socket is in the text of `/proc/net/unix`.
fn is_listed(sockets: &[u8], name: &[u8]) -> bool {
    let name = [b"@", name].concat();
    sockets
        .split(|byte| *byte == b'\n')
        .any(|line| line.rsplit(|byte| *byte == b' ').next().is_some_and(|path| path == name))
}

/// The name of the snap that has installed a program.
fn snap(program: &Path) -> Option<String> {
    let mut parts = program.strip_prefix("/snap").ok()?.components();
    parts.next()?.as_os_str().to_str().map(str::to_owned)
}

fn environment(process: u32) -> Option<BTreeMap<Vec<u8>, Vec<u8>>> {
    let environment = fs::read(format!("/proc/{process}/environ")).ok()?;
    let variables = environment.split(|byte| *byte == 0).filter_map(|variable| {
        let equals = variable.iter().position(|byte| *byte == b'=')?;
        Some((variable.get(..equals)?.to_owned(), variable.get(equals + 1..)?.to_owned()))
    });
    Some(variables.collect())
}

fn socket_id(path: &Path) -> Option<SocketId> {
    let file = fs::metadata(path).ok()?;
    file.file_type().is_socket().then(|| (file.dev(), file.ino()))
}

/// The address of the bus behind the `xdg-dbus-proxy` that made this socket.
fn behind_proxy(socket: SocketId) -> Option<Vec<DbusAddress>> {
    let is_proxy = |process: &u32| process_name(*process).as_deref() == Some("xdg-dbus-proxy");
    processes().into_iter().filter(is_proxy).find_map(|process| {
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
    fn a_program_of_a_snap_is_recognized_by_its_path() {
        let snap = |program: &str| snap(Path::new(program));
        assert_eq!(snap("/snap/pidgin/12/usr/bin/pidgin").as_deref(), Some("pidgin"));
        assert_eq!(snap("/usr/bin/pidgin"), None);
        assert_eq!(snap("/home/ada/snap/pidgin/12/pidgin"), None);
    }

    #[test]
    fn a_sandbox_cannot_block_or_flood_the_reader() {
        assert_eq!(read_sandboxed(Path::new("/dev/zero")), None);
        assert_eq!(read_sandboxed(Path::new("/")), None);
        let program = std::env::current_exe().unwrap();
        let text = read_sandboxed(&program).unwrap();
        // A byte that is not UTF-8 becomes three.
        assert!(!text.is_empty() && text.len() as u64 <= 3 * SANDBOX_FILE_MAX);
    }

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
