//! The objects on the bus. Both read one shared state, so a property that is read always matches
//! the last signal.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
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

use crate::properties::PropertyValues;

/// The maximum number of remembered messages that were delayed.
const DELAYED_MAX: usize = 256;

/// A function that executes a command of a caller, and completes after the resulting signals.
pub type CommandHandler = Arc<
    dyn Fn(ProviderCommand) -> Pin<Box<dyn Future<Output = Result<(), CommandError>> + Send>>
        + Send
        + Sync,
>;

/// The state that both objects share.
#[derive(Clone)]
pub(crate) struct ObjectState(Arc<Mutex<StateInner>>);

struct StateInner {
    clock: SystemClock,
    account: Account,
    values: PropertyValues,
    faults: ActiveFaults,
    /// The messages that were already delayed: their senders and serial numbers.
    delayed: BTreeSet<(String, u32)>,
}

/// The object of the provider.
pub(crate) struct RootObject {
    pub(crate) state: ObjectState,
    pub(crate) handler: CommandHandler,
}

/// The object of the account.
pub(crate) struct AccountObject {
    pub(crate) state: ObjectState,
    pub(crate) handler: CommandHandler,
}

/// An error reply. The names of the variants are part of the D-Bus interface.
#[derive(Debug, DBusError)]
#[zbus(prefix = "org.communicado.Provider1.Error")]
pub(crate) enum ReplyError {
    #[zbus(error)]
    ZBus(zbus::Error),
    Starting(String),
    NotSignedIn(String),
    AlreadySignedIn(String),
    SigningOut(String),
    ShuttingDown(String),
    NoSuchWord(String),
    NotShown(String),
    Refused(String),
}

impl ObjectState {
    /// `clock` is the clock of the start in `values`.
    pub(crate) fn new(clock: SystemClock, account: Account, values: PropertyValues) -> Self {
        let faults = ActiveFaults::default();
        let delayed = BTreeSet::new();
        Self(Arc::new(Mutex::new(StateInner { clock, account, values, faults, delayed })))
    }

    fn with<T>(&self, f: impl FnOnce(&mut StateInner) -> T) -> T {
        // A closure cannot leave the state half changed, so a poisoned lock is safe to use.
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the values, and returns the values before.
    pub(crate) fn replace(&self, values: PropertyValues) -> PropertyValues {
        self.with(|state| std::mem::replace(&mut state.values, values))
    }

    pub(crate) fn values(&self) -> PropertyValues {
        self.with(|state| state.values.clone())
    }

    pub(crate) fn set_faults(&self, faults: ActiveFaults) {
        self.with(|state| state.faults = faults);
    }

    pub(crate) fn faults(&self) -> ActiveFaults {
        self.with(|state| state.faults)
    }

    /// Applies the faults to a message: delays it once, however many properties it reads, and
    /// refuses it. A signal of our own has no message and is never refused.
    async fn apply_faults(&self, message: Option<&Header<'_>>) -> Result<(), String> {
        let Some(message) = message else { return Ok(()) };
        let ActiveFaults { refuse_calls, call_delay, .. } = self.faults();
        if call_delay > Duration::ZERO && self.is_new(message) {
            let clock = SystemClock::start();
            // Without a timer, there is no delay.
            let _ = sleep_until(&clock, clock.now().after(call_delay)).await;
        }
        if refuse_calls { Err("the active faults refuse all calls".to_owned()) } else { Ok(()) }
    }

    fn is_new(&self, message: &Header<'_>) -> bool {
        let sender = message.sender().map(ToString::to_string).unwrap_or_default();
        let serial = message.primary().serial_num().get();
        self.with(|state| {
            if state.delayed.len() >= DELAYED_MAX {
                state.delayed.clear();
            }
            state.delayed.insert((sender, serial))
        })
    }

    async fn read<T>(
        &self,
        message: Option<Header<'_>>,
        get: impl FnOnce(&StateInner) -> T,
    ) -> fdo::Result<T> {
        self.apply_faults(message.as_ref()).await.map_err(fdo::Error::AccessDenied)?;
        Ok(self.with(|state| get(state)))
    }
}

#[interface(name = "org.communicado.Provider1", introspection_docs = false)]
impl RootObject {
    #[zbus(property(emits_changed_signal = "const"))]
    async fn version(&self, #[zbus(header)] message: Option<Header<'_>>) -> fdo::Result<String> {
        self.state.read(message, |_| env!("CARGO_PKG_VERSION").to_owned()).await
    }

    #[zbus(property)]
    async fn up_and_running(
        &self,
        #[zbus(header)] message: Option<Header<'_>>,
    ) -> fdo::Result<u32> {
        self.state.read(message, |state| state.values.up_and_running).await
    }

