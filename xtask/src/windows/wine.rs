//! Wine, which runs the programs for Windows.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::command::{program, root, run as run_command};

/// Debian's path of the program, whose wrapper would need the 32-bit one too.
const WINE: &str = "/usr/lib/wine/wine64";

/// The folder of the programs that run under Wine.
pub(super) fn folder() -> PathBuf {
    root().join("target/wine")
}

/// The script that runs programs for Windows for cargo.
pub(super) fn runner() -> PathBuf {
    folder().join("run")
}

/// Writes the script, and creates a Wine prefix for the unit tests.
pub(super) fn prepare() -> Result<(), String> {
    let folder = folder();
    let prefix = folder.join("units");
    let failed = |error: std::io::Error| format!("cannot write {}: {error}", folder.display());
    fs::create_dir_all(&folder).map_err(failed)?;
    if !Path::new(WINE).exists() {
        return Err(format!("there is no {WINE}\n  help: cargo xtask peers"));
    }
    let script = format!(
        "#!/bin/sh\n# Written by `cargo xtask windows`.\nunset LD_LIBRARY_PATH DISPLAY\n\
         WINEPREFIX='{}' WINEDEBUG=-all exec {WINE} \"$@\"\n",
        prefix.display()
    );
    fs::write(runner(), script).map_err(failed)?;
    fs::set_permissions(runner(), fs::Permissions::from_mode(0o755)).map_err(failed)?;
    if !prefix.join("system.reg").exists() {
        run_command(&mut program(&runner().to_string_lossy(), &["wineboot", "-i"]))?;
    }
    Ok(())
}
