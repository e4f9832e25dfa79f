//! The head of a request, as the front door reads it: only to tell a stream of events from the
//! rest, which hyper reads again from its first byte.

use crate::limits::HEADERS;
use crate::refusal::{Kind, Refusal};

/// What a first look at the bytes of a connection says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Look<'a> {
    /// The head is not whole.
    More,
    /// It is a stream of events.
    Events(Head<'a>),
    /// It is something else, or cannot be read.
    Other,
}

/// What a stream of events needs to know.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Head<'a> {
    pub(crate) query: &'a str,
    pub(crate) authorization: Option<&'a str>,
    pub(crate) cookie: Option<&'a str>,
    pub(crate) last_event_id: Option<&'a str>,
    pub(crate) origin: Option<&'a str>,
}

const EVENTS: &str = "/v1/events";

/// Looks at what has come so far.
///
/// # Errors
///
/// If it has too many headers.
pub(crate) fn look(bytes: &[u8]) -> Result<Look<'_>, Refusal> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS.most];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(bytes) {
        Ok(httparse::Status::Partial) => return Ok(Look::More),
        Ok(httparse::Status::Complete(_)) => {}
        Err(httparse::Error::TooManyHeaders) => {
            let detail = "the request has too many headers";
            return Err(Refusal::beyond(Kind::HeadTooLarge, HEADERS, detail));
        }
        // hyper says what is wrong with it.
        Err(_) => return Ok(Look::Other),
    }
    let target = request.path.unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    if request.method != Some("GET") || path != EVENTS {
        return Ok(Look::Other);
    }
    let mut head = Head { query, ..Head::default() };
    for header in &*request.headers {
        let known = |name: &str| header.name.eq_ignore_ascii_case(name);
        // A body is for hyper, which knows where it ends.
        if known("content-length") || known("transfer-encoding") || known("expect") {
            return Ok(Look::Other);
        }
        let Ok(value) = std::str::from_utf8(header.value) else { continue };
        let value = Some(value.trim());
        if known("authorization") {
            head.authorization = value;
        } else if known("cookie") {
            head.cookie = value;
        } else if known("last-event-id") {
            head.last_event_id = value;
        } else if known("origin") {
            head.origin = value;
        }
    }
    Ok(Look::Events(head))
}

/// The secret in the headers of a request: a bearer token, or else the cookie of a session.
pub(crate) fn secret<'a>(authorization: Option<&'a str>, cookie: Option<&'a str>) -> Secret<'a> {
    if let Some(authorization) = authorization {
        let (scheme, token) = authorization.split_once(' ').unwrap_or((authorization, ""));
        if scheme.eq_ignore_ascii_case("bearer") {
            return Secret::Bearer(token.trim());
        }
        return Secret::OtherScheme;
    }
    let cookies = cookie.unwrap_or_default().split(';');
    let mut pairs = cookies.filter_map(|cookie| cookie.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map_or(Secret::None, |(_, value)| Secret::Cookie(value))
}

/// The name of the cookie of a session.
pub(crate) const COOKIE: &str = "communicado_session";

/// How a request says who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Secret<'a> {
    None,
    Bearer(&'a str),
    Cookie(&'a str),
    OtherScheme,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_get_of_events_without_a_body_is_a_stream() {
        let check = |text: &str, is_events: bool| {
            let look = look(text.as_bytes()).unwrap();
            assert_eq!(matches!(look, Look::Events(_)), is_events, "{text:?} {look:?}");
        };
        check("GET /v1/events HTTP/1.1\r\n\r\n", true);
        check("GET /v1/events?person=ada HTTP/1.0\r\nHost: a\r\n\r\n", true);
        check("GET /v1/eventsx HTTP/1.1\r\n\r\n", false);
        check("HEAD /v1/events HTTP/1.1\r\n\r\n", false);
        check("GET /v1/events HTTP/1.1\r\nContent-Length: 3\r\n\r\n", false);
        check("\0\0\0", false);
        assert_eq!(look(b"GET /v1/events HTTP/1.1\r\nHost"), Ok(Look::More));
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(101));
        assert!(look(many.as_bytes()).is_err());
    }

    #[test]
    fn what_says_who_it_is_is_found() {
        let text = "GET /v1/events?group=a HTTP/1.1\r\nAUTHORIZATION: Bearer x\r\n\
                    Last-Event-ID: 7\r\nCookie: a=b; communicado_session=y\r\n\r\n";
        let Ok(Look::Events(head)) = look(text.as_bytes()) else { panic!("no events") };
        assert_eq!((head.query, head.last_event_id), ("group=a", Some("7")));
        assert_eq!(secret(head.authorization, head.cookie), Secret::Bearer("x"));
        assert_eq!(secret(None, head.cookie), Secret::Cookie("y"));
        assert_eq!(secret(Some("Basic x"), head.cookie), Secret::OtherScheme);
        assert_eq!(secret(None, None), Secret::None);
    }
}
