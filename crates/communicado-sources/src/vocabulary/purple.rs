//! Vocabulary of libpurple.

use communicado_core::{Activity, Availability};

use super::meaning::Meaning;

/// The IDs of libpurple's statuses, as its protocol plug-ins name them.
///
/// From the plug-ins of libpurple 2.14 and pidgin-sipe 1.25. Where an ID stands for XMPP's `show`,
/// the meaning is that of RFC 6121 §4.7.2.1: `chat` ("actively interested in chatting") is
/// available, `xa` ("away for an extended period") is away, `dnd` is do-not-disturb.
pub const PURPLE_STATUS: &[(&str, Meaning)] = &[
    ("available", (Availability::Available, None)),
    ("online", (Availability::Available, None)),
    ("freeforchat", (Availability::Available, None)),
    ("free4chat", (Availability::Available, None)),
    ("idle", (Availability::Idle, None)),
    ("busy", (Availability::Busy, None)),
    ("busyidle", (Availability::Busy, None)),
    ("unavailable", (Availability::Busy, None)),
    ("occupied", (Availability::Busy, None)),
    ("dnd", (Availability::DoNotDisturb, None)),
    ("do-not-disturb", (Availability::DoNotDisturb, None)),
    ("on-the-phone", (Availability::Busy, Some(Activity::OnThePhone))),
    ("phone", (Availability::Busy, Some(Activity::OnThePhone))),
    ("in-a-conference", (Availability::Busy, Some(Activity::InAConference))),
    ("in-a-meeting", (Availability::Busy, Some(Activity::InAMeeting))),
    ("presenting", (Availability::DoNotDisturb, Some(Activity::Presenting))),
    (
        "urgent-interruptions-only",
        (Availability::DoNotDisturb, Some(Activity::UrgentInterruptionsOnly)),
    ),
    ("be-right-back", (Availability::BeRightBack, None)),
    ("brb", (Availability::BeRightBack, None)),
    ("away", (Availability::Away, None)),
    ("extended_away", (Availability::Away, None)),
    ("na", (Availability::Away, None)),
    ("out-to-lunch", (Availability::Away, Some(Activity::OutToLunch))),
    ("lunch", (Availability::Away, Some(Activity::OutToLunch))),
    ("out-of-office", (Availability::Away, Some(Activity::OutOfOffice))),
    ("invisible", (Availability::Invisible, None)),
];

/// libpurple's `PurpleStatusPrimitive` (`status.h` of libpurple 2.14), by number: its ID, and its
/// meaning for a status with an unknown ID.
pub const PURPLE_PRIMITIVE: &[(&str, Meaning)] = &[
    ("unset", (Availability::Other, None)),
    ("offline", (Availability::Other, None)),
    ("available", (Availability::Available, None)),
    ("unavailable", (Availability::Busy, None)),
    ("invisible", (Availability::Invisible, None)),
    ("away", (Availability::Away, None)),
    ("extended_away", (Availability::Away, None)),
    ("mobile", (Availability::Other, None)),
    ("tune", (Availability::Other, None)),
    ("mood", (Availability::Other, None)),
];

/// The meaning of a status ID, if known.
#[must_use]
pub fn purple_status(id: &str) -> Option<Meaning> {
    PURPLE_STATUS.iter().find(|(known, _)| *known == id).map(|(_, meaning)| *meaning)
}

/// The meaning of a status with an unknown ID, by its primitive.
#[must_use]
pub fn purple_primitive(primitive: i32) -> Meaning {
    let known = usize::try_from(primitive).ok().and_then(|index| PURPLE_PRIMITIVE.get(index));
    known.map_or((Availability::Other, None), |(_, meaning)| *meaning)
}

/// The ID of a primitive, or its number if unknown.
#[must_use]
pub fn purple_primitive_id(primitive: i32) -> String {
    let known = usize::try_from(primitive).ok().and_then(|index| PURPLE_PRIMITIVE.get(index));
    known.map_or_else(|| format!("primitive-{primitive}"), |(id, _)| (*id).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_unique_in_its_vocabulary() {
        for (index, (word, _)) in PURPLE_STATUS.iter().enumerate() {
            assert!(!PURPLE_STATUS[..index].iter().any(|(other, _)| other == word), "{word}");
        }
    }

    #[test]
    fn xmpp_words_have_their_meaning_of_rfc_6121() {
        let check = |id: &str, availability| {
            assert_eq!(purple_status(id), Some((availability, None)), "{id}");
        };
        check("available", Availability::Available);
        check("freeforchat", Availability::Available);
        check("away", Availability::Away);
        check("extended_away", Availability::Away);
        check("dnd", Availability::DoNotDisturb);
    }

    #[test]
    fn an_unknown_word_falls_back_to_its_primitive_and_then_to_other() {
        assert_eq!(purple_status("feeling-blue"), None);
        assert_eq!(purple_primitive(3), (Availability::Busy, None));
        for unknown in [-1, 10, i32::MIN, i32::MAX] {
            assert_eq!(purple_primitive(unknown), (Availability::Other, None));
        }
        assert_eq!(purple_primitive_id(6), "extended_away");
        assert_eq!(purple_primitive_id(10), "primitive-10");
    }
}
