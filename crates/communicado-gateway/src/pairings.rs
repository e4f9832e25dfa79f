//! Pairing of a screen that has no keyboard: the screen shows a code, an administrator enters it.
//!
//! As in the device authorization grant of OAuth 2.0 (RFC 8628), the screen waits with a secret
//! that it never shows. A pure module.

use std::sync::Arc;

use communicado_core::Moment;
use communicado_wire::gateway::stored::Token;

use crate::api_error::{ApiError, ApiErrorKind};
use crate::limits::{PAIRING, PAIRINGS, PAIRINGS_PER_ADDRESS};
use crate::rate_limits::Network;

/// The letters of a code: no vowels, so that no code is a word (RFC 8628, 6.1).
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// The length of a code: 20^8 codes.
const CODE_LENGTH: usize = 8;

/// A screen that waits for an administrator, or for its session.
#[derive(Debug)]
struct Pairing {
    code: String,
    secret: String,
    until: Moment,
    /// The network of the screen.
    network: Network,
    /// The token of the screen, once an administrator has confirmed the code.
    token: Option<Arc<Token>>,
}

/// The result of a screen's question.
#[derive(Debug)]
pub(crate) enum Answer {
    Waiting,
    Confirmed(Arc<Token>),
    /// The pairing has expired, or never existed.
    Unknown,
}

/// All screens that wait.
#[derive(Debug, Default)]
pub(crate) struct Pairings(Vec<Pairing>);

impl Pairings {
    /// Adds a screen. It replaces the oldest one of its address if the address has too many.
    ///
    /// # Errors
    ///
    /// If all addresses together have too many.
    pub(crate) fn open(
        &mut self,
        code: String,
        secret: String,
        network: Network,
        now: Moment,
    ) -> Result<(), ApiError> {
        self.expire(now);
        let of_network = || self.0.iter().filter(|it| it.network == network);
        if !PAIRINGS_PER_ADDRESS.allows(of_network().count() + 1) {
            let oldest = self.0.iter().position(|it| it.network == network);
            oldest.map(|oldest| self.0.remove(oldest));
        }
        if !PAIRINGS.allows(self.0.len() + 1) {
            let detail = "too many screens wait for an administrator";
            return Err(ApiError::limit_exceeded(ApiErrorKind::Unavailable, PAIRINGS, detail)
                .retry_after(60));
        }
        self.0.push(Pairing { code, secret, until: now.after(PAIRING), network, token: None });
        Ok(())
    }

    /// True if a screen shows this code and no administrator has confirmed it.
    pub(crate) fn is_open(&mut self, code: &str, now: Moment) -> bool {
        self.expire(now);
        self.0.iter().any(|it| it.code == code && it.token.is_none())
    }

    /// Gives a screen its token. Returns false if its code has expired or was confirmed before.
    pub(crate) fn confirm(&mut self, code: &str, token: Arc<Token>, now: Moment) -> bool {
        self.expire(now);
        let open = self.0.iter_mut().find(|it| it.code == code && it.token.is_none());
        open.map(|it| it.token = Some(token)).is_some()
    }

    /// The token of a screen. The screen gets it once.
    pub(crate) fn take(&mut self, secret: &str, now: Moment) -> Answer {
        self.expire(now);
        let Some(found) = self.0.iter().position(|it| it.secret == secret) else {
            return Answer::Unknown;
        };
        match self.0.get(found).and_then(|it| it.token.clone()) {
            Some(token) => {
                self.0.remove(found);
                Answer::Confirmed(token)
            }
            None => Answer::Waiting,
        }
    }

    fn expire(&mut self, now: Moment) {
        self.0.retain(|it| now < it.until);
    }
}

/// The code that these random bytes select. Bytes that would favor some letters are skipped.
pub(crate) fn code_of(random: &[u8]) -> Option<String> {
    let fair = random.iter().filter(|byte| **byte < 240).take(CODE_LENGTH);
    let letters = fair.filter_map(|byte| LETTERS.get(usize::from(byte % 20)));
    let code: String = letters.map(|letter| char::from(*letter)).collect();
    (code.len() == CODE_LENGTH).then_some(code)
}

