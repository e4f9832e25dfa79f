//! The values of the properties, and the difference between two sets of values.

use std::collections::HashMap;

use communicado_provider::ProviderStatus;
use communicado_wire::Timestamp;
use zbus::Variant;

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
}

impl PropertyValues {
    /// The values for a status. `until` is the end of a temporary presence.
    pub(crate) fn of(status: &ProviderStatus, until: Option<Timestamp>) -> Self {
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
        }
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
        texts.into_iter().chain([reason_code, until]).flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use communicado_provider::Presence;

    use super::*;

    #[test]
    fn only_changed_properties_are_returned() {
        let values = |status| PropertyValues::of(&status, None);
        let signing_in = values(ProviderStatus::SigningIn);
        let signed_in = values(ProviderStatus::SignedIn(Presence::AVAILABLE));
        let mut names: Vec<_> = signed_in.changed_since(&signing_in).into_keys().collect();
        names.sort_unstable();
        assert_eq!(names, ["Availability", "Status"]);
        assert!(signed_in.changed_since(&signed_in).is_empty());
    }
}
