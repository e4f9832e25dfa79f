//! `agent allow`: the person says what may be told, of which device, as whom, to whom.

use std::io::{self, BufRead as _, IsTerminal as _};
use std::path::{Path, PathBuf};

use clap::Args;
use communicado_sinks::gateway::{Address, Id};
use communicado_sinks::publish::Detail;

use super::consent::Consent;
use super::state_dir::StateDir;
use crate::commands::{print, tell};
use crate::failure::{Failure, Outcome};
use crate::runtime::now;
use crate::settings::Settings;

/// Allow this device's statuses to be published, after saying what that means.
///
/// It asks on a terminal. What was allowed before is replaced.
#[derive(Debug, Args)]
pub(super) struct AllowArgs {
    /// The gateway, such as https://presence.example.org.
    #[arg(value_name = "URL", value_parser = address)]
    gateway: Address,
    /// Your id at the gateway.
    #[arg(long, value_name = "ID", value_parser = Id::new)]
    person: Id,
    /// What to call this device there.
    #[arg(long, value_name = "NAME", value_parser = Id::new)]
    device: Id,
    /// The file with your token, which only you may be able to read; it is read each time.
    #[arg(long, value_name = "FILE")]
    token_file: PathBuf,
    /// Trust only the authority in this file, in PEM, to know the gateway.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Tell the names of your accounts too, and what you chose in your clients.
    #[arg(long)]
    names: bool,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

fn address(text: &str) -> Result<Address, String> {
    Address::parse(text).map_err(|error| format!("{}; {}", error.cause, error.help))
}

impl AllowArgs {
    pub(super) fn run(self, state_dir: &StateDir, settings: &Settings) -> Result<Outcome, Failure> {
        let consent = Consent {
            token_file: absolute(&self.token_file)?,
            ca: self.ca.as_deref().map(absolute).transpose()?,
            detail: if self.names { Detail::Names } else { Detail::Statuses },
            given: now(),
            gateway: self.gateway,
            person: self.person,
            device: self.device,
        };
        consent.access()?;
        print(&describe(&consent, settings))?;
        if !self.yes && !confirm()? {
            tell("note: nothing was allowed, and nothing is published\n");
            return Ok(Outcome::No);
        }
        state_dir.write_consent(&consent)?;
        let next = if state_dir.is_running()? {
            "the agent that runs follows it now"
        } else {
            "start `communicado agent`, or its service"
        };
        tell(&format!("note: allowed; {next}\n"));
        Ok(Outcome::Yes)
    }
}

/// What it means, in plain words, before it is so.
fn describe(consent: &Consent, settings: &Settings) -> String {
    let Consent { gateway, person, device, detail, .. } = consent;
    let hours = settings.agent.hours.to_string();
    let hours = if hours.is_empty() { "whenever it runs".to_owned() } else { hours };
    let clients = if settings.clients.is_empty() {
        "every client that is found here".to_owned()
    } else {
        settings.clients.join(", ")
    };
    let names = match detail {
        Detail::Statuses => "not your accounts: neither names nor protocols",
        Detail::Names => "your accounts: names, protocols, statuses, and what you chose in them",
    };
    format!(
        "communicado agent may then tell this gateway\n  \
           gateway  {gateway}\n  \
           as       {person}, of the device {device}\n  \
           clients  {clients}\n  \
           what     its name, whether it runs and is signed in, how reachable you are in it,\n           \
                    and since when; {names}\n  \
           never    messages, contacts, windows, or what you type\n  \
           when     at once on a change, and again three times in {lease} s\n  \
           hours    {hours}; outside of them, and in a pause, it has the gateway forget the device\n\
         Who reads it there is for the gateway to say: ask who runs it.\n\
         You take it back with `communicado agent forbid`.\n",
        lease = settings.agent.lease.as_secs(),
    )
}

/// Whether the person says yes.
fn confirm() -> Result<bool, Failure> {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        return Err(Failure::usage("there is no terminal to ask you on")
            .help("if you have read what it means, say so with --yes"));
    }
    tell("Allow it? [y/N] ");
    let mut answer = String::new();
    let read = stdin.lock().read_line(&mut answer);
    read.map_err(|error| Failure::new(Outcome::Failed, "your answer cannot be read").cause(error))?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| {
        let what = format!("`{}` is no path", path.display());
        Failure::usage(what).cause(error)
    })
}
