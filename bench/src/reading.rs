//! The counters of the kernel for a process (proc(5)).

use std::fs;
use std::path::Path;
use std::time::Duration;

use communicado_conformance::ExpectOk;

/// The counters of a process since its start.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) voluntary: u64,
    /// The switches of Wine's thread pool, which polls.
    pub(crate) of_wine: u64,
    pub(crate) involuntary: u64,
    pub(crate) processor: Duration,
    pub(crate) peak_kib: u64,
    pub(crate) anonymous_kib: u64,
    pub(crate) file_kib: u64,
}

impl Reading {
    pub(crate) fn of(process: u32) -> Self {
        let folder = Path::new("/proc").join(process.to_string());
        let whole = read(&folder.join("status"));
        let mut reading = Self {
            peak_kib: field(&whole, "VmHWM:"),
            anonymous_kib: field(&whole, "RssAnon:"),
            file_kib: field(&whole, "RssFile:"),
            ..Self::default()
        };
        for thread in fs::read_dir(folder.join("task")).expect_ok("list threads").flatten() {
            let status = read(&thread.path().join("status"));
            let voluntary = field(&status, "voluntary_ctxt_switches:");
            reading.voluntary += voluntary;
            if status.contains("Name:\twine_threadpool") {
                reading.of_wine += voluntary;
            }
            reading.involuntary += field(&status, "nonvoluntary_ctxt_switches:");
            // The first number is the CPU time of the thread, in nanoseconds.
            let spent = read(&thread.path().join("schedstat"));
            let spent = spent.split(' ').next().and_then(|spent| spent.parse().ok());
            reading.processor += Duration::from_nanos(spent.expect_ok("read a thread's time"));
        }
        reading
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect_ok(&format!("read {}", path.display()))
}

fn field(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.expect_ok(&format!("find {name} in /proc"))
}

pub(crate) fn mib(kib: u64) -> String {
    format!("{:.1}", kib as f64 / 1024.0)
}
