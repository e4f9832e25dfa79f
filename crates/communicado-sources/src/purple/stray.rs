//! Clients that run and are not on the bus.
//!
//! A libpurple client never comes back to a bus that was restarted under it. It runs on, perhaps
//! signed in, and nothing on the bus tells of it; taking it for absent would be wrong.

use std::collections::BTreeMap;
use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;

use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::watcher::KNOWN;
use crate::session_bus;

/// A client that runs and is not on the bus that it was started for.
pub(super) struct Stray {
    /// The client's name.
    pub(super) client: &'static str,
    /// Its process.
    pub(super) process: u32,
    /// Becomes readable when the process ends (`pidfd_open(2)`).
    pub(super) ended: OwnedFd,
}

/// The name of a process: the first 15 bytes of that of its program (`proc(5)`).
pub(super) fn process_name(process: u32) -> Option<String> {
    let name = fs::read_to_string(format!("/proc/{process}/comm")).ok()?;
    Some(name.trim_end().to_owned())
}

/// The clients of this user that were started for the bus at `address`.
pub(super) fn find(address: &str) -> Vec<Stray> {
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    let numbers = processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    numbers.filter_map(|process: u32| stray(process, address)).collect()
}

fn stray(process: u32, address: &str) -> Option<Stray> {
    let folder = format!("/proc/{process}");
    // Another user's client is on another session's bus, and its environment is not ours to read.
    if fs::metadata(&folder).ok()?.uid() != rustix::process::getuid().as_raw() {
        return None;
    }
    let name = process_name(process)?;
    let (_, client, _) = KNOWN.iter().find(|(known, ..)| *known == name)?;
    // Opened first: if the process ends now and its number is used again, this tells of it.
    let pid = Pid::from_raw(i32::try_from(process).ok()?)?;
    let ended = pidfd_open(pid, PidfdFlags::NONBLOCK).ok()?;
    let environment = fs::read(format!("{folder}/environ")).ok()?;
    let variables: BTreeMap<&[u8], &[u8]> = environment
        .split(|byte| *byte == 0)
        .filter_map(|variable| {
            let equals = variable.iter().position(|byte| *byte == b'=')?;
            Some((variable.get(..equals)?, variable.get(equals + 1..)?))
        })
        .collect();
    let var = |name: &str| {
        let value = variables.get(name.as_bytes())?;
        Some(String::from_utf8_lossy(value).into_owned())
    };
    // The name before may hold spaces and parentheses; then comes the state (proc(5)).
    let stat = fs::read_to_string(format!("{folder}/stat")).ok()?;
    let is_zombie = stat.rsplit_once(')')?.1.starts_with(" Z");
    let ours = session_bus::address(var).as_deref() == Some(address);
    (ours && !is_zombie).then_some(Stray { client, process, ended })
}
