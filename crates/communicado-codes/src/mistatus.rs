//! `MISTATUS`: the status of the user or a contact in Communicator and Windows Messenger.
//!
//! **Know:** the bits distinguish three groups. Below 0x100 with bit 1 (0x2) set: connected. Below
//! 0x100 with that bit clear: not connected. From 0x100 on: in transition. Microsoft does not
//! document this pattern, but all published values follow it. Conclusions from the pattern alone
//! are [`Certainty::Inferred`](crate::Certainty::Inferred).
//!
//! Sources: Microsoft, OC 2007 SDK, `MISTATUS` (bb787207), and Windows Messenger, `MISTATUS`
//! enumeration (im-mistatus), whose list ends at 0x42.
//!
//! Read next: [`CODES`], then [`infer`].

use crate::{Code, Family};

const SIGNED_IN: Option<&str> = Some("signed-in");
const SIGNING_IN: Option<&str> = Some("signing-in");

/// The action for connected states.
const SIGN_IN_DONE: &str = "No action is needed: features that need a signed-in user can be on.";
/// The action for states on the way to a connected one.
const WAIT_FOR_SIGN_IN: &str = "Wait for OnSignin, which has the result.";

#[rustfmt::skip] // The table is read by its columns.
pub(crate) const CODES: &[Code] = &[
    mi(0x000, "MISTATUS_UNKNOWN", Some("unknown"),
       "The client does not know the status of the user or contact.",
       "Wait for OnMyStatusChange, and do not treat this as signed in."),
    mi(0x001, "MISTATUS_OFFLINE", Some("signed-out"),
       "The client is not connected to a server: nobody is signed in, or the contact is offline.",
       "Let the user sign in, and wait for OnSignin."),
    mi(0x002, "MISTATUS_ONLINE", SIGNED_IN,
       "The user is signed in and available; this bit is set in every signed-in state.",
       SIGN_IN_DONE),
    mi(0x006, "MISTATUS_INVISIBLE", SIGNED_IN,
       "The user is signed in, but appears offline to others.",
       SIGN_IN_DONE),
    mi(0x00A, "MISTATUS_BUSY", SIGNED_IN,
       "The user is signed in and busy.",
       SIGN_IN_DONE),
    mi(0x00E, "MISTATUS_BE_RIGHT_BACK", SIGNED_IN,
       "The user is signed in and away for a short time.",
       SIGN_IN_DONE),
    mi(0x012, "MISTATUS_IDLE", SIGNED_IN,
       "The user is signed in, but has not touched the computer for a while.",
       SIGN_IN_DONE),
    mi(0x022, "MISTATUS_AWAY", SIGNED_IN,
       "The user is signed in and away from the computer.",
       SIGN_IN_DONE),
    mi(0x032, "MISTATUS_ON_THE_PHONE", SIGNED_IN,
       "The user is signed in and on the phone.",
       SIGN_IN_DONE),
    mi(0x042, "MISTATUS_OUT_TO_LUNCH", SIGNED_IN,
       "The user is signed in and out to lunch.",
       SIGN_IN_DONE),
    mi(0x052, "MISTATUS_IN_A_MEETING", SIGNED_IN,
       "The user is signed in and in a meeting.",
       SIGN_IN_DONE),
    mi(0x062, "MISTATUS_OUT_OF_OFFICE", SIGNED_IN,
       "The user is signed in and out of the office.",
       SIGN_IN_DONE),
    mi(0x072, "MISTATUS_DO_NOT_DISTURB", SIGNED_IN,
       "The user is signed in and does not want to be disturbed.",
       SIGN_IN_DONE),
    mi(0x082, "MISTATUS_IN_A_CONFERENCE", SIGNED_IN,
       "The user is signed in and in a conference.",
       SIGN_IN_DONE),
    mi(0x092, "MISTATUS_ALLOW_URGENT_INTERRUPTIONS", SIGNED_IN,
       "The user is signed in and wants to be interrupted for urgent matters only.",
       SIGN_IN_DONE),
    mi(0x0A2, "MISTATUS_MAY_BE_AVAILABLE", SIGNED_IN,
       "The user is signed in and may be available.",
       SIGN_IN_DONE),
    mi(0x0B2, "MISTATUS_CUSTOM", SIGNED_IN,
       "The user is signed in with a custom status.",
       SIGN_IN_DONE),
    mi(0x100, "MISTATUS_LOCAL_FINDING_SERVER", SIGNING_IN,
       "The client is signing in and is looking for its server.",
       WAIT_FOR_SIGN_IN),
    mi(0x200, "MISTATUS_LOCAL_CONNECTING_TO_SERVER", SIGNING_IN,
       "The client is signing in and is connecting to its server.",
       WAIT_FOR_SIGN_IN),
    mi(0x300, "MISTATUS_LOCAL_SYNCHRONIZING_WITH_SERVER", SIGNING_IN,
       "The client is signing in and is synchronizing with its server.",
       WAIT_FOR_SIGN_IN),
    mi(0x400, "MISTATUS_LOCAL_DISCONNECTING_FROM_SERVER", Some("signing-out"),
       "The client is signing out.",
       "Turn off features that need a signed-in user, and wait for OnSignout."),
];

