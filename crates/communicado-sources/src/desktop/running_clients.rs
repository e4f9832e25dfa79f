//! The processes of the clients that run.

use std::os::fd::OwnedFd;
use std::task::Context;

use communicado_runtime::async_fd;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::search::ClientProcess;

/// The maximum number of processes of one client. Each has an open file.
///
/// A search finds the others when these have ended.
const PROCESSES_MAX: usize = 4;

/// The processes of the clients that run.
#[derive(Default)]
pub(super) struct RunningClients {
    running: Vec<Running>,
}

struct Running {
    client: String,
    process: u32,
    exited: AsyncFd<OwnedFd>,
}

impl RunningClients {
    /// Adds a process, and returns whether its client has started.
    pub(super) fn add(&mut self, found: ClientProcess) -> bool {
        let ClientProcess { client, process, exited, .. } = found;
        let others = self.running.iter().filter(|running| running.client == client).count();
        if others >= PROCESSES_MAX || self.has_process(process) {
            return false;
        }
        let Ok(exited) = async_fd(exited, Interest::READABLE) else { return false };
        self.running.push(Running { client, process, exited });
        others == 0
    }

    pub(super) fn has_process(&self, process: u32) -> bool {
        self.running.iter().any(|running| running.process == process)
    }

    pub(super) fn has_client(&self, client: &str) -> bool {
        self.names().any(|name| name == client)
    }

    /// The names of the clients, perhaps several times.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.running.iter().map(|running| running.client.as_str())
    }

    /// The next client whose last known process has exited.
    pub(super) fn poll_ended(&mut self, cx: &mut Context<'_>) -> Option<String> {
        loop {
            let mut has_exited = |it: &Running| it.exited.poll_read_ready(cx).is_ready();
            let index = self.running.iter().position(&mut has_exited)?;
            let client = self.running.swap_remove(index).client;
            if !self.has_client(&client) {
                return Some(client);
            }
        }
    }
}
