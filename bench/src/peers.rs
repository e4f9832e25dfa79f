//! The measured programs: ours, and comparable ones of other projects.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::fixture::{Empty, PURPLE};

/// Every measured program of another project, and its Debian package.
const PACKAGES: &[(&str, &str)] = &[
    ("dbus-monitor", "dbus-bin"),
    ("dbus-send", "dbus-bin"),
    ("playerctl", "playerctl"),
    ("purple-remote", "libpurple-bin"),
    ("dbus-daemon", "dbus-daemon"),
    ("dunst", "dunst"),
    ("finch", "finch"),
    ("gdbus", "libglib2.0-bin"),
    ("mosquitto", "mosquitto"),
    ("mosquitto_pub", "mosquitto-clients"),
    ("mosquitto_sub", "mosquitto-clients"),
    ("nats-server", "nats-server"),
    ("nginx", "nginx-light libnginx-mod-nchan"),
    ("node", "nodejs"),
    ("prosody", "prosody"),
    ("Xvfb", "xvfb"),
];

/// The signals of Finch that communicado subscribes to (`purple/message.rs` of its sources).
const MEMBERS: [&str; 12] = [
    "AccountConnecting",
    "AccountSignedOn",
    "AccountSignedOff",
    "AccountConnectionError",
    "AccountErrorChanged",
    "AccountStatusChanged",
    "AccountEnabled",
    "AccountDisabled",
    "AccountAdded",
    "AccountRemoved",
    "SavedstatusChanged",
    "Quitting",
];

/// The commands that print the version of a peer.
const VERSIONS: &[(&str, &str)] = &[
    ("dbus-daemon, dbus-monitor, dbus-send", "dbus-daemon --version"),
    ("finch, purple-remote", "finch --version"),
    ("mosquitto_pub, mosquitto_sub", "mosquitto_pub --version"),
    ("Mosquitto", "dpkg-query -W mosquitto"),
    ("nats-server", "nats-server --version"),
    ("nchan of nginx", "dpkg-query -W libnginx-mod-nchan"),
    ("Node, which runs npm's mqtt", "node --version"),
    ("playerctl", "playerctl --version"),
    ("Python, which runs purple-remote", "/usr/bin/python3 --version"),
];

/// Fails unless every peer is installed, because each number needs its comparison.
pub(crate) fn require() -> Result<(), String> {
    let mut packages: Vec<_> = PACKAGES
        .iter()
        .filter(|(program, _)| find(program).is_none())
        .map(|(_, package)| *package)
        .collect();
    packages.sort_unstable();
    packages.dedup();
    if packages.is_empty() {
        return Ok(());
    }
    Err(format!(
        "programs to measure against are missing\n  help: sudo apt-get install --no-install-recommends {}",
        packages.join(" ")
    ))
}

/// The build of `communicado` as the packages have it, or the program that `COMMUNICADO_BIN` names.
pub(crate) fn communicado() -> Result<PathBuf, String> {
    let named = std::env::var_os("COMMUNICADO_BIN").map(PathBuf::from);
    let built = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/dist/communicado");
    let program = named.unwrap_or_else(built);
    if program.is_file() {
        return Ok(program);
    }
    Err("there is no packaged build to measure\n  help: cargo build --profile dist -p \
         communicado-cli"
        .to_owned())
}

/// `communicado watch --json`.
pub(crate) fn watch(empty: &Empty) -> Result<Command, String> {
    let mut command = empty.command(&communicado()?);
    command.args(["watch", "--json"]);
    Ok(command)
}

/// `dbus-monitor` with the match rules of communicado.
pub(crate) fn monitor(empty: &Empty) -> Result<Command, String> {
    let [name, path, interface] = PURPLE;
    let mut command = empty.command(Path::new("dbus-monitor"));
    command.arg("--session").args(MEMBERS.map(|member| {
        format!("type='signal',path='{path}',interface='{interface}',member='{member}'")
    }));
    command.arg(format!(
        "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',\
         interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='{name}'"
    ));
    Ok(command)
}

/// `dbus-monitor` in its usual form, with all signals of Finch's interface.
pub(crate) fn monitor_all(empty: &Empty) -> Result<Command, String> {
    let [_, _, interface] = PURPLE;
    let mut command = empty.command(Path::new("dbus-monitor"));
    command.args(["--session", &format!("type='signal',interface='{interface}'")]);
    Ok(command)
}

/// `playerctl --follow status`.
pub(crate) fn playerctl(empty: &Empty) -> Result<Command, String> {
    let mut command = empty.command(Path::new("playerctl"));
    command.args(["--follow", "status"]);
    Ok(command)
}

/// A row for each peer, with the first line of its version text.
pub(crate) fn versions() -> Vec<(&'static str, String)> {
    VERSIONS.iter().map(|(peer, command)| (*peer, first_line(command))).collect()
}

/// The first line that a command writes, with single spaces between the words.
pub(crate) fn first_line(command: &str) -> String {
    let mut words = command.split(' ');
    let mut command = Command::new(words.next().unwrap_or_default());
    let output = command.args(words).stderr(Stdio::null()).output();
    let output = output.map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&output).lines().next().unwrap_or("unknown").trim().to_owned()
}

fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default();
    let folders = path.split(':').chain(["/usr/local/sbin", "/usr/sbin", "/sbin"]);
    folders.map(|folder| Path::new(folder).join(program)).find(|path| path.is_file())
}
