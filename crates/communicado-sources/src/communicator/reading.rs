//! What Communicator's answers mean together.

use communicado_windows::{HResult, Variant};

use crate::vocabulary::{mistatus_raw, mistatus_signed_in};
use crate::windows::reading::{Reading, SignIn, says_signed_out};

/// What one member answered.
pub type Answer = Result<Variant, HResult>;

/// What was asked, each as it was answered; the last three only where the first needs them.
#[derive(Clone, Debug, PartialEq)]
pub struct Answers {
    /// `MyStatus`.
    pub status: Answer,
    /// `MySigninName`.
    pub signin_name: Answer,
    /// `MyFriendlyName`.
    pub friendly_name: Answer,
    /// `MyServiceId`: some clients answer with it where their user's name is asked for.
    pub service_id: Answer,
    /// `Services.PrimaryService.MyStatus`, for a client that lacks `MyStatus`.
    pub service_status: Option<Answer>,
}

impl Answers {
    /// Whether `MyStatus` is missing, so that the service has to be asked.
    #[must_use]
    pub fn lacks_status(status: &Answer) -> bool {
        status_of(status).is_none()
    }

    /// What they mean together.
    #[must_use]
    pub fn reading(&self) -> Reading {
        let status = [Some(&self.status), self.service_status.as_ref()];
        let status = status.into_iter().flatten().find_map(status_of);
        // A name that was answered is no sign of a sign-in; that it is refused is one of none.
        let name_refused = self.signin_name.as_ref().is_err_and(|code| says_signed_out(*code));
        let sign_in = match status {
            Some(sign_in) => sign_in,
            None if name_refused => SignIn::SignedOut,
            None => SignIn::Unseen,
        };
        let service_id = self.service_id.as_ref().ok().and_then(Variant::text);
        let name = text(&self.signin_name).filter(|name| Some(*name) != service_id);
        Reading {
            sign_in,
            account: name.map(str::to_owned),
            name: text(&self.friendly_name).map(str::to_owned),
        }
    }
}

/// What a status says; nothing if the client has none.
fn status_of(answer: &Answer) -> Option<SignIn> {
    let number = match answer {
        Ok(value) => value.number()?.cast_unsigned(),
        Err(code) => return says_signed_out(*code).then_some(SignIn::SignedOut),
    };
    Some(match number {
        1 => SignIn::SignedOut,
        0x100 | 0x200 | 0x300 => SignIn::SigningIn,
        0x400 => SignIn::SigningOut,
        // The bit that every signed-in state has.
        0..=0xFF if number & 0x2 != 0 => {
            let (availability, activity) = mistatus_signed_in(number);
            SignIn::SignedIn { availability, activity, raw: mistatus_raw(number) }
        }
        _ => SignIn::Unseen,
    })
}

fn text(answer: &Answer) -> Option<&str> {
    answer.as_ref().ok()?.text().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use communicado_core::{Activity, Availability};

    use super::*;
    use crate::windows::reading::NOT_LOGGED_ON;

    const NOT_IMPLEMENTED: HResult = HResult::of(0x8000_4001);

    fn answers(status: Answer) -> Answers {
        Answers {
            status,
            signin_name: Ok(Variant::Text("alice@uc.test".to_owned())),
            friendly_name: Ok(Variant::Text("Alice".to_owned())),
            service_id: Ok(Variant::Text("{83D4679F}".to_owned())),
            service_status: None,
        }
    }

    fn signed_in(availability: Availability, activity: Option<Activity>, raw: &str) -> SignIn {
        SignIn::SignedIn { availability, activity, raw: raw.to_owned() }
    }

    #[test]
    fn a_status_is_judged_by_its_bits() {
        let check = |number, expected: SignIn| {
            let reading = answers(Ok(Variant::Number(number))).reading();
            assert_eq!(reading.sign_in, expected, "{number:#x}");
        };
        check(1, SignIn::SignedOut);
        check(0, SignIn::Unseen);
        check(2, signed_in(Availability::Available, None, "ONLINE"));
        check(6, signed_in(Availability::Invisible, None, "INVISIBLE"));
        let phone = signed_in(Availability::Busy, Some(Activity::OnThePhone), "ON_THE_PHONE");
        check(0x32, phone);
        check(0xC2, signed_in(Availability::Other, None, "0xC2"));
        check(0x200, SignIn::SigningIn);
        check(0x400, SignIn::SigningOut);
        check(0x500, SignIn::Unseen);
        check(-1, SignIn::Unseen);
    }

    #[test]
    fn a_client_without_a_status_of_its_own_is_asked_for_its_services() {
        let mut asked = answers(Err(NOT_IMPLEMENTED));
        assert!(Answers::lacks_status(&asked.status));
        assert_eq!(asked.reading().sign_in, SignIn::Unseen);
        asked.service_status = Some(Ok(Variant::Number(0x22)));
        let away = signed_in(Availability::Away, None, "AWAY");
        assert_eq!(asked.reading().sign_in, away);
        asked.service_status = Some(Err(NOT_IMPLEMENTED));
        asked.signin_name = Err(NOT_LOGGED_ON);
        assert_eq!(asked.reading().sign_in, SignIn::SignedOut);
    }

    #[test]
    fn a_service_id_is_nobodys_name() {
        let mut asked = answers(Ok(Variant::Number(2)));
        assert_eq!(asked.reading().account.as_deref(), Some("alice@uc.test"));
        asked.signin_name.clone_from(&asked.service_id);
        assert_eq!(asked.reading().account, None);
        assert_eq!(asked.reading().name.as_deref(), Some("Alice"));
    }

    #[test]
    fn not_logged_on_is_signed_out_whoever_says_so() {
        assert_eq!(answers(Err(NOT_LOGGED_ON)).reading().sign_in, SignIn::SignedOut);
    }
}
