//! The provider on Windows: the flags that Office reads, and Communicator's classes over COM.

use std::time::Duration;

use clap::Args;
use communicado::Timestamp;
use communicado_cli_support::{Failure, Outcome, note};
use communicado_codes::lookup;
use communicado_com_server::{ClassRegistration, FrontendError, RegistrationScope};
use communicado_provider::{Account, ActiveFaults, CommandError, ProviderCommand};

use super::{CommandSender, ProviderState};
use crate::commands::provide::report::ProviderReport;

/// How the provider is to be seen on Windows.
#[derive(Clone, Debug, Default, Args)]
pub(in crate::commands::provide) struct Options {
    /// Have Office ask it (`DefaultIMApp`); whom it asked before is put back in the end.
    #[arg(long)]
    office: bool,
    /// Register for everybody, Office and programs that run as administrator included; needs one.
    #[arg(long)]
    all_users: bool,
}

/// The provider, as others see it.
pub(in crate::commands::provide) struct ComFrontend(communicado_com_server::ComFrontend);

/// The way to the provider that runs.
pub(in crate::commands::provide) struct ComControlClient(communicado_com_server::ControlClient);

/// Why the provider did not do what it was asked to.
pub(in crate::commands::provide) enum ControlError {
    /// It is so already, in its words.
    Already(String),
    /// It did not, for another reason.
    Failed(Failure),
}

impl ComFrontend {
    /// Writes the flags and registers the classes.
    ///
    /// # Errors
    ///
    /// If another provider or Communicator itself runs, or the system does not let it.
    pub(in crate::commands::provide) async fn open(
        account: Account,
        commands: CommandSender,
        options: &Options,
    ) -> Result<Self, Failure> {
        let control = Box::new(move |command| commands.execute_blocking(command));
        let shown = communicado_com_server::FrontendOptions { is_default: options.office };
        let frontend =
            communicado_com_server::ComFrontend::open(account, &program()?, shown, control);
        let frontend = frontend.map_err(not_shown)?;
        for problem in frontend.problems() {
            note(&format!("programs that are bound early cannot use it: {problem}"));
        }
        Ok(Self(frontend))
    }

    /// Nothing more than was told, which others see already.
    pub(in crate::commands::provide) async fn announce(&self) -> Result<(), Failure> {
        Ok(())
    }

    /// Where it can be seen.
    pub(in crate::commands::provide) fn address(&self) -> String {
        "Communicator to programs that were written for it".to_owned()
    }

    /// Tells what is so now.
    pub(in crate::commands::provide) async fn publish(
        &mut self,
        shown: &ProviderState,
    ) -> Result<(), Failure> {
        let until = shown.until.map(|until| until.to_string());
        let told = self.0.show(shown.status.clone(), until);
        told.map_err(|error| not_shown(FrontendError::System(error)))
    }

    /// Behaves so from here on.
    pub(in crate::commands::provide) fn set_faults(&self, faults: ActiveFaults) {
        self.0.set_faults(faults);
    }

    /// Answers nobody for so long.
    pub(in crate::commands::provide) fn hang(&self, duration: Duration) {
        self.0.hang(duration);
    }

    /// Ends once it can be seen no longer, which nothing tells on Windows.
    pub(in crate::commands::provide) async fn lost(&self) -> Failure {
        std::future::pending().await
    }

    /// Withdraws the classes and takes back what was written.
    pub(in crate::commands::provide) async fn close(self) {
        if let Err(error) = self.0.close() {
            note(&format!("not all of it could be taken back: {error}"));
        }
    }
}

impl ComControlClient {
    /// The way to the provider of this session, if one runs.
    pub(in crate::commands::provide) async fn open() -> Result<Option<Self>, Failure> {
        Ok(communicado_com_server::ControlClient::open().map(Self))
    }

    /// Has the provider do something.
    pub(in crate::commands::provide) async fn execute(
        &self,
        command: &ProviderCommand,
    ) -> Result<(), ControlError> {
        self.0.execute(command).map_err(|unheard| match unheard {
            communicado_com_server::ControlClientError::Failed(code, said)
                if is_already_done(command, code.0.cast_unsigned()) =>
            {
                ControlError::Already(said)
            }
            other => ControlError::Failed(unheard_failure(other)),
        })
    }

    /// What the provider says of itself.
    pub(in crate::commands::provide) async fn report(&self) -> Result<ProviderReport, Failure> {
        let said = self.0.status().map_err(unheard_failure)?;
        Ok(ProviderReport {
            account: said.account,
            friendly_name: said.friendly_name,
            status: said.status,
            availability: said.availability,
            activity: said.activity,
            note: said.note,
            reason: said.reason,
            until: said.until.parse::<Timestamp>().ok(),
        })
    }
}

/// Whether a refusal says that what was asked for is so.
fn is_already_done(command: &ProviderCommand, code: u32) -> bool {
    match command {
        ProviderCommand::SignIn { .. } => code == CommandError::AlreadySignedIn.code(),
        ProviderCommand::SignOut { .. } => code == CommandError::NotSignedIn.code(),
        _ => false,
    }
}

fn unheard_failure(unheard: communicado_com_server::ControlClientError) -> Failure {
    match unheard {
        communicado_com_server::ControlClientError::Failed(code, said) => {
            let failure = Failure::new(Outcome::Failed, "the provider did not do it").cause(said);
            match lookup(code.0.cast_unsigned()).next() {
                Some(code) => failure.help(code.action),
                None => failure,
            }
        }
        _ => Failure::new(Outcome::Failed, "the provider does not answer")
            .cause("it has said nothing for 5 s")
            .help("it may hang: end it in the task manager, and start it again"),
    }
}

/// Has a program that asks for the classes start the provider.
pub(in crate::commands::provide) fn register(
    words: &[String],
    options: &Options,
) -> Result<String, Failure> {
    let registered = communicado_com_server::register(options.scope(), &program()?, words);
    let ClassRegistration { command, names } = registered.map_err(not_registered)?;
    Ok(format!("who asks for {} starts it from now on: {command}", names.join(", ")))
}

/// The reverse.
pub(in crate::commands::provide) fn unregister(options: &Options) -> Result<String, Failure> {
    communicado_com_server::unregister(options.scope()).map_err(not_registered)?;
    Ok("nothing of it is registered any more".to_owned())
}

impl Options {
    const fn scope(&self) -> RegistrationScope {
        if self.all_users { RegistrationScope::AllUsers } else { RegistrationScope::CurrentUser }
    }
}

/// Ends this process and says nothing, as a client that is killed does.
pub(in crate::commands::provide) fn crash() {
    std::process::abort();
}

/// This program's own file.
fn program() -> Result<String, Failure> {
    let program = std::env::current_exe().map_err(|error| {
        Failure::new(Outcome::Failed, "the system does not say where this program is").cause(error)
    })?;
    Ok(program.to_string_lossy().into_owned())
}

fn not_shown(error: FrontendError) -> Failure {
    let failure = Failure::new(Outcome::Failed, "the provider cannot be shown to other programs");
    let help = match &error {
        FrontendError::AlreadyRunning => "speak to that one: communicado provide status",
        FrontendError::CommunicatorRunning => {
            "end it first; a client of our own is needed only where it is gone"
        }
        _ => "see `communicado explain` with the code; the registry of your user must be writable",
    };
    failure.cause(error).help(help)
}

fn not_registered(error: communicado_windows::WindowsError) -> Failure {
    Failure::new(Outcome::Failed, "the registry cannot be written")
        .cause(error)
        .help("leave `--all-users` away, or run it as administrator")
}
