//! The address of a gateway, and the ids of people and devices.

use std::fmt;

use communicado_wire::gateway::is_id;
use hyper::Uri;
use hyper::http::uri::Scheme;

use crate::net::{Endpoint, is_this_machine};
use crate::publish::PublishError;

/// The address of a gateway: scheme, host, port, and a path prefix if there is one.
///
/// Plain HTTP is allowed for this machine only, since it sends the token unencrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub(super) tls: bool,
    /// Without the brackets of an IPv6 address.
    pub(super) host: String,
    pub(super) port: u16,
    /// The value of the header `Host`.
    pub(super) authority: String,
    /// Without a trailing slash.
    pub(super) path: String,
}

/// The id of a person or of a device at a gateway.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id(String);

impl Address {
    /// Parses an address such as `https://presence.example.org`.
    ///
    /// # Errors
    ///
    /// If the text is not an address, or one to which a token must not be sent.
    pub fn parse(text: &str) -> Result<Self, PublishError> {
        let wrong = |why: &str, help: &str| {
            Err(PublishError::permanent(
                format!("`{text}` is not an address of a gateway: {why}"),
                help,
            ))
        };
        let example = "write it as https://presence.example.org";
        let Ok(uri) = text.parse::<Uri>() else { return wrong("it is not a URL", example) };
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
            return wrong("the scheme or the host is missing", example);
        };
        let tls = if *scheme == Scheme::HTTPS {
            true
        } else if *scheme == Scheme::HTTP {
            false
        } else {
            return wrong("its scheme is not https", example);
        };
        if authority.as_str().contains('@') {
            return wrong("it has a user name", "remove the user name: the token identifies you");
        }
        if uri.query().is_some() || text.contains('#') {
            return wrong("it has a query or a fragment", example);
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        if !tls && !is_this_machine(&host) {
            return wrong(
                "plain HTTP to another machine would send the token unencrypted",
                "use https",
            );
        }
        let port = authority.port_u16().unwrap_or(if tls { 443 } else { 80 });
        let path = uri.path().trim_end_matches('/').to_owned();
        Ok(Self { tls, host, port, authority: authority.as_str().to_owned(), path })
    }
}

impl Address {
    /// The address to connect to.
    pub(super) fn endpoint(&self) -> Endpoint {
        let (host, port, tls) = (self.host.clone(), self.port, self.tls);
        Endpoint { host, port, tls, loopback_only: !tls }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority, self.path)
    }
}

impl Id {
    /// Parses an id.
    ///
    /// # Errors
    ///
    /// If a gateway would reject it.
    pub fn new(text: &str) -> Result<Self, String> {
        if is_id(text) {
            return Ok(Self(text.to_owned()));
        }
        Err("an id has 1 to 64 lower-case letters, digits, `.`, `_` and `-`, and starts with a \
             letter or a digit"
            .to_owned())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_parsed_and_displayed_unchanged() {
        let check = |text: &str, tls: bool, host: &str, port: u16, path: &str| {
            let address = Address::parse(text).unwrap();
            let parts = (address.tls, &*address.host, address.port, &*address.path);
            assert_eq!(parts, (tls, host, port, path), "{text}");
            assert_eq!(address.to_string(), text.trim_end_matches('/'));
        };
        check("https://presence.example.org", true, "presence.example.org", 443, "");
        check("https://presence.example.org/", true, "presence.example.org", 443, "");
        check("https://example.org:8443/in/out/", true, "example.org", 8443, "/in/out");
        check("http://127.0.0.1:8080", false, "127.0.0.1", 8080, "");
        check("http://localhost", false, "localhost", 80, "");
        check("http://[::1]:8080", false, "::1", 8080, "");
        check("https://[2001:db8::1]", true, "2001:db8::1", 443, "");
    }

    #[test]
    fn an_invalid_address_is_an_error_with_the_reason() {
        let check = |text: &str, why: &str| {
            let error = Address::parse(text).unwrap_err();
            assert!(error.cause.contains(why), "{text}: {}", error.cause);
        };
        check("", "it is not a URL");
        check("not a url", "it is not a URL");
        check("presence.example.org", "the scheme or the host is missing");
        check("/v1/people", "the scheme or the host is missing");
        check("ftp://example.org", "its scheme");
        check("https://ada:secret@example.org", "a user name");
        check("https://example.org/?a=b", "a query or a fragment");
        check("https://example.org/#top", "a query or a fragment");
        check("http://example.org", "unencrypted");
        check("http://192.168.0.1:8080", "unencrypted");
        check("http://localhost.example.org", "unencrypted");
    }

    #[test]
    fn an_id_is_valid_if_a_gateway_accepts_it() {
        for good in ["ada", "a", "0", "ada.lovelace", "laptop-2", "a_b", &"a".repeat(64)] {
            assert_eq!(Id::new(good).unwrap().as_str(), good);
        }
        for bad in ["", "Ada", ".ada", "-a", "a/b", "a b", "ä", "..", &"a".repeat(65)] {
            assert!(Id::new(bad).is_err(), "{bad}");
        }
    }
}
