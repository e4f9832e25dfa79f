//! The error of a sign-in: a text for the person, and the cause for the operator's log.

use communicado_wire::is_printable;

use crate::api_error::{ApiError, ApiErrorKind};

/// The remedy for a person, if only an operator can help.
const ASK: &str = "ask an administrator: the log of the gateway has the cause";

/// A failed sign-in.
#[derive(Debug)]
pub(crate) struct LoginError {
    /// The error that the person reads.
    pub(crate) shown: ApiError,
    /// The cause, in one line.
    pub(crate) cause: String,
    /// The remedy for the operator.
    pub(crate) remedy: &'static str,
}

impl LoginError {
    /// A failure that the settings of the gateway or of the issuer cause.
    pub(super) fn misconfigured(
        detail: &str,
        cause: impl Into<String>,
        remedy: &'static str,
    ) -> Self {
        let shown = ApiError::new(ApiErrorKind::Unavailable, detail, ASK);
        Self { shown, cause: cause.into(), remedy }
    }

    /// The issuer refused with an error of OAuth 2.0 and its description.
    pub(super) fn refused(error: &str, description: Option<&str>) -> Self {
        let error = short(error, 80);
        let kind = match error.as_str() {
            "server_error" | "temporarily_unavailable" => ApiErrorKind::Unavailable,
            _ => ApiErrorKind::NotAllowed,
        };
        let (help, remedy) = match error.as_str() {
            "access_denied" => (
                "sign in with another account, or ask an administrator of the issuer for access",
                "check at the issuer that the user may use this client",
            ),
            "invalid_grant" | "login_required" | "consent_required" | "interaction_required" => (
                "sign in again from the board",
                "if this repeats, check the redirect URI at the issuer, and both clocks",
            ),
            "server_error" | "temporarily_unavailable" => {
                ("try again later", "see the log of the issuer")
            }
            "invalid_client" | "unauthorized_client" => (
                ASK,
                "check --oidc-client-id and --oidc-client-secret-file; the secret may have expired",
            ),
            "invalid_scope" => (ASK, "set --oidc-scope to scopes that the issuer has"),
            _ => (ASK, "check the client and its redirect URI at the issuer"),
        };
        let description = description.map(|text| short(text, 300)).unwrap_or_default();
        Self {
            shown: ApiError::new(kind, format!("the issuer rejected the sign-in: {error}"), help),
            cause: format!("the issuer answered {error}: {description}"),
            remedy,
        }
    }
}

impl From<ApiError> for LoginError {
    fn from(shown: ApiError) -> Self {
        let cause = shown.problem().detail.to_string();
        Self { shown, cause, remedy: "no action is needed, unless this repeats" }
    }
}

/// One line of at most `max` printable characters.
pub(super) fn short(text: &str, max: usize) -> String {
    let text = text.chars().map(|it| if it.is_whitespace() { ' ' } else { it });
    text.filter(|it| is_printable(*it)).take(max).collect()
}
