//! A connection to a broker: the socket around an [`MqttSession`].

use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use communicado_runtime::{Clock, timeout_at};
use futures_util::future::{Either, select};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::packets::{ConnectInfo, Version};
use super::session::{MqttEvent, MqttSession};
use crate::{
    ClientCertificate, Connector, Endpoint, NetError, Peer, Stream, read_ca, read_secret, tls,
};

/// The words for the broker in messages.
const PEER: Peer = Peer::new("broker", "`ca-file`");
/// The time for a write.
const WRITE_MAX: Duration = Duration::from_secs(10);
/// The cause of a connection that ended without a reason.
const CLOSED: &str = "the broker closed the connection";

/// A client of one broker, which remembers the version that the broker knows.
pub struct MqttClient {
    clock: Arc<dyn Clock>,
    endpoint: Endpoint,
    user: String,
    password_file: String,
    ca_file: Option<PathBuf>,
    certificate_file: Option<PathBuf>,
    key_file: String,
    keep_alive: u16,
    version: Version,
    /// True if the broker has accepted this version.
    is_confirmed: bool,
}

/// A connection that the broker has accepted, or will.
pub struct MqttConnection {
    stream: Box<dyn Stream>,
    session: MqttSession,
    clock: Arc<dyn Clock>,
}

/// The first of two: events of a connection, or the output of a future.
pub enum MqttWork<T> {
    /// Events of the connection, or none after its timer.
    Events(Vec<MqttEvent>),
    /// The future has ended.
    Done(T),
}

/// Returns whether an error is a connection that the broker closed without a reason.
#[must_use]
pub fn is_closed(error: &NetError) -> bool {
    error.cause == CLOSED
}

fn closed() -> NetError {
    NetError::transient(CLOSED, "check that the broker runs; its log has the reason")
}

impl MqttClient {
    /// A client with a keep-alive in seconds, that is not connected.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, endpoint: Endpoint, keep_alive: u16) -> Self {
        Self {
            clock,
            endpoint,
            user: String::new(),
            password_file: String::new(),
            ca_file: None,
            certificate_file: None,
            key_file: String::new(),
            keep_alive,
            version: Version::V5,
            is_confirmed: false,
        }
    }

    /// Sets the user and the file with the password, which may be empty.
    #[must_use]
    pub fn with_user(self, user: String, password_file: String) -> Self {
        Self { user, password_file, ..self }
    }

    /// Sets the only CA to trust.
    #[must_use]
    pub fn with_ca_file(self, ca_file: Option<PathBuf>) -> Self {
        Self { ca_file, ..self }
    }

    /// Sets the file with the client certificate, and the file with its key, which may be empty.
    #[must_use]
    pub fn with_certificate(self, certificate_file: Option<PathBuf>, key_file: String) -> Self {
        Self { certificate_file, key_file, ..self }
    }

    /// The version of the protocol that the broker accepted, or the next one to try.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// Connects, and returns when the broker has accepted. The files are read each time, so that a
    /// new password needs no restart.
    ///
    /// # Errors
    ///
    /// If the broker cannot be reached or refuses the connection.
    pub async fn connect(
        &mut self,
        client_id: &str,
        will: Option<(String, String)>,
    ) -> Result<MqttConnection, NetError> {
        let password = match self.password_file.as_str() {
            "" => None,
            file => Some(read_secret("password-file", file)?),
        };
        let authorities = self.ca_file.as_deref().map(read_ca).transpose()?;
        let info = ConnectInfo {
            client_id: client_id.to_owned(),
            user: Some(self.user.clone()).filter(|user| !user.is_empty()),
            password,
            keep_alive: self.keep_alive,
            will,
        };
        loop {
            let identity =
                ClientCertificate::read(self.certificate_file.as_deref(), &self.key_file)?;
            let mut connector =
                Connector::new(PEER, authorities.clone()).with_client_certificate(identity);
            let stream = connector.connect(&self.endpoint, &*self.clock).await?;
            let session = MqttSession::open(self.version, &info, self.clock.now())?;
            let mut connection = MqttConnection { stream, session, clock: Arc::clone(&self.clock) };
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
                    return Err(NetError::transient(
                        "the broker did not accept the connection and gave no reason",
                        "check the log of the broker, and whether its port uses TLS",
                    ));
                }
                (Err(error), _) => return Err(error),
            }
        }
    }
}

