//! Strict parser of request heads (RFC 9112). It refuses what two parsers could interpret
//! differently.

use axum::http::{Method, Uri};

use super::host::{AllowedHosts, Host};
use crate::api_error::{ApiError, ApiErrorKind};
use crate::limits::{HEAD_BYTES, HEADERS};

const EVENTS: &[u8] = b"text/event-stream";

/// A complete, valid head.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct RequestHead<'a> {
    /// The bytes of the head, including the final empty line.
    pub(crate) length: usize,
    pub(crate) body: BodyLength,
    pub(crate) method: &'a str,
    pub(crate) target: &'a str,
    pub(crate) authorization: Option<&'a str>,
    pub(crate) cookie: Option<&'a str>,
    pub(crate) last_event_id: Option<&'a str>,
    pub(crate) origin: Option<&'a str>,
    /// The values of `Forwarded`, in order.
    pub(crate) forwarded: Vec<&'a [u8]>,
    /// The values of `X-Forwarded-For`, in order.
    pub(crate) x_forwarded_for: Vec<&'a [u8]>,
    /// The client speaks HTTP/1.1 and so reads chunks.
    pub(crate) reads_chunks: bool,
    /// The client waits for `100 Continue` or another expectation.
    pub(crate) expects: bool,
    /// The client accepts an event stream, as `EventSource` does.
    pub(crate) accepts_events: bool,
}

/// The content after a head.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum BodyLength {
    #[default]
    None,
    Length(u64),
    Chunked,
}

impl<'a> RequestHead<'a> {
    /// Parses the head at the start of `bytes`; `None` if it is incomplete.
    ///
    /// The result does not depend on the sizes of the reads that delivered the bytes.
    ///
    /// # Errors
    ///
    /// If the head is invalid, too large, or for another host.
    pub(crate) fn read(bytes: &'a [u8], hosts: AllowedHosts) -> Result<Option<Self>, ApiError> {
        let Some(length) = end(bytes)? else { return Ok(None) };
        let mut headers = [httparse::EMPTY_HEADER; HEADERS.max];
        let mut request = httparse::Request::new(&mut headers);
        match request.parse(bytes.get(..length).unwrap_or_default()) {
            Ok(httparse::Status::Complete(parsed)) if parsed == length => {}
            Ok(_) => return Err(invalid("the request head ends too early")),
            Err(error) => return Err(invalid(format!("the request head is invalid: {error}"))),
        }
        let (method, target) =
            (request.method.unwrap_or_default(), request.path.unwrap_or_default());
        let is_newer = request.version == Some(1);
        let mut fields = HeaderFields::default();
        for header in &*request.headers {
            fields.take(header)?;
        }
        let host = fields.host(is_newer)?;
        let authority = authority(method, target)?;
        if let (Some(host), Some(authority)) = (host, authority)
            && !host.is_same(authority)
        {
            return Err(invalid("the request target and `Host` differ"));
        }
        if let Some(host) =
            authority.or(host).filter(|host| hosts == AllowedHosts::Local && !host.is_local())
        {
            let detail = format!("`{}` is not a name of this gateway", host.text());
            let help = "use `localhost` or an IP address, or start the gateway with \
                        --public-url URL";
            return Err(ApiError::new(ApiErrorKind::Misdirected, detail, help));
        }
        let body = fields.body(is_newer)?;
        let HeaderFields {
            authorization,
            cookie,
            last_event_id,
            origin,
            forwarded,
            x_forwarded_for,
            expects,
            accepts_events,
            ..
        } = fields;
        let [authorization, cookie, last_event_id, origin] =
            [authorization, cookie, last_event_id, origin].map(|value| value.and_then(visible));
        Ok(Some(Self {
            length,
            body,
            method,
            target,
            authorization,
            cookie,
            last_event_id,
            origin,
            forwarded,
            x_forwarded_for,
            reads_chunks: is_newer,
            expects,
            accepts_events,
        }))
    }
}

/// True if a value of `Accept` names the type of event streams.
pub(crate) fn accepts_events(value: &[u8]) -> bool {
    value.windows(EVENTS.len()).any(|part| part.eq_ignore_ascii_case(EVENTS))
}

/// The end of the head, if it is complete.
fn end(bytes: &[u8]) -> Result<Option<usize>, ApiError> {
    let within = bytes.get(..HEAD_BYTES.max).unwrap_or(bytes);
    let (mut start, mut lines) = (0, 0);
    while let Some(rest) = within.get(start..) {
        let Some(at) = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')) else { break };
        match (rest.get(at), rest.get(at + 1)) {
            (Some(b'\r'), Some(b'\n')) => {}
            (Some(b'\r'), None) => break,
            _ => return Err(invalid("a line of the request head does not end with CR LF")),
        }
        start += at + 2;
        match (at, lines) {
            // Leading empty lines are skipped (RFC 9112, 2.2).
            (0, 0) => continue,
            (0, _) => return Ok(Some(start)),
            _ => lines += 1,
        }
        if lines > 1 && matches!(rest.first(), Some(b' ' | b'\t')) {
            return Err(invalid("a header continues on a second line"));
        }
        if !HEADERS.allows(lines - 1) {
            let detail = "the request has too many headers";
            return Err(ApiError::limit_exceeded(ApiErrorKind::HeadTooLarge, HEADERS, detail));
        }
    }
    if within.len() < HEAD_BYTES.max {
        return Ok(None);
    }
    let detail = "the request head is too large";
    Err(ApiError::limit_exceeded(ApiErrorKind::HeadTooLarge, HEAD_BYTES, detail))
}

