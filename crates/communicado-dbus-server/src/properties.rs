//! The values of the properties, and the difference between two sets of values.

use std::collections::HashMap;
use std::time::Duration;

use communicado_core::Moment;
use communicado_provider::ProviderStatus;
use communicado_runtime::{Clock as _, SystemClock};
use communicado_wire::Timestamp;
use zbus::Variant;

/// A smaller step of the civil clock is ignored as drift.
const CLOCK_STEP_MIN: Duration = Duration::from_millis(100);

/// The values of the properties that can change. An empty text stands for no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PropertyValues {
    pub(crate) up_and_running: u32,
    pub(crate) status: String,
    pub(crate) availability: String,
    pub(crate) activity: String,
    pub(crate) note: String,
    pub(crate) reason: String,
    pub(crate) reason_code: u32,
    pub(crate) until: i64,
    pub(crate) since: StatusTime,
}

/// The start of a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StatusTime {
    moment: Moment,
    /// The civil time at this moment, as the clock showed it then.
    civil: Timestamp,
}

impl StatusTime {
    /// A status that starts now.
    pub(crate) fn now(clock: &SystemClock) -> Self {
        Self { moment: clock.now(), civil: clock.civil() }
    }

    /// The civil time of the start by a clock that shows `civil` at the moment `now`.
    pub(crate) fn at(self, now: Moment, civil: Timestamp) -> Timestamp {
        let start = civil.before(now.since(self.moment));
        let step = start.since(self.civil).max(self.civil.since(start));
        if step < CLOCK_STEP_MIN { self.civil } else { start }
    }
}

impl PropertyValues {
    /// The values for a status that begins at `since`. `until` is the end of a temporary presence.
    pub(crate) fn of(status: &ProviderStatus, until: Option<Timestamp>, since: StatusTime) -> Self {
        let presence = status.presence();
        let reason = status.reason();
        let availability = presence.map_or("", |it| it.availability.word());
        let activity = presence.and_then(|it| it.activity).map_or("", |it| it.word());
        Self {
            up_and_running: status.up_and_running(),
            status: status.word().to_owned(),
            availability: availability.to_owned(),
            activity: activity.to_owned(),
            note: presence.and_then(|it| it.note()).unwrap_or_default().to_owned(),
            reason: reason.map(|it| it.word()).unwrap_or_default(),
            reason_code: reason.map_or(0, |it| it.code()),
            until: until.map_or(0, |it| it.micros()),
            since,
        }
    }

    /// The same values, with the start from `before` if only the note or the end differs.
    pub(crate) fn continuing(self, before: &Self) -> Self {
        let condition = |it: &Self| {
            let texts = [&it.status, &it.availability, &it.activity, &it.reason].map(String::clone);
            (texts, it.up_and_running, it.reason_code)
        };
        let since = if condition(&self) == condition(before) { before.since } else { self.since };
        Self { since, ..self }
    }

    /// The properties of the account that differ from `before`.
    pub(crate) fn changed_since(&self, before: &Self) -> HashMap<&'static str, Variant<'_>> {
        let text = |name, now: &'_ String, before: &String| {
            (now != before).then(|| (name, Variant::from(now.clone())))
        };
        let texts = [
            text("Status", &self.status, &before.status),
            text("Availability", &self.availability, &before.availability),
            text("Activity", &self.activity, &before.activity),
            text("Note", &self.note, &before.note),
            text("Reason", &self.reason, &before.reason),
        ];
        let reason_code = (self.reason_code != before.reason_code)
            .then(|| ("ReasonCode", Variant::from(self.reason_code)));
        let until = (self.until != before.until).then(|| ("Until", Variant::from(self.until)));
        let since = (self.since != before.since)
            .then(|| ("Since", Variant::from(self.since.civil.micros())));
        texts.into_iter().chain([reason_code, until, since]).flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use communicado_core::Availability;
    use communicado_provider::Presence;

    use super::*;

    #[test]
    fn only_changed_properties_are_returned() {
        let since = StatusTime::now(&SystemClock::start());
        let values = |status| PropertyValues::of(&status, None, since);
        let signing_in = values(ProviderStatus::SigningIn);
        let signed_in = values(ProviderStatus::SignedIn(Presence::AVAILABLE));
        let mut names: Vec<_> = signed_in.changed_since(&signing_in).into_keys().collect();
        names.sort_unstable();
        assert_eq!(names, ["Availability", "Status"]);
        assert!(signed_in.changed_since(&signed_in).is_empty());
    }

    #[test]
    fn a_note_and_an_end_keep_the_start_of_the_status() {
        let first = StatusTime { moment: Moment::START, civil: Timestamp::EPOCH };
        let later = first.moment.after(Duration::from_secs(60));
        let later = StatusTime { moment: later, civil: first.civil.after(Duration::from_secs(60)) };
        let available = || Presence::AVAILABLE;
        let values =
            |presence, since| PropertyValues::of(&ProviderStatus::SignedIn(presence), None, since);
        let before = values(available(), first);
        let noted = available().with_note("at lunch").expect("a short note is valid");
        assert_eq!(values(noted, later).continuing(&before).since, first);
        let busy = Presence::new(Availability::Busy, None);
        assert_eq!(values(busy, later).continuing(&before).since, later);
    }

    #[test]
    fn a_start_follows_the_civil_clock_but_not_its_jitter() {
        let start = StatusTime { moment: Moment::START, civil: Timestamp::EPOCH };
        let [elapsed, jitter, hour] = [10_000, 50, 3_600_000].map(Duration::from_millis);
        let now = Moment::START.after(elapsed);
        let read = |civil: Timestamp| start.at(now, civil);
        let unchanged = start.civil.after(elapsed);
        assert_eq!(read(unchanged.after(jitter)), start.civil);
        assert_eq!(read(unchanged.before(jitter)), start.civil);
        assert_eq!(read(unchanged.after(hour)), start.civil.after(hour));
        assert_eq!(read(unchanged.before(hour)), start.civil.before(hour));
    }
}
