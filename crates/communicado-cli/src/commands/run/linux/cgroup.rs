//! A cgroup for a command, if the user may create one. The kernel kills all processes in a cgroup
//! at once, however fast they fork.

use std::fs;
use std::io::{self, Seek as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use communicado_runtime::{Clock as _, SystemClock};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// The time to remove a busy cgroup, and the longest wait between two attempts.
const MAX_REMOVAL: Duration = Duration::from_secs(30);
const MAX_WAIT: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// The number of names to try for a cgroup.
const MAX_NAMES: u32 = 8;

/// The mount points of cgroup version 2, alone or with version 1.
const MOUNTS: [&str; 2] = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"];

/// A cgroup (version 2).
#[derive(Clone, Debug)]
pub(super) struct Cgroup(PathBuf);

impl Cgroup {
    /// Creates a cgroup below the cgroup of this process, if the system permits.
    pub(super) fn create() -> Option<Self> {
        let own = fs::read_to_string("/proc/self/cgroup").ok()?;
        let own = own.lines().find_map(|line| line.strip_prefix("0::/"))?;
        let mount = MOUNTS.iter().find(|mount| Path::new(mount).join("cgroup.procs").exists())?;
        let cgroup = Self::create_in(&Path::new(mount).join(own))?;
        // Before Linux 5.14, a cgroup has no `cgroup.kill`.
        if cgroup.0.join("cgroup.kill").exists() {
            return Some(cgroup);
        }
        cgroup.remove();
        None
    }

    /// Creates a cgroup that has the id of this process in its name.
    ///
    /// A killed `run` with the same process id may have left its cgroup behind. The kernel removes
    /// it only if no process is left in it.
    fn create_in(parent: &Path) -> Option<Self> {
        for number in 0..MAX_NAMES {
            let path = parent.join(format!("communicado-run-{}-{number}", std::process::id()));
            let _ = fs::remove_dir(&path);
            match fs::create_dir(&path) {
                Ok(()) => return Some(Self(path)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(_) => return None,
            }
        }
        None
    }

    /// The cgroup that another process created.
    pub(super) const fn at(path: PathBuf) -> Self {
        Self(path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Moves this process into the cgroup.
    pub(super) fn enter(&self) -> io::Result<()> {
        self.write("cgroup.procs", "0")
    }

    /// Kills all processes in the cgroup.
    pub(super) fn kill(&self) -> io::Result<()> {
        self.write("cgroup.kill", "1")
    }

    /// Removes the cgroup, if it has no processes.
    ///
    /// A process that was reaped a moment ago may still count, because it leaves the cgroup after
    /// the last switch away from it. The kernel reports that in `cgroup.events`, as an exceptional
    /// condition of the file (Linux, `Documentation/admin-guide/cgroup-v2.rst`).
    pub(super) fn remove(&self) {
        let Ok(mut events) = fs::File::open(self.0.join("cgroup.events")) else { return };
        let clock = SystemClock::start();
        let end = clock.now().after(MAX_REMOVAL);
        while clock.now() < end {
            // Only a change after the file was read is reported.
            let read = events.rewind().and_then(|()| io::read_to_string(&events));
            let removed = fs::remove_dir(&self.0);
            let is_busy = removed.is_err_and(|error| error.kind() == io::ErrorKind::ResourceBusy);
            if read.is_err() || !is_busy {
                return;
            }
            // A signal, such as that of the end of a child, may interrupt the wait.
            let mut changes = [PollFd::new(&events, PollFlags::PRI)];
            let _ = poll(&mut changes, Some(&MAX_WAIT));
        }
    }

    /// Writes to an existing file. Never creates one, because a removed cgroup has no files.
    fn write(&self, name: &str, text: &str) -> io::Result<()> {
        let mut file = fs::File::options().write(true).open(self.0.join(name))?;
        io::Write::write_all(&mut file, text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::Command;

    use super::*;

    #[test]
    fn kill_ends_all_processes_and_the_cgroup_can_be_removed() {
        let Some(cgroup) = Cgroup::create() else {
            // Then no program may make one here.
            let own = fs::read_to_string("/proc/self/cgroup").unwrap();
            let own = own.lines().find_map(|line| line.strip_prefix("0::/")).unwrap_or_default();
            let made = MOUNTS.map(|mount| {
                let path = Path::new(mount).join(own).join("communicado-test");
                let made = fs::create_dir(&path).is_ok() && path.join("cgroup.kill").exists();
                let _ = fs::remove_dir(path);
                made
            });
            assert_eq!(made, [false; 2]);
            return;
        };
        // The script exits after a minute if it is not killed.
        let script = "echo 0 > \"$1/cgroup.procs\" && sleep 60 & wait; exec sleep 60";
        let mut command = Command::new("sh");
        let mut child = command.args(["-c", script, "sh"]).arg(cgroup.path()).spawn().unwrap();
        let procs = || fs::read_to_string(cgroup.path().join("cgroup.procs")).unwrap();
        while procs().is_empty() {
            std::thread::yield_now();
        }
        fs::write(cgroup.path().join("cgroup.procs"), child.id().to_string()).unwrap();
        std::thread::scope(|scope| {
            // Waits for the end of the processes.
            scope.spawn(|| cgroup.remove());
            cgroup.kill().unwrap();
        });
        assert_eq!(child.wait().unwrap().signal(), Some(9));
        assert!(!cgroup.path().exists());
    }

    #[test]
    fn a_cgroup_that_a_killed_run_left_behind_is_replaced() {
        let folder = tempfile::TempDir::new().unwrap();
        let first = Cgroup::create_in(folder.path()).unwrap();
        assert_eq!(Cgroup::create_in(folder.path()).unwrap().path(), first.path());
        // A folder with a file is as busy as a cgroup with a process.
        fs::write(first.path().join("cgroup.procs"), "1").unwrap();
        let second = Cgroup::create_in(folder.path()).unwrap();
        assert_ne!(second.path(), first.path());
    }

    #[test]
    fn a_removed_cgroup_is_an_error_and_no_file_is_created() {
        let folder = tempfile::TempDir::new().unwrap();
        let gone = Cgroup::at(folder.path().to_path_buf());
        assert!(gone.enter().is_err() && gone.kill().is_err());
        assert!(!folder.path().join("cgroup.kill").exists());
    }
}
