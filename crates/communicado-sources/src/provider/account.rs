//! An account of the provider, decoded from its D-Bus properties. Pure.

use std::collections::BTreeMap;

use communicado_core::{Activity, Availability};
use communicado_windows::HResult;
use communicado_wire::Timestamp;

use crate::note;
use crate::sign_in::AccountSignIn;
use crate::vocabulary;

/// The properties that the source reads. It ignores others.
pub(super) const PROPERTY_NAMES: [&str; 9] = [
    "Name",
    "FriendlyName",
    "Protocol",
    "Status",
    "Availability",
    "Activity",
    "Note",
    "ReasonCode",
    "Since",
];

/// Properties by name.
pub(super) type AccountProperties = BTreeMap<String, PropertyValue>;

/// Value of a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PropertyValue {
    Text(String),
    Number(u32),
    /// Microseconds since 1970.
    Time(i64),
}

/// An account of the provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ProviderAccount(AccountProperties);

impl ProviderAccount {
    /// Applies changed properties.
    pub(super) fn update(&mut self, changed: AccountProperties) {
        self.0.extend(changed);
    }

    /// Its name and its protocol.
    pub(super) fn key(&self) -> (String, String) {
        (self.text("Name").to_owned(), self.text("Protocol").to_owned())
    }

    /// The display name of its user.
    pub(super) fn friendly_name(&self) -> Option<&str> {
        Some(self.text("FriendlyName")).filter(|name| !name.is_empty())
    }

    /// The start of its status, presence and reason, as the provider states it.
    pub(super) fn since(&self) -> Option<Timestamp> {
        match self.0.get("Since") {
            Some(PropertyValue::Time(micros)) if *micros > 0 => {
                Timestamp::from_micros(*micros).ok()
            }
            _ => None,
        }
    }

    /// Its sign-in state, or `None` if its status is unknown.
    pub(super) fn sign_in(&self) -> Option<AccountSignIn> {
        Some(match self.text("Status") {
            "signed-in" => {
                let raw = self.text("Availability").to_owned();
                let availability = Availability::from_word(&raw).unwrap_or(Availability::Other);
                let activity = Some(self.text("Activity")).filter(|word| !word.is_empty());
                let activity =
                    activity.map(|word| Activity::from_word(word).unwrap_or(Activity::Other));
                let note = note::plain(self.text("Note"));
                AccountSignIn::SignedIn { availability, activity, raw, note }
            }
            "signing-in" => AccountSignIn::SigningIn,
            "signing-out" => AccountSignIn::SigningOut,
            "signed-out" => AccountSignIn::SignedOut(match self.0.get("ReasonCode") {
                Some(PropertyValue::Number(code)) if *code != 0 => {
                    Some(vocabulary::failure(HResult::of(*code)))
                }
                _ => None,
            }),
            _ => return None,
        })
    }

    fn text(&self, name: &str) -> &str {
        match self.0.get(name) {
            Some(PropertyValue::Text(text)) => text,
            Some(PropertyValue::Number(_) | PropertyValue::Time(_)) | None => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use communicado_core::SignInFailure;

    use super::*;

    fn account(texts: &[(&str, &str)], code: u32) -> ProviderAccount {
        let texts =
            texts.iter().map(|(name, text)| (*name, PropertyValue::Text((*text).to_owned())));
        let all = texts.chain([("ReasonCode", PropertyValue::Number(code))]);
        let mut account = ProviderAccount::default();
        account.update(all.map(|(name, value)| (name.to_owned(), value)).collect());
        account
    }

    #[test]
    fn an_unknown_word_becomes_other_and_stays_in_raw() {
        let words = [("Status", "signed-in"), ("Availability", "asleep"), ("Activity", "dreaming")];
        let expected = AccountSignIn::SignedIn {
            availability: Availability::Other,
            activity: Some(Activity::Other),
            raw: "asleep".to_owned(),
            note: None,
        };
        assert_eq!(account(&words, 0).sign_in(), Some(expected));
    }

    #[test]
    fn a_failed_sign_in_has_the_failure_of_its_code() {
        let check = |code, failure| {
            let signed_out = account(&[("Status", "signed-out")], code).sign_in();
            assert_eq!(signed_out, Some(AccountSignIn::SignedOut(failure)));
        };
        check(0, None);
        check(0x8100_0303, Some(SignInFailure::AuthenticationFailed));
        check(0xFFFF_FFFF, Some(SignInFailure::OtherError));
    }

    #[test]
    fn a_start_is_a_time_after_1970() {
        let since = |value| {
            let mut account = ProviderAccount::default();
            account.update([("Since".to_owned(), value)].into());
            account.since()
        };
        let time = Timestamp::EPOCH.after(std::time::Duration::from_micros(7));
        assert_eq!(since(PropertyValue::Time(7)), Some(time));
        for other in [0, -7, i64::MAX, i64::MIN].map(PropertyValue::Time) {
            assert_eq!(since(other), None);
        }
        assert_eq!(since(PropertyValue::Number(7)), None);
        assert_eq!(ProviderAccount::default().since(), None);
    }

    #[test]
    fn an_unknown_status_has_no_sign_in_state() {
        assert_eq!(account(&[("Status", "meditating")], 0).sign_in(), None);
        assert_eq!(ProviderAccount::default().sign_in(), None);
    }
}
