//! Times in the time zone of this computer, for people. JSON has times in UTC.

use communicado::Timestamp;
use jiff::Zoned;
use jiff::tz::TimeZone;

/// Converts a time to the time zone of this computer.
pub(crate) fn to_local(at: Timestamp) -> Zoned {
    in_zone(at, &TimeZone::system())
}

/// Converts a time to a time zone.
pub(crate) fn in_zone(at: Timestamp, zone: &TimeZone) -> Zoned {
    let stamp = jiff::Timestamp::from_microsecond(at.micros()).unwrap_or_default();
    stamp.to_zoned(zone.clone())
}

/// The local time of day: `21:00:00`.
pub(crate) fn local_time_of_day(at: Timestamp) -> String {
    to_local(at).strftime("%H:%M:%S").to_string()
}
