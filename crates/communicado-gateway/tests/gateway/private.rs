//! Permissions of files: only the gateway's user can access them, whatever the umask is.

use std::fs::{Permissions, metadata, set_permissions};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::fixture::{Gateway, program};

/// The id of another user than the gateway's.
pub(crate) const OTHER: u32 = 65534;
const STORE: [&str; 4] = ["gateway.sqlite", "gateway.sqlite-wal", "gateway.sqlite-shm", "lock"];

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn mode(path: &Path) -> u32 {
    metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).mode() & 0o777
}

#[track_caller]
fn assert_private(folder: &Path, names: &[&str]) {
    assert_eq!(format!("{:o}", mode(folder)), "700", "{}", folder.display());
    for name in names {
        assert_eq!(format!("{:o}", mode(&folder.join(name))), "600", "{name}");
    }
}

/// The program with the umask 0.
fn open_umask() -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "umask 000; exec \"$0\" \"$@\""]).arg(program());
    command
}

/// Runs a program as another user.
fn as_other(arguments: &[&str]) -> Output {
    let mut command = Command::new("setpriv");
    command.args(["--reuid", &OTHER.to_string(), "--clear-groups", "--"]).args(arguments);
    command.output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Starts a gateway that must refuse, and returns the error.
#[track_caller]
fn refused(folder: &Path) -> String {
    let mut command = Command::new(program());
    let output = command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(folder).output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(5), "{output:?}");
    let text = text(&output);
    assert!(text.contains("help: "), "{text}");
    text
}

