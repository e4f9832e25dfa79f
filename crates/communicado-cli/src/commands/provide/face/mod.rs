//! How the provider shows itself, by the platform's own contract.
//!
//! A face opens, tells what it is given in the order in which it is given, and passes on what it
//! is asked to do. It decides nothing: that is `communicado-provider`'s.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(windows)]
mod windows;

use communicado::Timestamp;
use communicado_provider::{Command, CommandError, Status};
use tokio::sync::{mpsc, oneshot};

#[cfg(target_os = "linux")]
pub(super) use linux::{Face, Line, Options, Unheard, crash, register, unregister};
#[cfg(windows)]
pub(super) use windows::{Face, Line, Options, Unheard, crash, register, unregister};

/// So many questions may wait; who asks more waits with the asking.
pub(super) const ASKS_MAX: usize = 256;

/// Something that somebody asks of the provider.
pub(super) struct Ask {
    pub(super) command: Command,
    /// Where to say that it was done, or why it was not.
    pub(super) answer: oneshot::Sender<Result<(), CommandError>>,
}

/// The way from a face to the provider.
#[derive(Clone)]
pub(super) struct Asks(mpsc::Sender<Ask>);

/// What a face shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) status: Status,
    /// When what is shown ends by itself.
    pub(super) until: Option<Timestamp>,
}

impl Asks {
    /// The way, and its other end.
    pub(super) fn new() -> (Self, mpsc::Receiver<Ask>) {
        let (sender, receiver) = mpsc::channel(ASKS_MAX);
        (Self(sender), receiver)
    }

    /// Asks the provider to do something, and waits until all that comes of it is told.
    #[cfg(target_os = "linux")]
    pub(super) async fn ask(&self, command: Command) -> Result<(), CommandError> {
        let (answer, answered) = oneshot::channel();
        // A provider that takes no more questions is about to end.
        let asked = self.0.send(Ask { command, answer }).await;
        asked.map_err(|_| CommandError::ShuttingDown)?;
        answered.await.unwrap_or(Err(CommandError::ShuttingDown))
    }

    /// Asks the provider to do something, and waits on this thread until all that comes of it is
    /// told.
    #[cfg(windows)]
    pub(super) fn ask_blocking(&self, command: Command) -> Result<(), CommandError> {
        let (answer, answered) = oneshot::channel();
        let asked = self.0.blocking_send(Ask { command, answer });
        asked.map_err(|_| CommandError::ShuttingDown)?;
        answered.blocking_recv().unwrap_or(Err(CommandError::ShuttingDown))
    }
}
