//! The source: connects to the broker, subscribes, and reports the state of the client.

use std::convert::Infallible;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use communicado_net::NetError;
use communicado_net::mqtt::{MqttClient, MqttEvent, endpoint};
use communicado_runtime::{
    Check, CheckHealth, Clock, ProbeFuture, Source, SourceError, SourceHandle, SystemClock,
    WatchFuture,
};

use super::topic_state::TopicState;
use super::topic_table::TopicTable;
use super::{BROKER, CA_FILE, CLIENT, DESCRIPTOR, INSECURE, PASSWORD_FILE, PREFIX, RULES, USER};
use crate::client_names::ClientNames;
use crate::descriptor::{OptionError, ValidatedOptions};
use crate::state_reporter::StateReporter;

/// Seconds without a packet after which the client of the broker sends a ping.
const KEEP_ALIVE: u16 = 60;

struct MqttSource {
    name: String,
    broker: String,
    /// The name of the client.
    client: String,
    names: ClientNames,
    table: TopicTable,
    connection: MqttClient,
}

pub(super) fn make(options: &ValidatedOptions<'_>) -> Result<Box<dyn Source>, OptionError> {
    let broker = options.text(&BROKER)?;
    let endpoint = endpoint(&broker, options.bool(INSECURE.name)?)
        .map_err(|error| options.refused(&BROKER, error.cause))?;
    let rules = options.optional_list(&RULES)?;
    let table = if rules.is_empty() {
        let prefix = options.text(&PREFIX)?;
        TopicTable::teams_for_linux(&prefix).map_err(|_| {
            options.refused(&PREFIX, format!("`{prefix}` is not the start of a topic"))
        })
    } else {
        TopicTable::parse(&rules).map_err(|error| options.refused(&RULES, error.to_string()))
    }?;
    let client = options.text(&CLIENT)?;
    if client.is_empty() || client.len() > 64 || !client.chars().all(communicado_wire::is_printable)
    {
        return Err(options.refused(&CLIENT, "it is not a name of up to 64 bytes".to_owned()));
    }
    let connection = MqttClient::new(Arc::new(SystemClock::start()), endpoint, KEEP_ALIVE)
        .with_user(options.text(&USER)?, options.secret_file(&PASSWORD_FILE)?)
        .with_ca_file(options.configured_path(&CA_FILE)?);
    Ok(Box::new(MqttSource {
        name: options.source().to_owned(),
        broker,
        client,
        names: options.client_names()?,
        table,
        connection,
    }))
}

impl MqttSource {
    /// Reports the client until the connection ends, which is always an error.
    async fn follow(&mut self, handle: SourceHandle) -> Result<Infallible, NetError> {
        let mut reporter = StateReporter::new(handle, self.names.clone());
        let mut connection = self.connection.connect(&client_id(&self.name), None).await?;
        connection.subscribe(&self.table.topics())?;
        // A broker answers in order, so the retained messages come before the answer.
        connection.ping()?;
        let mut state = TopicState::new(self.table.clone());
        loop {
            for event in connection.next().await? {
                match event {
                    MqttEvent::Message { topic, payload, retained } => {
                        state.receive(&topic, &payload, retained);
                        if reporter.is_ready() {
                            reporter.report(&self.client, state.life(), state.details());
                        }
                    }
                    MqttEvent::Pong => {
                        reporter.report(&self.client, state.life(), state.details());
                        reporter.end_snapshot();
                    }
                    MqttEvent::SubscriptionRefused => {
                        return Err(NetError::needs_action(
                            "the broker refused the subscription",
                            "give the user at the broker the permission to read the topics",
                        ));
                    }
                    MqttEvent::TakenOver | MqttEvent::WrongVersion => {
                        return Err(NetError::transient(
                            "the broker ended the connection for another one",
                            "check the log of the broker",
                        ));
                    }
                    MqttEvent::Accepted | MqttEvent::Acknowledged(..) => {}
                }
            }
        }
    }

    /// The result of a connection for `doctor`.
    async fn check(&mut self) -> Check {
        let connected = match self.connection.connect(&client_id(&self.name), None).await {
            Ok(mut connection) => connection.disconnect().await,
            Err(error) => Err(error),
        };
        let what = format!("source {} ({})", self.name, DESCRIPTOR.name).into();
        match connected {
            Ok(()) => {
                let found = format!("the broker {} accepts the connection", self.broker).into();
                Check { what, health: CheckHealth::Good, found, action: None }
            }
            Err(NetError { cause, help, .. }) => {
                let (found, action) = (cause.into(), Some(help.into()));
                Check { what, health: CheckHealth::Bad, found, action }
            }
        }
    }
}

/// An id that no other connection has. A broker of MQTT 3.1.1 may accept only 23 bytes.
fn client_id(name: &str) -> String {
    let random = RandomState::new().hash_one(name) >> 32;
    format!("communicado-{random:08x}")
}

impl Source for MqttSource {
    fn watch(&mut self, handle: SourceHandle) -> WatchFuture<'_> {
        Box::pin(async move {
            let Err(NetError { cause, help, .. }) = self.follow(handle).await;
            SourceError { cause: cause.into(), help: help.into() }
        })
    }

    fn probe<'a>(&'a mut self, _: &'a dyn Clock) -> ProbeFuture<'a> {
        Box::pin(async { vec![self.check().await] })
    }
}
