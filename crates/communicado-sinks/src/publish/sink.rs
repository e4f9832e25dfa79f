//! The sink around a [`Publisher`]: it reads the feed, sends messages and reports the results.

use std::collections::BTreeMap;
use std::future::{Future, pending, poll_fn};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use communicado_runtime::{Clock, Feed, Sink, SinkError, SinkFuture, Timer, Update};
use communicado_wire::Client;
use futures_util::future::{Either, select};
use tokio::sync::watch;

use super::{Detail, Message, Permission, PublishError, Publisher, PublisherAction, redact};

/// Sends messages to one remote server.
pub trait Transport: Send + 'static {
    /// Sends `message`, which the server is to believe for `lease`.
    ///
    /// It must end in time, however long the server takes.
    ///
    /// # Errors
    ///
    /// If the server did not accept the message, or it is unknown whether it did.
    fn send(
        &mut self,
        message: &Message,
        lease: Duration,
    ) -> impl Future<Output = Result<(), PublishError>> + Send;
}

/// Publishes the state of clients to a remote server, as far as the user permits.
///
/// It always reads its feed and keeps only the latest state, so it never falls behind.
pub struct RemoteSink<T> {
    /// The connection to the server.
    pub transport: T,
    /// The lease of a message: how long the server may believe it.
    pub lease: Duration,
    /// The amount of detail to publish.
    pub detail: Detail,
    /// The clients to publish; all of them if empty.
    pub only: Vec<String>,
    /// The user's permission. When its sender is dropped, the sink sends a goodbye and ends.
    pub permission: watch::Receiver<Permission>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// A callback for each result. It must not block.
    pub on_event: Box<dyn Fn(&PublishEvent) + Send>,
}

/// The result of a message.
#[derive(Clone, Debug)]
pub enum PublishEvent {
    /// The server has the current state.
    Published,
    /// The server has forgotten this device.
    Withdrawn,
    /// The message failed. The duration is the delay before the retry, if there is one.
    Failed(PublishError, Option<Duration>),
}

/// A message in flight; its output returns the transport.
type InFlight<T> = Pin<Box<dyn Future<Output = Completed<T>> + Send>>;

type Completed<T> = (T, Message, Result<(), PublishError>);

enum SinkInput<T> {
    Update(Option<Update>),
    Permission(Option<Permission>),
    Completed(Box<Completed<T>>),
    TimerFired,
}

impl<T: Transport> Sink for RemoteSink<T> {
    fn deliver(self: Box<Self>, feed: Feed) -> SinkFuture {
        Box::pin(self.run(feed))
    }
}

impl<T: Transport> RemoteSink<T> {
    async fn run(self, feed: Feed) -> Result<(), SinkError> {
        let Self { transport, lease, detail, only, permission, clock, on_event } = self;
        let mut timer = clock.timer().map_err(|error| SinkError {
            cause: format!("cannot create a timer: {error}"),
            help: "close programs that hold many files open".to_owned(),
        })?;
        let mut publisher = Publisher::new(lease, RandomState::new().build_hasher().finish());
        publisher.set_permission(*permission.borrow());
        let mut clients = BTreeMap::new();
        let mut transport = Some(transport);
        let mut inputs = Inputs { feed: Some(feed), permission: Some(permission), in_flight: None };
        loop {
            match publisher.next_action(clock.now()) {
                PublisherAction::Send(message) => {
                    if let Some(transport) = transport.take() {
                        inputs.in_flight = Some(send(transport, message, lease));
                    }
                    continue;
                }
                PublisherAction::Wait(until) => timer.set(until),
                PublisherAction::End => return Ok(()),
            }
            match inputs.next(&mut *timer).await {
                SinkInput::Update(Some(update)) => {
                    apply(&mut clients, update, &only);
                    let copies = clients.values().map(|client| redact(client, detail));
                    publisher.set_clients(copies.collect());
                }
                SinkInput::Permission(Some(permission)) => publisher.set_permission(permission),
                SinkInput::Update(None) | SinkInput::Permission(None) => publisher.shut_down(),
                SinkInput::Completed(completed) => {
                    let (returned, message, result) = *completed;
                    transport = Some(returned);
                    let retry = result.as_ref().map(|&()| ()).map_err(|error| error.retry);
                    let retry_in = publisher.completed(clock.now(), retry);
                    on_event(&match (&result, message) {
                        (Ok(()), Message::Clients(_)) => PublishEvent::Published,
                        (Ok(()), Message::Goodbye) => PublishEvent::Withdrawn,
                        (Err(error), _) => PublishEvent::Failed(error.clone(), retry_in),
                    });
                    if let (Err(error), None) = (result, retry_in) {
                        return Err(error.into());
                    }
                }
                SinkInput::TimerFired => {}
            }
        }
    }
}

/// The event sources of the sink.
struct Inputs<T> {
    feed: Option<Feed>,
    permission: Option<watch::Receiver<Permission>>,
    in_flight: Option<InFlight<T>>,
}

impl<T> Inputs<T> {
    async fn next(&mut self, timer: &mut dyn Timer) -> SinkInput<T> {
        let input = self.first(timer).await;
        match input {
            SinkInput::Completed(_) => self.in_flight = None,
            SinkInput::Permission(None) => self.permission = None,
            SinkInput::Update(None) => self.feed = None,
            SinkInput::Permission(Some(_)) | SinkInput::Update(Some(_)) | SinkInput::TimerFired => {
            }
        }
        input
    }

    /// The first input to arrive. Dropping the other waits loses nothing.
    async fn first(&mut self, timer: &mut dyn Timer) -> SinkInput<T> {
        let Self { feed, permission, in_flight } = self;
        let update = pin!(async {
            match feed {
                Some(feed) => feed.next().await,
                None => pending().await,
            }
        });
        let permitted = pin!(async {
            match permission {
                Some(it) => it.changed().await.ok().map(|()| *it.borrow_and_update()),
                None => pending().await,
            }
        });
        let completed = pin!(async {
            match in_flight {
                Some(message) => message.await,
                None => pending().await,
            }
        });
        let time = pin!(poll_fn(|cx| timer.poll_due(cx)));
        let changed = select(permitted, update);
        // A result comes first, so that the next message can be sent in the same wake-up.
        match select(completed, select(changed, time)).await {
            Either::Left((completed, _)) => SinkInput::Completed(Box::new(completed)),
            Either::Right((Either::Left((Either::Left((permission, _)), _)), _)) => {
                SinkInput::Permission(permission)
            }
            Either::Right((Either::Left((Either::Right((update, _)), _)), _)) => {
                SinkInput::Update(update)
            }
            Either::Right((Either::Right(((), _)), _)) => SinkInput::TimerFired,
        }
    }
}

fn send<T: Transport>(mut transport: T, message: Message, lease: Duration) -> InFlight<T> {
    Box::pin(async move {
        let result = transport.send(&message, lease).await;
        (transport, message, result)
    })
}

/// Applies an update to `clients`.
fn apply(clients: &mut BTreeMap<Arc<str>, Arc<Client>>, update: Update, only: &[String]) {
    let is_selected =
        |client: &Arc<Client>| only.is_empty() || only.iter().any(|name| **name == *client.client);
    let changed = match update {
        Update::Snapshot { clients: all, .. } => {
            clients.clear();
            all
        }
        Update::Change(client) => vec![client],
    };
    let named = |client: Arc<Client>| (Arc::clone(&client.client), client);
    clients.extend(changed.into_iter().filter(is_selected).map(named));
}
