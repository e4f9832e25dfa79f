//! The URLs that an operator sets; a pure module. Each error has the intended spelling.

use url::{Host, Url};

/// The public URL of the gateway, which decides what belongs to it in a browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicUrl {
    /// The origin as browsers spell it.
    origin: String,
    /// The path that the proxy removes, without a slash at the end.
    path: String,
    /// The name or the address, without a port and without brackets.
    host: String,
    is_secure: bool,
}

impl PublicUrl {
    /// Parses a public URL for clap.
    ///
    /// # Errors
    ///
    /// If it is not an absolute URL of a page, without a query.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let url = absolute(text)?;
        let path = url.path().trim_end_matches('/').to_owned();
        // A cookie's path cannot contain a semicolon.
        if path.contains(';') {
            return Err("the path must not contain `;`".to_owned());
        }
        let is_secure = url.scheme() == "https";
        let host = match url.host() {
            Some(Host::Ipv6(address)) => address.to_string(),
            host => host.map(|host| host.to_string()).unwrap_or_default(),
        };
        Ok(Self { origin: url.origin().ascii_serialization(), path, host, is_secure })
    }

    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// The path of the URL, empty or from its first slash, without a slash at the end.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    pub(crate) const fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// The public URL of a path of the gateway.
    pub(crate) fn join(&self, path: &str) -> String {
        format!("{}{}{path}", self.origin, self.path)
    }
}

/// Parses an origin for clap.
///
/// # Errors
///
/// If no browser sends this text as an origin of one site.
pub(crate) fn origin(text: &str) -> Result<String, String> {
    match text {
        "*" => {
            return Err("every site could then read with a visitor's session; name each origin, \
                        for example `https://intranet.example`"
                .to_owned());
        }
        "null" => {
            return Err(
                "every site can create a page with the origin `null`; serve the page from \
                        a web server, and name its origin"
                    .to_owned(),
            );
        }
        _ => {}
    }
    let (scheme, rest) = text.split_once("://").unwrap_or_default();
    let is_page = ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    let spelled = if scheme.is_empty() || is_page {
        absolute(text.split(['?', '#']).next().unwrap_or_default())?.origin().ascii_serialization()
    } else {
        // A browser extension or a desktop shell has its own scheme.
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        format!("{scheme}://{host}")
    };
    if spelled == text { Ok(spelled) } else { Err(format!("not an origin; write `{spelled}`")) }
}

/// Parses the URL of an issuer for clap. The issuer's tokens contain exactly this text.
///
/// # Errors
///
/// If it is not an absolute URL, or is the URL of the discovery document.
pub(crate) fn issuer(text: &str) -> Result<String, String> {
    const DISCOVERY: &str = "/.well-known/openid-configuration";
    absolute(text)?;
    match text.strip_suffix(DISCOVERY) {
        Some(issuer) => Err(format!("this is the discovery document; write `{issuer}`")),
        None => Ok(text.to_owned()),
    }
}

/// An absolute URL of the web without user, query and fragment.
fn absolute(text: &str) -> Result<Url, String> {
    if !text.contains("://") {
        let with_scheme = format!("https://{text}");
        return Err(match Url::parse(&with_scheme) {
            Ok(_) => format!("the scheme is missing; write `{with_scheme}`"),
            Err(error) => format!("not a URL: {error}"),
        });
    }
    let mut url = Url::parse(text).map_err(|error| format!("not a URL: {error}"))?;
    if !["http", "https"].contains(&url.scheme()) {
        return Err("not a URL of the web; begin with `https://`".to_owned());
    }
    let has_user = !url.username().is_empty() || url.password().is_some();
    if !has_user && url.query().is_none() && url.fragment().is_none() {
        return Ok(url);
    }
    let _ = (url.set_username(""), url.set_password(None));
    url.set_query(None);
    url.set_fragment(None);
    Err(format!("a user, `?` and `#` do not belong here; write `{url}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_has_an_origin_as_browsers_spell_it_and_a_path() {
        for (text, origin, path, is_secure) in [
            ("https://status.example", "https://status.example", "", true),
            ("https://Status.Example:443/", "https://status.example", "", true),
            (
                "https://status.example:8443/presence/",
                "https://status.example:8443",
                "/presence",
                true,
            ),
            ("http://127.0.0.1:80/a/b", "http://127.0.0.1", "/a/b", false),
            ("https://bücher.example", "https://xn--bcher-kva.example", "", true),
        ] {
            let url = PublicUrl::parse(text).unwrap();
            assert_eq!((url.origin(), url.path(), url.is_secure()), (origin, path, is_secure));
        }
        let url = PublicUrl::parse("https://a.example:1/b/").unwrap();
        assert_eq!(url.join("/v1/x"), "https://a.example:1/b/v1/x");
    }

    #[test]
    fn a_wrong_url_is_refused_with_the_intended_spelling() {
        for (text, spelled) in [
            ("status.example", "`https://status.example`"),
            ("status.example:8443/presence", "`https://status.example:8443/presence`"),
            ("https://a.example/?b=c#d", "`https://a.example/`"),
            ("https://ada:x@a.example/", "`https://a.example/`"),
        ] {
            let errors = [PublicUrl::parse(text).unwrap_err(), issuer(text).unwrap_err()];
            assert!(errors.iter().all(|error| error.contains(spelled)), "{errors:?}");
        }
        for text in ["", "https://", "ftp://a.example", "https://a b", "https://a/b;c"] {
            assert!(PublicUrl::parse(text).is_err(), "{text}");
        }
        let document = "https://sso.example/realm/.well-known/openid-configuration";
        assert!(issuer(document).unwrap_err().contains("`https://sso.example/realm`"));
        assert_eq!(issuer("https://sso.example/").unwrap(), "https://sso.example/");
    }

    #[test]
    fn an_origin_is_spelled_as_a_browser_sends_it() {
        for text in [
            "https://pages.example",
            "http://localhost:8080",
            "https://xn--bcher-kva.example",
            "chrome-extension://abcdef",
        ] {
            assert_eq!(origin(text).as_deref(), Ok(text));
        }
        for (text, spelled) in [
            ("https://pages.example/", "`https://pages.example`"),
            ("https://pages.example/app", "`https://pages.example`"),
            ("https://pages.example/app?x#y", "`https://pages.example`"),
            ("https://Pages.example:443", "`https://pages.example`"),
            ("https://bücher.example", "`https://xn--bcher-kva.example`"),
            ("pages.example", "`https://pages.example`"),
            ("localhost:8080", "`https://localhost:8080`"),
            ("chrome-extension://abc/page", "`chrome-extension://abc`"),
            ("*", "for example `https://intranet.example`"),
            ("null", "serve the page from a web server"),
        ] {
            let error = origin(text).unwrap_err();
            assert!(error.contains(spelled), "{text}: {error}");
        }
    }
}