    async fn quit(&self, #[zbus(header)] message: Header<'_>) -> Result<(), ReplyError> {
        self.state.apply_faults(Some(&message)).await.map_err(ReplyError::Refused)?;
        Ok((self.handler)(ProviderCommand::Quit).await?)
    }
}

#[interface(name = "org.communicado.Provider1.Account", introspection_docs = false)]
impl AccountObject {
    #[zbus(property(emits_changed_signal = "const"))]
    async fn name(&self, #[zbus(header)] message: Option<Header<'_>>) -> fdo::Result<String> {
        self.state.read(message, |state| state.account.name().to_owned()).await
    }

    #[zbus(property(emits_changed_signal = "const"))]
    async fn friendly_name(
        &self,
        #[zbus(header)] message: Option<Header<'_>>,
    ) -> fdo::Result<String> {
        self.state.read(message, |state| state.account.friendly_name().to_owned()).await
    }

    #[zbus(property(emits_changed_signal = "const"))]
    async fn protocol(&self, #[zbus(header)] message: Option<Header<'_>>) -> fdo::Result<String> {
        self.state.read(message, |_| PROTOCOL.to_owned()).await
    }

    #[zbus(property)]
    async fn status(&self, #[zbus(header)] message: Option<Header<'_>>) -> fdo::Result<String> {
        self.state.read(message, |state| state.values.status.clone()).await
    }

    #[zbus(property)]
    async fn availability(
        &self,
        #[zbus(header)] message: Option<Header<'_>>,
    ) -> fdo::Result<String> {
        self.state.read(message, |state| state.values.availability.clone()).await
    }

    #[zbus(property)]
    async fn activity(&self, #[zbus(header)] message: Option<Header<'_>>) -> fdo::Result<String> {
        self.state.read(message, |state| state.values.activity.clone()).await
    }

    #[zbus(property)]
    async fn note(&self, #[zbus(header)] message: Option<Header<'_>>) -> fdo::Result<String> {
        self.state.read(message, |state| state.values.note.clone()).await
    }

    #[zbus(property)]
    async fn reason(&self, #[zbus(header)] message: Option<Header<'_>>) -> fdo::Result<String> {
        self.state.read(message, |state| state.values.reason.clone()).await
    }

    #[zbus(property)]
    async fn reason_code(&self, #[zbus(header)] message: Option<Header<'_>>) -> fdo::Result<u32> {
        self.state.read(message, |state| state.values.reason_code).await
    }

    #[zbus(property)]
    async fn until(&self, #[zbus(header)] message: Option<Header<'_>>) -> fdo::Result<i64> {
        self.state.read(message, |state| state.values.until).await
    }

    #[zbus(property)]
    async fn since(&self, #[zbus(header)] message: Option<Header<'_>>) -> fdo::Result<i64> {
        let start = |state: &StateInner| {
            state.values.since.at(state.clock.now(), state.clock.civil()).micros()
        };
        self.state.read(message, start).await
    }

    async fn sign_in(&self, #[zbus(header)] message: Header<'_>) -> Result<(), ReplyError> {
        self.run_command(&message, ProviderCommand::SIGN_IN).await
    }

    async fn sign_out(&self, #[zbus(header)] message: Header<'_>) -> Result<(), ReplyError> {
        self.run_command(&message, ProviderCommand::SIGN_OUT).await
    }

    /// An empty text and 0 ms stand for no value.
    #[zbus(name = "Set")]
    async fn set(
        &self,
        #[zbus(header)] message: Header<'_>,
        availability: &str,
        activity: &str,
        note: &str,
        lasts_ms: u64,
    ) -> Result<(), ReplyError> {
        let presence = presence(availability, activity, note)?;
        let lasts = (lasts_ms > 0).then(|| Duration::from_millis(lasts_ms));
        self.run_command(&message, ProviderCommand::Set { presence, lasts }).await
    }
}

impl AccountObject {
    async fn run_command(
        &self,
        message: &Header<'_>,
        command: ProviderCommand,
    ) -> Result<(), ReplyError> {
        self.state.apply_faults(Some(message)).await.map_err(ReplyError::Refused)?;
        Ok((self.handler)(command).await?)
    }
}

fn presence(word: &str, doing: &str, note: &str) -> Result<Presence, ReplyError> {
    let doing = if doing.is_empty() { None } else { Some(activity(doing)?) };
    let presence = Presence::new(availability(word)?, doing);
    if note.is_empty() { Ok(presence) } else { Ok(presence.with_note(note)?) }
}

impl From<CommandError> for ReplyError {
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

impl From<UnknownWord> for ReplyError {
    fn from(error: UnknownWord) -> Self {
        Self::NoSuchWord(format!("{error}; use one of: {}", error.known.join(", ")))
    }
}

impl From<TextError> for ReplyError {
    fn from(error: TextError) -> Self {
        Self::NotShown(format!("the note is invalid: {error}"))
    }
}
