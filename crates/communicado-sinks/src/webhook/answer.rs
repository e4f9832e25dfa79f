//! The evaluation of a receiver's answer. Pure.

use std::time::Duration;

use communicado_wire::{Timestamp, printable};
use hyper::{StatusCode, Uri, header};
use jiff::fmt::rfc2822::DateTimeParser;

use crate::net::HttpResponse;
use crate::publish::{PublishError, Retry};

/// The delay after 429 Too Many Requests without `Retry-After`.
const RATE_LIMIT_WAIT: Duration = Duration::from_secs(30);
/// The difference of two clocks after which a receiver refuses a signature (Standard Webhooks).
const CLOCK_TOLERANCE: Duration = Duration::from_secs(5 * 60);
/// The longest foreign text to show.
const TEXT_MAX: usize = 200;

/// Checks that the receiver took the request. `shown` is its address, `now` the civil time.
pub(super) fn check(
    response: &HttpResponse,
    shown: &str,
    now: Timestamp,
) -> Result<(), PublishError> {
    let status = response.status;
    let answer = text(status);
    match status {
        status if status.is_success() => Ok(()),
        status if status.is_redirection() => Err(PublishError::needs_action(
            format!("{shown} redirects to {}; the sink does not follow", target(response)),
            "set `url` to the address of the redirect, if you trust it",
        )),
        StatusCode::GONE => Err(PublishError::permanent(
            format!("{shown} does not want any more events: {answer}"),
            "remove the sink, or set `url` to a new address and restart the agent",
        )),
        StatusCode::TOO_MANY_REQUESTS => Err(PublishError {
            cause: format!("{shown} received too many requests: {answer}"),
            help: "you need not do anything: the sink waits as long as the receiver asks".into(),
            retry: Retry::After(retry_after(response, now).unwrap_or(RATE_LIMIT_WAIT)),
        }),
        status if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => {
            Err(PublishError {
                cause: format!("{shown} failed: {answer}"),
                help: "you need not do anything; the log of the receiver has more".into(),
                retry: retry_after(response, now).map_or(Retry::Soon, Retry::After),
            })
        }
        _ => Err(rejected(response, shown, now)),
    }
}

/// The error for an answer that a repetition does not change.
fn rejected(response: &HttpResponse, shown: &str, now: Timestamp) -> PublishError {
    let answer = text(response.status);
    if let Some(theirs) = date(response) {
        let (ahead, behind) = (now.since(theirs), theirs.since(now));
        let difference = ahead.max(behind);
        if difference > CLOCK_TOLERANCE {
            let minutes = (difference.as_secs() + 30) / 60;
            let word = if ahead > behind { "ahead of" } else { "behind" };
            return PublishError::needs_action(
                format!(
                    "{shown} rejected the request: {answer}; the clock of this computer is \
                     {minutes} min {word} the clock of the receiver"
                ),
                "set the clock: a receiver refuses a signature that is older or newer than 5 min",
            );
        }
    }
    let help = match response.status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            "check `secret-file` and `header-file`, and whether `url` is still valid"
        }
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => "check `url` and `method`",
        _ => "check `body` and `content-type`",
    };
    PublishError::needs_action(format!("{shown} rejected the request: {answer}"), help)
}

/// The delay that the receiver asks for. A date counts from the receiver's own date.
fn retry_after(response: &HttpResponse, now: Timestamp) -> Option<Duration> {
    let text = response.header(header::RETRY_AFTER)?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    Some(http_date(text)?.since(date(response).unwrap_or(now)))
}

/// The time of the answer by the receiver's clock.
fn date(response: &HttpResponse) -> Option<Timestamp> {
    http_date(response.header(header::DATE)?)
}

/// A date of HTTP in the preferred form, such as `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(text: &str) -> Option<Timestamp> {
    let time = DateTimeParser::new().parse_timestamp(text.trim()).ok()?;
    Timestamp::from_micros(time.as_microsecond()).ok()
}

