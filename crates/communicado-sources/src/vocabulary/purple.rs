//! libpurple's words.

use communicado_core::{Activity, Availability};

use super::Meaning;

/// The ids of libpurple's statuses, as its protocol plug-ins name them.
///
/// From the plug-ins of libpurple 2.14 and pidgin-sipe 1.25. Where XMPP's `show` is behind an id,
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

/// libpurple's `PurpleStatusPrimitive` (`status.h` of libpurple 2.14), by number: its id, and
/// what it means for a status whose own id is not known.
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

/// What the id of a libpurple status means, if it is known.
#[must_use]
pub fn purple_status(id: &str) -> Option<Meaning> {
    PURPLE_STATUS.iter().find(|(known, _)| *known == id).map(|(_, meaning)| *meaning)
}

/// What a libpurple status with an unknown id means, by its primitive.
#[must_use]
pub fn purple_primitive(primitive: i32) -> Meaning {
    let known = usize::try_from(primitive).ok().and_then(|index| PURPLE_PRIMITIVE.get(index));
    known.map_or((Availability::Other, None), |(_, meaning)| *meaning)
}

/// The id of a libpurple primitive; its number, if it is not known.
#[must_use]
pub fn purple_primitive_id(primitive: i32) -> String {
    let known = usize::try_from(primitive).ok().and_then(|index| PURPLE_PRIMITIVE.get(index));
    known.map_or_else(|| format!("primitive-{primitive}"), |(id, _)| (*id).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_stands_twice_in_a_vocabulary() {
        for (index, (word, _)) in PURPLE_STATUS.iter().enumerate() {
            assert!(!PURPLE_STATUS[..index].iter().any(|(other, _)| other == word), "{word}");
        }
    }

    #[test]
    fn xmpp_words_mean_what_rfc_6121_says() {
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
    fn an_unknown_word_falls_back_on_its_primitive_and_then_on_other() {
        assert_eq!(purple_status("feeling-blue"), None);
        assert_eq!(purple_primitive(3), (Availability::Busy, None));
        for unknown in [-1, 10, i32::MIN, i32::MAX] {
            assert_eq!(purple_primitive(unknown), (Availability::Other, None));
        }
        assert_eq!(purple_primitive_id(6), "extended_away");
        assert_eq!(purple_primitive_id(10), "primitive-10");
    }
}
