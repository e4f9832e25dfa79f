//! The provider's status in the codes and words of Communicator and Lync.
//!
//! These tables are the inverse of those of the sources. A test of the sources compares them.

use communicado_core::{Activity, Availability};
use communicado_provider::{Presence, ProviderStatus};

/// `MISTATUS_OFFLINE`.
pub const OFFLINE: i32 = 1;
const CONNECTING: i32 = 0x200;
const DISCONNECTING: i32 = 0x400;

/// The status as a `MISTATUS`.
#[must_use]
pub fn mistatus(status: &ProviderStatus) -> i32 {
    match status {
        ProviderStatus::SigningIn => CONNECTING,
        ProviderStatus::SigningOut => DISCONNECTING,
        ProviderStatus::SignedIn(presence) => mistatus_of(presence),
        ProviderStatus::Starting | ProviderStatus::SignedOut(_) | ProviderStatus::ShuttingDown => {
            OFFLINE
        }
    }
}

fn mistatus_of(presence: &Presence) -> i32 {
    let by_activity = presence.activity.and_then(|activity| match activity {
        Activity::OnThePhone => Some(0x32),
        Activity::OutToLunch => Some(0x42),
        Activity::InAMeeting => Some(0x52),
        Activity::OutOfOffice => Some(0x62),
        Activity::InAConference => Some(0x82),
        Activity::UrgentInterruptionsOnly => Some(0x92),
        _ => None,
    });
    by_activity.unwrap_or(match presence.availability {
        Availability::Busy => 0x0A,
        Availability::BeRightBack => 0x0E,
        Availability::Idle => 0x12,
        Availability::Away => 0x22,
        Availability::DoNotDisturb => 0x72,
        Availability::Invisible => 0x06,
        _ => 0x02,
    })
}

/// The presence for a value written to `MyStatus`; `None` for an invalid value.
#[must_use]
pub fn presence(mistatus: i32) -> Option<Presence> {
    let of = |availability, activity| Some(Presence::new(availability, activity));
    match mistatus {
        0x02 => of(Availability::Available, None),
        0x06 => of(Availability::Invisible, None),
        0x0A => of(Availability::Busy, None),
        0x0E => of(Availability::BeRightBack, None),
        0x12 => of(Availability::Idle, None),
        0x22 => of(Availability::Away, None),
        0x32 => of(Availability::Busy, Some(Activity::OnThePhone)),
        0x42 => of(Availability::Away, Some(Activity::OutToLunch)),
        0x52 => of(Availability::Busy, Some(Activity::InAMeeting)),
        0x62 => of(Availability::Away, Some(Activity::OutOfOffice)),
        0x72 => of(Availability::DoNotDisturb, None),
        0x82 => of(Availability::Busy, Some(Activity::InAConference)),
        0x92 => of(Availability::DoNotDisturb, Some(Activity::UrgentInterruptionsOnly)),
        _ => None,
    }
}

/// The class of the aggregated availability (`PRESENCE_PROP_AVAILABILITY`), as the lower bound that
/// programs for Communicator expect.
#[must_use]
pub fn availability_class(status: &ProviderStatus) -> i32 {
    match lync_availability(status) {
        0 => 18_000,
        3500 => 3000,
        5000 => 4500,
        6500 => 6000,
        7500 => 7500,
        9500 => 9000,
        12_500 => 12_000,
        15_500 => 15_000,
        other => other,
    }
}

/// The status as Lync's `ClientState`.
#[must_use]
pub const fn client_state(status: &ProviderStatus) -> i32 {
    match status {
        ProviderStatus::Starting => 6,
        ProviderStatus::SignedOut(_) => 1,
        ProviderStatus::SigningIn => 2,
        ProviderStatus::SignedIn(_) => 3,
        ProviderStatus::SigningOut => 4,
        ProviderStatus::ShuttingDown => 5,
    }
}

/// The status as Lync's `ContactAvailability`.
#[must_use]
pub fn lync_availability(status: &ProviderStatus) -> i32 {
    let Some(presence) = status.presence() else { return 18_500 };
    match presence.availability {
        Availability::Available => 3500,
        Availability::Idle => 5000,
        Availability::Busy => 6500,
        Availability::DoNotDisturb => 9500,
        Availability::BeRightBack => 12_500,
        Availability::Away => 15_500,
        Availability::Invisible => 18_500,
        _ => 0,
    }
}

/// The token by which Office selects the displayed text (`ucPresenceActivityId`).
#[must_use]
pub fn activity_id(status: &ProviderStatus) -> &'static str {
    let Some(presence) = status.presence() else { return "Offline" };
    match (presence.activity, presence.availability) {
        (Some(Activity::OnThePhone), _) => "on-the-phone",
        (Some(Activity::InAMeeting), _) => "in-a-meeting",
        (Some(Activity::InAConference), _) => "in-a-conference",
        (Some(Activity::Presenting), _) => "in-presentation",
        (Some(Activity::OutOfOffice), _) => "out-of-office",
        (Some(Activity::UrgentInterruptionsOnly), _) => "urgent-interruptions-only",
        (_, Availability::Available) => "Free",
        (_, Availability::Idle) => "FreeIdle",
        (_, Availability::Busy) => "Busy",
        (_, Availability::DoNotDisturb) => "DoNotDisturb",
        (_, Availability::BeRightBack) => "BeRightBack",
        (_, Availability::Away) => "Away",
        _ => "Offline",
    }
}
