//! An HTTP response from an address that should be a gateway: it is accepted or rejected. No text from
//! it controls a terminal or fills a screen, and only "no such token" ends the agent.

use communicado_sinks::gateway::{Access, AccessToken, Address, Id, Response, StatusCode};
use communicado_sinks::publish::Retry;

/// Runs the target on one input: a line each for the status, `Retry-After` and `Location`, then the
/// body.
pub fn run(input: &[u8]) {
    let mut lines = input.splitn(4, |byte| *byte == b'\n');
    let mut line = || lines.next().unwrap_or_default();
    let Ok(status) = StatusCode::from_bytes(line()) else { return };
    let [retry_after, location] =
        [line(), line()].map(|it| String::from_utf8_lossy(it).into_owned());
    let body = line();
    let access = Access {
        address: Address::parse("https://uc.test").expect("an address"),
        person: Id::new("ada").expect("an id"),
        device: Id::new("laptop").expect("an id"),
        token: AccessToken::new("cmt_secret").expect("a token"),
        authorities: None,
    };
    let response = Response {
        status,
        retry_after: Some(retry_after),
        location: Some(location),
        body: body.to_owned(),
    };
    let Err(error) = response.check(&access) else {
        assert!(status.is_success(), "an accepted response has a success status");
        return;
    };
    for text in [&error.cause, &error.help] {
        assert!(!text.contains(char::is_control), "foreign text has no control characters: {text:?}");
        assert!(text.chars().count() < 1_000, "foreign text is cut: {text:?}");
    }
    assert!((error.retry == Retry::Never) == (status == StatusCode::UNAUTHORIZED));
}