/// The fields for framing, routing and authentication.
#[derive(Debug, Default)]
struct HeaderFields<'a> {
    host: Option<&'a [u8]>,
    length: Option<&'a [u8]>,
    encoding: Option<&'a [u8]>,
    authorization: Option<&'a [u8]>,
    cookie: Option<&'a [u8]>,
    last_event_id: Option<&'a [u8]>,
    origin: Option<&'a [u8]>,
    forwarded: Vec<&'a [u8]>,
    x_forwarded_for: Vec<&'a [u8]>,
    expects: bool,
    accepts_events: bool,
}

impl<'a> HeaderFields<'a> {
    fn take(&mut self, header: &httparse::Header<'a>) -> Result<(), ApiError> {
        let is = |name: &str| header.name.eq_ignore_ascii_case(name);
        let (field, is_single) = if is("host") {
            (&mut self.host, true)
        } else if is("content-length") {
            (&mut self.length, true)
        } else if is("transfer-encoding") {
            (&mut self.encoding, true)
        } else if is("authorization") {
            (&mut self.authorization, true)
        } else if is("cookie") {
            (&mut self.cookie, false)
        } else if is("last-event-id") {
            (&mut self.last_event_id, false)
        } else if is("origin") {
            (&mut self.origin, false)
        } else if is("forwarded") {
            self.forwarded.push(header.value);
            return Ok(());
        } else if is("x-forwarded-for") {
            self.x_forwarded_for.push(header.value);
            return Ok(());
        } else {
            self.expects |= is("expect");
            self.accepts_events |= is("accept") && accepts_events(header.value);
            return Ok(());
        };
        if is_single && field.is_some() {
            let name = header.name.to_ascii_lowercase();
            return Err(invalid(format!("the request has more than one header `{name}`")));
        }
        // For any other repeated header, the first one counts everywhere in this gateway.
        field.get_or_insert(header.value);
        Ok(())
    }

    fn host(&self, is_needed: bool) -> Result<Option<Host<'a>>, ApiError> {
        let Some(value) = self.host else {
            return if is_needed {
                Err(invalid("the request has no header `host`"))
            } else {
                Ok(None)
            };
        };
        let host = std::str::from_utf8(value).ok().and_then(Host::parse);
        host.map(Some).ok_or_else(|| invalid("the header `host` is not a valid host"))
    }

    fn body(&self, is_newer: bool) -> Result<BodyLength, ApiError> {
        match (self.length, self.encoding) {
            (None, None) => Ok(BodyLength::None),
            (Some(_), Some(_)) => {
                Err(invalid("the request has both `content-length` and `transfer-encoding`"))
            }
            (Some(length), None) => {
                let is_number = length.iter().all(u8::is_ascii_digit);
                let length = std::str::from_utf8(length).ok().filter(|_| is_number);
                let length = length.and_then(|length| length.parse::<i64>().ok());
                let length = length.and_then(|length| u64::try_from(length).ok());
                let length =
                    length.ok_or_else(|| invalid("`content-length` is not a valid length"))?;
                Ok(if length == 0 { BodyLength::None } else { BodyLength::Length(length) })
            }
            (None, Some(encoding)) if is_newer && encoding.eq_ignore_ascii_case(b"chunked") => {
                Ok(BodyLength::Chunked)
            }
            (None, Some(_)) => Err(invalid("`transfer-encoding` must be `chunked`, in HTTP/1.1")),
        }
    }
}

/// The host in the request target, if any.
fn authority<'a>(method: &str, target: &'a str) -> Result<Option<Host<'a>>, ApiError> {
    let bad = || invalid("the request target is invalid");
    if Method::from_bytes(method.as_bytes()).is_err() || target.parse::<Uri>().is_err() {
        return Err(bad());
    }
    if target.starts_with('/') || (target == "*" && method == "OPTIONS") {
        return Ok(None);
    }
    if method == "CONNECT" {
        return Host::parse(target).map(Some).ok_or_else(bad);
    }
    let (scheme, rest) = target.split_once("://").ok_or_else(bad)?;
    if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return Err(bad());
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    Host::parse(authority).map(Some).ok_or_else(bad)
}

/// The value as text, if every character is visible; like `HeaderValue::to_str`.
fn visible(value: &[u8]) -> Option<&str> {
    let is_visible = |byte: &u8| matches!(byte, b' '..=b'~' | b'\t');
    std::str::from_utf8(value).ok().filter(|_| value.iter().all(is_visible))
}

pub(super) fn invalid(detail: impl Into<String>) -> ApiError {
    ApiError::bad_request(detail, "send one valid request (RFC 9112)")
}
