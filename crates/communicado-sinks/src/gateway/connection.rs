//! The line to a gateway: one request at a time, over HTTP/1.1, on a connection that is kept.
//!
//! Every wait ends in time, by a clock that counts the time asleep: what was under way when the
//! lid was closed is over when it is opened. Redirections are not followed and proxies not used.

use std::fmt;
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
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
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use super::answer::Answer;
use super::publication::body;
use super::{Access, Address, Message, PublishError, tls};

/// How long a request may take, from looking up the name to the end of the answer.
const REQUEST_MAX: Duration = Duration::from_secs(10);
/// And beside a short lease, this part of it at most, so that there is time for another attempt.
const REQUEST_PART: u32 = 6;
const REQUEST_MIN: Duration = Duration::from_secs(1);
/// How long one of a host's addresses is tried before the next.
const CONNECT_MAX: Duration = Duration::from_secs(3);
/// So many of a host's addresses are tried.
const ADDRESSES_MAX: usize = 4;
/// A connection that was silent for longer is not trusted: what lies between may have forgotten it.
const KEPT_MAX: Duration = Duration::from_secs(50);
/// The longest answer, and its longest head, that is read.
const ANSWER_MAX: usize = 64 * 1024;

/// A line to one gateway, for one device. It connects when there is something to say.
pub struct Connection {
    access: Access,
    clock: Arc<dyn Clock>,
    tls: Option<TlsConnector>,
    kept: Option<Kept>,
}

/// A connection that may be used again.
struct Kept {
    sender: SendRequest<Full<Bytes>>,
    /// What moves the bytes; it is only driven while a request is under way.
    work: Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>,
    used: Moment,
}

/// What is asked.
#[derive(Clone)]
struct Question {
    method: Method,
    path: String,
    body: Option<String>,
}

/// Why a connection gave no answer.
enum Broken {
    Connection(hyper::Error),
    TooLong,
}

impl Connection {
    /// A line to the gateway of `access`, which is not opened yet.
    #[must_use]
    pub fn new(access: Access, clock: Arc<dyn Clock>) -> Self {
        Self { access, clock, tls: None, kept: None }
    }

    /// By whom, as what and where is published.
    #[must_use]
    pub const fn access(&self) -> &Access {
        &self.access
    }

    /// Tells `message`, to be believed for `lease`.
    ///
    /// # Errors
    ///
    /// If the gateway did not take it, or that is not known.
    pub async fn tell(&mut self, message: &Message, lease: Duration) -> Result<(), PublishError> {
        let Access { person, device, .. } = &self.access;
        let path = format!("/v1/people/{person}/devices/{device}");
        let limit = (lease / REQUEST_PART).clamp(REQUEST_MIN, REQUEST_MAX);
        match message {
            Message::Clients(clients) => self.put(path, body(lease, clients), limit).await,
            Message::Goodbye => self.delete(path, limit).await,
        }
    }

    /// Sets by hand what the person is.
    ///
    /// # Errors
    ///
    /// As for [`Connection::tell`].
    pub async fn set(&mut self, manual: &Manual) -> Result<(), PublishError> {
        self.put(self.manual(), manual.to_json(), REQUEST_MAX).await
    }

    /// Takes back what was set by hand.
    ///
    /// # Errors
    ///
    /// As for [`Connection::tell`].
    pub async fn clear(&mut self) -> Result<(), PublishError> {
        self.delete(self.manual(), REQUEST_MAX).await
    }

    fn manual(&self) -> String {
        format!("/v1/people/{}/manual", self.access.person)
    }

    async fn put(
        &mut self,
        path: String,
        body: String,
        limit: Duration,
    ) -> Result<(), PublishError> {
        let question = Question { method: Method::PUT, path, body: Some(body) };
        self.ask(&question, limit).await?.judge(&self.access)
    }

    async fn delete(&mut self, path: String, limit: Duration) -> Result<(), PublishError> {
        let question = Question { method: Method::DELETE, path, body: None };
        let answer = self.ask(&question, limit).await?;
        // What is not there is gone.
        if answer.status == StatusCode::NOT_FOUND && answer.is_problem() {
            return Ok(());
        }
        answer.judge(&self.access)
    }

    async fn ask(&mut self, question: &Question, limit: Duration) -> Result<Answer, PublishError> {
        let clock = Arc::clone(&self.clock);
        let time = sleep_until(&*clock, clock.now().after(limit));
        let answered = {
            let asked = pin!(self.ask_without_end(question));
            match select(asked, pin!(time)).await {
                Either::Left((answer, _)) => Some(answer),
                Either::Right(_) => None,
            }
        };
        answered.unwrap_or_else(|| {
            self.kept = None;
            Err(PublishError::transient(
                format!("{} did not answer within {} s", self.access.address, limit.as_secs()),
                "check that the gateway runs and that this network leads to it",
            ))
        })
    }

    async fn ask_without_end(&mut self, question: &Question) -> Result<Answer, PublishError> {
        if let Some(kept) = self.kept.take()
            && self.clock.now().since(kept.used) < KEPT_MAX
            && let Ok(answer) = self.ask_over(kept, question).await
        {
            return Ok(answer);
        }
        // A kept connection may have ended at any time, and what is asked may be asked twice.
        let fresh = self.connect().await?;
        self.ask_over(fresh, question).await.map_err(|broken| match broken {
            Broken::TooLong => PublishError::needs_action(
                format!("{} answers with more than {ANSWER_MAX} bytes", self.access.address),
                "check the address: a gateway's answers are short",
            ),
            Broken::Connection(error) if error.is_parse() => PublishError::needs_action(
                format!("what answers at {} does not speak HTTP: {error}", self.access.address),
                "check the port, and whether the gateway listens with TLS",
            ),
            Broken::Connection(error) => PublishError::transient(
                format!("{} broke the connection off: {error}", self.access.address),
                "if it goes on, have the gateway looked at",
            ),
        })
    }

