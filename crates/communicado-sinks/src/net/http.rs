//! The HTTP client of the sinks: one request at a time, over HTTP/1.1.
//!
//! Every request has a timeout, on a clock that counts the time asleep: a request from before a
//! suspend has timed out after it. The client follows no redirects and uses no proxy.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use communicado_core::Moment;
use communicado_runtime::{Clock, timeout_at};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;

use super::{Connector, Endpoint, Peer};
use crate::publish::PublishError;

/// The longest idle time of a connection: after it, a firewall may have dropped the connection.
const IDLE_MAX: Duration = Duration::from_secs(50);
/// The size limit of a response, and of its head.
const RESPONSE_MAX: usize = 64 * 1024;
/// The headers that follow from the request.
const RESERVED: [HeaderName; 6] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    header::UPGRADE,
];

/// The address of a server in requests and messages.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    /// The words for it in messages.
    pub(crate) peer: Peer,
    /// Its address for the user, without secrets.
    pub(crate) shown: String,
    /// The value of the header `Host`.
    pub(crate) authority: String,
    pub(crate) endpoint: Endpoint,
}

/// A client of one server. It connects when it has something to send.
pub(crate) struct HttpClient {
    server: Server,
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

/// A request, without the headers that every request has.
#[derive(Clone, Debug)]
pub(crate) struct HttpRequest {
    pub(crate) method: Method,
    /// The path and the query.
    pub(crate) path: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<String>,
    /// True if a second delivery of the request has no further effect. Only such a request uses
    /// an idle connection, which the server may have closed.
    pub(crate) is_idempotent: bool,
}

/// A whole response.
#[derive(Clone, Debug)]
pub(crate) struct HttpResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// A failure of a connection during a request.
enum RequestError {
    Hyper(hyper::Error),
    ResponseTooLong,
}

impl HttpClient {
    /// A client that trusts the system's CAs, or only these, in PEM.
    pub(crate) fn new(server: Server, authorities: Option<Vec<u8>>, clock: Arc<dyn Clock>) -> Self {
        let connector = Connector::new(server.peer, authorities);
        Self { server, clock, connector, idle: None }
    }

    /// Sends a request and waits for the response.
    pub(crate) async fn exchange(
        &mut self,
        request: &HttpRequest,
        timeout: Duration,
    ) -> Result<HttpResponse, PublishError> {
        let clock = Arc::clone(&self.clock);
        let end = clock.now().after(timeout);
        let sent = timeout_at(&*clock, end, self.exchange_without_timeout(request)).await;
        sent.unwrap_or_else(|| {
            self.idle = None;
            let Server { peer, shown, .. } = &self.server;
            Err(PublishError::transient(
                format!("{shown} did not answer within {} s", timeout.as_secs()),
                format!("check that the {} runs and that this network can reach it", peer.noun),
            ))
        })
    }

    async fn exchange_without_timeout(
        &mut self,
        request: &HttpRequest,
    ) -> Result<HttpResponse, PublishError> {
        if let Some(idle) = self.idle.take()
            && request.is_idempotent
            && self.clock.now().since(idle.last_used) < IDLE_MAX
            && let Ok(response) = self.exchange_over(idle, request).await
        {
            return Ok(response);
        }
        // The server may have closed the idle connection.
        let fresh = self.connect().await?;
        let exchanged = self.exchange_over(fresh, request).await;
        let Server { peer: Peer { noun, .. }, shown, .. } = &self.server;
        exchanged.map_err(|error| match error {
            RequestError::ResponseTooLong => PublishError::needs_action(
                format!("{shown} sent a response of more than {RESPONSE_MAX} bytes"),
                format!("check the address: the responses of a {noun} are short"),
            ),
            RequestError::Hyper(error) if error.is_parse() => PublishError::needs_action(
                format!("{shown} does not speak HTTP: {error}"),
                format!("check the port, and whether the {noun} uses TLS"),
            ),
            RequestError::Hyper(error) => PublishError::transient(
                format!("{shown} closed the connection: {error}"),
                format!("if this persists, ask the {noun}'s administrator to check it"),
            ),
        })
    }

    async fn exchange_over(
        &mut self,
        idle: IdleConnection,
        request: &HttpRequest,
    ) -> Result<HttpResponse, RequestError> {
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
        if let Some(work) = work.filter(|_| request.is_idempotent) {
            self.idle = Some(IdleConnection { sender, work, last_used: self.clock.now() });
        }
        Ok(response)
    }

    fn request(&self, request: &HttpRequest) -> Request<Full<Bytes>> {
        let HttpRequest { method, path, headers, body, .. } = request.clone();
        let mut request = Request::new(Full::from(body.unwrap_or_default()));
        *request.method_mut() = method;
        *request.uri_mut() = path;
        *request.headers_mut() = headers;
        let headers = request.headers_mut();
        if let Ok(host) = self.server.authority.parse() {
            headers.insert(header::HOST, host);
        }
        let agent = concat!("communicado/", env!("CARGO_PKG_VERSION"));
        headers.entry(header::USER_AGENT).or_insert(HeaderValue::from_static(agent));
        request
    }

    async fn connect(&mut self) -> Result<IdleConnection, PublishError> {
        let stream = self.connector.connect(&self.server.endpoint, &*self.clock).await?;
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

impl HttpResponse {
    /// The value of a header, if it is ASCII text.
    pub(crate) fn header(&self, name: HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Parses a header of the user. The error does not contain the value.
pub(crate) fn parse_header(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let (name, value) = text.split_once(':').ok_or("there is no colon after the name")?;
    let name: HeaderName = name.trim().parse().map_err(|_| "the name is not valid")?;
    let mut value: HeaderValue =
        value.trim().parse().map_err(|_| format!("the value of `{name}` is not valid"))?;
    if RESERVED.contains(&name) || name.as_str().starts_with("webhook-") {
        return Err(format!("Communicado sets `{name}` itself"));
    }
    value.set_sensitive(true);
    Ok((name, value))
}

/// Reads a whole response.
async fn read(
    response: hyper::Response<hyper::body::Incoming>,
) -> Result<HttpResponse, RequestError> {
    let (head, body) = response.into_parts();
    let body = Limited::new(body, RESPONSE_MAX).collect().await.map_err(|error| match error
        .downcast::<hyper::Error>(
    ) {
        Ok(error) => RequestError::Hyper(*error),
        Err(other) => {
            debug_assert!(other.is::<LengthLimitError>(), "{other}");
            RequestError::ResponseTooLong
        }
    })?;
    let body = body.to_bytes().to_vec();
    Ok(HttpResponse { status: head.status, headers: head.headers, body })
}

impl From<hyper::Error> for RequestError {
    fn from(error: hyper::Error) -> Self {
        Self::Hyper(error)
    }
}
