//! What answers where a gateway should be: it is understood or refused, and nothing of it steers a
//! terminal, fills a screen, or ends the agent but a plain "no such token".
#![no_main]

use communicado_sinks::gateway::{Access, AccessToken, Address, Id, Response, StatusCode};
use communicado_sinks::publish::Retry;
use libfuzzer_sys::fuzz_target;

// A line each for the status, `Retry-After` and `Location`, and the rest for the body.
fuzz_target!(|input: &[u8]| {
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
        assert!(status.is_success(), "what is refused is not done");
        return;
    };
    for text in [&error.cause, &error.help] {
        assert!(!text.contains(char::is_control), "foreign text is made harmless: {text:?}");
        assert!(text.chars().count() < 1_000, "foreign text is cut: {text:?}");
    }
    assert!((error.retry == Retry::Never) == (status == StatusCode::UNAUTHORIZED));
});