#[test]
fn files_are_private_from_their_creation_whatever_the_umask_is() {
    let mut gateway = Gateway::start();
    gateway.stop();
    std::fs::remove_dir_all(gateway.folder()).unwrap();
    gateway.restart_as(&mut open_umask());
    let folder = gateway.folder().to_path_buf();
    assert_private(&folder, &STORE);
    assert_private(&folder, &["control"]);
    let run = |arguments: &[&str]| {
        let output = open_umask().args(arguments).arg("--data").arg(&folder).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    let backup = folder.join("backup");
    run(&["backup", backup.to_str().unwrap()]);
    assert_private(&folder, &["backup"]);
    gateway.stop();
    set_permissions(&backup, Permissions::from_mode(0o644)).unwrap();
    run(&["restore", backup.to_str().unwrap()]);
    assert_private(&folder, &["gateway.sqlite", "lock"]);
}

#[test]
fn a_backup_does_not_follow_a_link_and_replaces_nothing() {
    let gateway = Gateway::start();
    let target = gateway.folder().join("target");
    let link = gateway.folder().join("link");
    symlink(&target, &link).unwrap();
    let output = gateway.command(&["backup", link.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(5), "{output:?}");
    assert!(!target.exists());
}

#[test]
fn permissions_of_files_that_others_could_open_are_repaired_and_logged() {
    let mut gateway = Gateway::start();
    gateway.add("ada", &[]);
    // A killed gateway leaves all its files.
    gateway.kill();
    let folder = gateway.folder().to_path_buf();
    for name in STORE {
        set_permissions(folder.join(name), Permissions::from_mode(0o666)).unwrap();
    }
    set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
    let log = std::fs::File::create(folder.join("log")).unwrap();
    gateway.restart_as(Command::new(program()).stderr(log));
    assert_private(&folder, &STORE);
    let log = std::fs::read_to_string(folder.join("log")).unwrap();
    let is_logged = |name: &str| {
        let path = format!("\"path\":\"{}\"", folder.join(name).display());
        log.lines().any(|line| line.contains("\"WARN\"") && line.contains(path.as_str()))
    };
    for name in STORE {
        assert!(is_logged(name), "{name}: {log}");
    }
    assert_eq!(log.matches("\"now\":\"0700\"").count(), 1, "{log}");
    gateway.get("/v1/people/ada");
}

#[test]
fn a_folder_of_another_user_is_refused() {
    let made = tempfile::TempDir::new().unwrap();
    let folder = if is_root() {
        chown(made.path(), Some(OTHER), Some(OTHER)).unwrap();
        made.path()
    } else {
        // This folder belongs to root.
        Path::new("/usr")
    };
    let text = refused(folder);
    assert!(text.contains("belongs to another user"), "{text}");
    assert!(!folder.join("lock").exists());
}

#[test]
fn a_world_writable_folder_is_refused_and_not_changed() {
    let folder = tempfile::TempDir::new().unwrap();
    set_permissions(folder.path(), Permissions::from_mode(0o1777)).unwrap();
    let text = refused(folder.path());
    assert!(text.contains("all users may create files"), "{text}");
    assert_eq!(mode(folder.path()), 0o777);
}

#[test]
fn a_symbolic_link_instead_of_a_file_is_refused_and_not_followed() {
    for name in STORE {
        let folder = tempfile::TempDir::new().unwrap();
        let target = folder.path().join("target");
        symlink(&target, folder.path().join(name)).unwrap();
        let text = refused(folder.path());
        assert!(text.contains("is not a regular file"), "{text}");
        assert!(!target.exists(), "{name}");
    }
}

#[test]
fn another_user_can_neither_use_the_control_socket_nor_hold_the_lock() {
    let mut gateway = Gateway::start();
    let folder = gateway.folder().to_path_buf();
    let log = folder.join("log");
    gateway.restart_as(Command::new(program()).stderr(std::fs::File::create(&log).unwrap()));
    assert_private(&folder, &["control", "lock"]);
    let control = folder.join("control");
    let ask = ["curl", "--silent", "--max-time", "20", "--unix-socket", control.to_str().unwrap()];
    let ask = [&ask[..], &["http://localhost/v1/people"]].concat();
    let own = Command::new(ask[0]).args(&ask[1..]).output().unwrap();
    assert!(String::from_utf8_lossy(&own.stdout).contains("\"people\":[]"), "{own:?}");
    if !is_root() {
        return;
    }
    let lock = folder.join("lock");
    let hold = as_other(&["flock", "--nonblock", lock.to_str().unwrap(), "true"]);
    assert!(text(&hold).contains("ermission denied"), "{hold:?}");
    // The gateway refuses even if the permissions of the folder and the socket allow access.
    set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
    set_permissions(&control, Permissions::from_mode(0o777)).unwrap();
    let other = as_other(&ask);
    assert!(other.stdout.is_empty() && !other.status.success(), "{other:?}");
    let log = std::fs::read_to_string(&log).unwrap();
    assert!(
        log.contains("refused a connection of another user") && log.contains("\"65534\""),
        "{log}"
    );
}

/// A program that listens on a socket, as another user if possible, and prints what it receives.
const IMPOSTOR: &str = "
import os, socket, sys
path, uid = sys.argv[1], int(sys.argv[2])
if os.geteuid() == 0:
    os.setuid(uid)
listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
listener.listen()
print('listening', flush=True)
# A command first looks whether a gateway listens, and then sends its request.
heard = [listener.accept()[0].recv(1000) for _ in range(2)]
print('heard', len(b''.join(heard)), flush=True)
";

#[test]
fn a_command_sends_nothing_to_a_socket_of_another_user() {
    let mut gateway = Gateway::start();
    gateway.stop();
    let folder = gateway.folder().to_path_buf();
    set_permissions(&folder, Permissions::from_mode(0o777)).unwrap();
    let _ = std::fs::remove_file(folder.join("control"));
    let mut impostor = Command::new("python3")
        .args(["-c", IMPOSTOR, folder.join("control").to_str().unwrap(), &OTHER.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut response = BufReader::new(impostor.stdout.take().unwrap());
    let mut line = String::new();
    response.read_line(&mut line).unwrap();
    assert_eq!(line, "listening\n");
    let output = gateway.command(&["tokens", "list"]);
    assert_eq!(output.status.code(), Some(5), "{output:?}");
    line.clear();
    response.read_line(&mut line).unwrap();
    impostor.wait().unwrap();
    if is_root() {
        assert!(text(&output).contains("a process of another user"), "{output:?}");
        assert_eq!(line, "heard 0\n");
    } else {
        // The command sends its request to a process of the same user, which closes the connection.
        assert!(text(&output).contains("is incomplete"), "{output:?}");
        assert_ne!(line, "heard 0\n");
    }
}
