//! Processes of this computer, as `/proc` shows them.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, pidfd_open};
use rustix::time::{ClockId, clock_gettime};

/// The unit of times in `/proc`: `USER_HZ` is 100 on every platform that Rust supports.
const TICK_MS: u64 = 10;

/// The maximum length of a file in a sandbox that is read. Flatpak's have about 1 KiB.
const SANDBOX_FILE_MAX: u64 = 64 * 1024;

/// The name of a process: the first 15 bytes of its program's name (`proc(5)`).
pub(crate) fn process_name(process: u32) -> Option<String> {
    let name = fs::read_to_string(format!("/proc/{process}/comm")).ok()?;
    Some(name.trim_end().to_owned())
}

/// The numbers of all processes.
pub(crate) fn processes() -> io::Result<Vec<u32>> {
    let processes = fs::read_dir("/proc")?;
    Ok(processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect())
}

/// A file that becomes readable when the process exits (`pidfd_open(2)`).
pub(crate) fn open_exit(process: u32) -> Option<OwnedFd> {
    let process = Pid::from_raw(i32::try_from(process).ok()?)?;
    pidfd_open(process, PidfdFlags::NONBLOCK).ok()
}

/// The real user ID of a process. Its folder in `/proc` may belong to root instead.
pub(crate) fn owner(process: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status
        .lines()
        .find_map(|line| line.strip_prefix("Uid:")?.split_whitespace().next()?.parse().ok())
}

/// The time since the start of a process that has not exited.
pub(crate) fn age(process: u32) -> Option<Duration> {
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
pub(crate) fn elapsed(clock: ClockId) -> Option<Duration> {
    let now = clock_gettime(clock);
    Some(Duration::new(now.tv_sec.try_into().ok()?, now.tv_nsec.try_into().ok()?))
}

/// The text of a regular file that a sandbox provides. A pipe could block the reader.
pub(crate) fn read_sandboxed(path: &Path) -> Option<String> {
    if !fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let mut text = Vec::new();
    fs::File::open(path).ok()?.take(SANDBOX_FILE_MAX).read_to_end(&mut text).ok()?;
    Some(String::from_utf8_lossy(&text).into_owned())
}

/// The name of the snap that has installed a program.
pub(crate) fn snap(program: &Path) -> Option<String> {
    let mut parts = program.strip_prefix("/snap").ok()?.components();
    parts.next()?.as_os_str().to_str().map(str::to_owned)
}

/// The environment of a process at its start.
pub(crate) fn environment(process: u32) -> Option<BTreeMap<Vec<u8>, Vec<u8>>> {
    let environment = fs::read(format!("/proc/{process}/environ")).ok()?;
    let variables = environment.split(|byte| *byte == 0).filter_map(|variable| {
        let equals = variable.iter().position(|byte| *byte == b'=')?;
        Some((variable.get(..equals)?.to_owned(), variable.get(equals + 1..)?.to_owned()))
    });
    Some(variables.collect())
}

/// The ID of the application in a `/.flatpak-info`.
pub(crate) fn flatpak_application(info: &str) -> Option<&str> {
    let name = info.lines().take_while(|line| !line.starts_with("[Instance]"));
    name.filter_map(|line| line.strip_prefix("name=")).next()
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
}