/// The server of a redirect. Its path may be a secret.
fn target(response: &HttpResponse) -> String {
    let uri = response.header(header::LOCATION).and_then(|text| text.parse::<Uri>().ok());
    let server = uri.as_ref().and_then(|uri| {
        let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
        let port = authority.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
        Some(format!("{scheme}://{}{port}", authority.host()))
    });
    server.map_or_else(|| "another path".to_owned(), |server| printable(&server, TEXT_MAX))
}

/// The status of an answer in words.
pub(super) fn text(status: StatusCode) -> String {
    let reason = status.canonical_reason().unwrap_or("unknown status");
    format!("{} {reason}", status.as_u16())
}

#[cfg(test)]
mod tests {
    use hyper::header::{HeaderMap, HeaderName, HeaderValue};

    use super::*;

    const DATE: &str = "Fri, 27 Nov 2026 12:00:00 GMT";

    fn now() -> Timestamp {
        "2026-11-27T12:00:00Z".parse().unwrap()
    }

    fn answer(status: u16, headers: &[(HeaderName, &str)]) -> Result<(), PublishError> {
        answer_at(status, headers, now())
    }

    fn answer_at(
        status: u16,
        headers: &[(HeaderName, &str)],
        now: Timestamp,
    ) -> Result<(), PublishError> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(name.clone(), HeaderValue::from_str(value).unwrap());
        }
        let status = StatusCode::from_u16(status).unwrap();
        let response = HttpResponse { status, headers: map, body: Vec::new() };
        check(&response, "https://lamp.test", now)
    }

    #[test]
    fn each_answer_has_a_retry() {
        let retry = |status| answer(status, &[]).unwrap_err().retry;
        for status in [200, 202, 204] {
            assert_eq!(answer(status, &[]), Ok(()));
        }
        assert_eq!(retry(410), Retry::Never);
        assert_eq!(retry(429), Retry::After(RATE_LIMIT_WAIT));
        for status in [408, 500, 502, 503] {
            assert_eq!(retry(status), Retry::Soon, "{status}");
        }
        for status in [301, 307, 400, 401, 403, 404, 405, 413, 415, 422] {
            assert_eq!(retry(status), Retry::Slowly, "{status}");
        }
    }

    #[test]
    fn retry_after_is_a_number_of_seconds_or_a_date_by_the_receivers_clock() {
        let retry = |status, headers: &[(HeaderName, &str)]| {
            answer_at(status, headers, Timestamp::EPOCH).unwrap_err().retry
        };
        let later = (header::RETRY_AFTER, "Fri, 27 Nov 2026 12:00:07 GMT");
        let seconds = Retry::After(Duration::from_secs(7));
        assert_eq!(retry(503, &[(header::RETRY_AFTER, "7")]), seconds);
        assert_eq!(retry(429, &[(header::DATE, DATE), later.clone()]), seconds);
        assert_eq!(answer(503, &[later]).unwrap_err().retry, seconds);
        let earlier = (header::RETRY_AFTER, "Fri, 27 Nov 2026 11:00:00 GMT");
        assert_eq!(answer(503, &[earlier]).unwrap_err().retry, Retry::After(Duration::ZERO));
        assert_eq!(retry(503, &[(header::RETRY_AFTER, "soon")]), Retry::Soon);
    }

    #[test]
    fn a_clock_that_is_wrong_is_explained() {
        let cause = |minutes: i64| {
            let now = Timestamp::from_micros(now().micros() + minutes * 60_000_000).unwrap();
            answer_at(401, &[(header::DATE, DATE)], now).unwrap_err().cause
        };
        assert!(cause(10).contains("10 min ahead of"), "{}", cause(10));
        assert!(cause(-10).contains("10 min behind"), "{}", cause(-10));
        assert!(!cause(4).contains("clock"), "{}", cause(4));
    }

    #[test]
    fn a_redirect_shows_the_server_and_not_the_path() {
        let cause = |to| answer(307, &[(header::LOCATION, to)]).unwrap_err().cause;
        let shown = cause("https://evil.test:8443/secret");
        assert!(shown.contains("https://evil.test:8443;") && !shown.contains("secret"), "{shown}");
        assert!(cause("/secret").contains("another path"));
    }
}
