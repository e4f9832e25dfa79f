//! What Lync's answers mean together.

use communicado_core::Availability;
use communicado_windows::{HResult, Variant};

use crate::vocabulary::{lync_activity, lync_availability};
use crate::windows::reading::{Reading, SignIn, says_signed_out};

/// What one member answered.
pub type Answer = Result<Variant, HResult>;

/// What was asked, each as it was answered; all but the first only of one who is signed in.
#[derive(Clone, Debug, PartialEq)]
pub struct Answers {
    /// `ILyncClient.State`.
    pub state: Answer,
    /// `ILyncClient.Uri`.
    pub uri: Option<Answer>,
    /// The availability of one's own contact.
    pub availability: Option<Answer>,
    /// The id of its activity.
    pub activity: Option<Answer>,
    /// Its display name.
    pub display_name: Option<Answer>,
}

/// `ClientState` (Microsoft, Lync SDK, UCCollaborationLib).
const SIGNED_OUT: i32 = 1;
const SIGNING_IN: i32 = 2;
const SIGNED_IN: i32 = 3;
const SIGNING_OUT: i32 = 4;
const UNINITIALIZED: i32 = 0;
const SHUTTING_DOWN: i32 = 5;
const INITIALIZING: i32 = 6;

impl Answers {
    /// Whether the state says that somebody is signed in, so that the rest is worth asking.
    #[must_use]
    pub fn is_signed_in(state: &Answer) -> bool {
        matches!(state, Ok(Variant::Number(SIGNED_IN)))
    }

    /// What they mean together.
    #[must_use]
    pub fn reading(&self) -> Reading {
        let sign_in = match &self.state {
            Ok(Variant::Number(UNINITIALIZED | INITIALIZING)) => SignIn::Starting,
            Ok(Variant::Number(SIGNED_OUT)) => SignIn::SignedOut,
            Ok(Variant::Number(SHUTTING_DOWN)) => SignIn::ShuttingDown,
            Ok(Variant::Number(SIGNING_IN)) => SignIn::SigningIn,
            Ok(Variant::Number(SIGNED_IN)) => self.signed_in(),
            Ok(Variant::Number(SIGNING_OUT)) => SignIn::SigningOut,
            Err(code) if says_signed_out(*code) => SignIn::SignedOut,
            Ok(_) | Err(_) => SignIn::Unseen,
        };
        let name = text(self.display_name.as_ref()).map(str::to_owned);
        Reading { sign_in, account: text(self.uri.as_ref()).map(str::to_owned), name }
    }

    fn signed_in(&self) -> SignIn {
        let number = self.availability.as_ref().and_then(|it| it.as_ref().ok()?.number());
        let availability = number.and_then(lync_availability);
        let activity = text(self.activity.as_ref());
        // Signed in and offline to others is what its user calls invisible.
        let offline = number.is_some_and(|number| number >= 18000);
        let availability = match availability {
            Some(availability) => availability,
            None if offline => Availability::Invisible,
            None => Availability::Other,
        };
        let number = number.map_or_else(|| "?".to_owned(), |number| number.to_string());
        let raw = activity.filter(|id| !id.is_empty()).map_or(number, str::to_owned);
        SignIn::SignedIn { availability, activity: activity.and_then(lync_activity), raw }
    }
}

fn text(answer: Option<&Answer>) -> Option<&str> {
    answer?.as_ref().ok()?.text().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use communicado_core::Activity;

    use super::*;

    fn answers(state: i32) -> Answers {
        Answers {
            state: Ok(Variant::Number(state)),
            uri: Some(Ok(Variant::Text("sip:alice@uc.test".to_owned()))),
            availability: Some(Ok(Variant::Number(6500))),
            activity: Some(Ok(Variant::Text("on-the-phone".to_owned()))),
            display_name: None,
        }
    }

    #[test]
    fn each_state_is_a_status_and_an_unknown_one_is_none() {
        let check = |state, expected| assert_eq!(answers(state).reading().sign_in, expected);
        check(0, SignIn::Starting);
        check(1, SignIn::SignedOut);
        check(2, SignIn::SigningIn);
        check(4, SignIn::SigningOut);
        check(5, SignIn::ShuttingDown);
        check(6, SignIn::Starting);
        check(7, SignIn::Unseen);
        check(-1, SignIn::Unseen);
        let raw = "on-the-phone".to_owned();
        let activity = Some(Activity::OnThePhone);
        check(3, SignIn::SignedIn { availability: Availability::Busy, activity, raw });
    }

    #[test]
    fn one_who_appears_offline_is_signed_in() {
        let mut asked = answers(3);
        asked.activity = None;
        let mut check = |number: Option<i32>, availability, raw: &str| {
            asked.availability = number.map(|number| Ok(Variant::Number(number)));
            let raw = raw.to_owned();
            let expected = SignIn::SignedIn { availability, activity: None, raw };
            assert_eq!(asked.reading().sign_in, expected);
        };
        check(Some(18500), Availability::Invisible, "18500");
        check(Some(0), Availability::Other, "0");
        check(None, Availability::Other, "?");
    }
}
