//! What the properties say, and which of them changed.

use std::collections::HashMap;

use zbus::Variant;

use super::super::ProviderState;

/// The properties that can change; an empty text stands for none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Properties {
    pub(super) up_and_running: u32,
    pub(super) status: String,
    pub(super) availability: String,
    pub(super) activity: String,
    pub(super) note: String,
    pub(super) reason: String,
    pub(super) reason_code: u32,
    pub(super) until: i64,
}

impl Properties {
    pub(super) fn of(shown: &ProviderState) -> Self {
        let presence = shown.status.presence();
        let reason = shown.status.reason();
        let availability = presence.map_or("", |it| it.availability.word());
        let activity = presence.and_then(|it| it.activity).map_or("", |it| it.word());
        Self {
            up_and_running: shown.status.up_and_running(),
            status: shown.status.word().to_owned(),
            availability: availability.to_owned(),
            activity: activity.to_owned(),
            note: presence.and_then(|it| it.note()).unwrap_or_default().to_owned(),
            reason: reason.map(|it| it.word()).unwrap_or_default(),
            reason_code: reason.map_or(0, |it| it.code()),
            until: shown.until.map_or(0, |it| it.micros()),
        }
    }

    /// Those of the account that are others than `before`.
    pub(super) fn changed_since(&self, before: &Self) -> HashMap<&'static str, Variant<'_>> {
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
    use communicado_provider::{Presence, ProviderStatus};

    use super::*;

    #[test]
    fn only_what_is_another_is_told() {
        let shown = |status| Properties::of(&ProviderState { status, until: None });
        let signing_in = shown(ProviderStatus::SigningIn);
        let signed_in = shown(ProviderStatus::SignedIn(Presence::AVAILABLE));
        let mut names: Vec<_> = signed_in.changed_since(&signing_in).into_keys().collect();
        names.sort_unstable();
        assert_eq!(names, ["Availability", "Status"]);
        assert!(signed_in.changed_since(&signed_in).is_empty());
    }
}
