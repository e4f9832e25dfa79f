//! Reading of Lync, from the values of its members.

use communicado_core::Availability;
use communicado_windows::Variant;

use crate::note;
use crate::sign_in::AccountSignIn;
use crate::vocabulary::{lync_activity, lync_availability};
use crate::windows::reading::{ClientReading, MemberValue, ReportedStatus, is_signed_out};

/// Values of the members. All but the first are read only while the user is signed in.
#[derive(Clone, Debug, PartialEq)]
pub struct LyncMembers {
    /// `ILyncClient.SharedState`.
    pub state: MemberValue,
    /// `ILyncClient.Uri`.
    pub uri: Option<MemberValue>,
    /// The availability of the user's contact.
    pub availability: Option<MemberValue>,
    /// The ID of its activity.
    pub activity: Option<MemberValue>,
    /// Its personal note.
    pub note: Option<MemberValue>,
    /// Its display name.
    pub display_name: Option<MemberValue>,
}

/// `ClientState` (Microsoft, Lync SDK, UCCollaborationLib).
const SIGNED_OUT: i32 = 1;
const SIGNING_IN: i32 = 2;
const SIGNED_IN: i32 = 3;
const SIGNING_OUT: i32 = 4;
const UNINITIALIZED: i32 = 0;
const SHUTTING_DOWN: i32 = 5;
const INITIALIZING: i32 = 6;

impl LyncMembers {
    /// Returns whether the state means signed in, so that the other members have values.
    #[must_use]
    pub fn is_signed_in(state: &MemberValue) -> bool {
        matches!(state, Ok(Variant::Number(SIGNED_IN)))
    }

    /// The reading that the values mean together.
    #[must_use]
    pub fn reading(&self) -> ClientReading {
        let status = match &self.state {
            Ok(Variant::Number(UNINITIALIZED | INITIALIZING)) => ReportedStatus::Starting,
            Ok(Variant::Number(SIGNED_OUT)) => ReportedStatus::SIGNED_OUT,
            Ok(Variant::Number(SHUTTING_DOWN)) => ReportedStatus::ShuttingDown,
            Ok(Variant::Number(SIGNING_IN)) => ReportedStatus::SignIn(AccountSignIn::SigningIn),
            Ok(Variant::Number(SIGNED_IN)) => self.signed_in(),
            Ok(Variant::Number(SIGNING_OUT)) => ReportedStatus::SignIn(AccountSignIn::SigningOut),
            Err(code) if is_signed_out(*code) => ReportedStatus::SIGNED_OUT,
            Ok(_) | Err(_) => ReportedStatus::NotReported,
        };
        let name = text(self.display_name.as_ref()).map(str::to_owned);
        ClientReading { status, account: text(self.uri.as_ref()).map(str::to_owned), name }
    }

    fn signed_in(&self) -> ReportedStatus {
        let number = self.availability.as_ref().and_then(|it| it.as_ref().ok()?.number());
        let availability = number.and_then(lync_availability);
        let activity = text(self.activity.as_ref());
        // A user who is signed in and appears offline is invisible.
        let offline = number.is_some_and(|number| number >= 18000);
        let availability = match availability {
            Some(availability) => availability,
            None if offline => Availability::Invisible,
            None => Availability::Other,
        };
        let number = number.map_or_else(|| "?".to_owned(), |number| number.to_string());
        let raw = activity.filter(|id| !id.is_empty()).map_or(number, str::to_owned);
        let activity = activity.and_then(lync_activity);
        let note = text(self.note.as_ref()).and_then(note::plain);
        ReportedStatus::SignIn(AccountSignIn::SignedIn { availability, activity, raw, note })
    }
}

fn text(value: Option<&MemberValue>) -> Option<&str> {
    value?.as_ref().ok()?.text().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use communicado_core::Activity;
    use communicado_windows::HResult;

    use super::*;

    fn members(state: i32) -> LyncMembers {
        LyncMembers {
            state: Ok(Variant::Number(state)),
            uri: Some(Ok(Variant::Text("sip:alice@uc.test".to_owned()))),
            availability: Some(Ok(Variant::Number(6500))),
            activity: Some(Ok(Variant::Text("on-the-phone".to_owned()))),
            note: Some(Ok(Variant::Text("back\r\nat four".to_owned()))),
            display_name: None,
        }
    }

    #[test]
    fn each_known_state_has_a_status() {
        let check = |state, expected| assert_eq!(members(state).reading().status, expected);
        check(0, ReportedStatus::Starting);
        check(1, ReportedStatus::SIGNED_OUT);
        check(2, ReportedStatus::SignIn(AccountSignIn::SigningIn));
        check(4, ReportedStatus::SignIn(AccountSignIn::SigningOut));
        check(5, ReportedStatus::ShuttingDown);
        check(6, ReportedStatus::Starting);
        check(7, ReportedStatus::NotReported);
        check(-1, ReportedStatus::NotReported);
        let raw = "on-the-phone".to_owned();
        let activity = Some(Activity::OnThePhone);
        check(
            3,
            ReportedStatus::SignIn(AccountSignIn::SignedIn {
                availability: Availability::Busy,
                activity,
                raw,
                note: Some("back at four".to_owned()),
            }),
        );
    }

    #[test]
    fn the_failure_of_a_signed_out_client_means_signed_out() {
        let mut members = members(3);
        let mut check = |code, expected| {
            members.state = Err(HResult::of(code));
            assert_eq!(members.reading().status, expected, "{code:#x}");
        };
        check(0x80C8_0006, ReportedStatus::SIGNED_OUT);
        check(0x8100_031E, ReportedStatus::SIGNED_OUT);
        check(0x80C8_0003, ReportedStatus::NotReported);
    }

    #[test]
    fn a_user_who_appears_offline_is_signed_in() {
        let mut members = members(3);
        (members.activity, members.note) = (None, None);
        let mut check = |number: Option<i32>, availability, raw: &str| {
            members.availability = number.map(|number| Ok(Variant::Number(number)));
            let raw = raw.to_owned();
            let expected =
                AccountSignIn::SignedIn { availability, activity: None, raw, note: None };
            assert_eq!(members.reading().status, ReportedStatus::SignIn(expected));
        };
        check(Some(18500), Availability::Invisible, "18500");
        check(Some(0), Availability::Other, "0");
        check(None, Availability::Other, "?");
    }
}
