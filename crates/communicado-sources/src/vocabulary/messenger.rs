//! Vocabulary of Communicator: `MISTATUS` and the error codes of sign-ins.

use communicado_codes::Family;
use communicado_core::{Activity, Availability, SignInFailure};
use communicado_windows::HResult;

use super::meaning::Meaning;

/// The signed-in values of `MISTATUS` (Microsoft, OC 2007 SDK, `MISTATUS`, bb787207).
pub const MISTATUS: &[(u32, Meaning)] = &[
    (0x02, (Availability::Available, None)),
    (0x06, (Availability::Invisible, None)),
    (0x0A, (Availability::Busy, None)),
    (0x0E, (Availability::BeRightBack, None)),
    (0x12, (Availability::Idle, None)),
    (0x22, (Availability::Away, None)),
    (0x32, (Availability::Busy, Some(Activity::OnThePhone))),
    (0x42, (Availability::Away, Some(Activity::OutToLunch))),
    (0x52, (Availability::Busy, Some(Activity::InAMeeting))),
    (0x62, (Availability::Away, Some(Activity::OutOfOffice))),
    (0x72, (Availability::DoNotDisturb, None)),
    (0x82, (Availability::Busy, Some(Activity::InAConference))),
    (0x92, (Availability::DoNotDisturb, Some(Activity::UrgentInterruptionsOnly))),
    (0xA2, (Availability::Idle, None)),
    (0xB2, (Availability::Other, None)),
];

/// The meaning of a signed-in value. An unpublished value means `other`.
#[must_use]
pub fn mistatus_signed_in(number: u32) -> Meaning {
    let known = MISTATUS.iter().find(|(known, _)| *known == number);
    known.map_or((Availability::Other, None), |(_, meaning)| *meaning)
}

/// The client's name for a value, for example `ON_THE_PHONE`, or `0xC2` for an unpublished value.
#[must_use]
pub fn mistatus_raw(number: u32) -> String {
    let mut named = communicado_codes::lookup(number);
    let named = named.find(|code| code.family == Family::MiStatus);
    named.map_or_else(
        || format!("0x{number:02X}"),
        |code| code.name.trim_start_matches("MISTATUS_").to_owned(),
    )
}

/// The failure of a sign-in, by the code in `OnSignin` (Microsoft, OC 2007 SDK, "Error Codes",
/// bb758786).
#[must_use]
pub fn failure(code: HResult) -> SignInFailure {
    let mut named = communicado_codes::lookup(code.0.cast_unsigned());
    let named = named.find(|code| code.family == Family::MessengerError);
    let name = named.map_or("", |code| code.name.trim_start_matches("MSGR_E_"));
    match name {
        "CONNECT"
        | "CONNECT_PROXY"
        | "LOGON_TIMEOUT"
        | "DISCONNECTED"
        | "SERVER_TOO_BUSY"
        | "SERVER_UNAVAILABLE"
        | "SERVER_SHUTDOWN"
        | "TCP_ERROR"
        | "SESSION_TIMEOUT"
        | "SIP_TIMEOUT"
        | "DNS_SRV_FAIL"
        | "DNS_A_RES_FAIL"
        | "SSL_TUNNEL_FAILED"
        | "AUTH_SERVER_UNAVAILABLE"
        | "IE_OFFLINE"
        | "IE_CANT_CONNECT" => SignInFailure::NetworkError,
        "USER_NOT_FOUND" | "INVALID_ADDRESS_FORMAT" | "INVALID_DOMAIN" => {
            SignInFailure::InvalidUsername
        }
        "INVALID_PASSWORD"
        | "PROXY_AUTH"
        | "PROXY_AUTH_REQUIRED"
        | "PROXY_PASSWORD_INCORRECT"
        | "SIP_LOGIN_FORBIDDEN"
        | "RESTRICTED_USER_LOGON_RESTRICED"
        | "AUTH_TIME_SKEW" => SignInFailure::AuthenticationFailed,
        "INVALID_AUTH_PACKAGES" | "PROXY_AUTH_TYPE" => SignInFailure::AuthenticationImpossible,
        "SIP_HIGH_SECURITY_SET_TLS" => SignInFailure::NoEncryption,
        "TLS_FAIL" | "INCOMPATIBLE_ENCRYPTION" => SignInFailure::EncryptionError,
        "REMOTE_LOGIN" | "CHANGED_CREDENTIALS" => SignInFailure::SignedInElsewhere,
        "INVALID_SERVER_NAME"
        | "INVALID_PROXY_NAME"
        | "NO_SERVER_ADDRESS_SPECIFIED"
        | "SYSTEM_CONFIG"
        | "SIP_UDP_UNSUPPORTED" => SignInFailure::InvalidSettings,
        "INVALID_CERTIFICATE" => SignInFailure::CertificateError,
        _ => SignInFailure::OtherError,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_published_signed_in_value_has_a_meaning_and_a_name() {
        let mut published = 0;
        for number in 0..0x100 {
            let codes = communicado_codes::lookup(number);
            let mut codes = codes.filter(|code| code.family == Family::MiStatus);
            if codes.any(|code| code.status == Some("signed-in")) {
                published += 1;
                assert!(MISTATUS.iter().any(|(known, _)| *known == number), "{number:#x}");
            }
        }
        assert_eq!(published, MISTATUS.len());
        assert_eq!(mistatus_raw(0x32), "ON_THE_PHONE");
    }

    #[test]
    fn an_unpublished_value_is_other_and_keeps_its_number() {
        assert_eq!(mistatus_signed_in(0xC2), (Availability::Other, None));
        assert_eq!(mistatus_raw(0xC2), "0xC2");
    }

    #[test]
    fn a_failed_sign_in_has_the_failure_of_its_code() {
        let check = |code, expected| assert_eq!(failure(HResult::of(code)), expected, "{code:x}");
        check(0x8100_0303, SignInFailure::AuthenticationFailed);
        check(0x8100_0301, SignInFailure::NetworkError);
        check(0x8100_0306, SignInFailure::NetworkError);
        check(0x8100_0361, SignInFailure::EncryptionError);
        check(0x8100_0368, SignInFailure::CertificateError);
        check(0x8100_0302, SignInFailure::InvalidSettings);
        check(0x8100_0323, SignInFailure::SignedInElsewhere);
        check(0x8100_0312, SignInFailure::OtherError);
        check(0x8000_4005, SignInFailure::OtherError);
    }
}
