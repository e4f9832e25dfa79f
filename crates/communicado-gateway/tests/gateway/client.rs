//! A client that sends exact bytes, over plain HTTP or TLS.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::Value;
use tokio_rustls::rustls;

use crate::fixture::{Gateway, HANG, Response};

trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

/// The address of a gateway, and the certificate authority of its TLS.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    tls: Option<Arc<rustls::ClientConfig>>,
}

impl Target {
    pub(crate) fn of(gateway: &Gateway) -> Self {
        let tls = gateway.base.starts_with("https");
        let certificate = gateway.folder().join("tls.pem");
        Self { address: gateway.address(), tls: tls.then(|| trusting(&certificate)) }
    }

    /// A server with TLS, and the file with its certificate.
    pub(crate) fn of_server(address: SocketAddr, certificate: &Path) -> Self {
        Self { address, tls: Some(trusting(certificate)) }
    }

    pub(crate) fn connect(&self) -> io::Result<Client> {
        Client::over(TcpStream::connect(self.address)?, self.tls.clone())
    }

    /// Sends one request on a new connection.
    pub(crate) fn request(&self, request: &str) -> io::Result<Response> {
        self.connect()?.request(request)
    }
}

/// A configuration of TLS that trusts this certificate.
fn trusting(certificate: &Path) -> Arc<rustls::ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

/// One connection.
pub(crate) struct Client {
    stream: Box<dyn Stream>,
    read: Vec<u8>,
}

/// A request with `Host: localhost`; a body gets its length and type.
pub(crate) fn request(method: &str, path: &str, headers: &str, body: Option<&str>) -> String {
    let (head, body) = head_and_body(method, path, headers, body);
    format!("{head}{body}")
}

/// The head and the body of [`request`].
pub(crate) fn head_and_body(
    method: &str,
    path: &str,
    headers: &str,
    body: Option<&str>,
) -> (String, String) {
    let kind = body.map_or_else(String::new, |body| {
        format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len())
    });
    let head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}{kind}\r\n");
    (head, body.unwrap_or_default().to_owned())
}

pub(crate) fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

/// The headers of a browser's session, with the secret in the cookie.
pub(crate) fn session(secret: &str) -> String {
    format!("Cookie: communicado_session={secret}\r\nCommunicado-Csrf: 1\r\n")
}

/// The secret in the cookie of the response to `POST /v1/session`.
pub(crate) fn cookie_of(opened: &Response) -> Option<String> {
    let head = &opened.head_as_sent;
    let start = head.find("communicado_session=")? + "communicado_session=".len();
    head.get(start..)?.split(';').next().map(ToOwned::to_owned)
}

pub(crate) const HANDSHAKE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// A text message of a WebSocket client.
pub(crate) fn text_message(text: &str) -> Vec<u8> {
    let length = text.len();
    let mut bytes = vec![0x81];
    match u8::try_from(length) {
        Ok(short) if short < 126 => bytes.push(0x80 | short),
        _ => {
            bytes.push(0x80 | 126);
            bytes.extend(u16::try_from(length).expect("a message below 64 KiB").to_be_bytes());
        }
    }
    // A mask of zeros does not change the text.
    bytes.extend([0; 4]);
    bytes.extend(text.as_bytes());
    bytes
}

impl Client {
    pub(crate) fn over(
        socket: TcpStream,
        tls: Option<Arc<rustls::ClientConfig>>,
    ) -> io::Result<Self> {
        socket.set_read_timeout(Some(HANG))?;
        socket.set_write_timeout(Some(HANG))?;
        socket.set_nodelay(true)?;
        let Some(config) = tls else { return Ok(Self::over_any(socket)) };
        let name = ServerName::try_from("localhost").expect("a name");
        let session = rustls::ClientConnection::new(config, name).map_err(io::Error::other)?;
        Ok(Self::over_any(rustls::StreamOwned::new(session, socket)))
    }

    /// Creates a client over another stream, without a timeout.
    pub(crate) fn over_any(stream: impl Read + Write + Send + 'static) -> Self {
        Self { stream: Box::new(stream), read: Vec::new() }
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)?;
        self.stream.flush()
    }

    pub(crate) fn request(&mut self, request: &str) -> io::Result<Response> {
        self.send(request.as_bytes())?;
        self.answer()
    }

    /// The next response, which for a stream and a WebSocket is only a head.
    pub(crate) fn answer(&mut self) -> io::Result<Response> {
        let head = String::from_utf8_lossy(&self.through(b"\r\n\r\n")?).into_owned();
        let small = head.trim_end().to_ascii_lowercase();
        let status = head.split(' ').nth(1).and_then(|it| it.parse().ok());
        let status: u16 = status.ok_or_else(|| io::Error::other(format!("no status: {head}")))?;
        let value = |name: &str| {
            let name = format!("{name}: ");
            small.lines().find_map(|line| line.strip_prefix(&name)).map(ToOwned::to_owned)
        };
        if status == 100 {
            return self.answer();
        }
        let is_stream =
            value("content-type").is_some_and(|kind| kind.starts_with("text/event-stream"));
        let body = if is_stream || matches!(status, 101 | 204 | 304) {
            Vec::new()
        } else if let Some(length) = value("content-length") {
            self.exactly(length.trim().parse().map_err(io::Error::other)?)?
        } else {
            self.rest()?
        };
        Ok(Response {
            status,
            location: value("location"),
            head: small,
            head_as_sent: head,
            body: String::from_utf8_lossy(&body).into_owned(),
        })
    }

    fn more(&mut self) -> io::Result<usize> {
        let mut part = [0; 65536];
        loop {
            match self.stream.read(&mut part) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // Some TLS peers close the connection without `close_notify`.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(0),
                Err(error) => return Err(error),
                Ok(count) => {
                    self.read.extend_from_slice(&part[..count]);
                    return Ok(count);
                }
            }
        }
    }

    /// The bytes up to and including `end`.
    pub(crate) fn through(&mut self, end: &[u8]) -> io::Result<Vec<u8>> {
        let mut from = 0;
        loop {
            let found = self.read[from..].windows(end.len()).position(|it| it == end);
            if let Some(at) = found {
                return self.exactly(from + at + end.len());
            }
            from = self.read.len().saturating_sub(end.len());
            if self.more()? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    fn exactly(&mut self, count: usize) -> io::Result<Vec<u8>> {
        while self.read.len() < count {
            if self.more()? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let rest = self.read.split_off(count);
        Ok(std::mem::replace(&mut self.read, rest))
    }

    /// The bytes until the peer closes the connection.
    pub(crate) fn rest(&mut self) -> io::Result<Vec<u8>> {
        while self.more()? != 0 {}
        Ok(std::mem::take(&mut self.read))
    }

    /// The next message of the WebSocket; `None` if it closes.
    pub(crate) fn message(&mut self) -> io::Result<Option<Value>> {
        loop {
            let head = self.exactly(2)?;
            let length = match head[1] & 0x7f {
                126 => {
                    let bytes = self.exactly(2)?;
                    usize::from(u16::from_be_bytes([bytes[0], bytes[1]]))
                }
                127 => {
                    let bytes: [u8; 8] = self.exactly(8)?.try_into().expect("eight bytes");
                    usize::try_from(u64::from_be_bytes(bytes)).map_err(io::Error::other)?
                }
                short => usize::from(short),
            };
            let payload = self.exactly(length)?;
            match head[0] & 0x0f {
                1 => return serde_json::from_slice(&payload).map(Some).map_err(io::Error::other),
                8 => return Ok(None),
                _ => {}
            }
        }
    }
}
