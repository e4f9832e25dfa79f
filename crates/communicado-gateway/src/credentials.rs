//! The credentials in the headers of a request; a pure module.

/// The credentials in the headers of a request: a bearer token, or else a session cookie.
pub(crate) fn from_headers<'a>(
    authorization: Option<&'a str>,
    cookie: Option<&'a str>,
) -> Credentials<'a> {
    if let Some(authorization) = authorization {
        let (scheme, token) = authorization.split_once(' ').unwrap_or((authorization, ""));
        if scheme.eq_ignore_ascii_case("bearer") {
            return Credentials::Bearer(token.trim());
        }
        return Credentials::OtherScheme;
    }
    let cookies = cookie.unwrap_or_default().split(';');
    let mut pairs = cookies.filter_map(|cookie| cookie.trim().split_once('='));
    pairs
        .find(|(name, _)| *name == COOKIE)
        .map_or(Credentials::None, |(_, value)| Credentials::Cookie(value))
}

/// The name of the session cookie.
pub(crate) const COOKIE: &str = "communicado_session";

/// Extracts the credentials of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Credentials<'a> {
    None,
    Bearer(&'a str),
    Cookie(&'a str),
    OtherScheme,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_token_comes_before_the_cookie_of_a_session() {
        let cookie = Some("a=b; communicado_session=y");
        assert_eq!(from_headers(Some("Bearer x"), cookie), Credentials::Bearer("x"));
        assert_eq!(from_headers(None, cookie), Credentials::Cookie("y"));
        assert_eq!(from_headers(Some("Basic x"), cookie), Credentials::OtherScheme);
        assert_eq!(from_headers(None, None), Credentials::None);
    }
}
