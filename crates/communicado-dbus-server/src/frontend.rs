//! The frontend: it owns the name on the bus and serves the objects.
//!
//! Every change is one `PropertiesChanged` signal per object. The signal precedes the reply to the
//! call that caused the change.

use std::collections::HashMap;
use std::time::Duration;

use communicado_provider::dbus::{ACCOUNT_INTERFACE, ACCOUNT_PATH, INTERFACE, NAME, PATH};
use communicado_provider::{Account, ActiveFaults, ProviderStatus};
use communicado_runtime::{Clock as _, SystemClock, timeout_at};
use communicado_sources::session_bus;
use communicado_wire::Timestamp;
use zbus::fdo::{ObjectManager, Properties, RequestNameFlags, RequestNameReply};
use zbus::names::InterfaceName;
use zbus::object_server::SignalEmitter;
use zbus::{Connection, Variant};

use crate::FrontendError;
use crate::objects::{AccountObject, CommandHandler, ObjectState, RootObject};
use crate::owner::name_taken;
use crate::properties::{PropertyValues, StatusTime};

/// The time limit for an orderly end. A fault may delay a reply for longer.
const CLOSE_MAX: Duration = Duration::from_secs(2);

/// The provider on the session bus.
pub struct DbusFrontend {
    connection: Connection,
    clock: SystemClock,
    state: ObjectState,
    handler: CommandHandler,
    /// True once the account's object exists.
    has_account: bool,
}

impl DbusFrontend {
    /// Connects to the session bus, without the name yet. `handler` executes the commands of
    /// callers.
    ///
    /// # Errors
    ///
    /// If there is no session bus.
    pub async fn open(account: Account, handler: CommandHandler) -> Result<Self, FrontendError> {
        let address = session_bus::own_address()?;
        let clock = SystemClock::start();
        let connection = session_bus::connect(&clock, &address).await?;
        let values = PropertyValues::of(&ProviderStatus::Starting, None, StatusTime::now(&clock));
        let state = ObjectState::new(clock, account, values);
        let root = RootObject { state: state.clone(), handler: handler.clone() };
        let server = connection.object_server();
        server.at(PATH, ObjectManager).await.map_err(FrontendError::bus)?;
        server.at(PATH, root).await.map_err(FrontendError::bus)?;
        Ok(Self { connection, clock, state, handler, has_account: false })
    }

    /// Requests the name. The first caller already sees all published values, for example the
    /// caller for which the bus activated the provider.
    ///
    /// # Errors
    ///
    /// If another process owns the name.
    pub async fn announce(&self) -> Result<(), FrontendError> {
        let flags = RequestNameFlags::DO_NOT_QUEUE;
        match self.connection.request_name_with_flags(NAME, flags).await {
            Ok(RequestNameReply::PrimaryOwner | RequestNameReply::AlreadyOwner) => Ok(()),
            Ok(_) | Err(zbus::Error::NameTaken) => Err(name_taken(&self.connection).await),
            Err(error) => Err(FrontendError::bus(error)),
        }
    }

    /// Publishes a status. `until` is the end of a temporary presence.
    ///
    /// # Errors
    ///
    /// If the bus does not accept a signal.
    pub async fn publish(
        &mut self,
        status: &ProviderStatus,
        until: Option<Timestamp>,
    ) -> Result<(), FrontendError> {
        let last = self.state.values();
        let since = StatusTime::now(&self.clock);
        let mut now = PropertyValues::of(status, until, since).continuing(&last);
        if now.up_and_running == 0 {
            if self.state.faults().stale_flag {
                return Ok(());
            }
            // Only the flag of the provider changes; the account stays signed out.
            now = PropertyValues { up_and_running: 0, ..last };
        }
        let before = self.state.replace(now.clone());
        // The account's object precedes the flag that announces it.
        if now.up_and_running == 2 && !self.has_account {
            let account =
                AccountObject { state: self.state.clone(), handler: self.handler.clone() };
            let added = self.connection.object_server().at(ACCOUNT_PATH, account).await;
            added.map_err(FrontendError::bus)?;
            self.has_account = true;
        } else if self.has_account {
            let changed = now.changed_since(&before);
            self.emit(ACCOUNT_PATH, ACCOUNT_INTERFACE, changed).await?;
        }
        if now.up_and_running != before.up_and_running {
            let changed = HashMap::from([("UpAndRunning", Variant::from(now.up_and_running))]);
            self.emit(PATH, INTERFACE, changed).await?;
        }
        Ok(())
    }

    /// Replaces the active faults.
    pub fn set_faults(&self, faults: ActiveFaults) {
        self.state.set_faults(faults);
    }

    /// Blocks this thread for a time. All work of the provider runs on it, so nothing is answered.
    pub fn hang(&self, duration: Duration) {
        let clock = SystemClock::start();
        let end = clock.now().after(duration);
        loop {
            let left = end.since(clock.now());
            if left.is_zero() {
                return;
            }
            std::thread::park_timeout(left);
        }
    }

    /// Completes when the connection to the bus has ended.
    pub async fn closed(&self) -> FrontendError {
        self.connection.closed().await;
        let lost = session_bus::lost("");
        FrontendError::new("the provider is no longer on the session bus", lost.cause, lost.help)
    }

    /// Releases the name, and waits up to a time limit until every call is answered.
    pub async fn close(self) {
        let Self { connection, .. } = self;
        let clock = SystemClock::start();
        let end = clock.now().after(CLOSE_MAX);
        let closed = async {
            // An error means that the bus, and so the name, is gone.
            let _ = connection.release_name(NAME).await;
            connection.graceful_shutdown().await;
        };
        let _ = timeout_at(&clock, end, closed).await;
    }

    async fn emit(
        &self,
        path: &'static str,
        interface: &'static str,
        changed: HashMap<&str, Variant<'_>>,
    ) -> Result<(), FrontendError> {
        if changed.is_empty() {
            return Ok(());
        }
        let emitter = SignalEmitter::new(&self.connection, path).map_err(FrontendError::bus)?;
        let interface = InterfaceName::try_from(interface).map_err(FrontendError::bus)?;
        let emitted = Properties::properties_changed(&emitter, interface, changed, (&[]).into());
        emitted.await.map_err(FrontendError::bus)
    }
}
