//! What a gateway's answer means, in words: pure.

use std::time::Duration;

use hyper::StatusCode;
use serde_json::Value;

use super::Access;
use crate::printable;
use crate::publish::{PublishError, Retry};

/// The longest text of a gateway's that is shown.
const TEXT_MAX: usize = 300;
/// The wait when a gateway is asked too often and does not say how long to stay away.
const RATE_LIMIT_WAIT: Duration = Duration::from_secs(30);

/// An answer as it came, from whoever is at the other end.
#[derive(Clone, Debug)]
pub struct Response {
    /// Its status.
    pub status: StatusCode,
    /// The header `Retry-After`.
    pub retry_after: Option<String>,
    /// The header `Location`.
    pub location: Option<String>,
    /// Its content.
    pub body: Vec<u8>,
}

impl Response {
    /// Whether the gateway did what it was asked.
    ///
    /// # Errors
    ///
    /// If it did not, or is none: what is wrong and what to do.
    pub fn check(&self, access: &Access) -> Result<(), PublishError> {
        let detail = self.detail_suffix();
        let Access { address, person, .. } = access;
        match self.status {
            StatusCode::NO_CONTENT => Ok(()),
            status if status.is_success() => {
                // A network that wants a sign-in of its own answers so too, with a page.
                let is_ours =
                    serde_json::from_slice::<Value>(&self.body).is_ok_and(|it| it.is_object());
                is_ours.then_some(()).ok_or_else(|| self.not_a_gateway(access))
            }
            status if status.is_redirection() => {
                let to = self.location.as_deref().unwrap_or("nowhere");
                Err(PublishError::needs_action(
                    format!(
                        "{address} leads on to {}, and the token does not follow",
                        sanitize(to)
                    ),
                    "allow the address that it leads to, if you trust it",
                ))
            }
            StatusCode::UNAUTHORIZED => Err(PublishError::permanent(
                format!("the gateway does not take the token any more{detail}"),
                "it was revoked or has ended: ask who runs the gateway for a new one, put it in \
                 the place of the old one, and start the agent again",
            )),
            StatusCode::FORBIDDEN => Err(PublishError::needs_action(
                format!("the gateway does not let this token publish for `{person}`{detail}"),
                self.help(
                    "ask who runs the gateway for a token with the scope publish for this person",
                ),
            )),
            StatusCode::NOT_FOUND if self.is_problem() => Err(PublishError::needs_action(
                format!("the gateway knows no person `{person}`{detail}"),
                self.help("correct the person, or have them added at the gateway"),
            )),
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
                Err(self.not_a_gateway(access))
            }
            StatusCode::PAYLOAD_TOO_LARGE => Err(PublishError::needs_action(
                format!("the gateway finds the list of clients too large{detail}"),
                self.help("name fewer in `clients` of the configuration"),
            )),
            StatusCode::TOO_MANY_REQUESTS => Err(PublishError {
                cause: format!("the gateway is asked too often{detail}"),
                help: "it is left alone for as long as it asks; look for a second program that \
                       uses the same token"
                    .to_owned(),
                retry: Retry::After(self.retry_after().unwrap_or(RATE_LIMIT_WAIT)),
            }),
            status if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => {
                Err(PublishError {
                    cause: format!("the gateway cannot do it now: {}{detail}", status_text(status)),
                    help: "nothing need be done here; who runs the gateway finds more in its log"
                        .to_owned(),
                    retry: self.retry_after().map_or(Retry::Soon, Retry::After),
                })
            }
            status => Err(PublishError::needs_action(
                format!("the gateway refuses it: {}{detail}", status_text(status)),
                self.help("check that this program and the gateway are of versions that fit"),
            )),
        }
    }

    fn not_a_gateway(&self, access: &Access) -> PublishError {
        PublishError::needs_action(
            format!(
                "what answers at {} is no gateway: {}, and not the words of one",
                access.address,
                status_text(self.status)
            ),
            "check the address, and whether this network wants a sign-in of its own first",
        )
    }

    /// The detail of a problem (RFC 9457), to be added to a sentence.
    fn detail_suffix(&self) -> String {
        let text = self.problem_text("detail").or_else(|| self.problem_text("title"));
        text.map_or_else(String::new, |text| format!(" (it says: {text})"))
    }

    /// The gateway's own advice, or ours.
    fn help(&self, ours: &str) -> String {
        self.problem_text("help").unwrap_or_else(|| ours.to_owned())
    }

    pub(super) fn is_problem(&self) -> bool {
        self.problem_text("title").is_some()
    }

    fn problem_text(&self, key: &str) -> Option<String> {
        let problem = serde_json::from_slice::<Value>(&self.body).ok()?;
        let text = problem.get(key)?.as_str()?.trim();
        (!text.is_empty()).then(|| sanitize(text))
    }

    /// RFC 9110 knows a date too, which depends on two clocks; that is as good as nothing.
    fn retry_after(&self) -> Option<Duration> {
        let seconds = self.retry_after.as_deref()?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds))
    }
}

