//! A connection to a server: the socket and TLS around a [`Negotiation`] and an [`XmppSession`].

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use communicado_core::Moment;
use communicado_runtime::{Clock, timeout_at};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::address::{AccountAddress, ServerAddress};
use super::failure::{closed, closed_unanswered};
use super::negotiation::{Negotiation, NegotiationEvent};
use super::session::{XmppEvent, XmppSession};
use crate::{Connector, NetError, Peer, Stream, read_ca, read_secret};

/// The words for the server in messages.
const PEER: Peer = Peer {
    name_help: "ask the administrator for a certificate for the domain of `account`",
    ..Peer::new("XMPP server", "`ca-file`")
};
/// The time for the whole sign-in.
const SIGN_IN_MAX: Duration = Duration::from_secs(30);
/// The time for a write.
const WRITE_MAX: Duration = Duration::from_secs(10);

/// A client of one account.
pub struct XmppClient {
    clock: Arc<dyn Clock>,
    account: AccountAddress,
    server: ServerAddress,
    password_file: String,
    ca_file: Option<PathBuf>,
    interval: Duration,
    timeout: Duration,
}

/// A connection that the server has accepted.
pub struct XmppConnection {
    stream: Box<dyn Stream>,
    session: XmppSession,
    clock: Arc<dyn Clock>,
}

impl XmppClient {
    /// A client that is not connected.
    ///
    /// It sends a ping after `interval` without bytes from the server, and waits for answers as
    /// long as `timeout`.
    #[must_use]
    pub fn new(
        clock: Arc<dyn Clock>,
        account: AccountAddress,
        server: ServerAddress,
        password_file: String,
        (interval, timeout): (Duration, Duration),
    ) -> Self {
        Self { clock, account, server, password_file, ca_file: None, interval, timeout }
    }

    /// Sets the only CA to trust.
    #[must_use]
    pub fn with_ca_file(self, ca_file: Option<PathBuf>) -> Self {
        Self { ca_file, ..self }
    }

    /// Signs in with a resource. The files are read each time, so that a new password needs no
    /// restart.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses the sign-in.
    pub async fn connect(&self, resource: &str) -> Result<XmppConnection, NetError> {
        let password = read_secret("password-file", &self.password_file)?;
        let end = self.clock.now().after(SIGN_IN_MAX);
        let connected = timeout_at(&*self.clock, end, self.sign_in(resource, password)).await;
        connected.unwrap_or_else(|| {
            Err(NetError::transient(
                format!("the sign-in did not end within {} s", SIGN_IN_MAX.as_secs()),
                "check that the server runs and that this network can reach it",
            ))
        })
    }

    async fn sign_in(&self, resource: &str, password: String) -> Result<XmppConnection, NetError> {
        let ServerAddress { endpoint, is_direct_tls, needs_tls } = &self.server;
        let authorities = self.ca_file.as_deref().map(read_ca).transpose()?;
        let mut connector = Connector::new(PEER, authorities);
        let mut stream = connector.connect(endpoint, &*self.clock).await?;
        let domain = self.account.domain();
        if *is_direct_tls {
            stream = connector.start_tls(stream, domain).await?;
        }
        let (account, resource) = (self.account.clone(), resource.to_owned());
        let mut sign_in = Negotiation::new(account, password, resource, *needs_tls, *is_direct_tls);
        // A handshake of TLS is an answer.
        let mut has_answered = *is_direct_tls;
        loop {
            send(&mut *stream, &mut sign_in.output, &*self.clock).await?;
            let bytes = match read(&mut *stream).await {
                Err(_) if !has_answered => return Err(closed_unanswered()),
                bytes => bytes?,
            };
            has_answered = true;
            match sign_in.receive(&bytes)? {
                None => {}
                Some(NegotiationEvent::StartTls) => {
                    stream = connector.start_tls(stream, domain).await?;
                    sign_in.encrypted();
                }
                Some(NegotiationEvent::SignedIn(address)) => {
                    let mut session = sign_in.into_session(address);
                    session.set_keepalive(self.interval, self.timeout, self.clock.now());
                    let clock = Arc::clone(&self.clock);
                    return Ok(XmppConnection { stream, session, clock });
                }
            }
        }
    }
}

impl XmppConnection {
    /// The state of the connection. Its output is sent with the next wait.
    pub const fn session(&mut self) -> &mut XmppSession {
        &mut self.session
    }

    /// Asks for an answer after all that the server sends before.
    pub fn request_order(&mut self) {
        self.session.request_order(self.clock.now());
    }

    /// Sends the output, then waits for events of the server, a timer, or the moment `until`.
    ///
    /// # Errors
    ///
    /// If the connection is dead.
    pub async fn next(&mut self, until: Option<Moment>) -> Result<Vec<XmppEvent>, NetError> {
        send(&mut *self.stream, &mut self.session.output, &*self.clock).await?;
        let deadline = self.session.deadline();
        let deadline = until.map_or(deadline, |until| deadline.min(until));
        match timeout_at(&*self.clock, deadline, read(&mut *self.stream)).await {
            None => self.session.tick(self.clock.now()).map(|()| Vec::new()),
            Some(bytes) => self.session.receive(&bytes?, self.clock.now()),
        }
    }

    /// Ends the connection.
    ///
    /// # Errors
    ///
    /// If the connection is dead.
    pub async fn close(mut self) -> Result<(), NetError> {
        self.session.close();
        send(&mut *self.stream, &mut self.session.output, &*self.clock).await
    }
}

/// The next bytes of the server.
async fn read(stream: &mut dyn Stream) -> Result<Vec<u8>, NetError> {
    let mut bytes = vec![0; 4096];
    match stream.read(&mut bytes).await {
        Ok(length @ 1..) => {
            bytes.truncate(length);
            Ok(bytes)
        }
        Ok(0) | Err(_) => Err(closed()),
    }
}

async fn send(
    stream: &mut dyn Stream,
    output: &mut Vec<u8>,
    clock: &dyn Clock,
) -> Result<(), NetError> {
    let output = std::mem::take(output);
    let write = async {
        stream.write_all(&output).await?;
        stream.flush().await
    };
    match timeout_at(clock, clock.now().after(WRITE_MAX), write).await {
        Some(Ok(())) => Ok(()),
        Some(Err(_)) => Err(closed()),
        None => Err(NetError::transient(
            format!("the server took no bytes for {} s", WRITE_MAX.as_secs()),
            "check that the server runs and that this network can reach it",
        )),
    }
}
