//! The Debian packages of the programs that the tests start.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Every foreign program that a test may start, and its package.
const PACKAGES: &[(&str, &str)] = &[
    ("busctl", "systemd"),
    ("bwrap", "bubblewrap"),
    ("curl", "curl"),
    ("dbus-broker-launch", "dbus-broker"),
    ("dbus-daemon", "dbus-daemon"),
    ("dbus-run-session", "dbus-daemon"),
    ("dbus-monitor", "dbus-bin"),
    ("dbus-send", "dbus-bin"),
    ("dino-im", "dino-im"),
    ("dunst", "dunst"),
    ("ejabberdctl", "ejabberd"),
    ("erl", "erlang-base"),
    ("faketime", "faketime"),
    ("finch", "finch"),
    ("gdbus", "libglib2.0-bin"),
    ("i3blocks", "i3blocks"),
    ("jq", "jq"),
    ("kamailio", "kamailio"),
    ("mosquitto", "mosquitto"),
    ("mosquitto_sub", "mosquitto-clients"),
    ("nats-server", "nats-server"),
    ("nheko", "nheko"),
    ("node", "nodejs"),
    ("openssl", "openssl"),
    ("pidgin", "pidgin"),
    ("prosody", "prosody"),
    ("python3", "python3"),
    ("setpriv", "util-linux"),
    ("setsid", "util-linux"),
    ("stdbuf", "coreutils"),
    ("systemd-socket-activate", "systemd"),
    ("tmux", "tmux"),
    ("unshare", "util-linux"),
    ("xdg-dbus-proxy", "xdg-dbus-proxy"),
    ("xdotool", "xdotool"),
    ("Xvfb", "xvfb"),
];

/// A plug-in of libpurple is a file, not a program.
const SIPE: &str = "purple-2/libsipe.so";

/// The folders of Debian's D-Bus library for Python, and their packages.
const PYTHON: &[(&str, &str)] = &[
    ("/usr/lib/python3/dist-packages/dbus", "python3-dbus"),
    ("/usr/lib/python3/dist-packages/gi", "python3-gi"),
];

/// Fails unless all `programs` are installed.
///
/// No test is skipped, because a conformance test without its peer proves nothing.
///
/// # Panics
///
/// With the command that installs all missing packages.
#[track_caller]
pub fn require(programs: &[&str]) {
    if !programs.iter().all(|program| installed(program)) {
        fail();
    }
}

/// Fails unless Debian's Python has its D-Bus library.
///
/// # Panics
///
/// With the command that installs all missing packages.
#[track_caller]
pub fn require_python() {
    if !PYTHON.iter().all(|(folder, _)| Path::new(folder).is_dir()) {
        fail();
    }
}

#[track_caller]
fn fail() -> ! {
    let mut packages: BTreeSet<_> = PACKAGES
        .iter()
        .filter(|(program, _)| !installed(program))
        .map(|(_, package)| *package)
        .collect();
    if !sipe() {
        packages.insert("pidgin-sipe");
    }
    let python = PYTHON.iter().filter(|(folder, _)| !Path::new(folder).is_dir());
    packages.extend(python.map(|(_, package)| *package));
    panic!(
        "programs to test against are missing\n  help: sudo apt-get install --no-install-recommends {}",
        packages.into_iter().collect::<Vec<_>>().join(" ")
    );
}

/// Fails unless the SIPE plug-in is installed.
#[track_caller]
pub(crate) fn require_sipe() {
    assert!(
        sipe(),
        "the SIPE plug-in is missing\n  help: sudo apt-get install --no-install-recommends pidgin-sipe"
    );
}

fn installed(program: &str) -> bool {
    find(program).is_some()
}

/// The path of an installed program.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default();
    let folders = path.split(':').chain(["/usr/local/sbin", "/usr/sbin", "/sbin"]);
    folders.map(|folder| Path::new(folder).join(program)).find(|program| program.is_file())
}

fn sipe() -> bool {
    library_folders().any(|folder| folder.join(SIPE).is_file())
}

/// `/usr/lib` and its folders: Debian has one for each architecture.
pub(crate) fn library_folders() -> impl Iterator<Item = std::path::PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    std::iter::once("/usr/lib".into()).chain(folders.map(|entry| entry.path()))
}
