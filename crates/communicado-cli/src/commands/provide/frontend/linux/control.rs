//! How one speaks to the running provider: by the unique name of its owner, which starts nobody.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use communicado::Timestamp;
use communicado_cli_support::{Failure, Outcome};
use communicado_provider::dbus::{ACCOUNT_INTERFACE, ACCOUNT_PATH, ERRORS, INTERFACE, NAME, PATH};
use communicado_provider::{Presence, ProviderCommand};
use communicado_runtime::{Clock as _, SystemClock, timeout_at};
use communicado_sinks::printable;
use communicado_sources::session_bus;
use futures_util::StreamExt as _;
use zbus::message::{Builder, Type};
use zbus::{Connection, Message, MessageStream, OwnedVariant};

use crate::commands::provide::report::ProviderReport;

/// The provider must answer within this time; a living one needs a millisecond.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// A foreign text is shown up to this length.
const TEXT_MAX: usize = 300;
const BUS: &str = "org.freedesktop.DBus";
const BUS_PATH: &str = "/org/freedesktop/DBus";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// A way to the running provider.
pub(in crate::commands::provide) struct DbusControlClient {
    connection: Connection,
    owner: String,
}

/// Why the provider has not done what it was asked.
#[derive(Debug)]
pub(in crate::commands::provide) enum ControlError {
    /// It is so already, in its words.
    Already(String),
    /// It did not, for another reason.
    Failed(Failure),
}

/// Why there is no answer.
enum CallError {
    /// The answer is an error: its name and its text.
    ErrorReply(String, String),
    /// It took too long.
    Timeout,
    /// The bus ended the connection, or what came makes no sense.
    Disconnected(String),
}

impl DbusControlClient {
    /// The way to the provider of this session, if one runs.
    ///
    /// # Errors
    ///
    /// If there is no session bus.
    pub(in crate::commands::provide) async fn open() -> Result<Option<Self>, Failure> {
        let address = session_bus::own_address()?;
        let connection = session_bus::connect(&SystemClock::start(), &address).await?;
        let owner = owner(&connection).await?;
        Ok(owner.map(|owner| Self { connection, owner }))
    }

    /// Has the provider do something.
    pub(in crate::commands::provide) async fn execute(
        &self,
        command: &ProviderCommand,
    ) -> Result<(), ControlError> {
        let account = |member| self.call(ACCOUNT_PATH, ACCOUNT_INTERFACE, member);
        let message = match command {
            ProviderCommand::Quit => self.call(PATH, INTERFACE, "Quit").build(&()),
            ProviderCommand::SignIn { .. } => account("SignIn").build(&()),
            ProviderCommand::SignOut { .. } => account("SignOut").build(&()),
            ProviderCommand::Set { presence, lasts } => {
                account("Set").build(&set(presence, *lasts))
            }
            // Nobody but a face and a server say these.
            ProviderCommand::Started | ProviderCommand::SignedOutByServer(_) => return Ok(()),
        };
        match exchange(&self.connection, message).await {
            Ok(_) => Ok(()),
            Err(CallError::ErrorReply(name, text)) if is_already_done(command, &name) => {
                Err(ControlError::Already(text))
            }
            Err(error) => Err(ControlError::Failed(error.into())),
        }
    }

