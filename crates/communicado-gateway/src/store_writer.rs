//! The handle of the writer, and its commands.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use communicado_wire::Timestamp;
use communicado_wire::gateway::EndReason;
use communicado_wire::gateway::stored::Token;
use tokio::sync::oneshot;

use crate::api_error::{ApiError, ApiErrorKind};
use crate::limits::WRITES_WAITING;
use crate::model::{Input, Person};
use crate::principal::Principal;
use crate::store::FirstRead;
use crate::traces::{RequestContext, request_context};

/// A command for the writer.
#[derive(Debug)]
pub(crate) enum WriteCommand {
    /// An input to a person.
    Person(Input),
    /// Stores a token.
    Token(Token),
    /// Stores the last use of a token.
    Used(Arc<str>, Timestamp),
    /// Revokes a token and its sessions.
    Revoke(Arc<str>, EndReason),
    /// Records the first time that a token reads a person.
    Audience(Vec<FirstRead>),
    /// Reads the history of a person, latest first.
    History(Arc<str>, usize),
    /// Checks that the store accepts a write.
    Check,
    /// Stops after all earlier commands.
    Stop,
}

/// The result of a write command.
#[derive(Debug)]
pub(crate) enum WriteReply {
    Nothing,
    Person(Option<Arc<Person>>),
    History(Vec<String>),
}

/// The sender of a command's result.
#[derive(Debug)]
pub(crate) struct ReplySender {
    to: oneshot::Sender<Result<WriteReply, ApiError>>,
    /// The request that issued the command.
    pub(crate) request_context: RequestContext,
}

impl ReplySender {
    /// A sender for the current request, and its receiver.
    pub(crate) fn channel() -> (Self, oneshot::Receiver<Result<WriteReply, ApiError>>) {
        let (to, receiver) = oneshot::channel();
        (Self { to, request_context: request_context() }, receiver)
    }

    pub(crate) fn send(self, result: Result<WriteReply, ApiError>) {
        let _ = self.to.send(result);
    }
}

/// A command, its caller and the sender of its result.
#[derive(Debug)]
pub(crate) struct WriteRequest {
    pub(crate) command: WriteCommand,
    /// The caller. The writer checks its permission again when the command runs. Commands of the
    /// gateway have no caller.
    pub(crate) caller: Option<Principal>,
    pub(crate) reply: Option<ReplySender>,
}

/// A handle of the writer thread.
#[derive(Debug)]
pub(crate) struct StoreWriter {
    requests: SyncSender<WriteRequest>,
}

impl StoreWriter {
    pub(crate) fn new() -> (Self, Receiver<WriteRequest>) {
        let (requests, inbox) = sync_channel(WRITES_WAITING.max);
        (Self { requests }, inbox)
    }

    /// Runs a command on behalf of `caller`, and waits until the result is stored.
    ///
    /// # Errors
    ///
    /// If the caller's token is no longer valid, or the command fails or cannot be stored.
    pub(crate) async fn submit_as(
        &self,
        caller: &Principal,
        command: WriteCommand,
    ) -> Result<WriteReply, ApiError> {
        self.send(Some(caller.clone()), command).await
    }

    /// Runs a command of the gateway, and waits until the result is stored.
    ///
    /// # Errors
    ///
    /// If the command fails or cannot be stored.
    pub(crate) async fn submit(&self, command: WriteCommand) -> Result<WriteReply, ApiError> {
        self.send(None, command).await
    }

    async fn send(
        &self,
        caller: Option<Principal>,
        command: WriteCommand,
    ) -> Result<WriteReply, ApiError> {
        let (reply, answer) = ReplySender::channel();
        let reply = Some(reply);
        self.requests.try_send(WriteRequest { command, caller, reply }).map_err(
            |error| match error {
                TrySendError::Full(_) => {
                    let detail = "the queue of the store is full";
                    ApiError::limit_exceeded(ApiErrorKind::Unavailable, WRITES_WAITING, detail)
                        .retry_after(1)
                }
                TrySendError::Disconnected(_) => stopping(),
            },
        )?;
        answer.await.unwrap_or_else(|_| Err(stopping()))
    }

    /// Submits a command without waiting for its result.
    pub(crate) fn submit_detached(&self, command: WriteCommand) -> bool {
        self.requests.try_send(WriteRequest { command, caller: None, reply: None }).is_ok()
    }

    /// Stops the writer after all earlier commands.
    pub(crate) fn stop(&self) {
        let _ = self.requests.send(WriteRequest {
            command: WriteCommand::Stop,
            caller: None,
            reply: None,
        });
    }
}

fn stopping() -> ApiError {
    ApiError::new(
        ApiErrorKind::Unavailable,
        "the gateway is shutting down",
        "try again in a few seconds",
    )
    .retry_after(2)
}
