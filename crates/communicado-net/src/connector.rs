//! Connections to other machines: TCP, and TLS with the system's trust or one CA.

use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::time::Duration;

use communicado_runtime::{Clock, sleep_until};
use futures_util::future::{Either, select};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::client_certificate::ClientCertificate;
use crate::peer::Peer;
use crate::{NetError, tls};

/// The timeout for connecting to one address of the host.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// The maximum number of addresses of the host to try.
const ADDRESSES_MAX: usize = 4;

/// The address of a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The name or the IP address.
    pub host: String,
    /// The TCP port.
    pub port: u16,
    /// True for TLS.
    pub tls: bool,
    /// True if the name must resolve to this machine, because the connection is not encrypted.
    pub loopback_only: bool,
}

/// A connection, with TLS or without.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connector to one peer, which keeps its TLS configuration.
pub struct Connector {
    peer: Peer,
    authorities: Option<Vec<u8>>,
    identity: Option<ClientCertificate>,
    tls: Option<TlsConnector>,
}

impl Connector {
    /// A connector that trusts the system's CAs, or only these, in PEM.
    #[must_use]
    pub const fn new(peer: Peer, authorities: Option<Vec<u8>>) -> Self {
        Self { peer, authorities, identity: None, tls: None }
    }

    /// Sets the certificate that this program shows to the peer.
    #[must_use]
    pub fn with_client_certificate(self, identity: Option<ClientCertificate>) -> Self {
        Self { identity, ..self }
    }

    /// Connects to the first address of the host that accepts.
    ///
    /// # Errors
    ///
    /// If no address accepts, or its certificate is not valid.
    pub async fn connect(
        &mut self,
        endpoint: &Endpoint,
        clock: &dyn Clock,
    ) -> Result<Box<dyn Stream>, NetError> {
        let stream: Box<dyn Stream> = Box::new(connect_tcp(self.peer, endpoint, clock).await?);
        if endpoint.tls { self.start_tls(stream, &endpoint.host).await } else { Ok(stream) }
    }

    /// Starts TLS on a connection, with a certificate for `name`.
    ///
    /// # Errors
    ///
    /// If the certificate is not valid.
    pub async fn start_tls(
        &mut self,
        stream: Box<dyn Stream>,
        name: &str,
    ) -> Result<Box<dyn Stream>, NetError> {
        let server_name = ServerName::try_from(name.to_owned()).map_err(|error| {
            let cause = format!("`{name}` is not valid in a certificate: {error}");
            let help = format!("use a DNS name or an IP address of the {}", self.peer.noun);
            NetError::permanent(cause, help)
        })?;
        let tls = match self.tls.take() {
            Some(tls) => tls,
            None => tls::connector(self.peer, self.authorities.as_deref(), self.identity.as_ref())?,
        };
        let connected = tls.connect(server_name, stream).await;
        self.tls = Some(tls);
        match connected {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) => Err(tls::handshake_error(self.peer, name, &error)),
        }
    }
}

/// Returns whether a host name means this machine.
#[must_use]
pub fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

async fn connect_tcp(
    peer: Peer,
    endpoint: &Endpoint,
    clock: &dyn Clock,
) -> Result<TcpStream, NetError> {
    let Endpoint { host, port, loopback_only, .. } = endpoint;
    let noun = peer.noun;
    let found = tokio::net::lookup_host((host.as_str(), *port)).await;
    let found = found.map_err(|error| {
        NetError::transient(
            format!("cannot resolve `{host}`: {error}"),
            format!("check the address of the {noun} and the network connection"),
        )
    })?;
    // A name that was allowed without TLS must still resolve to this machine.
    let found = found.filter(|it| !loopback_only || it.ip().is_loopback());
    let mut last = None;
    for each in found.take(ADDRESSES_MAX) {
        match connect_address(each, clock).await {
            Ok(stream) => return Ok(stream),
            Err(why) => last = Some(why),
        }
    }
    let why = last.unwrap_or_else(|| "its name resolves to no usable address".to_owned());
    Err(NetError::transient(
        format!("the {noun} `{host}:{port}` cannot be reached: {why}"),
        format!("check that the {noun} runs and that this network can reach it"),
    ))
}

async fn connect_address(address: SocketAddr, clock: &dyn Clock) -> Result<TcpStream, String> {
    let time = sleep_until(clock, clock.now().after(CONNECT_TIMEOUT));
    match select(pin!(TcpStream::connect(address)), pin!(time)).await {
        Either::Left((connected, _)) => {
            let stream = connected.map_err(|error| error.to_string())?;
            // Without this, Nagle's algorithm may delay a message until the last one is
            // acknowledged.
            let _ = stream.set_nodelay(true);
            // Closing the connection discards unsent data, which must not arrive late after a
            // network outage.
            let _ = stream.set_zero_linger();
            Ok(stream)
        }
        Either::Right(_) => Err(format!("no answer within {} s", CONNECT_TIMEOUT.as_secs())),
    }
}
