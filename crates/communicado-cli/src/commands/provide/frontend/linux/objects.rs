//! The objects on the bus. What they say comes from one place, so that a property that is read
//! and one that is told can never disagree.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use communicado_provider::dbus::PROTOCOL;
use communicado_provider::words::{UnknownWord, activity, availability};
use communicado_provider::{
    Account, ActiveFaults, CommandError, Presence, ProviderCommand, TextError,
};
use communicado_runtime::{Clock as _, SystemClock, sleep_until};
use zbus::message::Header;
use zbus::{DBusError, fdo, interface};

use super::super::CommandSender;
use super::properties::Properties;

/// So many messages are known to be late; more at a time are late more often than once.
const DELAYED_MAX: usize = 256;

/// What both objects know.
#[derive(Clone)]
pub(super) struct ObjectState(Arc<Mutex<ObjectStateInner>>);

struct ObjectStateInner {
    account: Account,
    shows: Properties,
    faults: ActiveFaults,
    /// The messages that were answered late already: who sent them, and their serial numbers.
    delayed: BTreeSet<(String, u32)>,
}

/// The provider itself.
pub(super) struct Root {
    pub(super) state: ObjectState,
    pub(super) commands: CommandSender,
}

/// Its account.
pub(super) struct AccountObject {
    pub(super) state: ObjectState,
    pub(super) commands: CommandSender,
}

/// Why a call was not done. The names are part of the contract.
#[derive(Debug, DBusError)]
#[zbus(prefix = "org.communicado.Provider1.Error")]
pub(super) enum Error {
    #[zbus(error)]
    ZBus(zbus::Error),
    Starting(String),
    NotSignedIn(String),
    AlreadySignedIn(String),
    SigningOut(String),
    ShuttingDown(String),
    UnknownWord(String),
    NotShown(String),
    CommandError(String),
}

impl ObjectState {
    pub(super) fn new(account: Account, shows: Properties) -> Self {
        let faults = ActiveFaults::default();
        let delayed = BTreeSet::new();
        Self(Arc::new(Mutex::new(ObjectStateInner { account, shows, faults, delayed })))
    }

    fn with<T>(&self, f: impl FnOnce(&mut ObjectStateInner) -> T) -> T {
        // Nothing that holds it can panic half way.
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Shows something else, and returns what was shown before.
    pub(super) fn show(&self, shows: Properties) -> Properties {
        self.with(|known| std::mem::replace(&mut known.shows, shows))
    }

    pub(super) fn shows(&self) -> Properties {
        self.with(|known| known.shows.clone())
    }

    pub(super) fn set_faults(&self, faults: ActiveFaults) {
        self.with(|known| known.faults = faults);
    }

    pub(super) fn faults(&self) -> ActiveFaults {
        self.with(|known| known.faults)
    }

    /// Waits and refuses, if it was told to: once for each message, though it be about many
    /// properties. What we tell of ourselves comes with no message, and is told.
    async fn receive(&self, message: Option<&Header<'_>>) -> Result<(), String> {
        let Some(message) = message else { return Ok(()) };
        let ActiveFaults { refuse_calls, call_delay, .. } = self.faults();
        if call_delay > Duration::ZERO && self.is_new(message) {
            let clock = SystemClock::start();
            // Without a timer it is not late.
            let _ = sleep_until(&clock, clock.now().after(call_delay)).await;
        }
        if refuse_calls { Err("the provider was told to refuse".to_owned()) } else { Ok(()) }
    }

    fn is_new(&self, message: &Header<'_>) -> bool {
        let sender = message.sender().map(ToString::to_string).unwrap_or_default();
        let serial = message.primary().serial_num().get();
        self.with(|known| {
            if known.delayed.len() >= DELAYED_MAX {
                known.delayed.clear();
            }
            known.delayed.insert((sender, serial))
        })
    }

    async fn read<T>(
        &self,
        message: Option<Header<'_>>,
        get: impl FnOnce(&ObjectStateInner) -> T,
    ) -> fdo::Result<T> {
        self.receive(message.as_ref()).await.map_err(fdo::Error::AccessDenied)?;
        Ok(self.with(|known| get(known)))
    }
}

#[interface(name = "org.communicado.Provider1", introspection_docs = false)]
impl Root {
    #[zbus(property(emits_changed_signal = "const"))]
    async fn version(&self, #[zbus(header)] message: Option<Header<'_>>) -> fdo::Result<String> {
        self.state.read(message, |_| env!("CARGO_PKG_VERSION").to_owned()).await
    }

    #[zbus(property)]
    async fn up_and_running(
        &self,
        #[zbus(header)] message: Option<Header<'_>>,
    ) -> fdo::Result<u32> {
        self.state.read(message, |known| known.shows.up_and_running).await
    }

