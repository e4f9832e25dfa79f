//! Working hours: the times when the agent may publish, in local time. Pure.

use std::fmt;

use jiff::civil::{DateTime, Time, Weekday};
use jiff::{Timestamp, ToSpan as _, Zoned};

/// The number of days after which every weekly range has started and ended.
const LOOKAHEAD_DAYS: i32 = 8;

/// The hours within which the agent may publish. No ranges mean always.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct WorkingHours {
    ranges: Vec<HoursRange>,
    text: String,
}

/// A range of times on some days. It spans midnight if it ends before it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
struct HoursRange {
    days: Vec<Weekday>,
    from: Time,
    /// The end, or `None` for 24:00.
    to: Option<Time>,
}

const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

impl WorkingHours {
    /// Parses hours such as `Mon-Thu 08:00-18:00, Fri 08:00-14:00`. Without days, a range holds
    /// daily.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Self::default());
        }
        let ranges = text.split(',').map(HoursRange::parse).collect::<Result<_, _>>()?;
        Ok(Self { ranges, text: text.to_owned() })
    }

    /// Tests whether `now` is within the hours.
    pub(crate) fn contains(&self, now: &Zoned) -> bool {
        self.contains_civil(now.datetime())
    }

    /// The next start or end of the hours after `now`, if any.
    ///
    /// Hours start or end at a boundary of a range, or where the zone skips or repeats local time.
    pub(crate) fn next_change(&self, now: &Zoned) -> Option<Zoned> {
        let zone = now.time_zone();
        let days = (0..=LOOKAHEAD_DAYS).filter_map(|days| now.date().checked_add(days.days()).ok());
        let times = self.ranges.iter().flat_map(|range| [Some(range.from), range.to]);
        let times: Vec<Time> = times.map(|time| time.unwrap_or(Time::midnight())).collect();
        let boundaries = days.flat_map(|day| times.iter().map(move |time| day.to_datetime(*time)));
        // A local time that the zone repeats has two moments.
        let boundaries = boundaries.flat_map(|at| {
            let at = zone.to_ambiguous_timestamp(at);
            [at.earlier(), at.later()].into_iter().filter_map(Result::ok)
        });
        let end =
            now.checked_add(LOOKAHEAD_DAYS.days()).map_or(Timestamp::MAX, |end| end.timestamp());
        let transitions = zone.following(now.timestamp()).map(|transition| transition.timestamp());
        let moments = boundaries.chain(transitions.take_while(|at| *at <= end));
        let is_open = self.contains(now);
        let is_change = |at: &Zoned| at > now && self.contains(at) != is_open;
        moments.map(|at| at.to_zoned(zone.clone())).filter(is_change).min()
    }

    /// Tests whether there is a time outside the hours.
    pub(crate) const fn are_limited(&self) -> bool {
        !self.ranges.is_empty()
    }

    fn contains_civil(&self, at: DateTime) -> bool {
        self.ranges.is_empty() || self.ranges.iter().any(|range| range.contains(at))
    }
}

impl fmt::Display for WorkingHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl HoursRange {
    fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (days, times) = text.rsplit_once(char::is_whitespace).unwrap_or(("", text));
        let days = parse_days(days.trim())?;
        let range = times.split_once('-');
        let range = range.ok_or_else(|| format!("`{times}` is not a range such as 08:00-18:00"))?;
        let from = parse_time(range.0)?.ok_or("a range cannot start at 24:00")?;
        let to = parse_time(range.1)?;
        if to == Some(from) {
            return Err(format!("`{times}` is empty"));
        }
        Ok(Self { days, from, to })
    }

    fn contains(&self, at: DateTime) -> bool {
        let (day, time) = (at.weekday(), at.time());
        match self.to {
            None => self.days.contains(&day) && self.from <= time,
            Some(to) if self.from < to => {
                self.days.contains(&day) && self.from <= time && time < to
            }
            // A range over midnight belongs to the day on which it starts.
            Some(to) => {
                let (today, yesterday) = (self.days.contains(&day), day.previous());
                today && self.from <= time || self.days.contains(&yesterday) && time < to
            }
        }
    }
}

