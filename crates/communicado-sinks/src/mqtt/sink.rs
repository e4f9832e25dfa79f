//! The sink around a [`Session`]: the socket, the clock, and what to publish when.

use std::hash::{BuildHasher as _, RandomState};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use communicado_core::Moment;
use communicado_runtime::{Clock, timeout_at};
use communicado_wire::Client;
use futures_util::future::{Either, select};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::document::{self, Topics};
use super::packets::{ConnectInfo, Version};
use super::session::{Session, SessionEvent};
use super::{CA_FILE, HOME_ASSISTANT, PASSWORD_FILE, USER, device, endpoint, topic};
use crate::agent::{
    AgentSink, Signal, SinkContext, SinkEvent, SinkEvents, SinkInput, SinkOptions, SinkRun,
    SinkTry, read_secret,
};
use crate::net::{Connector, Endpoint, Peer, Stream, read_ca};
use crate::publish::PublishError;

/// The words for the broker in messages.
const PEER: Peer = Peer { noun: "broker", ca_option: "`ca-file`" };
/// The part of the lease after which the broker misses a ping: a broker waits 1.5 keep-alives.
const KEEP_ALIVE: (u32, u32) = (2, 3);
const KEEP_ALIVE_MIN: Duration = Duration::from_secs(3);
/// The time for a write, and for a goodbye.
const WRITE_MAX: Duration = Duration::from_secs(10);
const GOODBYE_MAX: Duration = Duration::from_secs(2);
/// So many replaced connections in so long a time mean that another device has the same id.
const REPLACED_MAX: usize = 3;
const REPLACED_WITHIN: Duration = Duration::from_secs(60);

/// The sink `mqtt`.
pub(super) struct MqttSink {
    clock: Arc<dyn Clock>,
    endpoint: Endpoint,
    user: String,
    password_file: String,
    ca_file: Option<PathBuf>,
    topics: Topics,
    keep_alive: u16,
    /// The version that the broker knows, as far as it is known.
    version: Version,
    /// True if the broker has accepted this version.
    is_confirmed: bool,
    /// Differs between two agents.
    session: String,
    /// When another connection replaced ours.
    replaced: Vec<Moment>,
}

/// A connection with its socket.
struct Connection {
    stream: Box<dyn Stream>,
    session: Session,
    clock: Arc<dyn Clock>,
}

/// The next thing that happened to a connection.
enum Happened {
    Events(Vec<SessionEvent>),
    Signal(Signal),
    TimerFired,
}

impl MqttSink {
    pub(super) fn new(context: &SinkContext, options: &SinkOptions) -> Result<Self, PublishError> {
        let device = device(context, options);
        let topics = Topics::new(&topic(options), &device, &options.text(&HOME_ASSISTANT));
        let keep_alive = (context.lease * KEEP_ALIVE.0 / KEEP_ALIVE.1).max(KEEP_ALIVE_MIN);
        Ok(Self {
            clock: Arc::clone(&context.clock),
            endpoint: endpoint(options)?,
            user: options.text(&USER),
            password_file: options.text(&PASSWORD_FILE),
            ca_file: options.path(&CA_FILE),
            topics,
            keep_alive: u16::try_from(keep_alive.as_secs()).unwrap_or(u16::MAX),
            version: Version::V5,
            is_confirmed: false,
            session: format!("{:016x}", RandomState::new().hash_one(context.name.as_str())),
            replaced: Vec::new(),
        })
    }

