//! The sink around an [`MqttConnection`]: what to publish when.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use communicado_core::Moment;
use communicado_net::mqtt::{
    MqttClient, MqttConnection, MqttEvent, MqttWork, Version, endpoint, is_closed,
};
use communicado_runtime::{Clock, timeout_at};
use communicado_wire::Client;

use super::document::{self, SinkTopics};
use super::{
    BROKER, CA_FILE, CERTIFICATE_FILE, HOME_ASSISTANT, INSECURE, KEY_FILE, PASSWORD_FILE, USER,
    device, topic,
};
use crate::agent::{
    AgentSink, Signal, SinkContext, SinkEvent, SinkEvents, SinkInput, SinkOptions, SinkRun, SinkTry,
};
use crate::publish::PublishError;

/// The part of the lease after which the broker misses a ping: a broker waits 1.5 keep-alives.
const KEEP_ALIVE: (u32, u32) = (2, 3);
const KEEP_ALIVE_MIN: Duration = Duration::from_secs(3);
/// The time for a goodbye.
const GOODBYE_MAX: Duration = Duration::from_secs(2);
/// So many replaced connections in so long a time mean that another device has the same id.
const REPLACED_MAX: usize = 3;
const REPLACED_WITHIN: Duration = Duration::from_secs(60);

/// The sink `mqtt`.
pub(super) struct MqttSink {
    clock: Arc<dyn Clock>,
    client: MqttClient,
    topics: SinkTopics,
    /// Differs between two agents.
    session: String,
    /// When another connection replaced ours.
    replaced: Vec<Moment>,
}

impl MqttSink {
    pub(super) fn new(context: &SinkContext, options: &SinkOptions) -> Result<Self, PublishError> {
        let device = device(context, options);
        let topics = SinkTopics::new(&topic(options), &device, &options.text(&HOME_ASSISTANT));
        let keep_alive = (context.lease * KEEP_ALIVE.0 / KEEP_ALIVE.1).max(KEEP_ALIVE_MIN);
        let keep_alive = u16::try_from(keep_alive.as_secs()).unwrap_or(u16::MAX);
        let endpoint = endpoint(&options.text(&BROKER), options.bool(&INSECURE))?;
        let client = MqttClient::new(Arc::clone(&context.clock), endpoint, keep_alive)
            .with_user(options.text(&USER), options.text(&PASSWORD_FILE))
            .with_ca_file(options.path(&CA_FILE))
            .with_certificate(options.path(&CERTIFICATE_FILE), options.text(&KEY_FILE));
        Ok(Self {
            clock: Arc::clone(&context.clock),
            client,
            topics,
            session: format!("{:016x}", RandomState::new().hash_one(context.name.as_str())),
            replaced: Vec::new(),
        })
    }

    /// Connects, and returns when the broker has accepted.
    async fn connect(&mut self, is_trial: bool) -> Result<MqttConnection, PublishError> {
        let suffix = if is_trial { "-try" } else { "" };
        let id = format!("communicado-{}{suffix}", self.topics.device);
        let will = (self.topics.state.clone(), document::offline(&self.topics));
        self.client.connect(&id, (!is_trial).then_some(will)).await
    }

    /// Connects and publishes until the input pauses or ends, and the broker knows that. Returns
    /// the signal.
    async fn publish(
        &mut self,
        input: &mut SinkInput,
        events: &SinkEvents,
    ) -> Result<Signal, PublishError> {
        let mut connection = self.connect(false).await?;
        let SinkTopics { state, .. } = &self.topics;
        let filters = [Some(state.clone()), self.topics.birth(), self.topics.config()];
        let filters: Vec<String> = filters.into_iter().flatten().collect();
        connection.subscribe(&filters)?;
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
            let received = match connection.next_or(input.next()).await? {
                MqttWork::Done(Signal::Clients) => {
                    is_changed = true;
                    continue;
                }
                MqttWork::Done(signal) => {
                    self.say_goodbye(&mut connection).await;
                    events.report(&SinkEvent::Withdrawn);
                    return Ok(signal);
                }
                MqttWork::Events(received) => received,
            };
            for event in received {
                match event {
                    MqttEvent::Acknowledged(id, result) if in_flight == Some(id) => {
                        result?;
                        in_flight = None;
                        events.report(&SinkEvent::Delivered);
                    }
                    MqttEvent::Acknowledged(_, Err(error)) => {
                        events.report(&SinkEvent::Refused(error));
                    }
                    // A refused subscription costs only the repair of the state by another program.
                    MqttEvent::Acknowledged(_, Ok(()))
                    | MqttEvent::Accepted
                    | MqttEvent::Pong
                    | MqttEvent::SubscriptionRefused => {}
                    MqttEvent::Message { topic, payload, retained } => {
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
                    MqttEvent::TakenOver => {
                        return Err(self.replaced("took over the connection"));
                    }
                    // Too late: the broker has accepted this version.
                    MqttEvent::WrongVersion => return Err(wrong_version()),
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
        connection: &mut MqttConnection,
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
        connection: &mut MqttConnection,
        text: String,
    ) -> Result<(), PublishError> {
        if let Some(topic) = self.topics.config() {
            connection.publish(&topic, text, true)?;
        }
        Ok(())
    }

    /// Publishes the state, and returns the number of the packet.
    fn report(
        &self,
        connection: &mut MqttConnection,
        input: &SinkInput,
    ) -> Result<u16, PublishError> {
        let text = document::online(&self.topics, &self.session, &input.clients());
        connection.publish(&self.topics.state, text, true)
    }

    /// Publishes `offline` and ends the connection. After an error, the last will does it.
    async fn say_goodbye(&self, connection: &mut MqttConnection) {
        let end = self.clock.now().after(GOODBYE_MAX);
        let goodbye = async {
            let text = document::offline(&self.topics);
            let id = connection.publish(&self.topics.state, text, true)?;
            connection.until_acknowledged(id).await?;
            connection.disconnect().await
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
                Err(error) if is_closed(&error) => {
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
        let id = connection.publish(&topic, text, false)?;
        connection.until_acknowledged(id).await?;
        connection.disconnect().await?;
        let version = match self.client.version() {
            Version::V5 => "5",
            Version::V311 => "3.1.1",
        };
        Ok(format!("the broker accepted a message to `{topic}` over MQTT {version}"))
    }
}

fn wrong_version() -> PublishError {
    PublishError::transient(
        "the broker refused a version of MQTT that it had accepted",
        "check the log of the broker",
    )
}

impl AgentSink for MqttSink {
    fn run<'a>(&'a mut self, input: &'a mut SinkInput, events: &'a SinkEvents) -> SinkRun<'a> {
        Box::pin(self.deliver(input, events))
    }

    fn try_once(&mut self, clients: Vec<Client>) -> SinkTry<'_> {
        Box::pin(async move { self.try_now(&clients).await })
    }
}
