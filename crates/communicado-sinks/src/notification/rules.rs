//! The changes that need the user. Pure.

use communicado_wire::{Client, Status};

/// The reason of a client that does not answer.
const HUNG: &str = "not-responding";

/// Returns whether a client has a problem that the user may not see: the user was signed out, a
/// sign-in failed, or the client hangs. `client.before` is the status in the report before.
pub(super) fn is_problem(client: &Client) -> bool {
    let was_signed_in =
        matches!(client.before.flatten(), Some(Status::SignedIn | Status::SigningOut));
    match client.status {
        Status::SignedOut => was_signed_in || client.reason.is_some(),
        Status::Unknown => client.reason.as_deref() == Some(HUNG),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use communicado_core::UnknownReason;
    use communicado_wire::Timestamp;

    use super::*;

    fn check(before: Option<Status>, status: Status, reason: Option<&str>, expected: bool) {
        let mut client = Client::new("finch".into(), "purple".into(), Timestamp::EPOCH);
        client.before = Some(before);
        client.status = status;
        client.reason = reason.map(Into::into);
        assert_eq!(is_problem(&client), expected, "{before:?} {status:?} {reason:?}");
    }

    #[test]
    fn only_a_sign_out_a_failed_sign_in_and_a_hung_client_are_problems() {
        check(Some(Status::SignedIn), Status::SignedOut, None, true);
        check(Some(Status::SigningOut), Status::SignedOut, None, true);
        check(Some(Status::SigningIn), Status::SignedOut, Some("network"), true);
        check(None, Status::SignedOut, Some("network"), true);
        check(Some(Status::SignedIn), Status::Unknown, Some(HUNG), true);
        check(None, Status::SignedOut, None, false);
        check(Some(Status::Starting), Status::SignedOut, None, false);
        check(Some(Status::SignedIn), Status::Absent, None, false);
        check(Some(Status::SigningIn), Status::SignedIn, None, false);
        check(Some(Status::SignedIn), Status::Unknown, Some("source-lost"), false);
    }

    #[test]
    fn the_reason_of_a_hung_client_is_a_word_of_the_core() {
        assert_eq!(UnknownReason::NotResponding.word(), HUNG);
    }
}