    /// Connects, and returns when the broker has accepted. The files are read each time, so that a
    /// new password needs no restart.
    async fn connect(&mut self, is_trial: bool) -> Result<Connection, PublishError> {
        let password = match self.password_file.as_str() {
            "" => None,
            file => Some(read_secret(PASSWORD_FILE.name, file)?),
        };
        let authorities = self.ca_file.as_deref().map(read_ca).transpose()?;
        let suffix = if is_trial { "-try" } else { "" };
        let info = ConnectInfo {
            client_id: format!("communicado-{}{suffix}", self.topics.device),
            user: Some(self.user.clone()).filter(|user| !user.is_empty()),
            password,
            keep_alive: self.keep_alive,
            will: (!is_trial).then(|| (self.topics.state.clone(), document::offline(&self.topics))),
        };
        loop {
            let mut connector = Connector::new(PEER, authorities.clone());
            let stream = connector.connect(&self.endpoint, &*self.clock).await?;
            let session = Session::open(self.version, &info, self.clock.now())?;
            let mut connection = Connection { stream, session, clock: Arc::clone(&self.clock) };
            let accepted = connection.until_accepted().await;
            match (accepted, self.version) {
                (Ok(true), _) => {
                    self.is_confirmed = true;
                    return Ok(connection);
                }
                // A broker may also close the connection instead of a refusal.
                (Ok(false), Version::V5) if !self.is_confirmed => self.version = Version::V311,
                (Ok(false), _) => {
                    if !self.is_confirmed {
                        self.version = Version::V5;
                    }
                    self.is_confirmed = false;
                    return Err(PublishError::transient(
                        "the broker did not accept the connection and gave no reason",
                        "check the log of the broker, and whether its port uses TLS",
                    ));
                }
                (Err(error), _) => return Err(error),
            }
        }
    }

    /// Connects and publishes until the input pauses or ends, and the broker knows that. Returns
    /// the signal.
    async fn publish(
        &mut self,
        input: &mut SinkInput,
        events: &SinkEvents,
    ) -> Result<Signal, PublishError> {
        let mut connection = self.connect(false).await?;
        let now = self.clock.now();
        let Topics { state, .. } = &self.topics;
        let filters = [Some(state.clone()), self.topics.birth(), self.topics.config()];
        let filters: Vec<String> = filters.into_iter().flatten().collect();
        connection.session.subscribe(&filters, now)?;
        let mut known: Vec<String> = Vec::new();
        self.describe(&mut connection, input, &mut known, true)?;
        let mut in_flight = Some(self.report(&mut connection, input)?);
        let mut is_changed = false;
        loop {
            if is_changed && in_flight.is_none() {
                self.describe(&mut connection, input, &mut known, false)?;
                in_flight = Some(self.report(&mut connection, input)?);
                is_changed = false;
            }
            let received = match connection.next(input).await? {
                Happened::Signal(Signal::Clients) => {
                    is_changed = true;
                    continue;
                }
                Happened::Signal(signal) => {
                    self.say_goodbye(&mut connection).await;
                    events.report(&SinkEvent::Withdrawn);
                    return Ok(signal);
                }
                Happened::TimerFired => continue,
                Happened::Events(received) => received,
            };
            for event in received {
                match event {
                    SessionEvent::Acknowledged(id, result) if in_flight == Some(id) => {
                        result?;
                        in_flight = None;
                        events.report(&SinkEvent::Delivered);
                    }
                    SessionEvent::Acknowledged(_, Err(error)) => {
                        events.report(&SinkEvent::Refused(error));
                    }
                    SessionEvent::Acknowledged(_, Ok(())) | SessionEvent::Accepted => {}
                    SessionEvent::Message { topic, payload, retained } => {
                        let (is_stale, earlier) = self.consider(&topic, &payload, retained, &known);
                        if !earlier.is_empty() {
                            let text = document::discovery(&self.topics, &known, &earlier);
                            self.publish_config(&mut connection, text)?;
                        }
                        if is_stale {
                            self.describe(&mut connection, input, &mut known, true)?;
                            is_changed = true;
                        }
                    }
                    SessionEvent::TakenOver => {
                        return Err(self.replaced("took over the connection"));
                    }
                    // Too late: the broker has accepted this version.
                    SessionEvent::WrongVersion => return Err(closed()),
                }
            }
        }
    }

