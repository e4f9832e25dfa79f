//! The sink: it reads the feed, does what the publisher decides, and says how it goes.

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

use super::{Connection, Detail, Message, Permission, PublishError, Publisher, Step, published};

/// Publishes to a gateway what the clients are, as far as it is permitted.
///
/// It reads its feed all the time and keeps the latest, so it never falls behind.
pub struct Gateway {
    /// The line to the gateway.
    pub connection: Connection,
    /// How long what is told is to be believed.
    pub lease: Duration,
    /// What is told of a client.
    pub detail: Detail,
    /// Only these clients are told of; all, if it is empty.
    pub only: Vec<String>,
    /// What may be told. When nobody can change it any more, the sink says goodbye and ends.
    pub permission: watch::Receiver<Permission>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Is told how it goes; it must not block.
    pub report: Box<dyn Fn(&Report) + Send>,
}

/// How it goes.
#[derive(Clone, Debug)]
pub enum Report {
    /// The gateway has what is now, or has it for another while.
    Told,
    /// The gateway has forgotten this device.
    SaidGoodbye,
    /// Something failed; the next attempt comes then, if there is one.
    Failed(PublishError, Option<Duration>),
}

/// A message under way; it brings the connection back.
type UnderWay =
    Pin<Box<dyn Future<Output = (Connection, Message, Result<(), PublishError>)> + Send>>;

enum Event {
    Update(Option<Update>),
    Permission(Option<Permission>),
    Answered(Box<(Connection, Message, Result<(), PublishError>)>),
    Time,
}

impl Sink for Gateway {
    fn deliver(self: Box<Self>, feed: Feed) -> SinkFuture {
        Box::pin(self.run(feed))
    }
}

impl Gateway {
    async fn run(self, feed: Feed) -> Result<(), SinkError> {
        let Self { connection, lease, detail, only, permission, clock, report } = self;
        let mut timer = clock.timer().map_err(|error| SinkError {
            cause: format!("the system gives no timer: {error}"),
            help: "close programs that hold many files open".to_owned(),
        })?;
        let mut publisher = Publisher::new(lease, RandomState::new().build_hasher().finish());
        publisher.permit(*permission.borrow());
        let mut clients = BTreeMap::new();
        let mut connection = Some(connection);
        let mut inputs = Inputs { feed: Some(feed), permission: Some(permission), under_way: None };
        loop {
            match publisher.step(clock.now()) {
                Step::Send(message) => {
                    if let Some(connection) = connection.take() {
                        inputs.under_way = Some(send(connection, message, lease));
                    }
                    continue;
                }
                Step::Wait(until) => timer.set(until),
                Step::End => return Ok(()),
            }
            match inputs.next(&mut *timer).await {
                Event::Update(Some(update)) => {
                    take(&mut clients, update, &only);
                    let told = clients.values().map(|client| published(client, detail));
                    publisher.clients(told.collect());
                }
                Event::Permission(Some(permission)) => publisher.permit(permission),
                Event::Update(None) | Event::Permission(None) => publisher.end(),
                Event::Answered(answered) => {
                    let (line, message, answer) = *answered;
                    connection = Some(line);
                    let retry = answer.as_ref().map(|&()| ()).map_err(|error| error.retry);
                    let retry_in = publisher.answered(clock.now(), retry);
                    report(&match (&answer, message) {
                        (Ok(()), Message::Clients(_)) => Report::Told,
                        (Ok(()), Message::Goodbye) => Report::SaidGoodbye,
                        (Err(error), _) => Report::Failed(error.clone(), retry_in),
                    });
                    if let (Err(error), None) = (answer, retry_in) {
                        return Err(error.into());
                    }
                }
                Event::Time => {}
            }
        }
    }
}

/// Where events come from.
struct Inputs {
    feed: Option<Feed>,
    permission: Option<watch::Receiver<Permission>>,
    under_way: Option<UnderWay>,
}

impl Inputs {
    async fn next(&mut self, timer: &mut dyn Timer) -> Event {
        let event = self.first(timer).await;
        match event {
            Event::Answered(_) => self.under_way = None,
            Event::Permission(None) => self.permission = None,
            Event::Update(None) => self.feed = None,
            Event::Permission(Some(_)) | Event::Update(Some(_)) | Event::Time => {}
        }
        event
    }

    /// The first event that comes; each of the waits may be dropped without losing one.
    async fn first(&mut self, timer: &mut dyn Timer) -> Event {
        let Self { feed, permission, under_way } = self;
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
        let answered = pin!(async {
            match under_way {
                Some(answer) => answer.await,
                None => pending().await,
            }
        });
        let time = pin!(poll_fn(|cx| timer.poll_due(cx)));
        let changed = select(permitted, update);
        // The answer comes first: what follows it may be sent in the same wake-up.
        match select(answered, select(changed, time)).await {
            Either::Left((answered, _)) => Event::Answered(Box::new(answered)),
            Either::Right((Either::Left((Either::Left((permission, _)), _)), _)) => {
                Event::Permission(permission)
            }
            Either::Right((Either::Left((Either::Right((update, _)), _)), _)) => {
                Event::Update(update)
            }
            Either::Right((Either::Right(((), _)), _)) => Event::Time,
        }
    }
}

fn send(mut connection: Connection, message: Message, lease: Duration) -> UnderWay {
    Box::pin(async move {
        let answer = connection.tell(&message, lease).await;
        (connection, message, answer)
    })
}

/// Brings `clients` level with an update.
fn take(clients: &mut BTreeMap<Arc<str>, Arc<Client>>, update: Update, only: &[String]) {
    let is_told =
        |client: &Arc<Client>| only.is_empty() || only.iter().any(|name| **name == *client.client);
    let told = match update {
        Update::Snapshot { clients: all, .. } => {
            clients.clear();
            all
        }
        Update::Change(client) => vec![client],
    };
    clients.extend(
        told.into_iter().filter(is_told).map(|client| (Arc::clone(&client.client), client)),
    );
}
