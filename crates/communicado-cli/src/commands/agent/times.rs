//! Times as users write and read them. Pure.

use communicado::Timestamp;
use jiff::civil::{DateTime, Time};
use jiff::{ToSpan as _, Zoned};

use crate::local_time::in_zone;

/// Parses a time such as `15:30` (the next one), `2026-11-27 15:30`, or one of RFC 3339.
pub(super) fn parse_time(text: &str, now: &Zoned) -> Result<Timestamp, String> {
    let text = text.trim();
    let wrong = || format!("`{text}` is not a time such as `15:30` or `2026-11-27 15:30`");
    let zone = || now.time_zone().clone();
    let stamp = if let Ok(stamp) = text.parse::<jiff::Timestamp>() {
        stamp
    } else if text.len() <= 5 && text.contains(':') {
        let time = text.parse::<Time>().map_err(|_| wrong())?;
        let today = now.date().to_datetime(time).to_zoned(zone()).map_err(|_| wrong())?;
        if today > *now {
            today.timestamp()
        } else {
            let tomorrow = now.date().checked_add(1.day()).map_err(|_| wrong())?;
            tomorrow.to_datetime(time).to_zoned(zone()).map_err(|_| wrong())?.timestamp()
        }
    } else {
        let civil = text.parse::<DateTime>().map_err(|_| wrong())?;
        civil.to_zoned(zone()).map_err(|_| wrong())?.timestamp()
    };
    let micros = stamp.as_microsecond();
    Timestamp::from_micros(micros).map_err(|_| wrong())
}

/// Formats a time for a user who reads it at `now`: `15:30`, `Mon 08:00`, or with its date.
pub(super) fn format_time(at: Timestamp, now: &Zoned) -> String {
    let at = in_zone(at, now.time_zone());
    let days = at.date().since(now.date()).map_or(i32::MAX, |duration| duration.get_days());
    let form = match days {
        0 => "%H:%M",
        1..=6 => "%a %H:%M",
        _ => "%Y-%m-%d %H:%M",
    };
    at.strftime(form).to_string()
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    fn now() -> Zoned {
        "2026-11-27T12:00".parse::<DateTime>().unwrap().to_zoned(TimeZone::UTC).unwrap()
    }

    #[test]
    fn a_time_of_day_means_the_next_one() {
        let check = |text: &str, expected: &str| {
            assert_eq!(parse_time(text, &now()).unwrap().to_string(), expected, "{text}");
        };
        check("15:30", "2026-11-27T15:30:00.000000Z");
        check("09:00", "2026-11-28T09:00:00.000000Z");
        check("2026-12-01 09:00", "2026-12-01T09:00:00.000000Z");
        check("2026-12-01T09:00", "2026-12-01T09:00:00.000000Z");
        check("2026-12-01", "2026-12-01T00:00:00.000000Z");
        check("2026-12-01T09:00:00+02:00", "2026-12-01T07:00:00.000000Z");
        for wrong in ["", "soon", "25:00", "9", "15:60", "2026-13-01"] {
            assert!(parse_time(wrong, &now()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_time_is_formatted_as_short_as_is_clear() {
        let check = |text: &str, expected: &str| {
            assert_eq!(format_time(text.parse().unwrap(), &now()), expected);
        };
        check("2026-11-27T15:30:00Z", "15:30");
        check("2026-11-30T08:00:00Z", "Mon 08:00");
        check("2026-12-24T08:00:00Z", "2026-12-24 08:00");
        check("2026-11-26T08:00:00Z", "2026-11-26 08:00");
    }
}
