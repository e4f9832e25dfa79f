//! `agent allow`: the user consents to publishing.

use std::io::{self, BufRead as _, IsTerminal as _};
use std::path::{Path, PathBuf};

use clap::Args;
use communicado_cli_support::{Failure, Outcome, note, print, print_message};
use communicado_sinks::gateway::{Address, Id};
use communicado_sinks::publish::Detail;

use super::consent::Consent;
use super::state_dir::StateDir;
use crate::runtime::now;
use crate::settings::Settings;

/// Allow this device to publish your status.
///
/// Prints what is published, and asks on the terminal. Replaces an earlier consent.
#[derive(Debug, Args)]
pub(super) struct AllowArgs {
    /// The URL of the gateway, such as https://presence.example.org.
    #[arg(value_name = "URL", value_parser = address)]
    gateway: Address,
    /// Your id at the gateway.
    #[arg(long, value_name = "ID", value_parser = Id::new)]
    person: Id,
    /// Your name for this device at the gateway.
    #[arg(long, value_name = "NAME", value_parser = Id::new)]
    device: Id,
    /// The file with your access token. Only you may have permission to read it.
    #[arg(long, value_name = "FILE")]
    token_file: PathBuf,
    /// Verify the gateway against this CA only. The file is in PEM format.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Also publish account names, your notes and the status that you selected in each client.
    #[arg(long)]
    names: bool,
    /// Consent without a question.
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
            note("you did not consent, so nothing is published");
            return Ok(Outcome::No);
        }
        state_dir.write_consent(&consent)?;
        let next = if state_dir.is_running()? {
            "the running agent applies it now"
        } else {
            "start `communicado agent` or its service"
        };
        note(&format!("publishing is enabled; {next}"));
        Ok(Outcome::Yes)
    }
}

/// The text that explains to the user what is published.
fn describe(consent: &Consent, settings: &Settings) -> String {
    let Consent { gateway, person, device, detail, .. } = consent;
    let hours = settings.agent.hours.to_string();
    let hours = if hours.is_empty() { "always".to_owned() } else { hours };
    let clients = if settings.clients.is_empty() {
        "all clients on this device".to_owned()
    } else {
        settings.clients.join(", ")
    };
    let names = match detail {
        Detail::Statuses => "no account names, no protocols, no notes",
        Detail::Names => {
            "the names, protocols,\n           statuses, selected statuses and notes of your accounts"
        }
    };
    format!(
        "communicado agent will publish to this gateway:\n  \
           gateway  {gateway}\n  \
           as       {person}, device {device}\n  \
           clients  {clients}\n  \
           data     the name of each client, its status, your availability in it,\n           \
                    and when these changed; {names}\n  \
           never    messages, contacts, windows or keystrokes\n  \
           when     on every change, and three times per {lease} s\n  \
           hours    {hours}; at other times and in a pause, the gateway deletes this device\n\
         The administrator of the gateway decides who can read this data.\n\
         To stop publishing, run: communicado agent forbid\n",
        lease = settings.agent.lease.as_secs(),
    )
}

/// Asks the user for consent on the terminal.
fn confirm() -> Result<bool, Failure> {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        return Err(Failure::usage(
            "standard input is not a terminal, so the consent question cannot be asked",
        )
        .help("read the text above, then add --yes to consent"));
    }
    print_message("Allow this? [y/N] ");
    let mut answer = String::new();
    let read = stdin.lock().read_line(&mut answer);
    read.map_err(|error| Failure::new(Outcome::Failed, "cannot read your answer").cause(error))?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| {
        let message = format!("`{}` is not a valid path", path.display());
        Failure::usage(message).cause(error)
    })
}