const fn mi(
    number: u32,
    name: &'static str,
    status: Option<&'static str>,
    meaning: &'static str,
    action: &'static str,
) -> Code {
    Code { number, name, family: Family::MiStatus, meaning, action, status }
}

/// The meaning of an unpublished value, by the bit pattern of the published ones.
pub(crate) struct Inference {
    pub(crate) meaning: &'static str,
    pub(crate) status: Option<&'static str>,
}

/// Infers the meaning of a value that is not in the table, unless it is too large.
pub(crate) const fn infer(number: u32) -> Option<Inference> {
    let (meaning, status) = match number {
        0x000..=0x0FF if number & 0x2 != 0 => (
            "This is not a published MISTATUS; if it is one, its bits suggest a signed-in state.",
            SIGNED_IN,
        ),
        0x000..=0x0FF => (
            "This is not a published MISTATUS; if it is one, its bits suggest a state that is not \
             signed in.",
            None,
        ),
        0x100..=LARGEST => (
            "This is not a published MISTATUS; if it is one, its bits suggest a transition, \
             neither signed in nor signed out.",
            None,
        ),
        _ => return None,
    };
    Some(Inference { meaning, status })
}

/// The largest possible value: larger numbers have a facility, like an HRESULT.
const LARGEST: u32 = 0xFFFF;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_agrees_with_the_pattern_of_the_bits() {
        for code in CODES {
            let by_bits = match code.number {
                number if number >= 0x100 => "sign",
                number if number & 0x2 != 0 => "signed-in",
                _ => "",
            };
            let status = code.status.unwrap();
            match by_bits {
                "sign" => assert!(["signing-in", "signing-out"].contains(&status), "{code:?}"),
                "signed-in" => assert_eq!(status, "signed-in", "{code:?}"),
                _ => assert!(["unknown", "signed-out"].contains(&status), "{code:?}"),
            }
        }
    }

    #[test]
    fn the_table_has_every_published_value() {
        let expected = [
            0, 1, 2, 6, 0x0A, 0x0E, 0x12, 0x22, 0x32, 0x42, 0x52, 0x62, 0x72, 0x82, 0x92, 0xA2,
            0xB2, 0x100, 0x200, 0x300, 0x400,
        ];
        assert!(CODES.iter().map(|code| code.number).eq(expected));
    }

    #[test]
    fn an_unpublished_value_has_an_inferred_meaning() {
        let check = |number, status| {
            assert_eq!(infer(number).map(|it| it.status), status, "{number:#x}");
        };
        check(0xC2, Some(Some("signed-in")));
        check(0x03, Some(Some("signed-in")));
        check(0x04, Some(None));
        check(0x102, Some(None));
        check(0x500, Some(None));
        check(0xFFFF, Some(None));
        check(0x1_0000, None);
        check(0x8100_031E, None);
    }
}