    async fn quit(&self, #[zbus(header)] message: Header<'_>) -> Result<(), Error> {
        self.state.receive(Some(&message)).await.map_err(Error::CommandError)?;
        Ok(self.commands.execute(ProviderCommand::Quit).await?)
    }
}

#[interface(name = "org.communicado.Provider1.Account", introspection_docs = false)]
impl AccountObject {
    #[zbus(property(emits_changed_signal = "const"))]
    async fn name(&self, #[zbus(header)] message: Option<Header<'_>>) -> fdo::Result<String> {
        self.state.read(message, |known| known.account.name().to_owned()).await
    }

    #[zbus(property(emits_changed_signal = "const"))]
    async fn friendly_name(
        &self,
        #[zbus(header)] message: Option<Header<'_>>,
    ) -> fdo::Result<String> {
        self.state.read(message, |known| known.account.friendly_name().to_owned()).await
    }

    #[zbus(property(emits_changed_signal = "const"))]
    async fn protocol(&self, #[zbus(header)] message: Option<Header<'_>>) -> fdo::Result<String> {
        self.state.read(message, |_| PROTOCOL.to_owned()).await
    }

    #[zbus(property)]
    async fn status(&self, #[zbus(header)] message: Option<Header<'_>>) -> fdo::Result<String> {
        self.state.read(message, |known| known.shows.status.clone()).await
    }

    #[zbus(property)]
    async fn availability(
        &self,
        #[zbus(header)] message: Option<Header<'_>>,
    ) -> fdo::Result<String> {
        self.state.read(message, |known| known.shows.availability.clone()).await
    }

    #[zbus(property)]
    async fn activity(&self, #[zbus(header)] message: Option<Header<'_>>) -> fdo::Result<String> {
        self.state.read(message, |known| known.shows.activity.clone()).await
    }

    #[zbus(property)]
    async fn note(&self, #[zbus(header)] message: Option<Header<'_>>) -> fdo::Result<String> {
        self.state.read(message, |known| known.shows.note.clone()).await
    }

    #[zbus(property)]
    async fn reason(&self, #[zbus(header)] message: Option<Header<'_>>) -> fdo::Result<String> {
        self.state.read(message, |known| known.shows.reason.clone()).await
    }

    #[zbus(property)]
    async fn reason_code(&self, #[zbus(header)] message: Option<Header<'_>>) -> fdo::Result<u32> {
        self.state.read(message, |known| known.shows.reason_code).await
    }

    #[zbus(property)]
    async fn until(&self, #[zbus(header)] message: Option<Header<'_>>) -> fdo::Result<i64> {
        self.state.read(message, |known| known.shows.until).await
    }

    async fn sign_in(&self, #[zbus(header)] message: Header<'_>) -> Result<(), Error> {
        self.execute(&message, ProviderCommand::SIGN_IN).await
    }

    async fn sign_out(&self, #[zbus(header)] message: Header<'_>) -> Result<(), Error> {
        self.execute(&message, ProviderCommand::SIGN_OUT).await
    }

    /// An empty text stands for none, and so do 0 ms.
    #[zbus(name = "Set")]
    async fn set(
        &self,
        #[zbus(header)] message: Header<'_>,
        availability: &str,
        activity: &str,
        note: &str,
        lasts_ms: u64,
    ) -> Result<(), Error> {
        let presence = presence(availability, activity, note)?;
        let lasts = (lasts_ms > 0).then(|| Duration::from_millis(lasts_ms));
        self.execute(&message, ProviderCommand::Set { presence, lasts }).await
    }
}

impl AccountObject {
    async fn execute(&self, message: &Header<'_>, command: ProviderCommand) -> Result<(), Error> {
        self.state.receive(Some(message)).await.map_err(Error::CommandError)?;
        Ok(self.commands.execute(command).await?)
    }
}

fn presence(word: &str, doing: &str, note: &str) -> Result<Presence, Error> {
    let doing = if doing.is_empty() { None } else { Some(activity(doing)?) };
    let presence = Presence::new(availability(word)?, doing);
    if note.is_empty() { Ok(presence) } else { Ok(presence.with_note(note)?) }
}

impl From<CommandError> for Error {
    fn from(error: CommandError) -> Self {
        let text = format!("{error} (0x{:08X})", error.code());
        match error {
            CommandError::Starting => Self::Starting(text),
            CommandError::NotSignedIn => Self::NotSignedIn(text),
            CommandError::AlreadySignedIn | CommandError::Running => Self::AlreadySignedIn(text),
            CommandError::SigningOut => Self::SigningOut(text),
            _ => Self::ShuttingDown(text),
        }
    }
}

impl From<UnknownWord> for Error {
    fn from(error: UnknownWord) -> Self {
        Self::UnknownWord(format!("{error}; one of: {}", error.known.join(", ")))
    }
}

impl From<TextError> for Error {
    fn from(error: TextError) -> Self {
        Self::NotShown(format!("the note cannot be shown: {error}"))
    }
}
