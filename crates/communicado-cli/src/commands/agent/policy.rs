//! The policy that decides whether to publish now. Pure.

use std::time::Duration;

use communicado::Timestamp;
use communicado_sinks::publish::Permission;
use jiff::tz::TimeZone;

use crate::local_time::in_zone;
use crate::working_hours::WorkingHours;

/// The time before the end of a policy in which the agent checks it more often.
const NEAR: Duration = Duration::from_secs(15 * 60);
/// The maximum time between two checks while publishing, near the end of a policy, and while the
/// time zone is unknown. The agent renews its lease more often than this by default.
const RECHECK: Duration = Duration::from_secs(60);
/// The maximum time between two checks in other pauses.
const RECHECK_PAUSED: Duration = Duration::from_secs(5 * 60);

/// A pause that the user requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pause {
    /// The end of the pause, or `None` until the user resumes.
    pub(super) until: Option<Timestamp>,
}

/// The reason for a pause, with its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PauseReason {
    /// The user requested a pause.
    Requested(Option<Timestamp>),
    /// The time is outside the working hours.
    OutsideHours(Option<Timestamp>),
    /// The time zone cannot be read, so the time may be outside the working hours.
    UnknownZone,
}

/// The decision to publish or pause, and the time until which it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PublishPolicy {
    pub(super) pause_reason: Option<PauseReason>,
    pub(super) until: Option<Timestamp>,
}

impl PublishPolicy {
    /// The policy at `now` in the time zone of this computer, given the consent of the user.
    pub(super) fn at(
        now: Timestamp,
        zone: Option<&TimeZone>,
        pause: Option<Pause>,
        hours: &WorkingHours,
    ) -> Self {
        let pause = pause.filter(|pause| pause.until.is_none_or(|until| until > now));
        if let Some(Pause { until }) = pause {
            return Self { pause_reason: Some(PauseReason::Requested(until)), until };
        }
        if !hours.are_limited() {
            return Self { pause_reason: None, until: None };
        }
        let Some(zone) = zone else {
            return Self { pause_reason: Some(PauseReason::UnknownZone), until: None };
        };
        let now = in_zone(now, zone);
        let until = hours.next_change(&now);
        let until =
            until.and_then(|at| Timestamp::from_micros(at.timestamp().as_microsecond()).ok());
        let pause_reason = (!hours.contains(&now)).then_some(PauseReason::OutsideHours(until));
        Self { pause_reason, until }
    }

    /// The maximum time until the next check, or `None` if the policy does not depend on the time.
    ///
    /// The agent also checks when the time zone or the clock changes. The system does not report
    /// every such change.
    pub(super) fn recheck_after(&self, now: Timestamp) -> Option<Duration> {
        if self.pause_reason == Some(PauseReason::UnknownZone) {
            return Some(RECHECK);
        }
        let left = self.until?.since(now);
        let is_close = self.pause_reason.is_none() || left <= NEAR;
        Some(left.min(if is_close { RECHECK } else { RECHECK_PAUSED }))
    }

