//! Vocabulary of XMPP: the words of `<show/>` (RFC 6121, section 4.7.2.1).

use communicado_core::Availability;

/// The words, and the availability of each.
pub const XMPP_SHOW: &[(&str, Availability)] = &[
    ("available", Availability::Available),
    ("chat", Availability::Available),
    ("away", Availability::Away),
    ("xa", Availability::Away),
    ("dnd", Availability::DoNotDisturb),
];

/// The meaning of a word, or `Other`.
#[must_use]
pub fn xmpp_show(word: &str) -> Availability {
    let found = XMPP_SHOW.iter().find(|(known, _)| *known == word);
    found.map_or(Availability::Other, |(_, availability)| *availability)
}
