//! The client that controls a running provider. It calls the unique name of the provider, so it
//! never starts one.

use std::collections::HashMap;
use std::time::Duration;

use communicado_provider::dbus::{ACCOUNT_INTERFACE, ACCOUNT_PATH, ERRORS, INTERFACE, PATH};
use communicado_provider::{Presence, ProviderCommand};
use communicado_runtime::{SourceError, SystemClock};
use communicado_sources::session_bus;
use communicado_wire::Timestamp;
use zbus::message::Builder;
use zbus::{Connection, Message, OwnedVariant};

use crate::call::{MethodCallError, PROPERTIES, call};
use crate::owner::owner;

/// A client of the running provider.
pub struct ControlClient {
    connection: Connection,
    owner: String,
}

/// The properties of the running provider. A text is empty if the property has no value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field has the name of its property")]
pub struct ControlStatus {
    pub account: String,
    pub friendly_name: String,
    pub status: String,
    pub availability: String,
    pub activity: String,
    pub note: String,
    pub reason: String,
    pub until: Option<Timestamp>,
}

/// An error of a command to the running provider.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ControlClientError {
    /// The provider is already in the requested state. Holds the text of its reply.
    AlreadyDone(String),
    /// The provider refused the command. Holds the name of the error, without its prefix if it is
    /// one of the provider's own, and its text.
    Refused(String, String),
    /// The provider did not reply within 5 s.
    Timeout,
    /// The connection ended, or the reply was malformed.
    Disconnected(String),
    /// There is no session bus.
    NoBus(SourceError),
}

impl ControlClient {
    /// Connects to the provider of this session, if one is running.
    ///
    /// # Errors
    ///
    /// If there is no session bus.
    pub async fn open() -> Result<Option<Self>, ControlClientError> {
        let address = session_bus::own_address().map_err(ControlClientError::NoBus)?;
        let connection = session_bus::connect(&SystemClock::start(), &address).await;
        let connection = connection.map_err(ControlClientError::NoBus)?;
        let owner = owner(&connection).await?;
        Ok(owner.map(|owner| Self { connection, owner }))
    }

    /// Sends a command to the provider, and waits until the provider has executed it.
    ///
    /// # Errors
    ///
    /// If the provider does not execute it.
    pub async fn execute(&self, command: &ProviderCommand) -> Result<(), ControlClientError> {
        let account = |member| self.method(ACCOUNT_PATH, ACCOUNT_INTERFACE, member);
        let message = match command {
            ProviderCommand::Quit => self.method(PATH, INTERFACE, "Quit").build(&()),
            ProviderCommand::SignIn { .. } => account("SignIn").build(&()),
            ProviderCommand::SignOut { .. } => account("SignOut").build(&()),
            ProviderCommand::Set { presence, lasts } => {
                account("Set").build(&set_arguments(presence, *lasts))
            }
            // Only a frontend and a script give these commands.
            ProviderCommand::Started | ProviderCommand::SignedOutByServer(_) => return Ok(()),
        };
        match call(&self.connection, message).await {
            Ok(_) => Ok(()),
            Err(MethodCallError::ErrorReply(name, text)) if is_already_done(command, &name) => {
                Err(ControlClientError::AlreadyDone(text))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Reads the properties of the provider.
    ///
    /// # Errors
    ///
    /// If the provider does not reply.
    pub async fn status(&self) -> Result<ControlStatus, ControlClientError> {
        let all = self.method(ACCOUNT_PATH, PROPERTIES, "GetAll").build(&ACCOUNT_INTERFACE);
        let reply = match call(&self.connection, all).await {
            // A provider without an account is starting or shutting down.
            Err(MethodCallError::ErrorReply(name, _))
                if name.starts_with("org.freedesktop.DBus.Error.Unk") =>
            {
                return self.status_without_account().await;
            }
            reply => reply?,
        };
        let properties: HashMap<String, OwnedVariant> =
            reply.body().deserialize().map_err(MethodCallError::from)?;
        let text = |name| {
            let value = properties.get(name).and_then(|value| <&str>::try_from(value).ok());
            value.unwrap_or_default().to_owned()
        };
        let until = properties.get("Until").and_then(|value| i64::try_from(value).ok());
        let until = until.filter(|micros| *micros > 0);
        Ok(ControlStatus {
            account: text("Name"),
            friendly_name: text("FriendlyName"),
            status: text("Status"),
            availability: text("Availability"),
            activity: text("Activity"),
            note: text("Note"),
            reason: text("Reason"),
            until: until.and_then(|micros| Timestamp::from_micros(micros).ok()),
        })
    }

    async fn status_without_account(&self) -> Result<ControlStatus, ControlClientError> {
        let flag = self.method(PATH, PROPERTIES, "Get").build(&(INTERFACE, "UpAndRunning"));
        let reply = call(&self.connection, flag).await?;
        let value: OwnedVariant = reply.body().deserialize().map_err(MethodCallError::from)?;
        let status = if u32::try_from(&value) == Ok(0) { "shutting-down" } else { "starting" };
        Ok(ControlStatus { status: status.to_owned(), ..ControlStatus::default() })
    }

    fn method(
        &self,
        path: &'static str,
        interface: &'static str,
        member: &'static str,
    ) -> Builder<'_> {
        Message::method_call(path, member).destination(&*self.owner).interface(interface)
    }
}

/// The arguments of `Set`. An empty text and 0 ms stand for no value.
fn set_arguments(presence: &Presence, lasts: Option<Duration>) -> (&str, &str, &str, u64) {
    let lasts = lasts.map_or(0, |it| u64::try_from(it.as_millis()).unwrap_or(u64::MAX).max(1));
    let activity = presence.activity.map_or("", |it| it.word());
    (presence.availability.word(), activity, presence.note().unwrap_or_default(), lasts)
}

/// Tests for an error reply that means that the provider is already in the requested state.
fn is_already_done(command: &ProviderCommand, error: &str) -> bool {
    let done = match command {
        ProviderCommand::SignIn { .. } => "AlreadySignedIn",
        ProviderCommand::SignOut { .. } => "NotSignedIn",
        ProviderCommand::Quit => "ShuttingDown",
        ProviderCommand::Started
        | ProviderCommand::SignedOutByServer(_)
        | ProviderCommand::Set { .. } => return false,
    };
    own_error(error) == Some(done)
}

/// The name of one of the provider's own errors, without its prefix.
fn own_error(name: &str) -> Option<&str> {
    name.strip_prefix(ERRORS).and_then(|rest| rest.strip_prefix('.'))
}

impl From<MethodCallError> for ControlClientError {
    fn from(error: MethodCallError) -> Self {
        match error {
            MethodCallError::Timeout => Self::Timeout,
            MethodCallError::Disconnected(cause) => Self::Disconnected(cause),
            MethodCallError::ErrorReply(name, text) => {
                let text = if text.is_empty() { name.clone() } else { text };
                Self::Refused(own_error(&name).unwrap_or(&name).to_owned(), text)
            }
        }
    }
}
