//! Sign-in state of an account, before its texts become tokens.

use communicado_core::{AccountId, Activity, Availability, Presence, SignIn, SignInFailure};
use communicado_runtime::{ClientHandle, LimitReached};

/// Sign-in state of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountSignIn {
    /// Signed in.
    SignedIn {
        /// True if others can reach the user.
        availability: Availability,
        /// The user's activity, where the client reports one.
        activity: Option<Activity>,
        /// The status as the client names it.
        raw: String,
        /// The user's note as plain text, where the client reports one.
        note: Option<String>,
    },
    /// Signing in.
    SigningIn,
    /// Signing out.
    SigningOut,
    /// Signed out, with the failure if the last sign-in failed.
    SignedOut(Option<SignInFailure>),
}

impl AccountSignIn {
    /// The state of `account`, with its texts as tokens of `client`.
    pub(crate) fn to_core(
        &self,
        client: &ClientHandle,
        account: AccountId,
    ) -> Result<SignIn, LimitReached> {
        Ok(match self {
            Self::SignedIn { availability, activity, raw, note } => {
                let (availability, activity, raw) = (*availability, *activity, client.intern(raw)?);
                let note = note.as_deref().map(|note| client.note(account, note)).transpose()?;
                SignIn::SignedIn(Presence { availability, activity, raw, note })
            }
            Self::SigningIn => SignIn::SigningIn,
            Self::SigningOut => SignIn::SigningOut,
            Self::SignedOut(failure) => SignIn::SignedOut(*failure),
        })
    }
}
