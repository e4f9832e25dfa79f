//! The provider on D-Bus: a name, an object for itself, and one for its account.
//!
//! Everything is told as `PropertiesChanged`, all that changed at one moment in one signal, and
//! before the call is answered that it comes of.

mod control;
mod objects;
mod properties;
mod register;

use std::collections::HashMap;
use std::time::Duration;

use communicado_cli_support::{Failure, Outcome};
use communicado_provider::dbus::{ACCOUNT_INTERFACE, ACCOUNT_PATH, INTERFACE, NAME, PATH};
use communicado_provider::{Account, ActiveFaults, ProviderStatus};
use communicado_runtime::{Clock as _, SystemClock, timeout_at};
use communicado_sources::session_bus;
use rustix::process::Signal;
use zbus::fdo::{ObjectManager, Properties as BusProperties, RequestNameFlags, RequestNameReply};
use zbus::names::InterfaceName;
use zbus::object_server::SignalEmitter;
use zbus::{Connection, Variant};

use self::objects::{AccountObject, ObjectState, Root};
use self::properties::Properties;
use super::{CommandSender, ProviderState};

pub(in crate::commands::provide) use control::{ControlError, DbusControlClient};
pub(in crate::commands::provide) use register::{register, unregister};

/// How the provider is to be seen on Linux: there is one way.
#[derive(Clone, Debug, Default, clap::Args)]
pub(in crate::commands::provide) struct Options {}

/// A call that is not answered by then was told to be late.
const CLOSE_MAX: Duration = Duration::from_secs(2);

/// The provider on the bus.
pub(in crate::commands::provide) struct DbusFrontend {
    connection: Connection,
    state: ObjectState,
    commands: CommandSender,
    /// Whether the account is there.
    has_account: bool,
}

impl DbusFrontend {
    /// Gets onto the session bus, where nobody knows it yet.
    ///
    /// # Errors
    ///
    /// If there is no bus.
    pub(in crate::commands::provide) async fn open(
        account: Account,
        commands: CommandSender,
        _: &Options,
    ) -> Result<Self, Failure> {
        let address = session_bus::own_address()?;
        let connection = session_bus::connect(&SystemClock::start(), &address).await?;
        let shown = ProviderState { status: ProviderStatus::Starting, until: None };
        let state = ObjectState::new(account, Properties::of(&shown));
        let root = Root { state: state.clone(), commands: commands.clone() };
        let server = connection.object_server();
        server.at(PATH, ObjectManager).await.map_err(not_shown)?;
        server.at(PATH, root).await.map_err(not_shown)?;
        Ok(Self { connection, state, commands, has_account: false })
    }

    /// Takes the name. What was told before is there for whoever asks at once, as the one does
    /// for whom the bus has started it.
    ///
    /// # Errors
    ///
    /// If the name has an owner: who, and what to do.
    pub(in crate::commands::provide) async fn announce(&self) -> Result<(), Failure> {
        let flags = RequestNameFlags::DO_NOT_QUEUE;
        match self.connection.request_name_with_flags(NAME, flags).await {
            Ok(RequestNameReply::PrimaryOwner | RequestNameReply::AlreadyOwner) => Ok(()),
            Ok(_) | Err(zbus::Error::NameTaken) => Err(control::taken(&self.connection).await),
            Err(error) => Err(not_shown(error)),
        }
    }

    /// Where it can be seen.
    pub(in crate::commands::provide) fn address(&self) -> String {
        format!("{NAME} on the session bus")
    }

    /// Tells what is so now.
    pub(in crate::commands::provide) async fn publish(
        &mut self,
        shown: &ProviderState,
    ) -> Result<(), Failure> {
        let mut now = Properties::of(shown);
        if now.up_and_running == 0 {
            if self.state.faults().stale_flag {
                return Ok(());
            }
            // It is the provider that ends; its account is signed out.
            now = Properties { up_and_running: 0, ..self.state.shows() };
        }
        let before = self.state.show(now.clone());
        // The account comes before the flag that says that it can be asked for.
        if now.up_and_running == 2 && !self.has_account {
            let account =
                AccountObject { state: self.state.clone(), commands: self.commands.clone() };
            let added = self.connection.object_server().at(ACCOUNT_PATH, account).await;
            added.map_err(not_shown)?;
            self.has_account = true;
        } else if self.has_account {
            let changed = now.changed_since(&before);
            self.changed(ACCOUNT_PATH, ACCOUNT_INTERFACE, changed).await?;
        }
        if now.up_and_running != before.up_and_running {
            let changed = HashMap::from([("UpAndRunning", Variant::from(now.up_and_running))]);
            self.changed(PATH, INTERFACE, changed).await?;
        }
        Ok(())
    }

    /// Behaves so from here on.
    pub(in crate::commands::provide) fn set_faults(&self, faults: ActiveFaults) {
        self.state.set_faults(faults);
    }

    /// Does nothing at all for so long: this thread does everything here.
    pub(in crate::commands::provide) fn hang(&self, duration: Duration) {
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

    /// Ends once it can be seen no longer.
    pub(in crate::commands::provide) async fn lost(&self) -> Failure {
        self.connection.closed().await;
        Failure::from(session_bus::lost("")).context("the provider can be seen no longer")
    }

    /// Lets go of the name, and waits until every call is answered, but for those that are too
    /// late.
    pub(in crate::commands::provide) async fn close(self) {
        let Self { connection, .. } = self;
        let clock = SystemClock::start();
        let end = clock.now().after(CLOSE_MAX);
        let closed = async {
            // Without a bus there is no name to let go of.
            let _ = connection.release_name(NAME).await;
            connection.graceful_shutdown().await;
        };
        let _ = timeout_at(&clock, end, closed).await;
    }

    async fn changed(
        &self,
        path: &'static str,
        interface: &'static str,
        changed: HashMap<&str, Variant<'_>>,
    ) -> Result<(), Failure> {
        if changed.is_empty() {
            return Ok(());
        }
        let emitter = SignalEmitter::new(&self.connection, path).map_err(not_shown)?;
        let interface = InterfaceName::try_from(interface).map_err(not_shown)?;
        let told = BusProperties::properties_changed(&emitter, interface, changed, (&[]).into());
        told.await.map_err(not_shown)
    }
}

/// Ends this process and says nothing, as a client that is killed does.
pub(in crate::commands::provide) fn crash() {
    let _ = rustix::process::kill_process(rustix::process::getpid(), Signal::KILL);
}

fn not_shown(error: impl Into<zbus::Error>) -> Failure {
    Failure::new(Outcome::Failed, "the provider cannot be shown on the session bus")
        .cause(error.into())
        .help("look whether the bus lets you own the name org.communicado.Provider1")
}
