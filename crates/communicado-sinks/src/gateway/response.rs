//! The evaluation of a gateway's response. Pure.

use std::time::Duration;

use communicado_wire::printable;
use hyper::{StatusCode, header};
use serde_json::Value;

use super::Access;
use crate::net::HttpResponse;
use crate::publish::{PublishError, Retry};

/// The longest text of a gateway to show.
const TEXT_MAX: usize = 300;
/// The delay after 429 Too Many Requests without `Retry-After`.
const RATE_LIMIT_WAIT: Duration = Duration::from_secs(30);

/// A response, as received from a server that may not be a gateway.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The header `Retry-After`.
    pub retry_after: Option<String>,
    /// The header `Location`.
    pub location: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

impl From<HttpResponse> for Response {
    fn from(response: HttpResponse) -> Self {
        let text = |name| response.header(name).map(str::to_owned);
        let (retry_after, location) = (text(header::RETRY_AFTER), text(header::LOCATION));
        Self { status: response.status, retry_after, location, body: response.body }
    }
}

impl Response {
    /// Checks that the gateway accepted the request.
    ///
    /// # Errors
    ///
    /// If it did not, or if the server is not a gateway.
    pub fn check(&self, access: &Access) -> Result<(), PublishError> {
        let detail = self.detail_suffix();
        let Access { address, person, .. } = access;
        match self.status {
            StatusCode::NO_CONTENT => Ok(()),
            status if status.is_success() => {
                // A captive portal answers with a success too, but with a page.
                let is_ours =
                    serde_json::from_slice::<Value>(&self.body).is_ok_and(|it| it.is_object());
                is_ours.then_some(()).ok_or_else(|| self.not_a_gateway(access))
            }
            status if status.is_redirection() => {
                let to = self.location.as_deref().unwrap_or("an unknown address");
                Err(PublishError::needs_action(
                    format!("{address} redirects to {}; the agent does not follow", sanitize(to)),
                    "allow the address of the redirect, if you trust it",
                ))
            }
            StatusCode::UNAUTHORIZED => Err(PublishError::permanent(
                format!("the gateway does not accept the token any more{detail}"),
                "the token was revoked or has expired: ask the gateway's administrator for a new one, \
                 replace the old one, and restart the agent",
            )),
            StatusCode::FORBIDDEN => Err(PublishError::needs_action(
                format!("the gateway does not let this token publish for `{person}`{detail}"),
                self.help(
                    "ask the gateway's administrator for a token with the scope publish for this person",
                ),
            )),
            StatusCode::NOT_FOUND if self.is_problem() => Err(PublishError::needs_action(
                format!("the gateway knows no person `{person}`{detail}"),
                self.help("correct the person, or ask the gateway's administrator to add them"),
            )),
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
                Err(self.not_a_gateway(access))
            }
            StatusCode::PAYLOAD_TOO_LARGE => Err(PublishError::needs_action(
                format!("the list of clients is too large for the gateway{detail}"),
                self.help("name fewer in `clients` of the configuration"),
            )),
            StatusCode::TOO_MANY_REQUESTS => Err(PublishError {
                cause: format!("the gateway received too many requests{detail}"),
                help: "the agent waits as long as the gateway asks; look for a second program \
                       that uses the same token"
                    .to_owned(),
                retry: Retry::After(self.retry_after().unwrap_or(RATE_LIMIT_WAIT)),
            }),
            status if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => {
                Err(PublishError {
                    cause: format!("the gateway failed: {}{detail}", status_text(status)),
                    help: "you need not do anything; the gateway's administrator finds more in its log"
                        .to_owned(),
                    retry: self.retry_after().map_or(Retry::Soon, Retry::After),
                })
            }
            status => Err(PublishError::needs_action(
                format!("the gateway rejected the request: {}{detail}", status_text(status)),
                self.help("check that the versions of this program and the gateway match"),
            )),
        }
    }

    fn not_a_gateway(&self, access: &Access) -> PublishError {
        PublishError::needs_action(
            format!(
                "{} is not a Communicado gateway ({})",
                access.address,
                status_text(self.status)
            ),
            "check the address, and whether this network requires a sign-in in a browser first",
        )
    }

    /// The detail of a problem document (RFC 9457), as the end of a sentence.
    fn detail_suffix(&self) -> String {
        let text = self.problem_text("detail").or_else(|| self.problem_text("title"));
        text.map_or_else(String::new, |text| format!(" (response: {text})"))
    }

    /// The gateway's advice, or the default.
    fn help(&self, default: &str) -> String {
        self.problem_text("help").unwrap_or_else(|| default.to_owned())
    }

    pub(super) fn is_problem(&self) -> bool {
        self.problem_text("title").is_some()
    }

    fn problem_text(&self, key: &str) -> Option<String> {
        let problem = serde_json::from_slice::<Value>(&self.body).ok()?;
        let text = problem.get(key)?.as_str()?.trim();
        (!text.is_empty()).then(|| sanitize(text))
    }

    /// The seconds in `Retry-After`. A date is ignored, since it depends on two clocks.
    fn retry_after(&self) -> Option<Duration> {
        let seconds = self.retry_after.as_deref()?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds))
    }
}

