//! The objects on the bus. What they say comes from one place, so that a property that is read
//! and one that is told can never disagree.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use communicado_provider::dbus::PROTOCOL;
use communicado_provider::words::{NoSuchWord, activity, availability};
use communicado_provider::{Account, Command, Manners, Presence, Refused, TextError};
use communicado_runtime::{Clock as _, SystemClock, sleep_until};
use zbus::{DBusError, fdo, interface};

use super::super::Asks;
use super::properties::Properties;

/// What both objects know.
#[derive(Clone)]
pub(super) struct Facts(Arc<Mutex<Known>>);

struct Known {
    account: Account,
    shows: Properties,
    manners: Manners,
}

/// The provider itself.
pub(super) struct Root {
    pub(super) facts: Facts,
    pub(super) asks: Asks,
}

/// Its account.
pub(super) struct AccountObject {
    pub(super) facts: Facts,
    pub(super) asks: Asks,
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
    NoSuchWord(String),
    NotShown(String),
    Refused(String),
}

impl Facts {
    pub(super) fn new(account: Account, shows: Properties) -> Self {
        let manners = Manners::default();
        Self(Arc::new(Mutex::new(Known { account, shows, manners })))
    }

    fn with<T>(&self, look: impl FnOnce(&mut Known) -> T) -> T {
        // Nothing that holds it can panic half way.
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Shows something else, and returns what was shown before.
    pub(super) fn show(&self, shows: Properties) -> Properties {
        self.with(|known| std::mem::replace(&mut known.shows, shows))
    }

    pub(super) fn behave(&self, manners: Manners) {
        self.with(|known| known.manners = manners);
    }

    pub(super) fn manners(&self) -> Manners {
        self.with(|known| known.manners)
    }

    /// Waits and refuses, if it was told to.
    async fn receive(&self) -> Result<(), String> {
        let Manners { refuses, late, .. } = self.manners();
        if late > Duration::ZERO {
            let clock = SystemClock::start();
            // Without a timer it is not late.
            let _ = sleep_until(&clock, clock.now().after(late)).await;
        }
        if refuses { Err("the provider was told to refuse".to_owned()) } else { Ok(()) }
    }

    async fn read<T>(&self, look: impl FnOnce(&Known) -> T) -> fdo::Result<T> {
        self.receive().await.map_err(fdo::Error::AccessDenied)?;
        Ok(self.with(|known| look(known)))
    }
}

#[interface(name = "org.communicado.Provider1", introspection_docs = false)]
impl Root {
    #[zbus(property(emits_changed_signal = "const"))]
    async fn version(&self) -> fdo::Result<String> {
        self.facts.read(|_| env!("CARGO_PKG_VERSION").to_owned()).await
    }

    #[zbus(property)]
    async fn up_and_running(&self) -> fdo::Result<u32> {
        self.facts.read(|known| known.shows.up_and_running).await
    }

    async fn quit(&self) -> Result<(), Error> {
        self.facts.receive().await.map_err(Error::Refused)?;
        Ok(self.asks.ask(Command::Quit).await?)
    }
}

#[interface(name = "org.communicado.Provider1.Account", introspection_docs = false)]
impl AccountObject {
    #[zbus(property(emits_changed_signal = "const"))]
    async fn name(&self) -> fdo::Result<String> {
        self.facts.read(|known| known.account.name().to_owned()).await
    }

    #[zbus(property(emits_changed_signal = "const"))]
    async fn friendly_name(&self) -> fdo::Result<String> {
        self.facts.read(|known| known.account.friendly_name().to_owned()).await
    }

    #[zbus(property(emits_changed_signal = "const"))]
    async fn protocol(&self) -> fdo::Result<String> {
        self.facts.read(|_| PROTOCOL.to_owned()).await
    }

    #[zbus(property)]
    async fn status(&self) -> fdo::Result<String> {
        self.facts.read(|known| known.shows.status.clone()).await
    }

    #[zbus(property)]
    async fn availability(&self) -> fdo::Result<String> {
        self.facts.read(|known| known.shows.availability.clone()).await
    }

    #[zbus(property)]
    async fn activity(&self) -> fdo::Result<String> {
        self.facts.read(|known| known.shows.activity.clone()).await
    }

    #[zbus(property)]
    async fn note(&self) -> fdo::Result<String> {
        self.facts.read(|known| known.shows.note.clone()).await
    }

    #[zbus(property)]
    async fn reason(&self) -> fdo::Result<String> {
        self.facts.read(|known| known.shows.reason.clone()).await
    }

    #[zbus(property)]
    async fn reason_code(&self) -> fdo::Result<u32> {
        self.facts.read(|known| known.shows.reason_code).await
    }

    #[zbus(property)]
    async fn until(&self) -> fdo::Result<i64> {
        self.facts.read(|known| known.shows.until).await
    }

    async fn sign_in(&self) -> Result<(), Error> {
        self.ask(Command::SIGN_IN).await
    }

    async fn sign_out(&self) -> Result<(), Error> {
        self.ask(Command::SIGN_OUT).await
    }

    /// An empty text stands for none, and so do 0 ms.
    #[zbus(name = "Set")]
    async fn set(
        &self,
        availability: &str,
        activity: &str,
        note: &str,
        lasts_ms: u64,
    ) -> Result<(), Error> {
        let presence = presence(availability, activity, note)?;
        let lasts = (lasts_ms > 0).then(|| Duration::from_millis(lasts_ms));
        self.ask(Command::Set { presence, lasts }).await
    }
}

impl AccountObject {
    async fn ask(&self, command: Command) -> Result<(), Error> {
        self.facts.receive().await.map_err(Error::Refused)?;
        Ok(self.asks.ask(command).await?)
    }
}

fn presence(word: &str, doing: &str, note: &str) -> Result<Presence, Error> {
    let doing = if doing.is_empty() { None } else { Some(activity(doing)?) };
    let presence = Presence::new(availability(word)?, doing);
    if note.is_empty() { Ok(presence) } else { Ok(presence.with_note(note)?) }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        let text = format!("{refused} (0x{:08X})", refused.code());
        match refused {
            Refused::Starting => Self::Starting(text),
            Refused::NotSignedIn => Self::NotSignedIn(text),
            Refused::AlreadySignedIn | Refused::Running => Self::AlreadySignedIn(text),
            Refused::SigningOut => Self::SigningOut(text),
            _ => Self::ShuttingDown(text),
        }
    }
}

impl From<NoSuchWord> for Error {
    fn from(error: NoSuchWord) -> Self {
        Self::NoSuchWord(format!("{error}; one of: {}", error.known.join(", ")))
    }
}

impl From<TextError> for Error {
    fn from(error: TextError) -> Self {
        Self::NotShown(format!("the note cannot be shown: {error}"))
    }
}