    /// Returns whether a message asks for the current state again, and the components to remove.
    fn consider(
        &self,
        topic: &str,
        payload: &[u8],
        retained: bool,
        known: &[String],
    ) -> (bool, Vec<(String, String)>) {
        if Some(topic) == self.topics.config().as_deref() {
            let wanted = document::discovery(&self.topics, known, &[]);
            return (false, document::stale_components(payload, &wanted));
        }
        // A retained message is older than this connection.
        if retained {
            return (false, Vec::new());
        }
        if Some(topic) == self.topics.birth().as_deref() {
            return (payload == b"online", Vec::new());
        }
        // Somebody else changed our state: a last will that came late, or another program.
        let is_ours = String::from_utf8_lossy(payload).contains(&self.session);
        (topic == self.topics.state && !is_ours, Vec::new())
    }

    /// Publishes the description for Home Assistant if a client is new, or `always`.
    fn describe(
        &self,
        connection: &mut Connection,
        input: &SinkInput,
        known: &mut Vec<String>,
        always: bool,
    ) -> Result<(), PublishError> {
        let clients = input.clients();
        let names: Vec<String> = clients.iter().map(|client| client.client.to_string()).collect();
        // A client that a condition hides keeps its components.
        let new: Vec<String> = names.into_iter().filter(|name| !known.contains(name)).collect();
        if new.is_empty() && !always {
            return Ok(());
        }
        known.extend(new);
        known.sort();
        let text = document::discovery(&self.topics, known, &[]);
        self.publish_config(connection, text)
    }

    fn publish_config(
        &self,
        connection: &mut Connection,
        text: String,
    ) -> Result<(), PublishError> {
        if let Some(topic) = self.topics.config() {
            connection.session.publish(&topic, text, true, self.clock.now())?;
        }
        Ok(())
    }

    /// Publishes the state, and returns the number of the packet.
    fn report(&self, connection: &mut Connection, input: &SinkInput) -> Result<u16, PublishError> {
        let text = document::online(&self.topics, &self.session, &input.clients());
        connection.session.publish(&self.topics.state, text, true, self.clock.now())
    }

    /// Publishes `offline` and ends the connection. After an error, the last will does it.
    async fn say_goodbye(&self, connection: &mut Connection) {
        let end = self.clock.now().after(GOODBYE_MAX);
        let goodbye = async {
            let now = self.clock.now();
            let text = document::offline(&self.topics);
            let id = connection.session.publish(&self.topics.state, text, true, now)?;
            connection.until_acknowledged(id).await?;
            connection.session.disconnect(self.clock.now())?;
            connection.flush().await
        };
        let _ = timeout_at(&*self.clock, end, goodbye).await;
    }

    /// The error for a connection that the broker ended in favour of another one.
    fn replaced(&mut self, what: &str) -> PublishError {
        let now = self.clock.now();
        self.replaced.retain(|at| now.since(*at) < REPLACED_WITHIN);
        self.replaced.push(now);
        let id = format!("communicado-{}", self.topics.device);
        if self.replaced.len() < REPLACED_MAX {
            let cause = format!("another connection with the client id `{id}` {what}");
            return PublishError::transient(cause, "the next connection reports the status again");
        }
        self.replaced.clear();
        let cause = format!("another device uses the client id `{id}` at this broker");
        PublishError::needs_action(cause, "set `device` to another name on one of the two devices")
    }