/// A code as people enter it: in any case, with spaces or hyphens.
pub(crate) fn normalized(code: &str) -> String {
    let letters = code.chars().filter(|letter| !letter.is_whitespace() && *letter != '-');
    letters.map(|letter| letter.to_ascii_uppercase()).take(CODE_LENGTH + 1).collect()
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::time::Duration;

    use communicado_wire::Timestamp;
    use communicado_wire::gateway::{NewToken, Scope};

    use super::*;
    use crate::new_token::new_token;

    fn at(seconds: u64) -> Moment {
        Moment::new(Duration::from_secs(seconds))
    }

    fn host(number: u8) -> Network {
        IpAddr::from(Ipv4Addr::new(192, 0, 2, number)).into()
    }

    fn token() -> Arc<Token> {
        let new = NewToken {
            name: "lobby".into(),
            scopes: vec![Scope::Read],
            person: None,
            group: None,
            view: None,
            for_ms: None,
        };
        Arc::new(new_token(new, Timestamp::EPOCH).unwrap().1)
    }

    #[test]
    fn a_screen_gets_its_token_once_and_only_after_a_confirmation() {
        let mut pairings = Pairings::default();
        pairings.open("CODE".into(), "secret".into(), host(1), at(0)).unwrap();
        assert!(matches!(pairings.take("secret", at(1)), Answer::Waiting));
        assert!(matches!(pairings.take("CODE", at(1)), Answer::Unknown));
        assert!(!pairings.confirm("OTHER", token(), at(1)));
        assert!(pairings.is_open("CODE", at(1)));
        assert!(pairings.confirm("CODE", token(), at(1)));
        assert!(!pairings.confirm("CODE", token(), at(1)), "a code is good for one screen");
        assert!(!pairings.is_open("CODE", at(1)));
        assert!(matches!(pairings.take("secret", at(2)), Answer::Confirmed(_)));
        assert!(matches!(pairings.take("secret", at(2)), Answer::Unknown));
    }

    #[test]
    fn an_expired_code_confirms_nothing() {
        let mut pairings = Pairings::default();
        pairings.open("CODE".into(), "secret".into(), host(1), at(0)).unwrap();
        let later = at(PAIRING.as_secs());
        assert!(!pairings.is_open("CODE", later));
        assert!(!pairings.confirm("CODE", token(), later));
        assert!(matches!(pairings.take("secret", later), Answer::Unknown));
    }

    #[test]
    fn an_address_with_too_many_screens_loses_its_own_oldest_one() {
        let mut pairings = Pairings::default();
        pairings.open("other".into(), "other".into(), host(1), at(0)).unwrap();
        for number in 0..=PAIRINGS_PER_ADDRESS.max {
            let name = number.to_string();
            pairings.open(name.clone(), name, host(2), at(0)).unwrap();
        }
        assert!(matches!(pairings.take("0", at(0)), Answer::Unknown));
        for secret in ["1", "other"] {
            assert!(matches!(pairings.take(secret, at(0)), Answer::Waiting));
        }
        let mut refused = 0;
        for number in 0..PAIRINGS.max {
            let from = host(u8::try_from(3 + number / PAIRINGS_PER_ADDRESS.max).unwrap());
            let name = format!("n{number}");
            if let Err(error) = pairings.open(name.clone(), name, from, at(0)) {
                assert_eq!(error.kind, ApiErrorKind::Unavailable);
                refused += 1;
            }
        }
        assert_eq!((pairings.0.len(), refused > 0), (PAIRINGS.max, true));
        assert!(pairings.open("later".into(), "later".into(), host(9), at(86_400)).is_ok());
    }

    #[test]
    fn a_code_has_only_its_letters_and_is_read_in_every_spelling() {
        assert_eq!(code_of(&[255, 0, 1, 19, 20, 240, 239, 2, 3, 4]), Some("BCZBZDFG".to_owned()));
        assert_eq!(code_of(&[255; 64]), None);
        assert_eq!(normalized(" bczb-zdfg "), "BCZBZDFG");
        assert_eq!(normalized(&"b".repeat(1000)).len(), CODE_LENGTH + 1);
    }
}
