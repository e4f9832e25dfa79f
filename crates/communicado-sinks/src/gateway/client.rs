//! The HTTP client of a gateway: one request at a time, over HTTP/1.1, on a keep-alive connection.
//!
//! Every request has a timeout, on a clock that counts the time asleep: a request from before a
//! suspend has timed out after it. The client follows no redirects and uses no proxy.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use communicado_core::Moment;
use communicado_runtime::{Clock, sleep_until};
use communicado_wire::gateway::Manual;
use futures_util::future::{Either, select};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper::header::{self, HeaderMap};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;

use super::Access;
use super::body::body;
use super::response::Response;
use crate::net::{Connector, Peer};
use crate::publish::{Message, PublishError, Transport};

/// The timeout of a request, from the name lookup to the end of the response.
const REQUEST_TIMEOUT_MAX: Duration = Duration::from_secs(10);
/// For short leases, the timeout is this fraction of the lease, so that there is time to retry.
const LEASE_FRACTION: u32 = 6;
const REQUEST_TIMEOUT_MIN: Duration = Duration::from_secs(1);
/// The longest idle time of a connection: after it, a firewall may have dropped the connection.
const IDLE_MAX: Duration = Duration::from_secs(50);
/// The size limit of a response, and of its head.
const RESPONSE_MAX: usize = 64 * 1024;

/// The words for the gateway in messages.
const PEER: Peer = Peer { noun: "gateway", ca_option: "--ca" };

/// A client of one gateway, for one device. It connects when it has something to send.
pub struct GatewayClient {
    access: Access,
    clock: Arc<dyn Clock>,
    connector: Connector,
    idle: Option<IdleConnection>,
}

/// A keep-alive connection.
struct IdleConnection {
    sender: SendRequest<Full<Bytes>>,
    /// The I/O of the connection. It is polled only while a request is in flight.
    work: Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>,
    last_used: Moment,
}

/// A request to the gateway.
#[derive(Clone)]
struct GatewayRequest {
    method: Method,
    path: String,
    body: Option<String>,
}

/// A failure of a connection during a request.
enum RequestError {
    Hyper(hyper::Error),
    ResponseTooLong,
}

impl GatewayClient {
    /// A client for the gateway of `access`, not yet connected.
    #[must_use]
    pub fn new(access: Access, clock: Arc<dyn Clock>) -> Self {
        let connector = Connector::new(PEER, access.authorities.clone());
        Self { access, clock, connector, idle: None }
    }

    /// The gateway, the person, the device and the token.
    #[must_use]
    pub const fn access(&self) -> &Access {
        &self.access
    }

    /// Sets the manual status of the person.
    ///
    /// # Errors
    ///
    /// As for [`Transport::send`].
    pub async fn set_manual(&mut self, manual: &Manual) -> Result<(), PublishError> {
        self.put(self.manual_path(), manual.to_json(), REQUEST_TIMEOUT_MAX).await
    }

    /// Clears the manual status of the person.
    ///
    /// # Errors
    ///
    /// As for [`Transport::send`].
    pub async fn clear_manual(&mut self) -> Result<(), PublishError> {
        self.delete(self.manual_path(), REQUEST_TIMEOUT_MAX).await
    }

    fn manual_path(&self) -> String {
        format!("/v1/people/{}/manual", self.access.person)
    }

    async fn put(
        &mut self,
        path: String,
        body: String,
        timeout: Duration,
    ) -> Result<(), PublishError> {
        let request = GatewayRequest { method: Method::PUT, path, body: Some(body) };
        self.exchange(&request, timeout).await?.check(&self.access)
    }

    async fn delete(&mut self, path: String, timeout: Duration) -> Result<(), PublishError> {
        let request = GatewayRequest { method: Method::DELETE, path, body: None };
        let response = self.exchange(&request, timeout).await?;
        // A missing resource is as good as deleted.
        if response.status == StatusCode::NOT_FOUND && response.is_problem() {
            return Ok(());
        }
        response.check(&self.access)
    }

    async fn exchange(
        &mut self,
        request: &GatewayRequest,
        timeout: Duration,
    ) -> Result<Response, PublishError> {
        let clock = Arc::clone(&self.clock);
        let time = sleep_until(&*clock, clock.now().after(timeout));
        let response = {
            let sent = pin!(self.exchange_without_timeout(request));
            match select(sent, pin!(time)).await {
                Either::Left((response, _)) => Some(response),
                Either::Right(_) => None,
            }
        };
        response.unwrap_or_else(|| {
            self.idle = None;
            Err(PublishError::transient(
                format!("{} did not answer within {} s", self.access.address, timeout.as_secs()),
                "check that the gateway runs and that this network can reach it",
            ))
        })
    }

