//! Search for the processes of known clients. Reads `/proc`.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

use communicado_runtime::SourceError;

use super::program_table::{ProgramTable, RunningProgram};
use crate::process;

/// The variables of a program that was started by a desktop file: the file, and the process that
/// was started. A descendant inherits both, with the number of another process.
const DESKTOP_FILE: &[u8] = b"GIO_LAUNCHED_DESKTOP_FILE";
const DESKTOP_FILE_PROCESS: &[u8] = b"GIO_LAUNCHED_DESKTOP_FILE_PID";

/// A process of a known client.
pub(super) struct ClientProcess {
    pub(super) client: String,
    pub(super) process: u32,
    /// The time since the start of the process.
    pub(super) age: Duration,
    /// Becomes readable when the process exits (`pidfd_open(2)`).
    pub(super) exited: OwnedFd,
}

/// All processes of known clients of the user `user`.
pub(super) fn find_all(table: &ProgramTable, user: u32) -> Result<Vec<ClientProcess>, SourceError> {
    let processes = process::processes().map_err(|error| no_search(&error))?;
    Ok(processes.into_iter().filter_map(|process| find(table, process, user, None)).collect())
}

/// The client that a process is, if the process is of the user `user`.
///
/// With `connected`, the time since the process has connected to the bus, a younger process is
/// another one, which has its number now.
pub(super) fn find(
    table: &ProgramTable,
    process: u32,
    user: u32,
    connected: Option<Duration>,
) -> Option<ClientProcess> {
    // Opened before the rest is read, in case the kernel reuses the number meanwhile.
    let exited = process::open_exit(process)?;
    let age = process::age(process)?;
    if connected.is_some_and(|connected| age < connected) || process::owner(process)? != user {
        return None;
    }
    let program = program(process)?;
    let client = table.client_of(&program)?.to_owned();
    // A process that has ended may have given its number to the process that was read.
    let is_same = process::age(process)? >= age;
    is_same.then_some(ClientProcess { client, process, age, exited })
}

/// The marks of the program that a process runs.
fn program(process: u32) -> Option<RunningProgram> {
    let folder = Path::new("/proc").join(process.to_string());
    let name = process::process_name(process)?;
    let executable = fs::read_link(folder.join("exe")).ok();
    let snap = executable.as_deref().and_then(process::snap);
    // The link of a program that was replaced by an update.
    let executable = executable.map(|path| {
        let path = path.to_string_lossy();
        path.strip_suffix(" (deleted)").unwrap_or(&path).to_owned()
    });
    let flatpak = process::read_sandboxed(&folder.join("root/.flatpak-info"));
    let flatpak = flatpak.as_deref().and_then(process::flatpak_application).map(str::to_owned);
    let desktop_file = desktop_file(process);
    Some(RunningProgram { executable, name, flatpak, snap, desktop_file })
}

/// The ID of the desktop file that started a process.
fn desktop_file(process: u32) -> Option<String> {
    let environment = process::environment(process)?;
    let started = environment.get(DESKTOP_FILE_PROCESS)?;
    if *started != process.to_string().as_bytes() {
        return None;
    }
    let file = String::from_utf8_lossy(environment.get(DESKTOP_FILE)?);
    Some(Path::new(&*file).file_stem()?.to_str()?.to_owned())
}

/// The error for a system that does not list its processes.
fn no_search(error: &io::Error) -> SourceError {
    SourceError {
        cause: format!("cannot list the processes in /proc: {error}").into(),
        help: "mount the proc file system at /proc".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_found_only_for_its_user_and_if_it_is_older_than_its_connection() {
        let program = std::env::current_exe().unwrap();
        let file = program.file_name().unwrap().to_string_lossy();
        let table = ProgramTable::new(&[format!("test = {file}")], &[]).unwrap();
        let (process, user) = (std::process::id(), rustix::process::getuid().as_raw());
        let client =
            |user, connected| find(&table, process, user, connected).map(|found| found.client);
        assert_eq!(client(user, None).as_deref(), Some("test"));
        assert_eq!(client(user, Some(Duration::ZERO)).as_deref(), Some("test"));
        assert_eq!(client(user, Some(Duration::MAX)), None);
        assert_eq!(client(user + 1, None), None);
        assert!(find_all(&table, user).unwrap().iter().any(|found| found.process == process));
    }
}
