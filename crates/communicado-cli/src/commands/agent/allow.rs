//! `agent allow`: the user consents to publishing.

use std::io::{self, BufRead as _, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use communicado_cli_support::{Failure, Outcome, note, print, print_message};
use communicado_runtime::SystemClock;
use communicado_sinks::gateway::{Address, Id};
use communicado_sinks::publish::Detail;

use super::consent::Consent;
use super::sink_consent::SinkConsent;
use super::sink_context::sink_context;
use super::state_dir::StateDir;
use super::try_sink::sink_named;
use crate::runtime::now;
use crate::settings::Settings;
use crate::sink_settings::{SinkSettings, is_sink_name};

/// Allow this device to publish your status to a gateway, or to a sink of the configuration.
///
/// Prints what is published, and asks on the terminal. Replaces an earlier consent. For a gateway,
/// `--person`, `--device` and `--token-file` are required.
#[derive(Debug, Args)]
pub(super) struct AllowArgs {
    /// The URL of the gateway, such as https://presence.example.org, or the name of a sink.
    #[arg(value_name = "URL|NAME", value_parser = listener)]
    listener: ListenerChoice,
    /// Your id at the gateway.
    #[arg(long, value_name = "ID", value_parser = Id::new)]
    person: Option<Id>,
    /// Your name for this device at the gateway.
    #[arg(long, value_name = "NAME", value_parser = Id::new)]
    device: Option<Id>,
    /// The file with your access token. Only you may have permission to read it.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
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

/// The listener to allow.
#[derive(Clone, Debug)]
enum ListenerChoice {
    Gateway(Address),
    Sink(String),
}

fn listener(text: &str) -> Result<ListenerChoice, String> {
    if is_sink_name(text) {
        return Ok(ListenerChoice::Sink(text.to_owned()));
    }
    let address = Address::parse(text).map_err(|error| format!("{}; {}", error.cause, error.help));
    address.map(ListenerChoice::Gateway)
}

impl AllowArgs {
    pub(super) fn run(self, state_dir: &StateDir, settings: &Settings) -> Result<Outcome, Failure> {
        match self.listener.clone() {
            ListenerChoice::Gateway(gateway) => self.allow_gateway(gateway, state_dir, settings),
            ListenerChoice::Sink(name) => self.allow_sink(&name, state_dir, settings),
        }
    }

    fn allow_sink(
        &self,
        name: &str,
        state_dir: &StateDir,
        settings: &Settings,
    ) -> Result<Outcome, Failure> {
        let of_gateway = [
            ("--person", self.person.is_some()),
            ("--device", self.device.is_some()),
            ("--token-file", self.token_file.is_some()),
            ("--ca", self.ca.is_some()),
            ("--names", self.names),
        ];
        if let Some((option, _)) = of_gateway.iter().find(|(_, is_set)| *is_set) {
            let help = format!("set it below [sinks.{name}] in the configuration, or name a URL");
            let message = format!("`{option}` is for a gateway, and `{name}` is a sink");
            return Err(Failure::usage(message).help(help));
        }
        let sink = sink_named(name, settings)?;
        if !sink.descriptor.leaves_machine {
            note(&format!("sink `{name}` needs no consent: its data stays on this computer"));
            return Ok(Outcome::Yes);
        }
        let context = sink_context(name, sink, settings, &Arc::new(SystemClock::start()));
        let consent = SinkConsent::needed(sink, &context, now());
        print(&describe_sink(name, &consent, sink, settings))?;
        self.consent_to(state_dir, || {
            let mut consents = state_dir.sink_consents()?;
            consents.insert(name.to_owned(), consent);
            state_dir.write_sink_consents(&consents)
        })
    }

    /// Asks the user unless `--yes` is set, and then writes the consent.
    fn consent_to(
        &self,
        state_dir: &StateDir,
        write: impl FnOnce() -> Result<(), Failure>,
    ) -> Result<Outcome, Failure> {
        if !self.yes && !confirm()? {
            note("you did not consent, so nothing is published");
            return Ok(Outcome::No);
        }
        write()?;
        let next = if state_dir.is_running()? {
            "the running agent applies it now"
        } else {
            "start `communicado agent` or its service"
        };
        note(&format!("publishing is enabled; {next}"));
        Ok(Outcome::Yes)
    }

    fn allow_gateway(
        &self,
        gateway: Address,
        state_dir: &StateDir,
        settings: &Settings,
    ) -> Result<Outcome, Failure> {
        let (Some(person), Some(device), Some(token_file)) =
            (self.person.clone(), self.device.clone(), self.token_file.as_deref())
        else {
            let missing = [
                ("--person <ID>", self.person.is_none()),
                ("--device <NAME>", self.device.is_none()),
                ("--token-file <FILE>", self.token_file.is_none()),
            ];
            let missing = missing.iter().filter(|(_, is_missing)| *is_missing);
            let missing: Vec<&str> = missing.map(|(option, _)| *option).collect();
            let message = format!("a gateway needs {}", missing.join(", "));
            return Err(Failure::usage(message).help("run: communicado agent allow --help"));
        };
        let consent = Consent {
            token_file: absolute(token_file)?,
            ca: self.ca.as_deref().map(absolute).transpose()?,
            detail: if self.names { Detail::Names } else { Detail::Statuses },
            given: now(),
            gateway,
            person,
            device,
        };
        consent.access()?;
        print(&describe(&consent, settings))?;
        self.consent_to(state_dir, || state_dir.write_consent(&consent))
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

/// The text that explains to the user what a sink publishes.
fn describe_sink(
    name: &str,
    consent: &SinkConsent,
    sink: &SinkSettings,
    settings: &Settings,
) -> String {
    let hours = sink.hours.as_ref().unwrap_or(&settings.agent.hours).to_string();
    let hours = if hours.is_empty() { "always".to_owned() } else { hours };
    let selected = sink.selection(&settings.clients).only;
    let clients = match (selected.is_empty(), &sink.when) {
        (true, None) => "all clients on this device".to_owned(),
        (true, Some(when)) => format!("all clients on this device, while {when}"),
        (false, None) => selected.join(", "),
        (false, Some(when)) => format!("{}, while {when}", selected.join(", ")),
    };
    let accounts = if consent.accounts {
        "the names, protocols, statuses, selected statuses and notes of your accounts"
    } else {
        "no account names, no protocols, no notes"
    };
    format!(
        "communicado agent will report to the listener of sink `{name}`:\n  \
           listener {destination}\n  \
           kind     {kind}\n  \
           clients  {clients}\n  \
           data     the name of each client, its status, your availability in it,\n           \
                    and when these changed; {accounts}\n  \
           never    messages, contacts, windows, or what you type\n  \
           hours    {hours}; at other times and in a pause, nothing is reported\n\
         Everybody who can read at the listener can read this data.\n\
         To stop, run: communicado agent forbid {name}\n",
        destination = consent.destination,
        kind = consent.kind,
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