fn parse_days(text: &str) -> Result<Vec<Weekday>, String> {
    let all = DAYS.map(|(_, day)| day);
    if text.is_empty() {
        return Ok(all.to_vec());
    }
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (parse_day(first)?, parse_day(last)?);
    let from_first = all.iter().cycle().skip_while(|day| **day != first);
    let mut days = vec![first];
    days.extend(from_first.skip(1).take(6).take_while(|day| **day != last.next()));
    if first == last {
        days.truncate(1);
    }
    Ok(days)
}

fn parse_day(text: &str) -> Result<Weekday, String> {
    let name = text.trim().to_lowercase();
    let day = DAYS.iter().find(|(known, _)| *known == name).map(|(_, day)| *day);
    day.ok_or_else(|| {
        format!("`{}` is not a day; use one of: Mon, Tue, Wed, Thu, Fri, Sat, Sun", text.trim())
    })
}

/// Parses a time of day. Returns `None` for 24:00.
fn parse_time(text: &str) -> Result<Option<Time>, String> {
    let text = text.trim();
    let wrong = || format!("`{text}` is not a time such as 08:00");
    let (hour, minute) = text.split_once(':').ok_or_else(wrong)?;
    let number = |digits: &str| {
        let is_one = (1..=2).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        is_one.then(|| digits.parse::<i8>().ok()).flatten()
    };
    match (number(hour), number(minute)) {
        (Some(24), Some(0)) => Ok(None),
        (Some(hour), Some(minute)) => Time::new(hour, minute, 0, 0).map(Some).map_err(|_| wrong()),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    fn at(text: &str) -> Zoned {
        // London, with its changes to and from summer time.
        let zone = TimeZone::posix("GMT0BST,M3.5.0/1,M10.5.0").unwrap();
        text.parse::<DateTime>().unwrap().to_zoned(zone).unwrap()
    }

    #[track_caller]
    fn check(hours: &str, now: &str, is_open: bool, next: Option<&str>) {
        let hours = WorkingHours::parse(hours).unwrap();
        let now = at(now);
        assert_eq!(hours.contains(&now), is_open, "{hours} at {now}");
        let found = hours.next_change(&now).map(|at| at.datetime());
        assert_eq!(found, next.map(|text| text.parse().unwrap()), "{hours} after {now}");
    }

    #[test]
    fn no_hours_mean_always() {
        check("", "2026-11-22T03:00", true, None);
        check("  ", "2026-11-22T03:00", true, None);
    }

    #[test]
    fn working_days_have_a_start_and_an_end() {
        // 27 November 2026 is a Friday.
        let hours = "Mon-Fri 08:00-18:00";
        check(hours, "2026-11-27T07:59:59", false, Some("2026-11-27T08:00"));
        check(hours, "2026-11-27T08:00", true, Some("2026-11-27T18:00"));
        check(hours, "2026-11-27T17:59:59", true, Some("2026-11-27T18:00"));
        check(hours, "2026-11-27T18:00", false, Some("2026-11-30T08:00"));
        check(hours, "2026-11-29T12:00", false, Some("2026-11-30T08:00"));
    }

    #[test]
    fn adjacent_ranges_join() {
        let hours = "mon-thu 8:00-18:00, FRI 08:00-12:00,Fri 12:00-14:00";
        check(hours, "2026-11-27T11:00", true, Some("2026-11-27T14:00"));
        check(hours, "2026-11-26T17:00", true, Some("2026-11-26T18:00"));
        check("00:00-24:00", "2026-11-27T11:00", true, None);
        check("Sat-Sun 00:00-24:00", "2026-11-28T11:00", true, Some("2026-11-30T00:00"));
    }

    #[test]
    fn a_range_over_midnight_belongs_to_the_day_it_starts_on() {
        let hours = "Fri 22:00-06:00";
        check(hours, "2026-11-27T03:00", false, Some("2026-11-27T22:00"));
        check(hours, "2026-11-28T03:00", true, Some("2026-11-28T06:00"));
        check(hours, "2026-11-28T22:30", false, Some("2026-12-04T22:00"));
    }

    #[test]
    fn a_range_of_days_may_start_on_any_day() {
        check("Fri-Mon 08:00-18:00", "2026-11-30T09:00", true, Some("2026-11-30T18:00"));
        check("Fri-Mon 08:00-18:00", "2026-12-01T09:00", false, Some("2026-12-04T08:00"));
        check("Sun-Sat 08:00-18:00", "2026-12-01T09:00", true, Some("2026-12-01T18:00"));
        check("Wed 08:00-18:00", "2026-12-02T18:00", false, Some("2026-12-09T08:00"));
    }

    #[test]
    fn skipped_hours_start_and_end_where_the_clock_is_set_forward() {
        // On 29 March 2026, the clock goes from 01:00 to 02:00.
        check("01:30-03:00", "2026-03-29T00:30", false, Some("2026-03-29T02:00"));
        check("22:00-01:30", "2026-03-29T00:30", true, Some("2026-03-29T02:00"));
        check("01:10-01:50", "2026-03-29T00:30", false, Some("2026-03-30T01:10"));
        check("08:00-18:00", "2026-03-28T18:00", false, Some("2026-03-29T08:00"));
    }

    #[test]
    fn repeated_hours_start_and_end_twice_where_the_clock_is_set_back() {
        // On 25 October 2026, the clock goes from 02:00 to 01:00.
        let hours = WorkingHours::parse("22:00-01:30").unwrap();
        let mut now = at("2026-10-25T00:30");
        let ends = ["01:30+01:00", "01:00+00:00", "01:30+00:00", "22:00+00:00"];
        for end in ends {
            now = hours.next_change(&now).unwrap();
            assert_eq!(now.strftime("%H:%M%:z").to_string(), end);
        }
        check("08:00-18:00", "2026-10-25T00:30", false, Some("2026-10-25T08:00"));
    }

    #[test]
    fn the_next_change_is_the_first_minute_in_which_the_answer_differs() {
        let specs = ["01:30-03:00", "22:00-01:30", "Sun 00:45-01:15, 01:45-02:15", "08:00-24:00"];
        for hours in specs.map(|text| WorkingHours::parse(text).unwrap()) {
            for day in ["2026-03-28T20:00", "2026-10-24T20:00"] {
                let minutes: Vec<Zoned> =
                    (0..8 * 60).map(|minute| &at(day) + minute.minutes()).collect();
                for (first, now) in minutes.iter().enumerate() {
                    let next = hours.next_change(now).unwrap();
                    let differs = |at: &&Zoned| hours.contains(at) != hours.contains(now);
                    match minutes[first..].iter().find(differs) {
                        Some(found) => assert_eq!(&next, found, "{hours} after {now}"),
                        None => assert!(next > minutes[minutes.len() - 1], "{hours} after {now}"),
                    }
                }
            }
        }
    }

    #[test]
    fn invalid_hours_are_refused_with_the_reason() {
        let check = |text: &str, why: &str| {
            let error = WorkingHours::parse(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        };
        check("Mon-Fri", "`Mon` is not a time such as 08:00");
        check("always", "`always` is not a range");
        check("Mon-Fry 08:00-18:00", "`Fry` is not a day");
        check("Mon 08:00-25:00", "`25:00` is not a time");
        check("Mon 08:00-18:60", "`18:60` is not a time");
        check("Mon 08:00-08:00", "`08:00-08:00` is empty");
        check("Mon 24:00-08:00", "start at 24:00");
        check("Mon 08:00-18:00,", "is not a range");
        check("Mon +8:00-18:00", "`+8:00` is not a time");
    }
}
