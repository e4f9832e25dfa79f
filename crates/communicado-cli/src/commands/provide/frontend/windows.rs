//! The frontend on Windows: `communicado-com-server`.

use std::time::Duration;

use clap::Args;
use communicado::Timestamp;
use communicado_cli_support::{Failure, Outcome, note};
use communicado_codes::lookup;
use communicado_com_server::{
    ClassRegistration, ComFrontend, ControlClient, ControlClientError, ControlStatus,
    FrontendError, FrontendOptions, RegistrationScope,
};
use communicado_provider::{Account, ActiveFaults, CommandError, ProviderCommand};

use super::{CommandSender, ProviderClientError};
use crate::commands::provide::report::ProviderReport;
use crate::commands::provide::state::ProviderState;

/// The options of the frontend on Windows.
#[derive(Clone, Debug, Default, Args)]
pub(in crate::commands::provide) struct FrontendArgs {
    /// Become the default client of Office (`DefaultIMApp`) while running.
    #[arg(long)]
    office: bool,
    /// Register for all users, including Office and programs that run as administrator. Needs
    /// administrator rights.
    #[arg(long)]
    all_users: bool,
}

/// The provider as COM classes.
pub(in crate::commands::provide) struct Frontend(ComFrontend);

/// A client of the running provider.
pub(in crate::commands::provide) struct ProviderClient(ControlClient);

impl Frontend {
    /// Writes the flags in the registry and registers the classes.
    pub(in crate::commands::provide) async fn open(
        account: Account,
        commands: CommandSender,
        arguments: &FrontendArgs,
    ) -> Result<Self, Failure> {
        let handler = Box::new(move |command| commands.execute_blocking(command));
        let options = FrontendOptions { is_default: arguments.office };
        let frontend = ComFrontend::open(account, &program()?, options, handler);
        let frontend = frontend.map_err(frontend_failure)?;
        for problem in frontend.problems() {
            note(&format!("programs that use early binding cannot use the provider: {problem}"));
        }
        Ok(Self(frontend))
    }

    /// Does nothing: other programs see the classes from `open` on.
    pub(in crate::commands::provide) async fn announce(&self) -> Result<(), Failure> {
        Ok(())
    }

    /// The address of the provider, for the user.
    pub(in crate::commands::provide) fn address(&self) -> String {
        "visible as Communicator to programs that use its classes".to_owned()
    }

    /// Publishes a state.
    pub(in crate::commands::provide) async fn publish(
        &mut self,
        state: &ProviderState,
    ) -> Result<(), Failure> {
        let until = state.until.map(|until| until.to_string());
        let published = self.0.set_status(state.status.clone(), until);
        published.map_err(|error| frontend_failure(FrontendError::System(error)))
    }

    /// Replaces the active faults.
    pub(in crate::commands::provide) fn set_faults(&self, faults: ActiveFaults) {
        self.0.set_faults(faults);
    }

    /// Stops all replies for a time.
    pub(in crate::commands::provide) fn hang(&self, duration: Duration) {
        self.0.hang(duration);
    }

    /// Never completes: COM has no connection that can end.
    pub(in crate::commands::provide) async fn lost(&self) -> Failure {
        std::future::pending().await
    }

    /// Revokes the classes and restores the registry.
    pub(in crate::commands::provide) async fn close(self) {
        if let Err(error) = self.0.close() {
            note(&format!("cannot restore all registry values: {error}"));
        }
    }
}

impl ProviderClient {
    /// Connects to the provider of this session, if one is running.
    pub(in crate::commands::provide) async fn open() -> Result<Option<Self>, Failure> {
        Ok(ControlClient::open().map(Self))
    }

    /// Sends a command to the provider.
    pub(in crate::commands::provide) async fn execute(
        &self,
        command: &ProviderCommand,
    ) -> Result<(), ProviderClientError> {
        self.0.execute(command).map_err(|error| match error {
            ControlClientError::Failed(code, text)
                if is_already_done(command, code.0.cast_unsigned()) =>
            {
                ProviderClientError::AlreadyDone(text)
            }
            other => ProviderClientError::Failed(control_failure(other)),
        })
    }

    /// Reads the state of the provider.
    pub(in crate::commands::provide) async fn report(&self) -> Result<ProviderReport, Failure> {
        let ControlStatus {
            account,
            friendly_name,
            status,
            availability,
            activity,
            note,
            reason,
            until,
        } = self.0.status().map_err(control_failure)?;
        let until = until.parse::<Timestamp>().ok();
        Ok(ProviderReport {
            account,
            friendly_name,
            status,
            availability,
            activity,
            note,
            reason,
            until,
        })
    }
}

/// Registers the classes for activation by COM, and returns a note for the user.
pub(in crate::commands::provide) fn register(
    arguments: &[String],
    frontend: &FrontendArgs,
) -> Result<String, Failure> {
    let registered = communicado_com_server::register(frontend.scope(), &program()?, arguments);
    let ClassRegistration { command, names } = registered.map_err(registry_failure)?;
    Ok(format!("COM now starts the provider for {} on demand: {command}", names.join(", ")))
}

/// Removes the registration, and returns a note for the user.
pub(in crate::commands::provide) fn unregister(frontend: &FrontendArgs) -> Result<String, Failure> {
    communicado_com_server::unregister(frontend.scope()).map_err(registry_failure)?;
    Ok("removed all classes of the provider from the registry".to_owned())
}

impl FrontendArgs {
    const fn scope(&self) -> RegistrationScope {
        if self.all_users { RegistrationScope::AllUsers } else { RegistrationScope::CurrentUser }
    }
}

/// Ends this process at once, as a client that crashes.
pub(in crate::commands::provide) fn crash() {
    std::process::abort();
}

/// The file of this program.
fn program() -> Result<String, Failure> {
    let program = std::env::current_exe().map_err(|error| {
        Failure::new(Outcome::Failed, "cannot find the file of this program").cause(error)
    })?;
    Ok(program.to_string_lossy().into_owned())
}

/// Tests for an error code that means that the provider is already in the requested state.
fn is_already_done(command: &ProviderCommand, code: u32) -> bool {
    match command {
        ProviderCommand::SignIn { .. } => code == CommandError::AlreadySignedIn.code(),
        ProviderCommand::SignOut { .. } => code == CommandError::NotSignedIn.code(),
        _ => false,
    }
}

fn control_failure(error: ControlClientError) -> Failure {
    match error {
        ControlClientError::Failed(code, text) => {
            let failure = Failure::new(Outcome::Failed, "the provider refused the command");
            let failure = failure.cause(text);
            match lookup(code.0.cast_unsigned()).next() {
                Some(code) => failure.help(code.action),
                None => failure,
            }
        }
        _ => Failure::new(Outcome::Failed, "the provider did not answer within 5 s")
            .help("if it hangs, end it in the task manager and start it again"),
    }
}

fn frontend_failure(error: FrontendError) -> Failure {
    let failure = Failure::new(Outcome::Failed, "cannot show the provider to other programs");
    let help = match &error {
        FrontendError::AlreadyRunning => "run: communicado provide status",
        FrontendError::CommunicatorRunning => {
            "end Communicator first, or use Communicator instead of the provider"
        }
        _ => "run `communicado explain` with the code; your user's registry must be writable",
    };
    failure.cause(error).help(help)
}

fn registry_failure(error: communicado_windows::WindowsError) -> Failure {
    Failure::new(Outcome::Failed, "cannot write the registry")
        .cause(error)
        .help("omit `--all-users`, or run the command as administrator")
}
