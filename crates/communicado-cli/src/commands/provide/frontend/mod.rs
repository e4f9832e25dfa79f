//! The frontend of the provider, which each platform implements with its own server crate.
//!
//! A frontend publishes each state in order, and forwards the commands of callers. It decides
//! nothing.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(windows)]
mod windows;

use communicado_cli_support::Failure;
use communicado_provider::{CommandError, ProviderCommand};
use tokio::sync::{mpsc, oneshot};

#[cfg(target_os = "linux")]
pub(super) use linux::{Frontend, FrontendArgs, ProviderClient, crash, register, unregister};
#[cfg(windows)]
pub(super) use windows::{Frontend, FrontendArgs, ProviderClient, crash, register, unregister};

/// The maximum number of waiting commands. Further callers wait until there is space.
pub(super) const COMMANDS_MAX: usize = 256;

/// A command for the provider, with a channel for its result.
pub(super) struct CommandRequest {
    pub(super) command: ProviderCommand,
    pub(super) reply: oneshot::Sender<Result<(), CommandError>>,
}

/// The sender of commands from a frontend to the provider.
#[derive(Clone)]
pub(super) struct CommandSender(mpsc::Sender<CommandRequest>);

/// The reason why a running provider has not executed a command.
pub(super) enum ProviderClientError {
    /// The provider is already in the requested state. Holds the text of its reply.
    AlreadyDone(String),
    /// Another failure.
    Failed(Failure),
}

impl CommandSender {
    /// A sender and its receiver.
    pub(super) fn new() -> (Self, mpsc::Receiver<CommandRequest>) {
        let (sender, receiver) = mpsc::channel(COMMANDS_MAX);
        (Self(sender), receiver)
    }

    /// Sends a command, and waits until all resulting changes are published.
    #[cfg(target_os = "linux")]
    pub(super) async fn execute(&self, command: ProviderCommand) -> Result<(), CommandError> {
        let (reply, replied) = oneshot::channel();
        // The channel is closed only when the provider is about to end.
        let sent = self.0.send(CommandRequest { command, reply }).await;
        sent.map_err(|_| CommandError::ShuttingDown)?;
        replied.await.unwrap_or(Err(CommandError::ShuttingDown))
    }

    /// Sends a command, and blocks this thread until all resulting changes are published.
    #[cfg(windows)]
    pub(super) fn execute_blocking(&self, command: ProviderCommand) -> Result<(), CommandError> {
        let (reply, replied) = oneshot::channel();
        let sent = self.0.blocking_send(CommandRequest { command, reply });
        sent.map_err(|_| CommandError::ShuttingDown)?;
        replied.blocking_recv().unwrap_or(Err(CommandError::ShuttingDown))
    }
}
