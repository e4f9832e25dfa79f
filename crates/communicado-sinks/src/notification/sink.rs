//! The sink that calls the notification daemon.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use communicado_runtime::{Clock, timeout_at};
use communicado_wire::Client;
use zbus::{Connection, Message, Variant, fdo};

use super::rules::is_problem;
use super::{BODY, CHANGES, ICON, TITLE, URGENCIES, URGENCY};
use crate::agent::{
    AgentSink, ConnectToBus, Outbox, Signal, SinkContext, SinkEvent, SinkEvents, SinkInput,
    SinkOptions, SinkRun, SinkTry,
};
use crate::publish::PublishError;
use crate::template::{Template, markup};

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";
const APP: &str = "Communicado";
/// The time for an answer of the daemon.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// The sink `notification`.
pub(super) struct NotificationSink {
    clock: Arc<dyn Clock>,
    connect: ConnectToBus,
    shows_all: bool,
    title: Template,
    body: Template,
    urgency: u8,
    icon: String,
    has_condition: bool,
    outbox: Outbox,
    daemon: Option<Daemon>,
}

/// A notification daemon, by the name of its connection: a call to it starts no other daemon.
struct Daemon {
    connection: Connection,
    owner: String,
    has_markup: bool,
    /// The notifications of clients. Their ids are valid for this daemon only.
    shown: BTreeMap<Arc<str>, u32>,
}

impl NotificationSink {
    pub(super) fn new(context: &SinkContext, options: &SinkOptions) -> Result<Self, PublishError> {
        let template = |option| {
            Template::new(&options.text(option))
                .map_err(|error| PublishError::permanent(error.cause, error.help))
        };
        let urgency = options.text(&URGENCY);
        let urgency = URGENCIES.iter().position(|word| *word == urgency);
        Ok(Self {
            clock: Arc::clone(&context.clock),
            connect: context.connect_to_bus,
            shows_all: context.has_condition || options.text(&CHANGES) == "all",
            title: template(&TITLE)?,
            body: template(&BODY)?,
            urgency: urgency.and_then(|number| u8::try_from(number).ok()).unwrap_or(1),
            icon: options.text(&ICON),
            has_condition: context.has_condition,
            outbox: Outbox::new(context.has_condition),
            daemon: None,
        })
    }

    async fn deliver(
        &mut self,
        input: &mut SinkInput,
        events: &SinkEvents,
    ) -> Result<(), PublishError> {
        loop {
            while let Some(client) = self.outbox.next() {
                match self.handle(&client).await {
                    Ok(()) => self.outbox.mark_delivered(&client),
                    Err(error) => {
                        self.outbox.mark_failed();
                        return Err(error);
                    }
                }
                events.report(&SinkEvent::Delivered);
            }
            match input.next().await {
                Signal::Clients => self.outbox.set_current(input.clients()),
                Signal::Paused => self.outbox = Outbox::new(self.has_condition),
                Signal::End => return Ok(()),
            }
        }
    }

    /// Shows a change, or closes the notification of a client without a problem.
    async fn handle(&mut self, client: &Client) -> Result<(), PublishError> {
        self.find_daemon().await?;
        if self.shows_all || is_problem(client) {
            return self.show(client).await.map(drop);
        }
        let Some(daemon) = &mut self.daemon else { return Ok(()) };
        let Some(id) = daemon.shown.remove(&client.client) else { return Ok(()) };
        // A notification that the user has closed already is an error of some daemons.
        let Daemon { connection, owner, .. } = daemon;
        let closed =
            connection.call_method(Some(&**owner), PATH, Some(NAME), "CloseNotification", &id);
        let _ = reply(&*self.clock, closed).await;
        Ok(())
    }

