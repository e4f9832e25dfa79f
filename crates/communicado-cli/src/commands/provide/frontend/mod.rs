//! How the provider shows itself, by the platform's own contract.
//!
//! A face opens, tells what it is given in the order in which it is given, and passes on what it
//! is asked to do. It decides nothing: that is `communicado-provider`'s.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(windows)]
mod windows;

use communicado::Timestamp;
use communicado_provider::{CommandError, ProviderCommand, ProviderStatus};
use tokio::sync::{mpsc, oneshot};

#[cfg(target_os = "linux")]
pub(super) use linux::{
    ControlError, DbusControlClient as ControlClient, DbusFrontend as Frontend, Options, crash,
    register, unregister,
};
#[cfg(windows)]
pub(super) use windows::{
    ComControlClient as ControlClient, ComFrontend as Frontend, ControlError, Options, crash,
    register, unregister,
};

/// So many questions may wait; who asks more waits with the asking.
pub(super) const COMMANDS_MAX: usize = 256;

/// Something that somebody asks of the provider.
pub(super) struct CommandRequest {
    pub(super) command: ProviderCommand,
    /// Where to say that it was done, or why it was not.
    pub(super) answer: oneshot::Sender<Result<(), CommandError>>,
}

/// The way from a face to the provider.
#[derive(Clone)]
pub(super) struct CommandSender(mpsc::Sender<CommandRequest>);

/// What a face shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ProviderState {
    pub(super) status: ProviderStatus,
    /// When what is shown ends by itself.
    pub(super) until: Option<Timestamp>,
}

impl CommandSender {
    /// The way, and its other end.
    pub(super) fn new() -> (Self, mpsc::Receiver<CommandRequest>) {
        let (sender, receiver) = mpsc::channel(COMMANDS_MAX);
        (Self(sender), receiver)
    }

    /// Asks the provider to do something, and waits until all that comes of it is told.
    #[cfg(target_os = "linux")]
    pub(super) async fn execute(&self, command: ProviderCommand) -> Result<(), CommandError> {
        let (answer, answered) = oneshot::channel();
        // A provider that takes no more questions is about to end.
        let sent = self.0.send(CommandRequest { command, answer }).await;
        sent.map_err(|_| CommandError::ShuttingDown)?;
        answered.await.unwrap_or(Err(CommandError::ShuttingDown))
    }

    /// Asks the provider to do something, and waits on this thread until all that comes of it is
    /// told.
    #[cfg(windows)]
    pub(super) fn execute_blocking(&self, command: ProviderCommand) -> Result<(), CommandError> {
        let (answer, answered) = oneshot::channel();
        let sent = self.0.blocking_send(CommandRequest { command, answer });
        sent.map_err(|_| CommandError::ShuttingDown)?;
        answered.blocking_recv().unwrap_or(Err(CommandError::ShuttingDown))
    }
}