    /// The permission that the publisher gets.
    pub(super) const fn permission(&self) -> Permission {
        match self.pause_reason {
            Some(_) => Permission::Paused,
            None => Permission::Granted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_overrides_the_hours_and_ends_by_itself() {
        let check = |now: &str, pause, pause_reason, until: Option<&str>| {
            let hours = WorkingHours::parse("08:00-18:00").unwrap();
            let policy = PublishPolicy::at(stamp(now), Some(&TimeZone::UTC), pause, &hours);
            assert_eq!(policy, PublishPolicy { pause_reason, until: until.map(stamp) }, "{now}");
            let is_open = policy.permission() == Permission::Granted;
            assert_eq!(is_open, pause_reason.is_none());
        };
        let (ten, six) = (stamp("2026-11-27T10:00:00Z"), stamp("2026-11-27T18:00:00Z"));
        let for_ten = Some(Pause { until: Some(ten) });
        check("2026-11-27T09:00:00Z", None, None, Some("2026-11-27T18:00:00Z"));
        let paused = Some(PauseReason::Requested(Some(ten)));
        check("2026-11-27T09:00:00Z", for_ten, paused, Some("2026-11-27T10:00:00Z"));
        check("2026-11-27T10:00:00Z", for_ten, None, Some("2026-11-27T18:00:00Z"));
        let for_ever = Some(Pause { until: None });
        check("2026-11-27T09:00:00Z", for_ever, Some(PauseReason::Requested(None)), None);
        let eight = stamp("2026-11-28T08:00:00Z");
        check(
            &six.to_string(),
            for_ten,
            Some(PauseReason::OutsideHours(Some(eight))),
            Some("2026-11-28T08:00:00Z"),
        );
    }

    fn stamp(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn zone(rule: &str) -> TimeZone {
        TimeZone::posix(rule).unwrap()
    }

    const LONDON: &str = "GMT0BST,M3.5.0/1,M10.5.0";
    const TOKYO: &str = "JST-9";

    #[test]
    fn after_a_change_of_time_zone_the_policy_follows_the_new_zone() {
        let hours = WorkingHours::parse("Mon-Fri 08:00-18:00").unwrap();
        let check = |now: &str, zone_rule: &str, is_open: bool, until: &str| {
            let policy = PublishPolicy::at(stamp(now), Some(&zone(zone_rule)), None, &hours);
            assert_eq!(policy.permission() == Permission::Granted, is_open, "{now} {zone_rule}");
            assert_eq!(policy.until, Some(stamp(until)), "{now} {zone_rule}");
        };
        // 27 November 2026 is a Friday.
        check("2026-11-27T12:00:00Z", LONDON, true, "2026-11-27T18:00:00Z");
        check("2026-11-27T12:00:00Z", TOKYO, false, "2026-11-29T23:00:00Z");
        check("2026-11-27T02:00:00Z", LONDON, false, "2026-11-27T08:00:00Z");
        check("2026-11-27T02:00:00Z", TOKYO, true, "2026-11-27T09:00:00Z");
    }

    /// The seconds until the policy has changed, if the zone or the clock changes unnoticed.
    fn delay(hours: &str, noon: [(&str, &str); 2]) -> u64 {
        let hours = WorkingHours::parse(hours).unwrap();
        let [before, after] = noon.map(|(now, rule)| {
            let now = stamp(now);
            (now, PublishPolicy::at(now, Some(&zone(rule)), None, &hours))
        });
        assert_ne!(before.1.permission(), after.1.permission());
        before.1.recheck_after(before.0).unwrap().as_secs()
    }

    #[test]
    fn an_unnoticed_change_ends_publishing_within_a_minute_and_a_pause_within_five() {
        let hours = "08:00-18:00";
        let noon = "2026-11-27T12:00:00Z";
        assert_eq!(delay(hours, [(noon, LONDON), (noon, TOKYO)]), 60);
        assert_eq!(delay(hours, [(noon, TOKYO), (noon, LONDON)]), 300);
        // The clock is set forward over the end, and back over the start.
        assert_eq!(delay(hours, [(noon, LONDON), ("2026-11-27T19:00:00Z", LONDON)]), 60);
        assert_eq!(delay(hours, [(noon, LONDON), ("2026-11-27T07:00:00Z", LONDON)]), 60);
    }

    #[test]
    fn a_near_boundary_is_checked_each_minute_and_a_policy_without_end_never() {
        let check = |now: &str, pause, hours: &str, seconds: Option<u64>| {
            let hours = WorkingHours::parse(hours).unwrap();
            let policy = PublishPolicy::at(stamp(now), Some(&TimeZone::UTC), pause, &hours);
            let expected = seconds.map(Duration::from_secs);
            assert_eq!(policy.recheck_after(stamp(now)), expected, "{now} {hours}");
        };
        let hours = "08:00-18:00";
        check("2026-11-27T07:44:59Z", None, hours, Some(300));
        check("2026-11-27T07:45:00Z", None, hours, Some(60));
        check("2026-11-27T07:59:50Z", None, hours, Some(10));
        check("2026-11-27T17:59:50Z", None, hours, Some(10));
        check("2026-11-27T12:00:00Z", None, "", None);
        check("2026-11-27T12:00:00Z", None, "00:00-24:00", None);
        check("2026-11-27T12:00:00Z", Some(Pause { until: None }), hours, None);
    }

    #[test]
    fn the_agent_pauses_in_an_unknown_time_zone_if_the_hours_are_limited() {
        let noon = stamp("2026-11-27T12:00:00Z");
        let at =
            |hours: &str| PublishPolicy::at(noon, None, None, &WorkingHours::parse(hours).unwrap());
        let policy = at("08:00-18:00");
        assert_eq!(policy.pause_reason, Some(PauseReason::UnknownZone));
        assert_eq!(policy.permission(), Permission::Paused);
        assert_eq!(policy.recheck_after(noon), Some(RECHECK));
        assert_eq!(at("").permission(), Permission::Granted);
    }
}