    async fn exchange_without_timeout(
        &mut self,
        request: &GatewayRequest,
    ) -> Result<Response, PublishError> {
        if let Some(idle) = self.idle.take()
            && self.clock.now().since(idle.last_used) < IDLE_MAX
            && let Ok(response) = self.exchange_over(idle, request).await
        {
            return Ok(response);
        }
        // The server may have closed the idle connection. Every request is idempotent.
        let fresh = self.connect().await?;
        self.exchange_over(fresh, request).await.map_err(|error| match error {
            RequestError::ResponseTooLong => PublishError::needs_action(
                format!(
                    "{} sent a response of more than {RESPONSE_MAX} bytes",
                    self.access.address
                ),
                "check the address: the responses of a gateway are short",
            ),
            RequestError::Hyper(error) if error.is_parse() => PublishError::needs_action(
                format!("{} does not speak HTTP: {error}", self.access.address),
                "check the port, and whether the gateway uses TLS",
            ),
            RequestError::Hyper(error) => PublishError::transient(
                format!("{} closed the connection: {error}", self.access.address),
                "if this persists, ask the gateway's administrator to check it",
            ),
        })
    }

    async fn exchange_over(
        &mut self,
        idle: IdleConnection,
        request: &GatewayRequest,
    ) -> Result<Response, RequestError> {
        let IdleConnection { mut sender, work, .. } = idle;
        let mut work = Some(work);
        let response = {
            let request = self.request(request);
            let mut talk = pin!(async {
                sender.ready().await?;
                read(sender.send_request(request).await?).await
            });
            poll_fn(|cx| {
                let is_over = work.as_mut().is_some_and(|work| work.as_mut().poll(cx).is_ready());
                if is_over {
                    // Dropping the connection makes the sender fail instead of waiting.
                    work = None;
                }
                talk.as_mut().poll(cx)
            })
            .await?
        };
        if let Some(work) = work {
            self.idle = Some(IdleConnection { sender, work, last_used: self.clock.now() });
        }
        Ok(response)
    }

    fn request(&self, request: &GatewayRequest) -> Request<Full<Bytes>> {
        let GatewayRequest { method, path, body } = request.clone();
        let Access { address, token, .. } = &self.access;
        let has_body = body.is_some();
        let mut request = Request::new(Full::from(body.unwrap_or_default()));
        *request.method_mut() = method;
        // Parsing has checked that the address and the ids are valid in a path.
        *request.uri_mut() = format!("{}{path}", address.path).parse().unwrap_or_default();
        let headers: &mut HeaderMap = request.headers_mut();
        if let Ok(host) = address.authority.parse() {
            headers.insert(header::HOST, host);
        }
        headers.insert(header::AUTHORIZATION, token.header());
        let json = header::HeaderValue::from_static("application/json");
        headers.insert(header::ACCEPT, json.clone());
        if has_body {
            headers.insert(header::CONTENT_TYPE, json);
        }
        let agent = concat!("communicado/", env!("CARGO_PKG_VERSION"));
        headers.insert(header::USER_AGENT, header::HeaderValue::from_static(agent));
        request
    }

    async fn connect(&mut self) -> Result<IdleConnection, PublishError> {
        let stream = self.connector.connect(&self.access.address.endpoint(), &*self.clock).await?;
        self.http_handshake(stream).await
    }

    async fn http_handshake<S>(&mut self, stream: S) -> Result<IdleConnection, PublishError>
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
    {
        let made = Builder::new().max_buf_size(RESPONSE_MAX).handshake(TokioIo::new(stream)).await;
        let (sender, work) = made.map_err(|error| {
            PublishError::transient(
                format!("the HTTP handshake failed: {error}"),
                "report this as a bug",
            )
        })?;
        Ok(IdleConnection { sender, work: Box::pin(work), last_used: self.clock.now() })
    }
}

impl Transport for GatewayClient {
    async fn send(&mut self, message: &Message, lease: Duration) -> Result<(), PublishError> {
        let Access { person, device, .. } = &self.access;
        let path = format!("/v1/people/{person}/devices/{device}");
        let timeout = (lease / LEASE_FRACTION).clamp(REQUEST_TIMEOUT_MIN, REQUEST_TIMEOUT_MAX);
        match message {
            Message::Clients(clients) => self.put(path, body(lease, clients), timeout).await,
            Message::Goodbye => self.delete(path, timeout).await,
        }
    }
}

/// Reads a whole response.
async fn read(response: hyper::Response<hyper::body::Incoming>) -> Result<Response, RequestError> {
    let (head, body) = response.into_parts();
    let header_text = |name| Some(head.headers.get(name)?.to_str().ok()?.to_owned());
    let [retry_after, location] = [header::RETRY_AFTER, header::LOCATION].map(header_text);
    let body = Limited::new(body, RESPONSE_MAX).collect().await.map_err(|error| match error
        .downcast::<hyper::Error>(
    ) {
        Ok(error) => RequestError::Hyper(*error),
        Err(other) => {
            debug_assert!(other.is::<LengthLimitError>(), "{other}");
            RequestError::ResponseTooLong
        }
    })?;
    Ok(Response { status: head.status, retry_after, location, body: body.to_bytes().to_vec() })
}

impl From<hyper::Error> for RequestError {
    fn from(error: hyper::Error) -> Self {
        Self::Hyper(error)
    }
}

impl fmt::Debug for GatewayClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GatewayClient").field("access", &self.access).finish_non_exhaustive()
    }
}
