//! `provide`: a headless client that other programs can see.
//!
//! Without a command, it runs the client until stopped. The commands control the running client.
//! `communicado-provider` decides what the client does, and [`frontend`] shows it to other
//! programs.

mod control;
mod frontend;
mod line_queue;
mod report;
mod saved_state;
mod serve;
mod state;

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, Subcommand};
use communicado_cli_support::{Failure, Outcome, note};
use communicado_core::{Activity, Availability};
use communicado_provider::script::{Script, ScriptError};
use communicado_provider::{Account, words};
use communicado_runtime::SystemClock;

use self::saved_state::SavedState;
use self::serve::{RunOptions, serve};
use crate::parsers::parse_duration;
use crate::runtime::block_on;
use crate::suggestion::did_you_mean;

/// The maximum size of a script.
const SCRIPT_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// Run a headless client. One per user session; subcommands control it.
///
/// Runs until stopped, and prints each change of its status. On Linux, programs see it on the
/// session bus as org.communicado.Provider1. On Windows, programs that use Communicator's classes
/// see it as Communicator.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct ProvideArgs {
    #[command(subcommand)]
    command: Option<ProvideCommand>,
    #[command(flatten)]
    serve: ServeArgs,
}

/// A command for the running provider.
#[derive(Debug, Subcommand)]
enum ProvideCommand {
    /// Sign in.
    SignIn,
    /// Sign out.
    SignOut,
    Set(SetPresenceArgs),
    /// Print the status of the running client. Exit status 1 if none is running.
    Status {
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Sign out and end the client.
    Quit,
}

/// Set your availability.
#[derive(Debug, Args)]
struct SetPresenceArgs {
    /// Your availability.
    #[arg(value_name = "AVAILABILITY", value_parser = availabilities())]
    availability: Availability,
    /// Your activity.
    #[arg(long, value_name = "ACTIVITY", value_parser = activities())]
    activity: Option<Activity>,
    /// A note that other programs can show.
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Restore the previous availability after this time. Default: keep the new one.
    #[arg(long = "for", value_name = "DURATION", value_parser = parse_duration)]
    lasts: Option<Duration>,
}

/// The arguments of the provider.
#[derive(Debug, Args)]
struct ServeArgs {
    /// Name of the account. Default: your user name.
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// Display name. Default: the name of the account.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Sign in at the start.
    #[arg(long)]
    sign_in: bool,
    /// Restore the state of the last run, and save the state for the next one.
    #[arg(long)]
    remember: bool,
    /// Play a script of lines `AFTER ACTION`, including faults, for tests. `-` means standard
    /// input.
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// Print one JSON object per line.
    #[arg(long)]
    json: bool,
    /// Register for on-demand activation with these options, then exit.
    #[arg(long, conflicts_with_all = ["unregister", "json", "script"])]
    register: bool,
    /// Remove the registration, then exit.
    #[arg(long)]
    unregister: bool,
    #[command(flatten)]
    frontend: frontend::FrontendArgs,
}

impl ProvideArgs {
    pub(crate) fn run(self) -> Result<Outcome, Failure> {
        match self.command {
            Some(command) => command.run(),
            None => self.serve.run(),
        }
    }
}

impl ServeArgs {
    fn run(self) -> Result<Outcome, Failure> {
        let account = self.account()?;
        if self.register {
            let done = frontend::register(&self.options(), &self.frontend)?;
            note(&done);
            return Ok(Outcome::Yes);
        }
        if self.unregister {
            note(&frontend::unregister(&self.frontend)?);
            return Ok(Outcome::Yes);
        }
        let script = self.script.as_deref().map(read_script).transpose()?.unwrap_or_default();
        let clock = SystemClock::start();
        let (saved_state, desired) =
            match self.remember.then(|| SavedState::open(&clock)).transpose()? {
                Some((saved_state, desired)) => (Some(saved_state), desired),
                None => (None, None),
            };
        let (sign_in, json) = (self.sign_in, self.json);
        let frontend = self.frontend;
        let options = RunOptions { account, frontend, script, sign_in, json, saved_state, desired };
        block_on(serve(options, clock))
    }

    fn account(&self) -> Result<Account, Failure> {
        let own =
            || ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| std::env::var(name).ok());
        let own = || own().filter(|name| !name.is_empty()).unwrap_or_else(|| "user".to_owned());
        let name = self.account.clone().unwrap_or_else(own);
        Account::new(&name, self.name.as_deref().unwrap_or(&name)).map_err(|error| {
            Failure::usage("the name of the account is invalid")
                .cause(error)
                .help("name another account: communicado provide --account alice@example.com")
        })
    }

    /// The options that start a registered provider.
    fn options(&self) -> Vec<String> {
        let mut options = Vec::new();
        for (option, value) in [("--account", &self.account), ("--name", &self.name)] {
            options.extend(value.iter().flat_map(|value| [option.to_owned(), value.clone()]));
        }
        for (option, is_set) in [("--sign-in", self.sign_in), ("--remember", self.remember)] {
            options.extend(is_set.then(|| option.to_owned()));
        }
        options
    }
}

fn read_script(file: &Path) -> Result<Script, Failure> {
    let message = format!("cannot play the script `{}`", file.display());
    let cannot = |cause: String| Failure::usage(message.clone()).cause(cause);
    let read = if file == Path::new("-") { read(std::io::stdin()) } else { read_file(file) };
    let text = read.map_err(|error| cannot(error.to_string()))?;
    Script::parse(&text).map_err(|error| {
        let failure = cannot(error.to_string());
        match help(&error) {
            Some(help) => failure.help(help),
            None => failure,
        }
    })
}

fn read_file(file: &Path) -> io::Result<String> {
    read(std::fs::File::open(file)?)
}

fn read(from: impl io::Read) -> io::Result<String> {
    let mut text = String::new();
    from.take(SCRIPT_BYTES_MAX + 1).read_to_string(&mut text)?;
    if text.len() as u64 > SCRIPT_BYTES_MAX {
        return Err(io::Error::other(format!(
            "the script is larger than {SCRIPT_BYTES_MAX} bytes"
        )));
    }
    Ok(text)
}

/// A suggestion for an unknown word.
fn help(error: &ScriptError) -> Option<String> {
    let unknown = error.unknown_word().filter(|unknown| !unknown.known.is_empty())?;
    let known: Vec<&str> = unknown.known.iter().map(String::as_str).collect();
    Some(did_you_mean(&unknown.word, &known))
}

fn availabilities() -> impl clap::builder::TypedValueParser<Value = Availability> {
    let words = Availability::ALL.into_iter().map(Availability::word);
    let words: Vec<_> = words.filter(|word| words::availability(word).is_ok()).collect();
    PossibleValuesParser::new(words).try_map(|word| words::availability(&word))
}

fn activities() -> impl clap::builder::TypedValueParser<Value = Activity> {
    let words = Activity::ALL.into_iter().map(Activity::word);
    let words: Vec<_> = words.filter(|word| words::activity(word).is_ok()).collect();
    PossibleValuesParser::new(words).try_map(|word| words::activity(&word))
}
