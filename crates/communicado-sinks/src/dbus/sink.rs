//! The sink that owns the name on the session bus and serves the objects.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use communicado_runtime::{Clock, timeout_at};
use communicado_wire::Client;
use futures_util::future::{Either, select};
use zbus::Connection;
use zbus::fdo::{ObjectManager, Properties, RequestNameFlags, RequestNameReply};
use zbus::names::InterfaceName;
use zbus::object_server::SignalEmitter;

use super::NAME;
use super::objects::{CLIENT_INTERFACE, ClientObject, MonitorRoot, SharedValues};
use super::values::{ClientValues, PATH, path};
use crate::agent::{
    AgentSink, ConnectToBus, Signal, SinkContext, SinkEvent, SinkEvents, SinkInput, SinkRun,
    SinkTry,
};
use crate::publish::PublishError;

/// The time limit for an orderly end.
const CLOSE_MAX: Duration = Duration::from_secs(2);

/// The sink `dbus`.
pub(super) struct DbusSink {
    clock: Arc<dyn Clock>,
    connect: ConnectToBus,
}

/// The objects on a connection to the bus.
struct Objects {
    connection: Connection,
    clients: BTreeMap<Arc<str>, SharedValues>,
}

impl DbusSink {
    pub(super) fn new(context: &SinkContext) -> Self {
        Self { clock: Arc::clone(&context.clock), connect: context.connect_to_bus }
    }

    async fn deliver(
        &self,
        input: &mut SinkInput,
        events: &SinkEvents,
    ) -> Result<(), PublishError> {
        loop {
            match input.next().await {
                Signal::Clients => {}
                Signal::Paused => continue,
                Signal::End => return Ok(()),
            }
            let signal = self.serve(input, events).await?;
            events.report(&SinkEvent::Withdrawn);
            if signal == Signal::End {
                return Ok(());
            }
        }
    }

    /// Serves the objects until the input pauses or ends. Returns the signal.
    async fn serve(
        &self,
        input: &mut SinkInput,
        events: &SinkEvents,
    ) -> Result<Signal, PublishError> {
        let mut objects = Objects::open((self.connect)(Arc::clone(&self.clock)).await?).await?;
        objects.set(&input.clients()).await?;
        // The first reader of the name already sees all clients.
        objects.announce().await?;
        events.report(&SinkEvent::Delivered);
        loop {
            let next = {
                let closed = pin!(objects.connection.closed());
                match select(closed, pin!(input.next())).await {
                    Either::Left(((), _)) => return Err(lost(&"it ended the connection")),
                    Either::Right((signal, _)) => signal,
                }
            };
            if next != Signal::Clients {
                objects.close(&*self.clock).await;
                return Ok(next);
            }
            objects.set(&input.clients()).await?;
            events.report(&SinkEvent::Delivered);
        }
    }
}

impl Objects {
    async fn open(connection: Connection) -> Result<Self, PublishError> {
        let server = connection.object_server();
        server.at(PATH, ObjectManager).await.map_err(|error| lost(&error))?;
        server.at(PATH, MonitorRoot).await.map_err(|error| lost(&error))?;
        Ok(Self { connection, clients: BTreeMap::new() })
    }

    async fn announce(&self) -> Result<(), PublishError> {
        let flags = RequestNameFlags::DO_NOT_QUEUE;
        match self.connection.request_name_with_flags(NAME, flags).await {
            Ok(RequestNameReply::PrimaryOwner | RequestNameReply::AlreadyOwner) => Ok(()),
            Ok(_) | Err(zbus::Error::NameTaken) => Err(PublishError::needs_action(
                format!("another process owns the name {NAME}"),
                format!("find it with `busctl --user status {NAME}`, and end it"),
            )),
            Err(error) => Err(lost(&error)),
        }
    }

    /// Makes the objects match the clients: one signal for each changed client.
    async fn set(&mut self, clients: &[Client]) -> Result<(), PublishError> {
        let server = self.connection.object_server();
        let is_listed = |name: &Arc<str>| clients.iter().any(|client| client.client == *name);
        let left: Vec<_> = self.clients.keys().filter(|name| !is_listed(name)).cloned().collect();
        for name in left {
            self.clients.remove(&name);
            let removed = server.remove::<ClientObject, _>(path(&name)).await;
            removed.map_err(|error| lost(&error))?;
        }
        for client in clients {
            let values = ClientValues::of(client);
            if let Some(shared) = self.clients.get(&client.client) {
                let before = shared.replace(values.clone());
                self.emit(&client.client, &values, &before).await?;
                continue;
            }
            let shared = SharedValues::new(values);
            self.clients.insert(Arc::clone(&client.client), shared.clone());
            let object = ClientObject { name: client.client.replace('\0', ""), values: shared };
            server.at(path(&client.client), object).await.map_err(|error| lost(&error))?;
        }
        Ok(())
    }

    async fn emit(
        &self,
        client: &str,
        now: &ClientValues,
        before: &ClientValues,
    ) -> Result<(), PublishError> {
        let changed = now.changed_since(before);
        if changed.is_empty() {
            return Ok(());
        }
        let emitter = SignalEmitter::new(&self.connection, path(client));
        let emitter = emitter.map_err(|error| lost(&error))?;
        let interface = InterfaceName::from_static_str(CLIENT_INTERFACE);
        let interface = interface.map_err(|error| lost(&error))?;
        let emitted = Properties::properties_changed(&emitter, interface, changed, (&[]).into());
        emitted.await.map_err(|error| lost(&error))
    }

    /// Releases the name, and waits up to a time limit until every call is answered.
    async fn close(self, clock: &dyn Clock) {
        let closed = async {
            // An error means that the bus, and so the name, is gone.
            let _ = self.connection.release_name(NAME).await;
            self.connection.graceful_shutdown().await;
        };
        let _ = timeout_at(clock, clock.now().after(CLOSE_MAX), closed).await;
    }
}

fn lost(cause: &dyn ToString) -> PublishError {
    PublishError::transient(
        format!("the session bus failed: {}", cause.to_string()),
        "check that the desktop session runs",
    )
}

impl AgentSink for DbusSink {
    fn run<'a>(&'a mut self, input: &'a mut SinkInput, events: &'a SinkEvents) -> SinkRun<'a> {
        Box::pin(self.deliver(input, events))
    }

    fn try_once(&mut self, clients: Vec<Client>) -> SinkTry<'_> {
        Box::pin(async move {
            let mut objects = Objects::open((self.connect)(Arc::clone(&self.clock)).await?).await?;
            objects.set(&clients).await?;
            objects.announce().await?;
            let count = objects.clients.len();
            objects.close(&*self.clock).await;
            Ok(format!("the session bus had the name {NAME} with {count} clients for a moment"))
        })
    }
}
