//! What a client answers, and what its refusals mean.

use communicado_core::{Activity, Availability, UnknownReason};
use communicado_windows::HResult;

/// What a client says of itself at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Where the sign-in stands.
    pub sign_in: SignIn,
    /// The name that is signed in.
    pub account: Option<String>,
    /// The name by which the client shows its user.
    pub name: Option<String>,
}

/// Where a sign-in stands, by the client's own word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignIn {
    /// It cannot say yet.
    Starting,
    /// Signed out.
    SignedOut,
    /// Signing in.
    SigningIn,
    /// Signing out.
    SigningOut,
    /// Signed in.
    SignedIn {
        /// Whether the user can be reached.
        availability: Availability,
        /// What the user is doing.
        activity: Option<Activity>,
        /// The client's own word.
        raw: String,
    },
    /// It is about to end.
    ShuttingDown,
    /// The client says something that is not known here, or does not say.
    Unseen,
}

/// What it means that a client refuses to be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody is signed in.
    SignedOut,
    /// It may not be asked.
    Denied,
    /// It does not answer at the moment.
    Busy,
    /// It is perhaps not ready yet; if it stays so, this is the reason.
    NotYet(UnknownReason),
    /// It cannot be asked in this way.
    NotSupported,
}

/// `MSGR_E_NOT_LOGGED_ON`: it runs, and nobody is signed in.
pub const NOT_LOGGED_ON: HResult = HResult::of(0x8100_031E);
const PRIMARY_SERVICE_NOT_LOGGED_ON: HResult = HResult::of(0x8100_0318);

/// Whether a code says that nobody is signed in.
#[must_use]
pub fn says_signed_out(code: HResult) -> bool {
    [NOT_LOGGED_ON, PRIMARY_SERVICE_NOT_LOGGED_ON].contains(&code)
}

/// What a refusal means of a client whose flag says that it is up and whose process lives.
///
/// `same_level` says whether this process and the client's are trusted alike, where that is known.
#[must_use]
pub fn refusal(code: HResult, same_level: Option<bool>) -> Refusal {
    match code.0.cast_unsigned() {
        _ if says_signed_out(code) => Refusal::SignedOut,
        // CLASS_E_CLASSNOTAVAILABLE: a client that is signed out may give no object; one that runs
        // at another level gives none to us.
        0x8004_0111 if same_level != Some(false) => Refusal::SignedOut,
        // E_ACCESSDENIED, CO_E_SERVER_EXEC_FAILURE.
        0x8004_0111 | 0x8007_0005 | 0x8008_0005 => Refusal::Denied,
        // REGDB_E_CLASSNOTREG.
        0x8004_0154 if same_level == Some(false) => Refusal::Denied,
        0x8004_0154 => Refusal::NotYet(UnknownReason::NotSupported),
        // RPC_S_SERVER_UNAVAILABLE, RPC_S_CALL_FAILED, RPC_E_DISCONNECTED, RPC_E_SERVER_DIED,
        // RPC_E_SERVER_DIED_DNE, CO_E_OBJNOTCONNECTED.
        0x8007_06BA | 0x8007_06BE | 0x8001_0108 | 0x8001_0007 | 0x8001_0012 | 0x8004_01FD => {
            Refusal::NotYet(UnknownReason::NotResponding)
        }
        // E_NOINTERFACE, REGDB_E_IIDNOTREG, DISP_E_UNKNOWNNAME, DISP_E_MEMBERNOTFOUND, E_NOTIMPL,
        // CONNECT_E_NOCONNECTION.
        0x8000_4002 | 0x8004_0155 | 0x8002_0006 | 0x8002_0003 | 0x8000_4001 | 0x8004_0200 => {
            Refusal::NotSupported
        }
        // RPC_E_CALL_REJECTED, RPC_E_SERVERCALL_RETRYLATER, and whatever is not known here.
        _ => Refusal::Busy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_articles_own_codes_mean_what_their_readers_found_out() {
        let check = |code, same_level, expected| {
            assert_eq!(refusal(HResult::of(code), same_level), expected, "{code:x} {same_level:?}");
        };
        check(0x8100_031E, None, Refusal::SignedOut);
        check(0x8004_0111, Some(true), Refusal::SignedOut);
        check(0x8004_0111, Some(false), Refusal::Denied);
        check(0x8008_0005, Some(true), Refusal::Denied);
        check(0x8007_0005, None, Refusal::Denied);
        check(0x8004_0154, Some(false), Refusal::Denied);
        check(0x8004_0154, None, Refusal::NotYet(UnknownReason::NotSupported));
        check(0x8007_06BA, None, Refusal::NotYet(UnknownReason::NotResponding));
        check(0x8001_010A, None, Refusal::Busy);
        check(0x8001_0001, None, Refusal::Busy);
        check(0x8000_4002, None, Refusal::NotSupported);
        check(0x8000_4005, None, Refusal::Busy);
    }
}
