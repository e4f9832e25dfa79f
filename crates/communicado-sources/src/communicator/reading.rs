//! Reading of Communicator, from the values of its members.

use communicado_windows::Variant;

use crate::sign_in::AccountSignIn;
use crate::vocabulary::{mistatus_raw, mistatus_signed_in};
use crate::windows::reading::{ClientReading, MemberValue, ReportedStatus, is_signed_out};

/// Values of the members. The last three are read only if the first needs them.
#[derive(Clone, Debug, PartialEq)]
pub struct MessengerMembers {
    /// `MyStatus`.
    pub status: MemberValue,
    /// `MySigninName`.
    pub signin_name: MemberValue,
    /// `MyFriendlyName`.
    pub friendly_name: MemberValue,
    /// `MyServiceId`: some clients return it as the user's name.
    pub service_id: MemberValue,
    /// `Services.PrimaryService.MyStatus`, for a client that lacks `MyStatus`.
    pub service_status: Option<MemberValue>,
}

impl MessengerMembers {
    /// Returns whether `MyStatus` is missing, so that the service's status is needed.
    #[must_use]
    pub fn lacks_status(status: &MemberValue) -> bool {
        status_of(status).is_none()
    }

    /// The reading that the values mean together.
    #[must_use]
    pub fn reading(&self) -> ClientReading {
        let status = [Some(&self.status), self.service_status.as_ref()];
        let status = status.into_iter().flatten().find_map(status_of);
        // A name does not mean signed in, but its error code may mean signed out.
        let has_no_name = self.signin_name.as_ref().is_err_and(|code| is_signed_out(*code));
        let status = match status {
            Some(status) => status,
            None if has_no_name => ReportedStatus::SIGNED_OUT,
            None => ReportedStatus::NotReported,
        };
        let service_id = self.service_id.as_ref().ok().and_then(Variant::text);
        let name = text(&self.signin_name).filter(|name| Some(*name) != service_id);
        ClientReading {
            status,
            account: name.map(str::to_owned),
            name: text(&self.friendly_name).map(str::to_owned),
        }
    }
}

/// The presence that the arguments of `OnMyStatusChange` mean: a success code and a status.
#[must_use]
pub fn event_presence(arguments: &[Variant]) -> Option<AccountSignIn> {
    let [Variant::Number(0), status @ Variant::Number(_)] = arguments else { return None };
    let ReportedStatus::SignIn(presence) = status_of(&Ok(status.clone()))? else { return None };
    matches!(presence, AccountSignIn::SignedIn { .. }).then_some(presence)
}

/// The status that a value means, or `None` if the member is missing.
fn status_of(value: &MemberValue) -> Option<ReportedStatus> {
    let number = match value {
        Ok(value) => value.number()?.cast_unsigned(),
        Err(code) => return is_signed_out(*code).then_some(ReportedStatus::SIGNED_OUT),
    };
    Some(match number {
        1 => ReportedStatus::SIGNED_OUT,
        0x100 | 0x200 | 0x300 => ReportedStatus::SignIn(AccountSignIn::SigningIn),
        0x400 => ReportedStatus::SignIn(AccountSignIn::SigningOut),
        // All signed-in states have this bit.
        0..=0xFF if number & 0x2 != 0 => {
            let (availability, activity) = mistatus_signed_in(number);
            let raw = mistatus_raw(number);
            ReportedStatus::SignIn(AccountSignIn::SignedIn {
                availability,
                activity,
                raw,
                note: None,
            })
        }
        _ => ReportedStatus::NotReported,
    })
}

fn text(value: &MemberValue) -> Option<&str> {
    value.as_ref().ok()?.text().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use communicado_core::{Activity, Availability};

    use communicado_windows::HResult;

    use super::*;
    use crate::windows::reading::NOT_LOGGED_ON;

    const NOT_IMPLEMENTED: HResult = HResult::of(0x8000_4001);

    fn members(status: MemberValue) -> MessengerMembers {
        MessengerMembers {
            status,
            signin_name: Ok(Variant::Text("alice@uc.test".to_owned())),
            friendly_name: Ok(Variant::Text("Alice".to_owned())),
            service_id: Ok(Variant::Text("{83D4679F}".to_owned())),
            service_status: None,
        }
    }

    fn signed_in(
        availability: Availability,
        activity: Option<Activity>,
        raw: &str,
    ) -> ReportedStatus {
        ReportedStatus::SignIn(AccountSignIn::SignedIn {
            availability,
            activity,
            raw: raw.to_owned(),
            note: None,
        })
    }

    #[test]
    fn the_bits_of_a_status_determine_its_meaning() {
        let check = |number, expected: ReportedStatus| {
            let reading = members(Ok(Variant::Number(number))).reading();
            assert_eq!(reading.status, expected, "{number:#x}");
        };
        check(1, ReportedStatus::SIGNED_OUT);
        check(0, ReportedStatus::NotReported);
        check(2, signed_in(Availability::Available, None, "ONLINE"));
        check(6, signed_in(Availability::Invisible, None, "INVISIBLE"));
        let phone = signed_in(Availability::Busy, Some(Activity::OnThePhone), "ON_THE_PHONE");
        check(0x32, phone);
        check(0xC2, signed_in(Availability::Other, None, "0xC2"));
        check(0x200, ReportedStatus::SignIn(AccountSignIn::SigningIn));
        check(0x400, ReportedStatus::SignIn(AccountSignIn::SigningOut));
        check(0x500, ReportedStatus::NotReported);
        check(-1, ReportedStatus::NotReported);
    }

    #[test]
    fn the_service_status_replaces_a_missing_status() {
        let mut members = members(Err(NOT_IMPLEMENTED));
        assert!(MessengerMembers::lacks_status(&members.status));
        assert_eq!(members.reading().status, ReportedStatus::NotReported);
        members.service_status = Some(Ok(Variant::Number(0x22)));
        let away = signed_in(Availability::Away, None, "AWAY");
        assert_eq!(members.reading().status, away);
        members.service_status = Some(Err(NOT_IMPLEMENTED));
        members.signin_name = Err(NOT_LOGGED_ON);
        assert_eq!(members.reading().status, ReportedStatus::SIGNED_OUT);
    }

    #[test]
    fn a_service_id_is_not_a_user_name() {
        let mut members = members(Ok(Variant::Number(2)));
        assert_eq!(members.reading().account.as_deref(), Some("alice@uc.test"));
        members.signin_name.clone_from(&members.service_id);
        assert_eq!(members.reading().account, None);
        assert_eq!(members.reading().name.as_deref(), Some("Alice"));
    }

    #[test]
    fn an_event_carries_a_presence_only_in_the_documented_order() {
        let check = |arguments: &[Variant], expected: Option<ReportedStatus>| {
            let presence = event_presence(arguments).map(ReportedStatus::SignIn);
            assert_eq!(presence, expected, "{arguments:?}");
        };
        let [ok, failed, busy] = [0, -1, 0x0A].map(Variant::Number);
        let presence = signed_in(Availability::Busy, None, "BUSY");
        check(&[ok.clone(), busy.clone()], Some(presence));
        check(&[busy.clone(), ok.clone()], None);
        check(&[failed, busy.clone()], None);
        check(&[ok.clone(), Variant::Number(1)], None);
        check(&[ok, Variant::Empty], None);
        check(&[busy], None);
        check(&[], None);
    }

    #[test]
    fn not_logged_on_means_signed_out() {
        assert_eq!(members(Err(NOT_LOGGED_ON)).reading().status, ReportedStatus::SIGNED_OUT);
    }
}
