//! Messages between a gateway, publishing desktops and reading programs, and the stored form of a
//! gateway's state.
//!
//! A person is one object, regardless of the number of devices and clients; see [`Person`]. The
//! reader's [`View`] determines the visible part of a person. As with a client, version 1 never
//! removes keys.

mod json;
mod messages;
mod person;
mod requests;
pub mod stored;

pub use messages::{
    Badge, End, EndReason, Gone, Health, People, Problem, Snapshot, SocketIn, SocketOut,
};
pub use person::{Before, Device, Person, Presence, View};
pub use requests::{
    Alter, Audience, AudienceEntry, ConfirmPairing, Created, Issuer, Manual, NewPerson, NewSession,
    NewToken, OwnPerson, Pairing, PairingSession, Publish, Published, Scope, Session, Token,
    Tokens,
};

/// True if `id` is a valid id of a person, a device or a group.
///
/// `[a-z0-9][a-z0-9._-]{0,63}`: valid in URLs and file names without escaping.
#[must_use]
pub fn is_id(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    bytes.len() <= 64
        && bytes.first().is_some_and(|first| plain(*first))
        && bytes.iter().all(|byte| plain(*byte) || b"._-".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::is_id;

    #[test]
    fn an_id_needs_no_escaping_anywhere() {
        for good in ["a", "0", "ada", "ada.lovelace", "a-b_c", &"a".repeat(64)] {
            assert!(is_id(good), "{good}");
        }
        for bad in ["", ".", "..", "-a", "_a", "Ada", "a/b", "a b", "ä", "a%20", &"a".repeat(65)] {
            assert!(!is_id(bad), "{bad}");
        }
    }
}
