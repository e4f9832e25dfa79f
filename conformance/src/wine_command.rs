//! Commands that run under Wine, and the programs that are built for it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::clean;

/// Debian's path of the program, whose wrapper would need the 32-bit one too.
pub(crate) const WINE: &str = "/usr/lib/wine/wine64";

/// Runs a command in a prefix, with an otherwise empty environment.
pub(crate) fn in_prefix<'a>(command: &'a mut Command, prefix: &Path) -> &'a mut Command {
    clean(command).env("WINEPREFIX", prefix).env("WINEDEBUG", "-all").env("HOME", prefix)
}

/// The path of a file from `cargo xtask windows peers`.
pub(crate) fn built(name: &str) -> PathBuf {
    let file = folder().join(name);
    assert!(file.is_file(), "there is no {}\n  help: cargo xtask windows peers", file.display());
    file
}

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/wine")
}
