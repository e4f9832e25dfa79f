//! `agent install` and `agent uninstall`: the agent starts when the user signs in.
//!
//! A systemd of the user gets a unit. Any other desktop gets an autostart entry (Desktop Application
//! Autostart Specification). The texts are pure.

use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use communicado_cli_support::systemd::{packaged_unit, systemctl, unit_for};
use communicado_cli_support::{Failure, Outcome, dirs, print};

use super::serve::require_listener;
use super::state_dir::StateDir;
use crate::settings::Settings;

/// The unit, which the packages install too.
const UNIT: &str = include_str!("../../../systemd/communicado-agent.service");
/// The program in [`UNIT`].
const UNIT_PROGRAM: &str = "%h/.cargo/bin/communicado";
const UNIT_NAME: &str = "communicado-agent.service";
const ENTRY_NAME: &str = "communicado-agent.desktop";

/// Starts the agent now, or at the next sign-in, and at each sign-in after that.
pub(super) fn install(state_dir: &StateDir, settings: &Settings) -> Result<Outcome, Failure> {
    require_listener(state_dir, settings)?;
    let program = std::env::current_exe().map_err(|error| {
        Failure::new(Outcome::Failed, "cannot find the path of this program").cause(error)
    })?;
    let config = config_dir()?;
    if !has_systemd() {
        let file = config.join("autostart").join(ENTRY_NAME);
        write(&file, &desktop_entry(&program.to_string_lossy()))?;
        return print(&format!(
            "written: {}\nThe agent starts when you sign in the next time.\n",
            file.display()
        ))
        .map(|()| Outcome::Yes);
    }
    match packaged_unit(&program, "user", UNIT_NAME) {
        Some(unit) => print(&format!("found: {}\n", unit.display()))?,
        None => {
            let file = config.join("systemd/user").join(UNIT_NAME);
            write(&file, &unit_for(&program, UNIT, UNIT_PROGRAM))?;
            print(&format!("written: {}\n", file.display()))?;
        }
    }
    systemctl(&["--user", "daemon-reload"])?;
    systemctl(&["--user", "enable", "--now", UNIT_NAME])?;
    print("The agent runs, and starts when you sign in.\n").map(|()| Outcome::Yes)
}

/// Stops the agent, and removes what [`install`] has written.
pub(super) fn uninstall() -> Result<Outcome, Failure> {
    let config = config_dir()?;
    if has_systemd() {
        // A unit that is not there cannot be disabled, which is the aim.
        let _ = systemctl(&["--user", "disable", "--now", UNIT_NAME]);
    }
    let mut removed = false;
    for file in
        [config.join("systemd/user").join(UNIT_NAME), config.join("autostart").join(ENTRY_NAME)]
    {
        match std::fs::remove_file(&file) {
            Ok(()) => {
                removed = true;
                print(&format!("removed: {}\n", file.display()))?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(cannot("remove", &file, error)),
        }
    }
    if removed && has_systemd() {
        systemctl(&["--user", "daemon-reload"])?;
    }
    print("The agent does not start when you sign in.\n").map(|()| Outcome::Yes)
}

fn config_dir() -> Result<PathBuf, Failure> {
    dirs::config_dir().ok_or_else(|| {
        Failure::new(Outcome::Failed, "there is no home folder").help("set the variable HOME")
    })
}

/// True if the systemd of this user answers.
fn has_systemd() -> bool {
    systemctl(&["--user", "show-environment"]).is_ok()
}

/// Writes a file for this user only, with its folder.
fn write(file: &Path, text: &str) -> Result<(), Failure> {
    let write = || {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut options = std::fs::OpenOptions::new();
        let mut open = options.write(true).create(true).truncate(true).mode(0o600).open(file)?;
        io::Write::write_all(&mut open, text.as_bytes())
    };
    write().map_err(|error| cannot("write", file, error))
}

fn cannot(verb: &str, file: &Path, error: io::Error) -> Failure {
    Failure::new(Outcome::Failed, format!("cannot {verb} `{}`", file.display()))
        .cause(error)
        .help("check the permissions of this file and its folder")
}

/// The autostart entry for this program.
fn desktop_entry(program: &str) -> String {
    // The rules of quotes apply first, then those of strings (Desktop Entry Specification).
    let mut quoted = String::new();
    for letter in program.chars() {
        match letter {
            '"' | '`' | '$' | '\\' => quoted.extend(['\\', letter]),
            '%' => quoted.push_str("%%"),
            _ => quoted.push(letter),
        }
    }
    let quoted = quoted.replace('\\', "\\\\");
    format!(
        "[Desktop Entry]\nType=Application\nName=Communicado agent\n\
         Comment=Reports the status of your clients\nExec=\"{quoted}\" agent\nNoDisplay=true\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entry_starts_this_program() {
        let entry = desktop_entry("/a \"b\"/100%/$c");
        assert!(entry.contains("\nExec=\"/a \\\\\"b\\\\\"/100%%/\\\\$c\" agent\n"), "{entry}");
    }
}
