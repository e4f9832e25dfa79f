//! Vocabulary of Lync: `ContactAvailability` and the IDs of activities.

use communicado_core::{Activity, Availability};

/// The availability of a number, by its class. Clients report different numbers of one class, for
/// example 3000 and 3500 (Microsoft, OC 2007 SDK, bb878933; \[MS-PRES\]). `None` stands for offline
/// and for no presence.
#[must_use]
pub const fn lync_availability(number: i32) -> Option<Availability> {
    match number {
        3000..4500 => Some(Availability::Available),
        4500..6000 => Some(Availability::Idle),
        6000..9000 => Some(Availability::Busy),
        9000..12000 => Some(Availability::DoNotDisturb),
        12000..15000 => Some(Availability::BeRightBack),
        15000..18000 => Some(Availability::Away),
        i32::MIN..=0 | 18000.. => None,
        1..3000 => Some(Availability::Other),
    }
}

/// The IDs of activities that add to the availability (\[MS-PRES\]; Microsoft, Graph `presence`).
/// Their case is insignificant.
pub const LYNC_ACTIVITY: &[(&str, Activity)] = &[
    ("on-the-phone", Activity::OnThePhone),
    ("InACall", Activity::OnThePhone),
    ("in-a-conference", Activity::InAConference),
    ("InAConferenceCall", Activity::InAConference),
    ("in-a-meeting", Activity::InAMeeting),
    ("InAMeeting", Activity::InAMeeting),
    ("in-presentation", Activity::Presenting),
    ("Presenting", Activity::Presenting),
    ("out-of-office", Activity::OutOfOffice),
    ("OutOfOffice", Activity::OutOfOffice),
    ("urgent-interruptions-only", Activity::UrgentInterruptionsOnly),
    ("UrgentInterruptionsOnly", Activity::UrgentInterruptionsOnly),
];

/// The IDs that only repeat the availability.
const PLAIN: &[&str] = &[
    "Free",
    "Available",
    "Busy",
    "Away",
    "DoNotDisturb",
    "BeRightBack",
    "Inactive",
    "Offline",
    "OffWork",
    "None",
    "",
];

/// The activity of an ID, or `None` if it only repeats the availability.
#[must_use]
pub fn lync_activity(id: &str) -> Option<Activity> {
    if PLAIN.iter().any(|plain| plain.eq_ignore_ascii_case(id)) {
        return None;
    }
    let known = LYNC_ACTIVITY.iter().find(|(known, _)| known.eq_ignore_ascii_case(id));
    Some(known.map_or(Activity::Other, |(_, activity)| *activity))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_series_of_numbers_have_the_same_classes() {
        let check = |numbers: [i32; 2], expected| {
            for number in numbers {
                assert_eq!(lync_availability(number), expected, "{number}");
            }
        };
        check([3000, 3500], Some(Availability::Available));
        check([4500, 5000], Some(Availability::Idle));
        check([6000, 6500], Some(Availability::Busy));
        check([7500, 7500], Some(Availability::Busy));
        check([9000, 9500], Some(Availability::DoNotDisturb));
        check([12000, 12500], Some(Availability::BeRightBack));
        check([15000, 15500], Some(Availability::Away));
        check([18000, 18500], None);
        check([0, i32::MIN], None);
        check([1, 2999], Some(Availability::Other));
    }

    #[test]
    fn an_unknown_activity_is_other() {
        assert_eq!(lync_activity("Free"), None);
        assert_eq!(lync_activity("ON-THE-PHONE"), Some(Activity::OnThePhone));
        assert_eq!(lync_activity("juggling"), Some(Activity::Other));
    }
}
