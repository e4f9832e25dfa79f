//! API errors, the origin of problem documents.

use communicado_cli_support::{Failure, Outcome};
use communicado_wire::gateway::Problem;

use crate::limits::Limit;

/// The kinds of API errors. Each is one problem `type` and one HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum ApiErrorKind {
    BadRequest,
    NotSignedIn,
    NotAllowed,
    NotFound,
    WrongMethod,
    TooSlow,
    Conflict,
    Full,
    TooLarge,
    WrongType,
    Misdirected,
    TooMany,
    HeadTooLarge,
    Unavailable,
}

impl ApiErrorKind {
    pub(crate) const fn status(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::NotSignedIn => 401,
            Self::NotAllowed => 403,
            Self::NotFound => 404,
            Self::WrongMethod => 405,
            Self::TooSlow => 408,
            Self::Conflict | Self::Full => 409,
            Self::TooLarge => 413,
            Self::WrongType => 415,
            Self::Misdirected => 421,
            Self::TooMany => 429,
            Self::HeadTooLarge => 431,
            Self::Unavailable => 503,
        }
    }

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::BadRequest => "bad-request",
            Self::NotSignedIn => "not-signed-in",
            Self::NotAllowed => "not-allowed",
            Self::NotFound => "not-found",
            Self::WrongMethod => "wrong-method",
            Self::TooSlow => "too-slow",
            Self::Conflict => "conflict",
            Self::Full => "full",
            Self::TooLarge => "too-large",
            Self::WrongType => "wrong-type",
            Self::Misdirected => "misdirected",
            Self::TooMany => "too-many",
            Self::HeadTooLarge => "head-too-large",
            Self::Unavailable => "unavailable",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::BadRequest => "The request is malformed",
            Self::NotSignedIn => "Authentication is required",
            Self::NotAllowed => "This is not permitted",
            Self::NotFound => "Not found",
            Self::WrongMethod => "Method not allowed",
            Self::TooSlow => "The request timed out",
            Self::Conflict => "The request conflicts with the current state",
            Self::Full => "A storage limit is reached",
            Self::TooLarge => "The request is too large",
            Self::WrongType => "The body has an unsupported media type",
            Self::Misdirected => "The request is for another host",
            Self::TooMany => "Too many requests",
            Self::HeadTooLarge => "The request head is too large",
            Self::Unavailable => "The gateway cannot do this at the moment",
        }
    }
}

/// An API error, with advice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) kind: ApiErrorKind,
    detail: Box<str>,
    help: Box<str>,
    /// The detail and the help for a command of this program, if they differ.
    of_command: Option<Box<(Box<str>, Box<str>)>>,
    limit: Option<&'static str>,
    /// Seconds after which to try again.
    pub(crate) retry_after: Option<u32>,
}

impl ApiError {
    pub(crate) fn new(
        kind: ApiErrorKind,
        detail: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        let (detail, help) = (detail.into().into(), help.into().into());
        Self { kind, detail, help, of_command: None, limit: None, retry_after: None }
    }

    pub(crate) fn bad_request(detail: impl Into<String>, help: impl Into<String>) -> Self {
        Self::new(ApiErrorKind::BadRequest, detail, help)
    }

    pub(crate) fn no_person(id: &str) -> Self {
        let detail = format!("no person `{id}` is visible to this token");
        Self::new(
            ApiErrorKind::NotFound,
            detail,
            "ask an administrator to add the person with POST /v1/people",
        )
        .in_command(
            format!("there is no person `{id}`"),
            "`communicado-gateway people list` lists the people",
        )
    }

    pub(crate) fn no_token(id: &str) -> Self {
        let detail = format!("there is no token `{id}`");
        let help = "`communicado-gateway tokens list` lists the tokens";
        Self::new(ApiErrorKind::NotFound, detail.as_str(), "GET /v1/tokens lists the tokens")
            .in_command(detail, help)
    }

    /// The token was revoked during the request.
    pub(crate) fn token_revoked() -> Self {
        let detail = "the token was revoked or expired during the request";
        Self::new(ApiErrorKind::NotSignedIn, detail, "ask an administrator for a new token")
    }

    /// The error for a value beyond `limit`, as described by `detail`.
    pub(crate) fn limit_exceeded(
        kind: ApiErrorKind,
        limit: Limit,
        detail: impl Into<String>,
    ) -> Self {
        let help = format!("the limit `{}` is {}", limit.name, limit.max);
        Self { limit: Some(limit.name), ..Self::new(kind, detail, help) }
    }

    /// Sets the detail and the help for a command of this program.
    pub(crate) fn in_command(mut self, detail: impl Into<String>, help: impl Into<String>) -> Self {
        self.of_command = Some(Box::new((detail.into().into(), help.into().into())));
        self
    }

    /// The error as a command of this program reports it.
    pub(crate) fn for_command(mut self) -> Self {
        if let Some(texts) = self.of_command.take() {
            (self.detail, self.help) = *texts;
        }
        self
    }

    pub(crate) fn with_limit(mut self, name: &'static str) -> Self {
        self.limit = Some(name);
        self
    }

    pub(crate) fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    pub(crate) fn problem(&self) -> Problem {
        Problem {
            kind: format!("urn:communicado:problem:{}", self.kind.word()).into(),
            title: self.kind.title().into(),
            status: self.kind.status(),
            detail: (&*self.detail).into(),
            help: (&*self.help).into(),
            limit: self.limit.map(Into::into),
        }
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        let problem = error.problem();
        Self::new(Outcome::Failed, &*problem.detail).help(&*problem.help)
    }
}
