//! A session bus that no variable names, or that belongs to another user.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use communicado_conformance::{Completed, ExpectOk as _, Process, TestSession, as_nobody, within};

fn own_uid() -> String {
    let output = std::process::Command::new("id").arg("-u").output().expect_ok("run id");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A folder like `/run/user`, with the socket of the session's bus.
fn run_user(session: &TestSession) -> PathBuf {
    let folder = session.folder().join("run-user");
    let own = folder.join(own_uid());
    fs::create_dir_all(&own).expect_ok("make a folder");
    symlink(session.folder().join("bus"), own.join("bus")).expect_ok("make a symbolic link");
    folder
}

#[track_caller]
fn assert_signed_out(status: &Completed) {
    assert_eq!((status.code, &*status.err), (Some(0), ""), "{status:?}");
    assert!(status.out.starts_with("finch"), "{status:?}");
    assert!(status.out.contains("signed-out"), "{status:?}");
}

const STATUS: &[&str] = &["status", "--client", "finch"];

#[test]
fn without_an_address_the_bus_is_in_the_runtime_folder() {
    let session = TestSession::new();
    let finch = session.finch(&[]);
    finch.user();
    let communicado = session.communicado();
    let socket = communicado.runtime_folder().join("bus");
    symlink(session.folder().join("bus"), socket).expect_ok("make a symbolic link");
    assert_signed_out(&communicado.without_address().run(STATUS));
}

#[test]
fn a_job_of_cron_finds_the_bus_in_run_user() {
    let session = TestSession::new();
    let finch = session.finch(&[]);
    finch.user();
    assert_signed_out(&session.communicado().in_cron(&run_user(&session)).run(STATUS));
}

#[test]
fn without_any_bus_the_error_names_the_places() {
    let session = TestSession::new();
    let empty = session.folder().join("empty");
    fs::create_dir(&empty).expect_ok("make a folder");
    let status = session.communicado().in_cron(&empty).run(STATUS);
    assert_eq!(status.code, Some(3), "{status:?}");
    let cause = "DBUS_SESSION_BUS_ADDRESS is not set, and neither XDG_RUNTIME_DIR nor /run/user \
                 has a bus of yours";
    assert!(status.err.contains(cause), "{status:?}");
}

#[test]
fn the_address_of_a_former_login_is_an_error_that_names_the_bus_of_today() {
    let session = TestSession::new();
    let stale = "unix:path=/tmp/dbus-of-a-former-login";
    let communicado = session.communicado();
    let socket = communicado.runtime_folder().join("bus");
    symlink(session.folder().join("bus"), &socket).expect_ok("make a symbolic link");
    let status = communicado.on_bus(stale).run(STATUS);
    assert_eq!(status.code, Some(3), "{status:?}");
    let help = format!("set DBUS_SESSION_BUS_ADDRESS to `unix:path={}`", socket.display());
    assert!(status.err.contains(&help), "{status:?}");
}

#[test]
fn the_bus_of_another_user_has_the_name_of_its_owner() {
    let session = TestSession::new();
    if own_uid() != "0" {
        // Nobody else may look into the folder of root.
        let status = session.communicado().on_bus("unix:path=/root/bus").run(STATUS);
        assert_eq!(status.code, Some(3), "{status:?}");
        assert!(status.err.contains("run communicado as root, without sudo"), "{status:?}");
        return;
    }
    let folder = session.folder().join("theirs");
    fs::create_dir(&folder).expect_ok("make a folder");
    for (folder, mode) in [(session.folder(), 0o711), (&folder, 0o777)] {
        fs::set_permissions(folder, Permissions::from_mode(mode)).expect_ok("open a folder");
    }
    let socket = folder.join("bus");
    let _bus = bus_of_nobody(session.folder(), &socket);
    let address = format!("unix:path={}", socket.display());
    let status = session.communicado().on_bus(&address).run(STATUS);
    assert_eq!(status.code, Some(3), "{status:?}");
    assert!(status.err.contains(&format!("`{address}` belongs to nobody")), "{status:?}");
    assert!(status.err.contains("help: run communicado as nobody, without sudo"), "{status:?}");
}

/// A `dbus-daemon` of the user `nobody`.
fn bus_of_nobody(folder: &Path, socket: &Path) -> Process {
    let (program, words) = as_nobody();
    let bus = Process::start("their-bus", program, folder, |command| {
        command.args(words).args(["dbus-daemon", "--session", "--nofork", "--nosyslog"]);
        command.arg(format!("--address=unix:path={}", socket.display()));
    });
    within("their bus listens", || UnixStream::connect(socket).ok());
    bus
}
