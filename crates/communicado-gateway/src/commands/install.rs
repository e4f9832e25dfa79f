//! The commands `install` and `uninstall`: the systemd unit, for a program from an archive.

use std::io::{self, Write as _};
use std::path::Path;

use clap::Args;
use communicado_cli_support::systemd::{packaged_unit, systemctl, unit_for};
use communicado_cli_support::{Failure, Outcome, print};

use crate::private::own_uid;

/// The unit, which the package installs too.
const UNIT: &str = include_str!("../../dist/communicado-gateway.service");
/// The program in [`UNIT`].
const UNIT_PROGRAM: &str = "/usr/local/bin/communicado-gateway";
const UNIT_NAME: &str = "communicado-gateway.service";
/// The units of the administrator.
const UNITS: &str = "/etc/systemd/system";
/// The folder that exists while systemd runs (sd_booted(3)).
const RUNNING: &str = "/run/systemd/system";
/// The folders that [`UNIT`] hides from the program.
const HIDDEN: [&str; 5] = ["/home", "/root", "/run/user", "/tmp", "/var/tmp"];

/// Let the gateway run now and start with the machine, as a systemd unit.
///
/// The package for Debian has the same unit; then the command only starts it. Run it as root.
/// `systemctl edit communicado-gateway` sets your options for `serve`.
#[derive(Debug, Args)]
pub(crate) struct Install {
    /// Print the unit, and change nothing.
    #[arg(long)]
    print: bool,
}

/// Stop the gateway, and remove the unit that `install` has written. The data stays.
#[derive(Debug, Args)]
pub(crate) struct Uninstall {}

impl Install {
    pub(crate) fn run(self) -> Result<Outcome, Failure> {
        let program = std::env::current_exe().map_err(|error| {
            Failure::new(Outcome::Failed, "cannot find the path of this program").cause(error)
        })?;
        let unit = unit_for(&program, UNIT, UNIT_PROGRAM);
        if self.print {
            return print(&unit).map(|()| Outcome::Yes);
        }
        check_machine()?;
        if HIDDEN.iter().any(|folder| program.starts_with(folder)) {
            let what = format!("the unit cannot start {}", program.display());
            let help = format!(
                "copy the program: install {} {UNIT_PROGRAM}; then run {UNIT_PROGRAM} install",
                program.display()
            );
            let cause = "it hides the folders of users and of temporary files";
            return Err(Failure::new(Outcome::Failed, what).cause(cause).help(help));
        }
        match packaged_unit(&program, "system", UNIT_NAME) {
            Some(unit) => print(&format!("found: {}\n", unit.display()))?,
            None => {
                let file = Path::new(UNITS).join(UNIT_NAME);
                write(&file, &unit).map_err(|error| cannot("write", &file, error))?;
                print(&format!("written: {}\n", file.display()))?;
            }
        }
        systemctl(&["daemon-reload"])?;
        systemctl(&["enable", "--now", UNIT_NAME])?;
        print(
            "The gateway runs, and starts with the machine.\n\
             Its first token is in the journal: journalctl --unit communicado-gateway\n",
        )
        .map(|()| Outcome::Yes)
    }
}

impl Uninstall {
    pub(crate) fn run(self) -> Result<Outcome, Failure> {
        check_machine()?;
        // A unit that is not there cannot be disabled, which is the aim.
        let _ = systemctl(&["disable", "--now", UNIT_NAME]);
        let file = Path::new(UNITS).join(UNIT_NAME);
        match std::fs::remove_file(&file) {
            Ok(()) => {
                print(&format!("removed: {}\n", file.display()))?;
                systemctl(&["daemon-reload"])?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(cannot("remove", &file, error)),
        }
        print(
            "The gateway does not start with the machine.\n\
             Its data stays in /var/lib/communicado-gateway.\n",
        )
        .map(|()| Outcome::Yes)
    }
}

/// # Errors
///
/// If systemd does not run, or the user is not root.
fn check_machine() -> Result<(), Failure> {
    if !Path::new(RUNNING).is_dir() {
        let help = "run `communicado-gateway serve` with the service manager of this machine; \
                    `communicado-gateway install --print` prints the unit";
        let what = "systemd does not run on this machine";
        return Err(Failure::new(Outcome::Failed, what).help(help));
    }
    if own_uid() != 0 {
        let what = "only root can change the units of the system";
        return Err(Failure::new(Outcome::Failed, what).help("run the command with sudo"));
    }
    Ok(())
}

/// Writes a unit, which every user may read, in one step.
fn write(file: &Path, text: &str) -> io::Result<()> {
    let new = file.with_extension("service.new");
    let written = std::fs::File::create(&new).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    let written = written.and_then(|()| std::fs::rename(&new, file));
    if written.is_err() {
        let _ = std::fs::remove_file(&new);
    }
    written
}

fn cannot(verb: &str, file: &Path, error: io::Error) -> Failure {
    Failure::new(Outcome::Failed, format!("cannot {verb} {}", file.display()))
        .cause(error)
        .help("check the permissions of this file and its folder")
}
