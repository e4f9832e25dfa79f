//! The frontend on Linux: `communicado-dbus-server`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use communicado_cli_support::{Failure, Outcome, dirs};
use communicado_dbus_server::{
    ControlClient, ControlClientError, ControlStatus, DbusFrontend, FrontendError,
};
use communicado_provider::dbus::NAME;
use communicado_provider::{Account, ActiveFaults, ProviderCommand};
use rustix::process::Signal;

use super::{CommandSender, ProviderClientError};
use crate::commands::provide::report::ProviderReport;
use crate::commands::provide::state::ProviderState;

/// The options of the frontend, of which Linux has none.
#[derive(Clone, Debug, Default, clap::Args)]
pub(in crate::commands::provide) struct FrontendArgs {}

/// The provider on the session bus.
pub(in crate::commands::provide) struct Frontend(DbusFrontend);

/// A client of the running provider.
pub(in crate::commands::provide) struct ProviderClient(ControlClient);

impl Frontend {
    /// Connects to the session bus.
    pub(in crate::commands::provide) async fn open(
        account: Account,
        commands: CommandSender,
        _: &FrontendArgs,
    ) -> Result<Self, Failure> {
        let handler = Arc::new(move |command| {
            let commands = commands.clone();
            Box::pin(async move { commands.execute(command).await }) as _
        });
        DbusFrontend::open(account, handler).await.map(Self).map_err(failure)
    }

    /// Requests the name on the bus.
    pub(in crate::commands::provide) async fn announce(&self) -> Result<(), Failure> {
        self.0.announce().await.map_err(failure)
    }

    /// The address of the provider, for the user.
    pub(in crate::commands::provide) fn address(&self) -> String {
        format!("{NAME} on the session bus")
    }

    /// Publishes a state.
    pub(in crate::commands::provide) async fn publish(
        &mut self,
        state: &ProviderState,
    ) -> Result<(), Failure> {
        self.0.publish(&state.status, state.until).await.map_err(failure)
    }

    /// Replaces the active faults.
    pub(in crate::commands::provide) fn set_faults(&self, faults: ActiveFaults) {
        self.0.set_faults(faults);
    }

    /// Stops all replies for a time.
    pub(in crate::commands::provide) fn hang(&self, duration: Duration) {
        self.0.hang(duration);
    }

    /// Completes when other programs can no longer see the provider.
    pub(in crate::commands::provide) async fn lost(&self) -> Failure {
        failure(self.0.closed().await)
    }

    /// Releases the name.
    pub(in crate::commands::provide) async fn close(self) {
        self.0.close().await;
    }
}

impl ProviderClient {
    /// Connects to the provider of this session, if one is running.
    pub(in crate::commands::provide) async fn open() -> Result<Option<Self>, Failure> {
        let client = ControlClient::open().await.map_err(control_failure)?;
        Ok(client.map(Self))
    }

    /// Sends a command to the provider.
    pub(in crate::commands::provide) async fn execute(
        &self,
        command: &ProviderCommand,
    ) -> Result<(), ProviderClientError> {
        self.0.execute(command).await.map_err(|error| match error {
            ControlClientError::AlreadyDone(text) => ProviderClientError::AlreadyDone(text),
            other => ProviderClientError::Failed(control_failure(other)),
        })
    }

    /// Reads the state of the provider.
    pub(in crate::commands::provide) async fn report(&self) -> Result<ProviderReport, Failure> {
        let reported = self.0.status().await.map_err(control_failure)?;
        let ControlStatus {
            account,
            friendly_name,
            status,
            availability,
            activity,
            note,
            reason,
            until,
        } = reported;
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

/// Registers the provider for activation by the bus, and returns a note for the user.
pub(in crate::commands::provide) fn register(
    arguments: &[String],
    _: &FrontendArgs,
) -> Result<String, Failure> {
    let file = communicado_dbus_server::register(&data_dir()?, arguments).map_err(failure)?;
    Ok(format!("the session bus now starts the provider on demand: {}", file.display()))
}

/// Removes the registration, and returns a note for the user.
pub(in crate::commands::provide) fn unregister(_: &FrontendArgs) -> Result<String, Failure> {
    let removed = communicado_dbus_server::unregister(&data_dir()?).map_err(failure)?;
    Ok(match removed {
        Some(file) => format!("removed {}", file.display()),
        None => "the provider was not registered".to_owned(),
    })
}

/// Ends this process at once, as a client that crashes.
pub(in crate::commands::provide) fn crash() {
    let _ = rustix::process::kill_process(rustix::process::getpid(), Signal::KILL);
}

fn data_dir() -> Result<PathBuf, Failure> {
    dirs::data_dir().ok_or_else(|| {
        Failure::new(Outcome::Failed, "cannot find the folder for the activation file")
            .cause("neither XDG_DATA_HOME nor HOME is an absolute path")
            .help("set HOME to your home folder")
    })
}

fn failure(error: FrontendError) -> Failure {
    let failure = Failure::new(Outcome::Failed, error.message).help(error.help);
    match error.cause {
        Some(cause) => failure.cause(cause),
        None => failure,
    }
}

fn control_failure(error: ControlClientError) -> Failure {
    match error {
        ControlClientError::NoBus(error) => error.into(),
        ControlClientError::Timeout => {
            Failure::new(Outcome::TimedOut, "the provider did not answer within 5 s")
                .cause("the provider hangs, or a script delays its answers")
                .help("try again later, or end its process and start it again")
        }
        ControlClientError::Disconnected(cause) => {
            Failure::new(Outcome::Failed, "cannot reach the provider").cause(cause)
        }
        ControlClientError::Refused(name, text) => {
            let failure = Failure::new(Outcome::Failed, "the provider refused the command");
            let failure = failure.cause(text);
            match name.as_str() {
                "NotSignedIn" => failure.help("sign in first: communicado provide sign-in"),
                "Starting" | "SigningOut" => failure.help("try again in a moment"),
                "ShuttingDown" => failure.help("start a provider: communicado provide"),
                _ => failure,
            }
        }
        other => Failure::new(Outcome::Failed, "the provider failed").cause(format!("{other:?}")),
    }
}
