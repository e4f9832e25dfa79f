//! SCRAM: the proofs of a password, theirs and ours (RFC 5802). Pure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rsasl::prelude::{Mechname, SASLClient, SASLConfig, Session};

use super::failure::printable;
use crate::NetError;

/// The mechanisms that are accepted, best first.
///
/// None has a channel binding: TLS 1.3 only has `tls-exporter`, and `rsasl` selects no mechanism
/// with a channel binding.
const MECHANISMS: [&str; 2] = ["SCRAM-SHA-256", "SCRAM-SHA-1"];
/// The most iterations, because the server chooses the number and this computer computes them.
const ITERATIONS_MAX: u32 = 1_000_000;

/// One exchange of proofs.
pub(super) struct Scram {
    session: Session,
    is_finished: bool,
}

impl Scram {
    /// Begins an exchange with the best of the `offered` mechanisms. Returns the exchange, the
    /// name of the mechanism, and the first message.
    pub(super) fn start(
        offered: &[&str],
        user: &str,
        password: &str,
    ) -> Result<(Self, &'static str, String), NetError> {
        let Some(name) = MECHANISMS.into_iter().find(|name| offered.contains(name)) else {
            let offered = printable(&offered.join(", "));
            return Err(NetError::needs_action(
                format!("the server offers no SCRAM-SHA-256 and no SCRAM-SHA-1, but `{offered}`"),
                "allow SCRAM for the account at the server",
            ));
        };
        let config = SASLConfig::with_credentials(None, user.to_owned(), password.to_owned());
        let session = config.ok().and_then(|config| {
            let mechanism = Mechname::parse(name.as_bytes()).ok()?;
            SASLClient::new(config).start_suggested(&[mechanism]).ok()
        });
        let session = session.ok_or_else(|| failed("it is not available"))?;
        let mut scram = Self { session, is_finished: false };
        let first = scram.step(None)?;
        Ok((scram, name, first))
    }

    /// The answer to a message of the server, both in base64.
    pub(super) fn answer(&mut self, message: &str) -> Result<String, NetError> {
        let message = message.trim();
        let message = STANDARD.decode(message).map_err(|_| failed("a message is not base64"))?;
        if iterations(&message).is_some_and(|count| count > ITERATIONS_MAX) {
            return Err(failed("it asks for over 1,000,000 iterations"));
        }
        self.step(Some(&message))
    }

    /// Returns whether the server has proved that it knows the password.
    pub(super) const fn is_finished(&self) -> bool {
        self.is_finished
    }

    fn step(&mut self, input: Option<&[u8]>) -> Result<String, NetError> {
        if self.is_finished {
            return Err(failed("it does not end"));
        }
        let mut output = Vec::new();
        let state = self.session.step(input, &mut output);
        let state = state.map_err(|error| failed(&printable(&error.to_string())))?;
        self.is_finished = state.is_finished();
        Ok(STANDARD.encode(output))
    }
}

/// The number of iterations in the first message of the server.
fn iterations(message: &[u8]) -> Option<u32> {
    let message = std::str::from_utf8(message).ok()?;
    let count = message.split(',').find_map(|part| part.strip_prefix("i="))?;
    Some(count.parse().unwrap_or(u32::MAX))
}

fn failed(why: &str) -> NetError {
    NetError::needs_action(
        format!("the sign-in with SCRAM failed: {why}"),
        "check the address of the server; another computer may answer in its place",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started() -> Scram {
        let offered = ["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256"];
        let (scram, name, first) = Scram::start(&offered, "ada", "pencil").unwrap();
        let first = String::from_utf8(STANDARD.decode(first).unwrap()).unwrap();
        assert_eq!((name, first.starts_with("n,,n=ada,r=")), ("SCRAM-SHA-256", true), "{first}");
        scram
    }

    #[test]
    fn the_password_is_not_sent_in_the_clear() {
        let error = Scram::start(&["PLAIN", "X-OAUTH2"], "ada", "pencil").err().unwrap();
        assert!(error.cause.ends_with("but `PLAIN, X-OAUTH2`"), "{error}");
    }

    #[test]
    fn a_server_without_a_proof_is_refused() {
        for message in [
            "not base64",
            &STANDARD.encode("r=another nonce,s=QSXCR+Q6sek8bf92,i=4096"),
            &STANDARD.encode("v=rmF9pqV8S7suAoZWja4dJRkFsKQ="),
            &STANDARD.encode("r=x,s=QSXCR+Q6sek8bf92,i=4294967295"),
            "",
        ] {
            let mut scram = started();
            assert!(scram.answer(message).is_err(), "{message}");
            assert!(!scram.is_finished());
        }
    }

    #[test]
    fn a_server_cannot_ask_for_endless_work() {
        assert_eq!(iterations(b"r=x,s=y,i=4096"), Some(4096));
        assert_eq!(iterations(b"r=x,s=y,i=99999999999"), Some(u32::MAX));
        let error = started().answer(&STANDARD.encode("r=x,s=y,i=1000001")).unwrap_err();
        assert!(error.cause.contains("over 1,000,000 iterations"), "{error}");
    }
}