impl MqttConnection {
    /// Publishes a message, and returns its number. It is sent with the next wait.
    ///
    /// # Errors
    ///
    /// If the topic is not valid.
    pub fn publish(&mut self, topic: &str, payload: String, retain: bool) -> Result<u16, NetError> {
        self.session.publish(topic, payload, retain, self.clock.now())
    }

    /// Subscribes to topics. It is sent with the next wait.
    ///
    /// # Errors
    ///
    /// If a filter is not valid.
    pub fn subscribe(&mut self, filters: &[String]) -> Result<(), NetError> {
        self.session.subscribe(filters, self.clock.now())
    }

    /// Sends a ping with the next wait.
    ///
    /// # Errors
    ///
    /// If the packet cannot be encoded.
    pub fn ping(&mut self) -> Result<(), NetError> {
        self.session.ping(self.clock.now())
    }

    /// Ends the connection, so that the broker drops the last will.
    ///
    /// # Errors
    ///
    /// If the broker takes no bytes.
    pub async fn disconnect(&mut self) -> Result<(), NetError> {
        self.session.disconnect(self.clock.now())?;
        self.flush().await
    }

    /// Waits until the broker has stored the message with this number.
    ///
    /// # Errors
    ///
    /// If the broker refuses the message, or the connection ends.
    pub async fn until_acknowledged(&mut self, id: u16) -> Result<(), NetError> {
        loop {
            for event in self.next().await? {
                match event {
                    MqttEvent::Acknowledged(number, result) if number == id => return result,
                    _ => {}
                }
            }
        }
    }

    /// Sends the output, then waits for events of the broker, or for the timer.
    ///
    /// # Errors
    ///
    /// If the connection is dead.
    pub async fn next(&mut self) -> Result<Vec<MqttEvent>, NetError> {
        match self.next_or(std::future::pending::<()>()).await? {
            MqttWork::Events(events) => Ok(events),
            MqttWork::Done(()) => Ok(Vec::new()),
        }
    }

    /// Sends the output, then waits for events of the broker, the timer, or `other`.
    ///
    /// # Errors
    ///
    /// If the connection is dead.
    pub async fn next_or<F: Future>(&mut self, other: F) -> Result<MqttWork<F::Output>, NetError> {
        self.flush().await?;
        let deadline = self.session.deadline();
        let mut bytes = [0; 4096];
        let read = {
            let clock = Arc::clone(&self.clock);
            let read = pin!(timeout_at(&*clock, deadline, self.stream.read(&mut bytes)));
            match select(read, pin!(other)).await {
                Either::Left((read, _)) => read,
                Either::Right((output, _)) => return Ok(MqttWork::Done(output)),
            }
        };
        let now = self.clock.now();
        Ok(MqttWork::Events(match read {
            None => self.session.tick(now).map(|()| Vec::new())?,
            Some(Ok(length @ 1..)) => {
                self.session.receive(bytes.get(..length).unwrap_or_default(), now)?
            }
            Some(Ok(0)) => return Err(closed()),
            Some(Err(error)) => return Err(tls::alert_error(PEER, &error).unwrap_or_else(closed)),
        }))
    }

    /// Waits for the answer to the first packet. Returns false if another version may be accepted.
    async fn until_accepted(&mut self) -> Result<bool, NetError> {
        while !self.session.is_accepted() {
            let events = match self.next().await {
                Ok(events) => events,
                Err(error) if is_closed(&error) => return Ok(false),
                // A broker of 3.1.1 may misread a packet of version 5, and wait for more bytes.
                Err(_) if self.session.is_overdue(self.clock.now()) => return Ok(false),
                Err(error) => return Err(error),
            };
            if events.contains(&MqttEvent::WrongVersion) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn flush(&mut self) -> Result<(), NetError> {
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
            None => Err(NetError::transient(
                format!("the broker took no bytes for {} s", WRITE_MAX.as_secs()),
                "check that the broker runs and that this network can reach it",
            )),
        }
    }
}