fn sanitize(text: &str) -> String {
    printable(text, TEXT_MAX)
}

fn status_text(status: StatusCode) -> String {
    let reason = status.canonical_reason().unwrap_or("a status without a name");
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
    fn what_a_gateway_did_is_done_and_what_another_says_is_not() {
        assert_eq!(check(200, r#"{"revision":1,"lease_until":"x"}"#, |_| ()), Ok(()));
        assert_eq!(check(204, "", |_| ()), Ok(()));
        for body in ["", "<html>sign in to our network</html>", "[]", "1", "\u{0}"] {
            let error = check(200, body, |_| ()).unwrap_err();
            assert!(error.cause.starts_with("what answers at https://uc.test is no gateway"));
            assert_eq!(error.retry, Retry::Slowly);
        }
    }

    #[test]
    fn each_refusal_says_what_to_do_and_when_it_is_tried_again() {
        let check = |status, cause: &str, help: &str, retry| {
            let error = check(status, PROBLEM, |_| ()).unwrap_err();
            assert!(error.cause.contains(cause), "{status}: {}", error.cause);
            assert!(error.cause.contains("(it says: a detail)"), "{}", error.cause);
            assert!(error.help.contains(help), "{status}: {}", error.help);
            assert_eq!(error.retry, retry, "{status}");
        };
        check(401, "does not take the token any more", "ask who runs the gateway", Retry::Never);
        check(403, "does not let this token publish for `ada`", "do this", Retry::Slowly);
        check(404, "knows no person `ada`", "do this", Retry::Slowly);
        check(413, "too large", "do this", Retry::Slowly);
        check(400, "refuses it: 400 Bad Request", "do this", Retry::Slowly);
        check(429, "too often", "left alone", Retry::After(RATE_LIMIT_WAIT));
        check(500, "500 Internal Server Error", "nothing need be done here", Retry::Soon);
        check(503, "503 Service Unavailable", "nothing need be done here", Retry::Soon);
    }

    #[test]
    fn a_gateway_is_left_alone_for_as_long_as_it_asks() {
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
    fn a_redirection_is_told_and_not_followed() {
        let set =
            |response: &mut Response| response.location = Some("https://evil.test/\u{7}".into());
        let error = check(302, "", set).unwrap_err();
        assert!(error.cause.contains("https://evil.test/"), "{}", error.cause);
        assert!(!error.cause.contains('\u{7}'), "what is foreign commands no terminal");
    }

    #[test]
    fn a_foreign_text_is_cut_and_made_harmless() {
        let long = format!(r#"{{"title":"t","detail":"\u001b[2J{}"}}"#, "x".repeat(10_000));
        let error = check(403, &long, |_| ()).unwrap_err();
        assert!(error.cause.len() < 500 && !error.cause.contains('\u{1b}'));
        assert!(check(404, "<h1>404</h1>", |_| ()).unwrap_err().cause.contains("no gateway"));
    }
}
