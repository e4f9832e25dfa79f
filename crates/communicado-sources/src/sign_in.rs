//! Sign-in state of an account, before its texts become tokens.

use communicado_core::{Activity, Availability, Presence, SignIn, SignInFailure};
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
    },
    /// Signing in.
    SigningIn,
    /// Signing out.
    SigningOut,
    /// Signed out, with the failure if the last sign-in failed.
    SignedOut(Option<SignInFailure>),
}

impl AccountSignIn {
    /// The state with its texts as tokens of `client`.
    pub(crate) fn to_core(&self, client: &ClientHandle) -> Result<SignIn, LimitReached> {
        Ok(match self {
            Self::SignedIn { availability, activity, raw } => {
                let (availability, activity, raw) = (*availability, *activity, client.intern(raw)?);
                SignIn::SignedIn(Presence { availability, activity, raw })
            }
            Self::SigningIn => SignIn::SigningIn,
            Self::SigningOut => SignIn::SigningOut,
            Self::SignedOut(failure) => SignIn::SignedOut(*failure),
        })
    }
}
