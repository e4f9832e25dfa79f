//! The policy that decides whether to publish now. Pure.

use communicado::Timestamp;
use communicado_sinks::publish::Permission;
use jiff::Zoned;

use crate::working_hours::WorkingHours;

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
}

/// The decision to publish or pause, and the time until which it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PublishPolicy {
    pub(super) pause_reason: Option<PauseReason>,
    pub(super) until: Option<Timestamp>,
}

impl PublishPolicy {
    /// The policy at `now`, given the consent of the user.
    pub(super) fn at(now: &Zoned, pause: Option<Pause>, hours: &WorkingHours) -> Self {
        let stamp = |at: &Zoned| Timestamp::from_micros(at.timestamp().as_microsecond()).ok();
        let pause = pause.filter(|pause| pause.until.is_none_or(|until| Some(until) > stamp(now)));
        let change = hours.next_change(now).as_ref().and_then(stamp);
        if let Some(Pause { until }) = pause {
            return Self { pause_reason: Some(PauseReason::Requested(until)), until };
        }
        let pause_reason = (!hours.contains(now)).then_some(PauseReason::OutsideHours(change));
        Self { pause_reason, until: change }
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
        let stamp = |text: &str| text.parse::<Timestamp>().unwrap();
        let check = |now: &str, pause, pause_reason, until: Option<&str>| {
            let now = now.parse::<jiff::Timestamp>().unwrap().to_zoned(jiff::tz::TimeZone::UTC);
            let hours = WorkingHours::parse("08:00-18:00").unwrap();
            let policy = PublishPolicy::at(&now, pause, &hours);
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
}
