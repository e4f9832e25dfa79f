//! Installs the missing programs that the tests need, with Debian's package manager.
//!
//! The task prints its commands first, and changes nothing else of the system. If it cannot install
//! the packages, it lists them for you.

use std::path::Path;
use std::process::Command;

use crate::command::{is_installed, output, program, run as run_command};

/// A file that a package installs.
pub(crate) enum Brings {
    Program(&'static str),
    /// A file or folder below `/usr/lib` or one of its folders: Debian has one for each
    /// architecture.
    Library(&'static str),
    /// A file below `/usr/include`.
    Header(&'static str),
    /// A file below `/usr/share`.
    Shared(&'static str),
}

/// The files that the tests need, and their Debian packages.
pub(crate) const PEERS: &[(Brings, &str)] = &[
    // libFuzzer is C++.
    (Brings::Program("c++"), "g++"),
    (Brings::Program("bsdtar"), "libarchive-tools"),
    (Brings::Program("busctl"), "systemd"),
    (Brings::Program("bwrap"), "bubblewrap"),
    (Brings::Program("caddy"), "caddy"),
    (Brings::Program("chromium"), "chromium"),
    (Brings::Program("curl"), "curl"),
    (Brings::Program("dbus-broker-launch"), "dbus-broker"),
    (Brings::Program("dbus-daemon"), "dbus-daemon"),
    (Brings::Program("dbus-run-session"), "dbus-daemon"),
    (Brings::Program("dbus-send"), "dbus-bin"),
    (Brings::Program("dino-im"), "dino-im"),
    (Brings::Program("dpkg-shlibdeps"), "dpkg-dev"),
    (Brings::Program("dunst"), "dunst"),
    (Brings::Program("ejabberdctl"), "ejabberd"),
    (Brings::Program("erl"), "erlang-base"),
    (Brings::Program("fakeroot"), "fakeroot"),
    (Brings::Program("faketime"), "faketime"),
    (Brings::Program("finch"), "finch"),
    (Brings::Program("gdbus"), "libglib2.0-bin"),
    (Brings::Program("haproxy"), "haproxy"),
    (Brings::Program("i3blocks"), "i3blocks"),
    (Brings::Program("ip"), "iproute2"),
    (Brings::Shared("java/jakarta-annotation-api.jar"), "libjakarta-annotation-api-java"),
    (Brings::Program("javac"), "openjdk-17-jdk-headless"),
    (Brings::Program("jq"), "jq"),
    (Brings::Program("kamailio"), "kamailio"),
    (Brings::Program("lintian"), "lintian"),
    (Brings::Program("makepkg"), "makepkg"),
    (Brings::Program("mmdebstrap"), "mmdebstrap"),
    (Brings::Program("mosquitto"), "mosquitto"),
    (Brings::Program("mosquitto_sub"), "mosquitto-clients"),
    (Brings::Program("msibuild"), "msitools"),
    (Brings::Program("nheko"), "nheko"),
    (Brings::Program("nix-instantiate"), "nix-bin"),
    (Brings::Program("node"), "nodejs"),
    (Brings::Program("npm"), "npm"),
    (Brings::Program("nats-server"), "nats-server"),
    (Brings::Program("nginx"), "nginx-light"),
    (Brings::Program("pacman"), "pacman-package-manager"),
    (Brings::Program("pgrep"), "procps"),
    (Brings::Program("pidgin"), "pidgin"),
    (Brings::Program("openssl"), "openssl"),
    (Brings::Program("osslsigncode"), "osslsigncode"),
    (Brings::Library("purple-2/libsipe.so"), "pidgin-sipe"),
    (Brings::Program("promtool"), "prometheus"),
    (Brings::Program("prosody"), "prosody"),
    (Brings::Program("python3"), "python3"),
    (Brings::Library("python3.11/ensurepip"), "python3-venv"),
    (Brings::Library("python3/dist-packages/dbus"), "python3-dbus"),
    (Brings::Library("python3/dist-packages/gi"), "python3-gi"),
    (Brings::Program("rpmbuild"), "rpm"),
    (Brings::Program("rpmlint"), "rpmlint"),
    (Brings::Program("ruby"), "ruby"),
    (Brings::Program("setsid"), "util-linux"),
    (Brings::Program("stdbuf"), "coreutils"),
    (Brings::Program("systemd-socket-activate"), "systemd"),
    (Brings::Program("tmux"), "tmux"),
    (Brings::Program("unzip"), "unzip"),
    (Brings::Library("wine/wine64"), "wine64"),
    (Brings::Program("wixl"), "wixl"),
    // Wine's interfaces, for the peer in C.
    (Brings::Header("wine/wine/windows/oaidl.idl"), "libwine-dev"),
    (Brings::Program("x86_64-w64-mingw32-gcc-win32"), "gcc-mingw-w64-x86-64-win32"),
    (Brings::Program("x86_64-w64-mingw32-widl"), "mingw-w64-tools"),
    // Dependencies of Debian's Rust, which the task only unpacks.
    (Brings::Library("libLLVM.so.22.1"), "libllvm22"),
    (Brings::Library("libgit2.so.1.5"), "libgit2-1.5"),
    (Brings::Program("xdg-dbus-proxy"), "xdg-dbus-proxy"),
    (Brings::Program("xdotool"), "xdotool"),
    (Brings::Program("Xvfb"), "xvfb"),
    (Brings::Program("zip"), "zip"),
];

/// The packages that start a server when they are installed.
const SERVERS: [&str; 9] = [
    "prosody",
    "ejabberd",
    "kamailio",
    "nats-server",
    "nginx-light",
    "haproxy",
    "caddy",
    "prometheus",
    "mosquitto",
];
/// The services of those packages.
const SERVICES: [&str; 9] = [
    "prosody",
    "ejabberd",
    "kamailio",
    "nats-server",
    "nginx",
    "haproxy",
    "caddy",
    "prometheus",
    "mosquitto",
];

/// Installs the missing packages.
///
/// # Errors
///
/// If the task cannot install them: the missing packages.
pub(crate) fn run(_: &[String]) -> Result<(), String> {
    let missing = missing();
    if missing.is_empty() {
        println!("all {} are installed", PEERS.len());
        return Ok(());
    }
    let packages = missing.join(" ");
    let by_hand = |why: &str| {
        format!("the tests need programs that are not installed: {why}\n  help: install {packages}")
    };
    if !is_installed("apt-get") {
        return Err(by_hand("this system has no apt-get"));
    }
    if !is_root()? && !is_installed("sudo") {
        return Err(by_hand("only root can install packages, and there is no sudo"));
    }
    println!("installing with apt-get: {packages}");
    if missing.iter().any(|package| SERVERS.contains(package))
        && Path::new("/run/systemd/system").exists()
    {
        println!("Debian starts servers when it installs them. The tests start their own:");
        println!("    sudo systemctl disable --now {}", SERVICES.join(" "));
    }
    let failed = |why: String| by_hand(&format!("apt-get failed: {why}"));
    run_command(&mut as_root(&["apt-get", "update", "--quiet"])?).map_err(failed)?;
    let install = ["apt-get", "install", "--quiet", "--yes", "--no-install-recommends"];
    run_command(as_root(&install)?.args(&missing)).map_err(failed)?;
    match self::missing() {
        still if still.is_empty() => Ok(()),
        still => Err(format!("{} are installed, but their files are not found", still.join(" "))),
    }
}

fn missing() -> Vec<&'static str> {
    let is_there = |brings: &Brings| match brings {
        Brings::Program(name) => is_installed(name),
        Brings::Header(file) => Path::new("/usr/include").join(file).exists(),
        Brings::Shared(file) => Path::new("/usr/share").join(file).exists(),
        Brings::Library(file) => {
            let folders = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
            let mut folders = std::iter::once("/usr/lib".into()).chain(folders.map(|it| it.path()));
            folders.any(|folder| folder.join(file).exists())
        }
    };
    let missing = PEERS.iter().filter(|(brings, _)| !is_there(brings));
    missing.map(|(_, package)| *package).collect()
}

/// A command as root, without questions.
pub(crate) fn as_root(words: &[&str]) -> Result<Command, String> {
    let silent = ["env", "DEBIAN_FRONTEND=noninteractive"];
    let words: Vec<&str> = silent.into_iter().chain(words.iter().copied()).collect();
    Ok(if is_root()? {
        program("env", words.get(1..).unwrap_or_default())
    } else {
        program("sudo", &words)
    })
}

fn is_root() -> Result<bool, String> {
    Ok(output(&mut program("id", &["-u"]))?.stdout.trim_ascii() == b"0")
}