    async fn ask_over(&mut self, kept: Kept, question: &Question) -> Result<Answer, Broken> {
        let Kept { mut sender, work, .. } = kept;
        let mut work = Some(work);
        let answer = {
            let request = self.request(question);
            let mut talk = pin!(async {
                sender.ready().await?;
                read(sender.send_request(request).await?).await
            });
            poll_fn(|cx| {
                let is_over = work.as_mut().is_some_and(|work| work.as_mut().poll(cx).is_ready());
                if is_over {
                    // Only then the sender learns that nobody takes what it sends.
                    work = None;
                }
                talk.as_mut().poll(cx)
            })
            .await?
        };
        if let Some(work) = work {
            self.kept = Some(Kept { sender, work, used: self.clock.now() });
        }
        Ok(answer)
    }

    fn request(&self, question: &Question) -> Request<Full<Bytes>> {
        let Question { method, path, body } = question.clone();
        let Access { address, token, .. } = &self.access;
        let has_body = body.is_some();
        let mut request = Request::new(Full::from(body.unwrap_or_default()));
        *request.method_mut() = method;
        // An address and names were taken apart before, and hold what a path can hold.
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

    async fn connect(&mut self) -> Result<Kept, PublishError> {
        let stream = reach(&self.access.address, &*self.clock).await?;
        if !self.access.address.tls {
            return self.shake_hands(stream).await;
        }
        let host = &self.access.address.host;
        let name = ServerName::try_from(host.clone()).map_err(|error| {
            let cause = format!("`{host}` cannot stand in a certificate: {error}");
            PublishError::permanent(cause, "use a name or an address of the gateway's host")
        })?;
        let tls = match self.tls.take() {
            Some(tls) => tls,
            None => tls::connector(self.access.authorities.as_deref())?,
        };
        let connected = tls.connect(name, stream).await;
        self.tls = Some(tls);
        match connected {
            Ok(stream) => self.shake_hands(stream).await,
            Err(error) => Err(tls::handshake_error(&self.access.address.host, &error)),
        }
    }

    async fn shake_hands<S>(&mut self, stream: S) -> Result<Kept, PublishError>
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
    {
        let made = Builder::new().max_buf_size(ANSWER_MAX).handshake(TokioIo::new(stream)).await;
        let (sender, work) = made.map_err(|error| {
            PublishError::transient(
                format!("HTTP cannot begin: {error}"),
                "report it: it is a fault here",
            )
        })?;
        Ok(Kept { sender, work: Box::pin(work), used: self.clock.now() })
    }
}

/// Connects to the first of the host's addresses that answers.
async fn reach(address: &Address, clock: &dyn Clock) -> Result<TcpStream, PublishError> {
    let found = tokio::net::lookup_host((&*address.host, address.port)).await;
    let found = found.map_err(|error| {
        PublishError::transient(
            format!("the name `{}` cannot be looked up: {error}", address.host),
            "check the address of the gateway, and that there is a network",
        )
    })?;
    // A name that stood for this machine when it was allowed must still do so.
    let found = found.filter(|it| address.tls || it.ip().is_loopback());
    let mut last = None;
    for each in found.take(ADDRESSES_MAX) {
        match reach_one(each, clock).await {
            Ok(stream) => return Ok(stream),
            Err(why) => last = Some(why),
        }
    }
    let why = last.unwrap_or_else(|| "its name stands for no address here".to_owned());
    Err(PublishError::transient(
        format!("{address} cannot be reached: {why}"),
        "check that the gateway runs and that this network leads to it",
    ))
}

async fn reach_one(address: SocketAddr, clock: &dyn Clock) -> Result<TcpStream, String> {
    let time = sleep_until(clock, clock.now().after(CONNECT_MAX));
    match select(pin!(TcpStream::connect(address)), pin!(time)).await {
        Either::Left((connected, _)) => {
            let stream = connected.map_err(|error| error.to_string())?;
            // A message is one piece; without this it may wait for an answer to the last one.
            let _ = stream.set_nodelay(true);
            // What nobody waits for any more is thrown away with its connection, and not delivered
            // when the network heals.
            let _ = stream.set_zero_linger();
            Ok(stream)
        }
        Either::Right(_) => Err(format!("nobody answered within {} s", CONNECT_MAX.as_secs())),
    }
}

/// Reads a whole answer.
async fn read(response: hyper::Response<hyper::body::Incoming>) -> Result<Answer, Broken> {
    let (head, body) = response.into_parts();
    let text = |name| Some(head.headers.get(name)?.to_str().ok()?.to_owned());
    let [retry_after, location] = [header::RETRY_AFTER, header::LOCATION].map(text);
    let body = Limited::new(body, ANSWER_MAX).collect().await.map_err(|error| match error
        .downcast::<hyper::Error>(
    ) {
        Ok(error) => Broken::Connection(*error),
        Err(other) => {
            debug_assert!(other.is::<LengthLimitError>(), "{other}");
            Broken::TooLong
        }
    })?;
    Ok(Answer { status: head.status, retry_after, location, body: body.to_bytes().to_vec() })
}

impl From<hyper::Error> for Broken {
    fn from(error: hyper::Error) -> Self {
        Self::Connection(error)
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("access", &self.access).finish_non_exhaustive()
    }
}