fn sanitize(text: &str) -> String {
    printable(text, TEXT_MAX)
}

fn status_text(status: StatusCode) -> String {
    let reason = status.canonical_reason().unwrap_or("unknown status");
    format!("{} {reason}", status.as_u16())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::{AccessToken, Address, Id};

    fn check(
        status: u16,
        body: &str,
        change: impl FnOnce(&mut Response),
    ) -> Result<(), PublishError> {
        let access = Access {
            address: Address::parse("https://uc.test").unwrap(),
            person: Id::new("ada").unwrap(),
            device: Id::new("laptop").unwrap(),
            token: AccessToken::new("cmt_secret").unwrap(),
            authorities: None,
        };
        let mut response = Response {
            status: StatusCode::from_u16(status).unwrap(),
            retry_after: None,
            location: None,
            body: body.as_bytes().to_owned(),
        };
        change(&mut response);
        response.check(&access)
    }

    const PROBLEM: &str = r#"{"type":"about:blank","title":"A title","status":400,
        "detail":"a detail","help":"do this"}"#;

    #[test]
    fn a_success_counts_only_if_it_is_a_gateways() {
        assert_eq!(check(200, r#"{"revision":1,"lease_until":"x"}"#, |_| ()), Ok(()));
        assert_eq!(check(204, "", |_| ()), Ok(()));
        for body in ["", "<html>sign in to our network</html>", "[]", "1", "\u{0}"] {
            let error = check(200, body, |_| ()).unwrap_err();
            assert!(error.cause.starts_with("https://uc.test is not a Communicado gateway"));
            assert_eq!(error.retry, Retry::Slowly);
        }
    }

    #[test]
    fn each_error_has_a_cause_an_advice_and_a_retry() {
        let check = |status, cause: &str, help: &str, retry| {
            let error = check(status, PROBLEM, |_| ()).unwrap_err();
            assert!(error.cause.contains(cause), "{status}: {}", error.cause);
            assert!(error.cause.contains("(response: a detail)"), "{}", error.cause);
            assert!(error.help.contains(help), "{status}: {}", error.help);
            assert_eq!(error.retry, retry, "{status}");
        };
        check(
            401,
            "does not accept the token any more",
            "ask the gateway's administrator",
            Retry::Never,
        );
        check(403, "does not let this token publish for `ada`", "do this", Retry::Slowly);
        check(404, "knows no person `ada`", "do this", Retry::Slowly);
        check(413, "too large", "do this", Retry::Slowly);
        check(400, "rejected the request: 400 Bad Request", "do this", Retry::Slowly);
        check(429, "too many requests", "the agent waits", Retry::After(RATE_LIMIT_WAIT));
        check(500, "500 Internal Server Error", "you need not do anything", Retry::Soon);
        check(503, "503 Service Unavailable", "you need not do anything", Retry::Soon);
    }

    #[test]
    fn retry_after_sets_the_delay() {
        let retry = |status, after: &str| {
            let set = |response: &mut Response| response.retry_after = Some(after.to_owned());
            check(status, "", set).unwrap_err().retry
        };
        assert_eq!(retry(429, "7"), Retry::After(Duration::from_secs(7)));
        assert_eq!(retry(503, "7"), Retry::After(Duration::from_secs(7)));
        assert_eq!(retry(429, "soon"), Retry::After(RATE_LIMIT_WAIT));
        assert_eq!(retry(503, "Wed, 21 Oct 2015 07:28:00 GMT"), Retry::Soon);
    }

    #[test]
    fn a_redirect_is_an_error_and_not_followed() {
        let set =
            |response: &mut Response| response.location = Some("https://evil.test/\u{7}".into());
        let error = check(302, "", set).unwrap_err();
        assert!(error.cause.contains("https://evil.test/"), "{}", error.cause);
        assert!(!error.cause.contains('\u{7}'), "foreign text has no control characters");
    }

    #[test]
    fn foreign_text_is_truncated_and_escaped() {
        let long = format!(r#"{{"title":"t","detail":"\u001b[2J{}"}}"#, "x".repeat(10_000));
        let error = check(403, &long, |_| ()).unwrap_err();
        assert!(error.cause.len() < 500 && !error.cause.contains('\u{1b}'));
        assert!(
            check(404, "<h1>404</h1>", |_| ())
                .unwrap_err()
                .cause
                .contains("is not a Communicado gateway")
        );
    }
}
