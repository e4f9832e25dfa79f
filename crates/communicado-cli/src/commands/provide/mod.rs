//! `provide`: a client without a window, that other programs see.
//!
//! Without a further word it is that client, until it is stopped; with one it speaks to the one
//! that runs. What it is and in which order it says so is `communicado-provider`'s; `frontend` shows
//! it by the platform's own contract.

mod control;
mod frontend;
mod line_queue;
mod report;
mod saved_state;
mod serve;

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

/// A longer script is none.
const SCRIPT_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// Be a client that programs can see, without a window.
///
/// Runs until it is stopped, and prints what it tells. One runs for each user; the further words
/// speak to it. On Linux, programs see
/// it on the session bus as org.communicado.Provider1; on Windows, those written for Communicator
/// see it as that.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct ProvideArgs {
    #[command(subcommand)]
    command: Option<ProvideCommand>,
    #[command(flatten)]
    serve: ServeArgs,
}

/// What can be asked of the provider that runs.
#[derive(Debug, Subcommand)]
enum ProvideCommand {
    /// Have it sign in.
    SignIn,
    /// Have it sign out.
    SignOut,
    Set(SetPresenceArgs),
    /// Print what it says of itself: exit status 1 if none runs.
    Status {
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Have it sign out and end.
    Quit,
}

/// Have it show how reachable you are.
#[derive(Debug, Args)]
struct SetPresenceArgs {
    /// Whether you can be reached.
    #[arg(value_name = "AVAILABILITY", value_parser = availabilities())]
    availability: Availability,
    /// What you are doing.
    #[arg(long, value_name = "ACTIVITY", value_parser = activities())]
    activity: Option<Activity>,
    /// What others shall read beside it.
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// For how long; then what was set before comes back.
    #[arg(long = "for", value_name = "DURATION", value_parser = parse_duration)]
    lasts: Option<Duration>,
}

/// How it is to run.
#[derive(Debug, Args)]
struct ServeArgs {
    /// The name that signs in; your own if it is not said.
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// The name by which others see you; that of the account if it is not said.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Sign in at once.
    #[arg(long)]
    sign_in: bool,
    /// Keep what is set for the next run, and begin with what was kept.
    #[arg(long)]
    remember: bool,
    /// Do by itself what a file of lines `AFTER ACTION` says, faults included: for tests. `-` is
    /// standard input.
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// Print one JSON object a line.
    #[arg(long)]
    json: bool,
    /// Have it started, with these options, for whoever speaks to it; and end.
    #[arg(long, conflicts_with_all = ["unregister", "json", "script"])]
    register: bool,
    /// The reverse; and end.
    #[arg(long)]
    unregister: bool,
    #[command(flatten)]
    frontend: frontend::Options,
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
            note(&format!("{done}"));
            return Ok(Outcome::Yes);
        }
        if self.unregister {
            note(&format!("{}", frontend::unregister(&self.frontend)?));
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
            Failure::usage("the name of the account cannot be shown to other programs")
                .cause(error)
                .help("say another one: communicado provide --account alice@example.com")
        })
    }

    /// The options that a registered provider is to be started with.
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
    let what = format!("the script `{}` cannot be played", file.display());
    let cannot = |cause: String| Failure::usage(what.clone()).cause(cause);
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
        return Err(io::Error::other(format!("it has more than {SCRIPT_BYTES_MAX} bytes")));
    }
    Ok(text)
}

/// What may have been meant.
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
