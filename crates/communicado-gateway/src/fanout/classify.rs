//! The classification of request heads: streams of events, and all other requests.
//!
//! hyper parses the other requests again from their first byte.

use crate::api_error::ApiError;
use crate::http::{AllowedHosts, BodyLength, RequestHead};

/// The kind of the first request of a connection.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum RequestKind<'a> {
    /// A head that is not complete.
    Incomplete,
    /// A request for a stream of events.
    Events(RequestHead<'a>),
    /// Another request.
    Other,
}

const EVENTS: &str = "/v1/events";

/// Classifies the bytes that have arrived so far.
///
/// # Errors
///
/// If the head is not valid, is too large, or is for another host.
pub(crate) fn classify(bytes: &[u8], hosts: AllowedHosts) -> Result<RequestKind<'_>, ApiError> {
    let Some(head) = RequestHead::read(bytes, hosts)? else { return Ok(RequestKind::Incomplete) };
    let path = head.target.split_once('?').map_or(head.target, |(path, _)| path);
    // hyper handles requests with a body.
    let is_plain = head.method == "GET" && head.body == BodyLength::None && !head.expects;
    Ok(if is_plain && path == EVENTS { RequestKind::Events(head) } else { RequestKind::Other })
}

/// The query of a request target.
pub(crate) fn query(target: &str) -> &str {
    target.split_once('?').map_or("", |(_, query)| query)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_get_of_events_without_a_body_is_a_stream() {
        let check = |text: &str, is_events: bool| {
            let text = format!("{text}Host: a\r\n\r\n");
            let classify = classify(text.as_bytes(), AllowedHosts::Any).unwrap();
            assert_eq!(
                matches!(classify, RequestKind::Events(_)),
                is_events,
                "{text:?} {classify:?}"
            );
        };
        check("GET /v1/events HTTP/1.1\r\n", true);
        check("GET /v1/events?person=ada HTTP/1.0\r\n", true);
        check("GET /v1/events HTTP/1.1\r\nContent-Length: 0\r\n", true);
        check("GET /v1/eventsx HTTP/1.1\r\n", false);
        check("HEAD /v1/events HTTP/1.1\r\n", false);
        check("GET /v1/events HTTP/1.1\r\nContent-Length: 3\r\n", false);
        check("GET /v1/events HTTP/1.1\r\nExpect: 100-continue\r\n", false);
        assert_eq!(
            classify(b"GET /v1/events HTTP/1.1\r\nHost", AllowedHosts::Any),
            Ok(RequestKind::Incomplete)
        );
        assert!(classify(b"GET /v1/events HTTP/1.1\r\n\r\n", AllowedHosts::Any).is_err());
        assert!(
            classify(b"GET /v1/events HTTP/1.1\r\nHost: a\r\n\r\n", AllowedHosts::Local).is_err()
        );
    }

    #[test]
    fn the_query_and_the_headers_of_a_stream_are_found() {
        let text = "GET /v1/events?group=a HTTP/1.1\r\nHost: a\r\nAUTHORIZATION: Bearer x\r\n\
                    Last-Event-ID: 7\r\nCookie: a=b; communicado_session=y\r\n\r\n";
        let Ok(RequestKind::Events(head)) = classify(text.as_bytes(), AllowedHosts::Any) else {
            panic!("no events")
        };
        assert_eq!((query(head.target), head.last_event_id), ("group=a", Some("7")));
        assert_eq!(head.authorization, Some("Bearer x"));
        assert_eq!(head.cookie, Some("a=b; communicado_session=y"));
    }
}