    /// What the provider says of itself.
    pub(in crate::commands::provide) async fn report(&self) -> Result<ProviderReport, Failure> {
        let all = self.call(ACCOUNT_PATH, PROPERTIES, "GetAll").build(&ACCOUNT_INTERFACE);
        let message = match exchange(&self.connection, all).await {
            // Without an account it is starting, or about to end.
            Err(CallError::ErrorReply(name, _))
                if name.starts_with("org.freedesktop.DBus.Error.Unk") =>
            {
                return self.without_account().await;
            }
            answer => answer?,
        };
        let properties: HashMap<String, OwnedVariant> =
            message.body().deserialize().map_err(CallError::from)?;
        let text = |name| {
            let value = properties.get(name).and_then(|value| <&str>::try_from(value).ok());
            value.unwrap_or_default().to_owned()
        };
        let until = properties.get("Until").and_then(|value| i64::try_from(value).ok());
        let until = until.filter(|micros| *micros > 0);
        Ok(ProviderReport {
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

    async fn without_account(&self) -> Result<ProviderReport, Failure> {
        let flag = self.call(PATH, PROPERTIES, "Get").build(&(INTERFACE, "UpAndRunning"));
        let message = exchange(&self.connection, flag).await?;
        let value: OwnedVariant = message.body().deserialize().map_err(CallError::from)?;
        let status = if u32::try_from(&value) == Ok(0) { "shutting-down" } else { "starting" };
        Ok(ProviderReport { status: status.to_owned(), ..ProviderReport::default() })
    }

    fn call(
        &self,
        path: &'static str,
        interface: &'static str,
        member: &'static str,
    ) -> Builder<'_> {
        Message::method_call(path, member).destination(&*self.owner).interface(interface)
    }
}

/// Who has taken the name before, and what to do about it.
pub(super) async fn taken(connection: &Connection) -> Failure {
    let failure = Failure::new(Outcome::Failed, format!("the name {NAME} is taken"));
    let owner = match owner(connection).await {
        Ok(Some(owner)) => owner,
        Ok(None) => {
            let help = "try again: its owner has just gone";
            return failure.cause("another process had it a moment ago").help(help);
        }
        Err(error) => return error,
    };
    let process = match process(connection, &owner).await {
        Some((number, name)) => format!("process {number} ({})", printable(&name, TEXT_MAX)),
        None => format!("the connection {owner}"),
    };
    let line = DbusControlClient { connection: connection.clone(), owner };
    let version = line.call(PATH, PROPERTIES, "Get").build(&(INTERFACE, "Version"));
    match exchange(connection, version).await {
        Ok(_) => Failure::new(Outcome::Failed, "a provider runs already in this session")
            .cause(format!("{process} has the name {NAME}"))
            .help("`communicado provide status` shows it, `communicado provide quit` ends it"),
        Err(CallError::Timeout) => failure
            .cause(format!("{process} has it, and does not answer"))
            .help("end that process, then start the provider again"),
        Err(CallError::ErrorReply(..) | CallError::Disconnected(_)) => failure
            .cause(format!("{process} has it, and is no provider"))
            .help("find out why that program takes a name that is not its own, and end it"),
    }
}

/// Who has the name.
async fn owner(connection: &Connection) -> Result<Option<String>, Failure> {
    match exchange(connection, bus("GetNameOwner").build(&NAME)).await {
        Ok(message) => Ok(Some(message.body().deserialize().map_err(CallError::from)?)),
        Err(CallError::ErrorReply(name, _)) if name.ends_with(".NameHasNoOwner") => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The process behind a unique name, and what it is called.
async fn process(connection: &Connection, owner: &str) -> Option<(u32, String)> {
    let call = bus("GetConnectionUnixProcessID").build(&owner);
    let message = exchange(connection, call).await.ok()?;
    let number: u32 = message.body().deserialize().ok()?;
    let name = std::fs::read_to_string(format!("/proc/{number}/comm")).ok()?;
    Some((number, name.trim_end().to_owned()))
}

fn bus(member: &'static str) -> Builder<'static> {
    Message::method_call(BUS_PATH, member).destination(BUS).interface(BUS)
}

/// The arguments of `Set`; an empty text stands for none, and so do 0 ms.
fn set(presence: &Presence, lasts: Option<Duration>) -> (&str, &str, &str, u64) {
    let lasts = lasts.map_or(0, |it| u64::try_from(it.as_millis()).unwrap_or(u64::MAX).max(1));
    let activity = presence.activity.map_or("", |it| it.word());
    (presence.availability.word(), activity, presence.note().unwrap_or_default(), lasts)
}

/// Whether an error says that what was asked for is so already.
fn is_already_done(command: &ProviderCommand, error: &str) -> bool {
    let so = match command {
        ProviderCommand::SignIn { .. } => "AlreadySignedIn",
        ProviderCommand::SignOut { .. } => "NotSignedIn",
        ProviderCommand::Quit => "ShuttingDown",
        ProviderCommand::Started
        | ProviderCommand::SignedOutByServer(_)
        | ProviderCommand::Set { .. } => return false,
    };
    error.strip_prefix(ERRORS).and_then(|rest| rest.strip_prefix('.')) == Some(so)
}

/// Sends a call and waits for its answer.
async fn exchange(
    connection: &Connection,
    message: zbus::Result<Message>,
) -> Result<Message, CallError> {
    let message = message?;
    let serial = message.primary_header().serial_num();
    // Listened for before it is asked.
    let mut stream = MessageStream::from(connection);
    let clock = SystemClock::start();
    let end = clock.now().after(ANSWER_MAX);
    connection.send(&message).await?;
    let answer = timeout_at(&clock, end, async {
        loop {
            let answer = match stream.next().await {
                Some(answer) => answer?,
                None => {
                    return Err(CallError::Disconnected("the bus ended the connection".to_owned()));
                }
            };
            if answer.header().reply_serial() == Some(serial) {
                return Ok(answer);
            }
        }
    });
    let answer = answer.await.unwrap_or(Err(CallError::Timeout))?;
    if answer.message_type() == Type::MethodReturn {
        return Ok(answer);
    }
    let name = answer.header().error_name().map(ToString::to_string).unwrap_or_default();
    let text: String = answer.body().deserialize().unwrap_or_default();
    Err(CallError::ErrorReply(name, printable(&text, TEXT_MAX)))
}

impl From<zbus::Error> for CallError {
    fn from(error: zbus::Error) -> Self {
        Self::Disconnected(error.to_string())
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Timeout => {
                Self::new(Outcome::TimedOut, "the provider did not answer within 5 s")
                    .cause("it hangs, or was told to")
                    .help("wait, or end its process and start it again")
            }
            CallError::Disconnected(cause) => {
                Self::new(Outcome::Failed, "the provider cannot be spoken to").cause(cause)
            }
            CallError::ErrorReply(name, text) => {
                let word = name.strip_prefix(ERRORS).and_then(|rest| rest.strip_prefix('.'));
                let failure = Self::new(Outcome::Failed, "the provider has not done it");
                let failure = failure.cause(if text.is_empty() { &name } else { &text });
                match word {
                    Some("NotSignedIn") => {
                        failure.help("sign in first: communicado provide sign-in")
                    }
                    Some("Starting" | "SigningOut") => failure.help("try again in a moment"),
                    Some("ShuttingDown") => failure.help("start a provider: communicado provide"),
                    _ => failure,
                }
            }
        }
    }
}

impl fmt::Debug for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ErrorReply(name, text) => write!(f, "{name}: {text}"),
            Self::Timeout => f.write_str("too late"),
            Self::Disconnected(cause) => f.write_str(cause),
        }
    }
}