    async fn deliver(
        &mut self,
        input: &mut SinkInput,
        events: &SinkEvents,
    ) -> Result<(), PublishError> {
        loop {
            // Without permission, the sink does not even look up the broker's name.
            match input.next().await {
                Signal::Clients => {}
                Signal::Paused => continue,
                Signal::End => return Ok(()),
            }
            match self.publish(input, events).await {
                Ok(Signal::End) => return Ok(()),
                Ok(Signal::Clients | Signal::Paused) => {}
                Err(error) if error.cause == CLOSED => {
                    return Err(match self.replaced("may have replaced this one") {
                        replaced if replaced.retry == crate::publish::Retry::Slowly => replaced,
                        _ => error,
                    });
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn try_now(&mut self, clients: &[Client]) -> Result<String, PublishError> {
        let mut connection = self.connect(true).await?;
        let text = document::online(&self.topics, &self.session, clients);
        let topic = self.topics.state.clone();
        // Not retained: without a running agent, nobody would replace it.
        let id = connection.session.publish(&topic, text, false, self.clock.now())?;
        connection.until_acknowledged(id).await?;
        connection.session.disconnect(self.clock.now())?;
        connection.flush().await?;
        let version = match self.version {
            Version::V5 => "5",
            Version::V311 => "3.1.1",
        };
        Ok(format!("the broker accepted a message to `{topic}` over MQTT {version}"))
    }
}

/// The cause of a connection that ended without a reason.
const CLOSED: &str = "the broker closed the connection";

fn closed() -> PublishError {
    PublishError::transient(CLOSED, "check that the broker runs; its log has the reason")
}

impl Connection {
    /// Waits for the answer to the first packet. Returns false if another version may be accepted.
    async fn until_accepted(&mut self) -> Result<bool, PublishError> {
        while !self.session.is_accepted() {
            let events = match self.read_or_timer().await {
                Ok(events) => events,
                Err(error) if error.cause == CLOSED => return Ok(false),
                // A broker of 3.1.1 may misread a packet of version 5, and wait for more bytes.
                Err(_) if self.session.is_overdue(self.clock.now()) => return Ok(false),
                Err(error) => return Err(error),
            };
            if events.contains(&SessionEvent::WrongVersion) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn until_acknowledged(&mut self, id: u16) -> Result<(), PublishError> {
        loop {
            for event in self.read_or_timer().await? {
                match event {
                    SessionEvent::Acknowledged(number, result) if number == id => return result,
                    _ => {}
                }
            }
        }
    }

    async fn read_or_timer(&mut self) -> Result<Vec<SessionEvent>, PublishError> {
        self.flush().await?;
        let deadline = self.session.deadline();
        let mut bytes = [0; 4096];
        let read = timeout_at(&*self.clock, deadline, self.stream.read(&mut bytes)).await;
        self.after_read(read, &bytes)
    }

    fn after_read(
        &mut self,
        read: Option<std::io::Result<usize>>,
        bytes: &[u8],
    ) -> Result<Vec<SessionEvent>, PublishError> {
        match read {
            None => self.session.tick(self.clock.now()).map(|()| Vec::new()),
            Some(Ok(length @ 1..)) => {
                self.session.receive(bytes.get(..length).unwrap_or_default(), self.clock.now())
            }
            Some(Ok(0) | Err(_)) => Err(closed()),
        }
    }

    /// Sends the output, then waits for the broker, a signal or the timer.
    async fn next(&mut self, input: &mut SinkInput) -> Result<Happened, PublishError> {
        self.flush().await?;
        let deadline = self.session.deadline();
        let mut bytes = [0; 4096];
        let read = {
            let clock = Arc::clone(&self.clock);
            let read = pin!(timeout_at(&*clock, deadline, self.stream.read(&mut bytes)));
            match select(read, pin!(input.next())).await {
                Either::Left((read, _)) => read,
                Either::Right((signal, _)) => return Ok(Happened::Signal(signal)),
            }
        };
        let is_timer = read.is_none();
        let events = self.after_read(read, &bytes)?;
        Ok(if is_timer { Happened::TimerFired } else { Happened::Events(events) })
    }

    async fn flush(&mut self) -> Result<(), PublishError> {
        if self.session.output.is_empty() {
            return Ok(());
        }
        let output = std::mem::take(&mut self.session.output);
        let end = self.clock.now().after(WRITE_MAX);
        let write = async {
            self.stream.write_all(&output).await?;
            self.stream.flush().await
        };
        match timeout_at(&*self.clock, end, write).await {
            Some(Ok(())) => Ok(()),
            Some(Err(_)) => Err(closed()),
            None => Err(PublishError::transient(
                format!("the broker took no bytes for {} s", WRITE_MAX.as_secs()),
                "check that the broker runs and that this network can reach it",
            )),
        }
    }
}

impl AgentSink for MqttSink {
    fn run<'a>(&'a mut self, input: &'a mut SinkInput, events: &'a SinkEvents) -> SinkRun<'a> {
        Box::pin(self.deliver(input, events))
    }

    fn try_once(&mut self, clients: Vec<Client>) -> SinkTry<'_> {
        Box::pin(async move { self.try_now(&clients).await })
    }
}