    /// Finds the daemon that runs now. The ids of another one are not valid any more.
    async fn find_daemon(&mut self) -> Result<(), PublishError> {
        if self.daemon.as_ref().is_some_and(|daemon| daemon.connection.is_closed()) {
            self.daemon = None;
        }
        let connection = match &self.daemon {
            Some(daemon) => daemon.connection.clone(),
            None => (self.connect)(Arc::clone(&self.clock)).await?,
        };
        let (bus, path) = ("org.freedesktop.DBus", "/org/freedesktop/DBus");
        let owner = connection.call_method(Some(bus), path, Some(bus), "GetNameOwner", &NAME);
        let owner = reply(&*self.clock, owner).await.map_err(|error| match error {
            zbus::Error::FDO(error) if matches!(*error, fdo::Error::NameHasNoOwner(_)) => {
                PublishError::transient(
                    "no notification daemon runs",
                    "start your desktop's notification daemon, such as dunst or mako",
                )
            }
            error => failed(&error),
        })?;
        let owner: String = owner.body().deserialize().map_err(|error| failed(&error))?;
        if self.daemon.as_ref().is_some_and(|daemon| daemon.owner == owner) {
            return Ok(());
        }
        let capabilities =
            connection.call_method(Some(&*owner), PATH, Some(NAME), "GetCapabilities", &());
        let capabilities = reply(&*self.clock, capabilities).await;
        let capabilities = capabilities.map_err(|error| failed(&error))?;
        let capabilities: Vec<String> =
            capabilities.body().deserialize().map_err(|error| failed(&error))?;
        let has_markup = capabilities.iter().any(|it| it == "body-markup");
        self.daemon = Some(Daemon { connection, owner, has_markup, shown: BTreeMap::new() });
        Ok(())
    }

    /// Shows a client, and returns the id of the notification.
    async fn show(&mut self, client: &Client) -> Result<u32, PublishError> {
        let now = self.clock.civil();
        let text = |template: &mut Template| {
            let text = template.text(client, now);
            text.map_err(|error| PublishError::permanent(error.cause, error.help))
        };
        let title = text(&mut self.title)?;
        let mut body = text(&mut self.body)?;
        let Some(daemon) = &mut self.daemon else {
            return Err(failed(&"it has gone"));
        };
        if daemon.has_markup {
            body = markup(&body);
        }
        let replaced = daemon.shown.get(&client.client).copied().unwrap_or(0);
        let hints = HashMap::from([("urgency", Variant::from(self.urgency))]);
        let actions: &[&str] = &[];
        let icon = self.icon.as_str();
        let arguments = (APP, replaced, icon, &*title, &*body, actions, hints, -1_i32);
        let Daemon { connection, owner, .. } = &*daemon;
        let shown = connection.call_method(Some(&**owner), PATH, Some(NAME), "Notify", &arguments);
        let shown = reply(&*self.clock, shown).await.map_err(|error| failed(&error))?;
        let id: u32 = shown.body().deserialize().map_err(|error| failed(&error))?;
        daemon.shown.insert(Arc::clone(&client.client), id);
        Ok(id)
    }

    async fn try_now(&mut self, clients: &[Client]) -> Result<String, PublishError> {
        self.find_daemon().await?;
        for client in clients {
            self.show(client).await?;
        }
        Ok(format!("the notification daemon accepted {} notifications", clients.len()))
    }
}

/// Waits for the reply to a call, with a time limit.
async fn reply(
    clock: &dyn Clock,
    call: impl Future<Output = zbus::Result<Message>>,
) -> zbus::Result<Message> {
    let reply = timeout_at(clock, clock.now().after(ANSWER_MAX), call).await;
    reply.unwrap_or_else(|| {
        let text = format!("there was no answer within {} s", ANSWER_MAX.as_secs());
        Err(zbus::Error::Failure(text))
    })
}

fn failed(cause: &dyn ToString) -> PublishError {
    PublishError::transient(
        format!("the notification daemon failed: {}", cause.to_string()),
        "check that your desktop's notification daemon runs",
    )
}

impl AgentSink for NotificationSink {
    fn run<'a>(&'a mut self, input: &'a mut SinkInput, events: &'a SinkEvents) -> SinkRun<'a> {
        Box::pin(self.deliver(input, events))
    }

    fn try_once(&mut self, clients: Vec<Client>) -> SinkTry<'_> {
        Box::pin(async move { self.try_now(&clients).await })
    }
}
