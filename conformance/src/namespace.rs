//! Programs that see another folder at a fixed path, and programs of another user.

use std::path::Path;
use std::process::Command;

use crate::packages;

/// Lets an `unshare` command show `folder` at `place` to the program whose words follow.
///
/// The program keeps its user. Root needs no user namespace; everyone else gets one.
pub(crate) fn bind(command: &mut Command, folder: &Path, place: &Path) {
    if !is_root() {
        command.args(["--map-current-user", "--keep-caps"]);
    }
    let script = "mount --bind \"$0\" \"$1\" && shift && exec \"$@\"";
    command.args(["--mount", "sh", "-c", script]).arg(folder).arg(place);
}

/// The program that runs another one as the user `nobody`, and its first arguments.
#[must_use]
pub fn as_nobody() -> (&'static str, &'static [&'static str]) {
    if is_root() {
        packages::require(&["setpriv"]);
        return ("setpriv", &["--reuid=nobody", "--regid=nogroup", "--clear-groups"]);
    }
    // The tests need no `sudo` as root.
    ("sudo", &["--non-interactive", "--user=nobody", "--"])
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
