//! Clients that run and are not on the bus.
//!
//! A libpurple client does not reconnect to a bus that restarts. It continues to run, perhaps
//! signed in, and the bus does not show it. To report it as absent would be wrong.

use std::collections::BTreeMap;
use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::task::Context;

use communicado_runtime::async_fd;
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::watcher::KNOWN_CLIENTS;
use crate::bus::OffBusClients;
use crate::session_bus;

/// A client that was started for a bus and is not on it.
pub(super) struct OffBusClient {
    pub(super) client: &'static str,
    pub(super) process: u32,
    /// Becomes readable when the process exits (`pidfd_open(2)`).
    pub(super) exited: OwnedFd,
}

/// The name of a process: the first 15 bytes of its program's name (`proc(5)`).
pub(super) fn process_name(process: u32) -> Option<String> {
    let name = fs::read_to_string(format!("/proc/{process}/comm")).ok()?;
    Some(name.trim_end().to_owned())
}

/// The clients that the search found, with their processes.
#[derive(Default)]
pub(super) struct PurpleOffBus(Vec<(&'static str, AsyncFd<OwnedFd>)>);

impl OffBusClients for PurpleOffBus {
    fn search(&mut self, address: &str, is_on_bus: impl Fn(&str) -> bool) {
        for found in find(address).into_iter().filter(|found| !is_on_bus(found.client)) {
            if let Ok(exited) = async_fd(found.exited, Interest::READABLE) {
                self.0.push((found.client, exited));
            }
        }
    }

    fn names(&self) -> impl Iterator<Item = &'static str> + Clone {
        self.0.iter().map(|(client, _)| *client)
    }

    fn poll_exited(&mut self, cx: &mut Context<'_>) -> Option<&'static str> {
        let mut has_exited = |file: &AsyncFd<_>| file.poll_read_ready(cx).is_ready();
        let index = self.0.iter().position(|(_, file)| has_exited(file))?;
        Some(self.0.swap_remove(index).0)
    }
}

/// The clients of this user that were started for the bus at `address`.
pub(super) fn find(address: &str) -> Vec<OffBusClient> {
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    let numbers = processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    numbers.filter_map(|process: u32| off_bus_client(process, address)).collect()
}

fn off_bus_client(process: u32, address: &str) -> Option<OffBusClient> {
    let folder = format!("/proc/{process}");
    // Only the user may read the environment of a process.
    if fs::metadata(&folder).ok()?.uid() != rustix::process::getuid().as_raw() {
        return None;
    }
    let name = process_name(process)?;
    let (_, client, _) = KNOWN_CLIENTS.iter().find(|(known, ..)| *known == name)?;
    // Opened before the rest is read, in case the kernel reuses the process ID meanwhile.
    let pid = Pid::from_raw(i32::try_from(process).ok()?)?;
    let exited = pidfd_open(pid, PidfdFlags::NONBLOCK).ok()?;
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
    // The state follows the name, which may contain spaces and parentheses (`proc(5)`).
    let stat = fs::read_to_string(format!("{folder}/stat")).ok()?;
    let is_zombie = stat.rsplit_once(')')?.1.starts_with(" Z");
    let ours = session_bus::address(var).as_deref() == Some(address);
    (ours && !is_zombie).then_some(OffBusClient { client, process, exited })
}
