//! What an account on the bus says of itself, in our words. Pure.

use std::collections::BTreeMap;

use communicado_core::{Activity, Availability};
use communicado_windows::HResult;

use crate::bus::SignIn;
use crate::vocabulary;

/// The properties that are looked at; others there may be are passed over.
pub(super) const NAMES: [&str; 7] =
    ["Name", "FriendlyName", "Protocol", "Status", "Availability", "Activity", "ReasonCode"];

/// Some properties, by name.
pub(super) type Properties = BTreeMap<String, Value>;

/// The value of a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Number(u32),
}

/// An account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Account(Properties);

impl Account {
    /// Takes in what has changed.
    pub(super) fn update(&mut self, changed: Properties) {
        self.0.extend(changed);
    }

    /// Its name and its protocol.
    pub(super) fn key(&self) -> (String, String) {
        (self.text("Name").to_owned(), self.text("Protocol").to_owned())
    }

    /// The name by which its user is shown to others.
    pub(super) fn friendly_name(&self) -> Option<&str> {
        Some(self.text("FriendlyName")).filter(|name| !name.is_empty())
    }

    /// Where its sign-in stands; nothing if it says what is not known here.
    pub(super) fn sign_in(&self) -> Option<SignIn> {
        Some(match self.text("Status") {
            "signed-in" => {
                let raw = self.text("Availability").to_owned();
                let availability = Availability::from_word(&raw).unwrap_or(Availability::Other);
                let activity = Some(self.text("Activity")).filter(|word| !word.is_empty());
                let activity =
                    activity.map(|word| Activity::from_word(word).unwrap_or(Activity::Other));
                SignIn::SignedIn { availability, activity, raw }
            }
            "signing-in" => SignIn::SigningIn,
            "signing-out" => SignIn::SigningOut,
            "signed-out" => SignIn::SignedOut(match self.0.get("ReasonCode") {
                Some(Value::Number(code)) if *code != 0 => {
                    Some(vocabulary::failure(HResult::of(*code)))
                }
                _ => None,
            }),
            _ => return None,
        })
    }

    fn text(&self, name: &str) -> &str {
        match self.0.get(name) {
            Some(Value::Text(text)) => text,
            Some(Value::Number(_)) | None => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use communicado_core::Failure;

    use super::*;

    fn account(texts: &[(&str, &str)], code: u32) -> Account {
        let texts = texts.iter().map(|(name, text)| (*name, Value::Text((*text).to_owned())));
        let all = texts.chain([("ReasonCode", Value::Number(code))]);
        let mut account = Account::default();
        account.update(all.map(|(name, value)| (name.to_owned(), value)).collect());
        account
    }

    #[test]
    fn a_word_that_is_not_known_is_other_and_kept() {
        let words = [("Status", "signed-in"), ("Availability", "asleep"), ("Activity", "dreaming")];
        let expected = SignIn::SignedIn {
            availability: Availability::Other,
            activity: Some(Activity::Other),
            raw: "asleep".to_owned(),
        };
        assert_eq!(account(&words, 0).sign_in(), Some(expected));
    }

    #[test]
    fn a_failed_sign_in_has_the_reason_of_its_code() {
        let check = |code, failure| {
            let signed_out = account(&[("Status", "signed-out")], code).sign_in();
            assert_eq!(signed_out, Some(SignIn::SignedOut(failure)));
        };
        check(0, None);
        check(0x8100_0303, Some(Failure::AuthenticationFailed));
        check(0xFFFF_FFFF, Some(Failure::OtherError));
    }

    #[test]
    fn a_status_that_is_not_known_is_not_judged() {
        assert_eq!(account(&[("Status", "meditating")], 0).sign_in(), None);
        assert_eq!(Account::default().sign_in(), None);
    }
}
