//! Reading of a client, and the meaning of error codes.

use communicado_core::UnknownReason;
use communicado_windows::{HResult, Variant};

use crate::sign_in::AccountSignIn;

/// Value of a member, or the error code of the call.
pub type MemberValue = Result<Variant, HResult>;

/// Reading of a client at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientReading {
    /// The status that the client reports.
    pub status: ReportedStatus,
    /// The name that the user signs in with.
    pub account: Option<String>,
    /// The display name of the user.
    pub name: Option<String>,
}

/// Status that a client reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReportedStatus {
    /// The client is starting.
    Starting,
    /// The sign-in state of its account.
    SignIn(AccountSignIn),
    /// The client shuts down.
    ShuttingDown,
    /// The client reports no status, or an unknown one.
    NotReported,
}

impl ReportedStatus {
    /// Signed out, without a failure.
    pub const SIGNED_OUT: Self = Self::SignIn(AccountSignIn::SignedOut(None));
}

/// Meaning of a failed read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadFailure {
    /// The user is signed out.
    SignedOut,
    /// Windows denies access to the client.
    Denied,
    /// The client does not respond at the moment.
    Busy,
    /// The client may not be ready. If this persists, the status is unknown for this reason.
    NotReady(UnknownReason),
    /// The client does not support the call.
    NotSupported,
}

/// `MSGR_E_NOT_LOGGED_ON`: the client runs and the user is signed out.
pub const NOT_LOGGED_ON: HResult = HResult::of(0x8100_031E);
const PRIMARY_SERVICE_NOT_LOGGED_ON: HResult = HResult::of(0x8100_0318);
/// `NotSignedInException` of Lync (Microsoft, "Lync platform status codes").
const NOT_SIGNED_IN: HResult = HResult::of(0x80C8_0006);

/// Returns whether an error code means signed out.
#[must_use]
pub fn is_signed_out(code: HResult) -> bool {
    [NOT_LOGGED_ON, PRIMARY_SERVICE_NOT_LOGGED_ON, NOT_SIGNED_IN].contains(&code)
}

/// The meaning of an error code, for a client whose flag is set and whose process runs.
///
/// `same_level` is whether this process and the client have the same integrity level, where known.
#[must_use]
pub fn read_failure(code: HResult, same_level: Option<bool>) -> ReadFailure {
    match code.0.cast_unsigned() {
        _ if is_signed_out(code) => ReadFailure::SignedOut,
        // CLASS_E_CLASSNOTAVAILABLE: from a client that is signed out, or has another integrity
        // level.
        0x8004_0111 if same_level != Some(false) => ReadFailure::SignedOut,
        // E_ACCESSDENIED, CO_E_SERVER_EXEC_FAILURE.
        0x8004_0111 | 0x8007_0005 | 0x8008_0005 => ReadFailure::Denied,
        // REGDB_E_CLASSNOTREG.
        0x8004_0154 if same_level == Some(false) => ReadFailure::Denied,
        0x8004_0154 => ReadFailure::NotReady(UnknownReason::NotSupported),
        // RPC_S_SERVER_UNAVAILABLE, RPC_S_CALL_FAILED, RPC_E_DISCONNECTED, RPC_E_SERVER_DIED,
        // RPC_E_SERVER_DIED_DNE, CO_E_OBJNOTCONNECTED.
        0x8007_06BA | 0x8007_06BE | 0x8001_0108 | 0x8001_0007 | 0x8001_0012 | 0x8004_01FD => {
            ReadFailure::NotReady(UnknownReason::NotResponding)
        }
        // E_NOINTERFACE, REGDB_E_IIDNOTREG, DISP_E_UNKNOWNNAME, DISP_E_MEMBERNOTFOUND, E_NOTIMPL,
        // CONNECT_E_NOCONNECTION.
        0x8000_4002 | 0x8004_0155 | 0x8002_0006 | 0x8002_0003 | 0x8000_4001 | 0x8004_0200 => {
            ReadFailure::NotSupported
        }
        // RPC_E_CALL_REJECTED, RPC_E_SERVERCALL_RETRYLATER and all unknown codes.
        _ => ReadFailure::Busy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_codes_have_their_documented_meaning() {
        let check = |code, same_level, expected| {
            assert_eq!(
                read_failure(HResult::of(code), same_level),
                expected,
                "{code:x} {same_level:?}"
            );
        };
        check(0x8100_031E, None, ReadFailure::SignedOut);
        check(0x80C8_0006, None, ReadFailure::SignedOut);
        check(0x8004_0111, Some(true), ReadFailure::SignedOut);
        check(0x8004_0111, Some(false), ReadFailure::Denied);
        check(0x8008_0005, Some(true), ReadFailure::Denied);
        check(0x8007_0005, None, ReadFailure::Denied);
        check(0x8004_0154, Some(false), ReadFailure::Denied);
        check(0x8004_0154, None, ReadFailure::NotReady(UnknownReason::NotSupported));
        check(0x8007_06BA, None, ReadFailure::NotReady(UnknownReason::NotResponding));
        check(0x8001_010A, None, ReadFailure::Busy);
        check(0x8001_0001, None, ReadFailure::Busy);
        check(0x8000_4002, None, ReadFailure::NotSupported);
        check(0x8000_4005, None, ReadFailure::Busy);
    }
}
