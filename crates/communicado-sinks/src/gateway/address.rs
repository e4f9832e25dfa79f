//! Where a gateway is, and what people and devices are called there.

use std::fmt;
use std::net::IpAddr;

use communicado_wire::gateway::is_id;
use hyper::Uri;
use hyper::http::uri::Scheme;

use crate::publish::PublishError;

/// The address of a gateway: scheme, host, port, and the path below which it is, if any.
///
/// Plain HTTP is taken for this machine alone: the token would cross a network for all to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub(super) tls: bool,
    /// Without the brackets of an IPv6 address.
    pub(super) host: String,
    pub(super) port: u16,
    /// As it goes into the header `Host`.
    pub(super) authority: String,
    /// Without a slash at its end.
    pub(super) path: String,
}

/// The name of a person or of a device at a gateway.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id(String);

impl Address {
    /// Reads an address such as `https://presence.example.org`.
    ///
    /// # Errors
    ///
    /// If it is no such address, or one over which a token must not go.
    pub fn parse(text: &str) -> Result<Self, PublishError> {
        let wrong = |why: &str, help: &str| {
            Err(PublishError::permanent(
                format!("`{text}` is no address of a gateway: {why}"),
                help,
            ))
        };
        let example = "write it as https://presence.example.org";
        let Ok(uri) = text.parse::<Uri>() else { return wrong("it is no URL", example) };
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
            return wrong("the scheme or the host is missing", example);
        };
        let tls = if *scheme == Scheme::HTTPS {
            true
        } else if *scheme == Scheme::HTTP {
            false
        } else {
            return wrong("it is of another scheme than https", example);
        };
        if authority.as_str().contains('@') {
            return wrong("it holds a user name", "leave it out: a token says who publishes");
        }
        if uri.query().is_some() || text.contains('#') {
            return wrong("something follows its path", example);
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        if !tls && !is_this_machine(&host) {
            return wrong(
                "plain HTTP leads to another machine, and the token would go there for all to read",
                "write it with https",
            );
        }
        let port = authority.port_u16().unwrap_or(if tls { 443 } else { 80 });
        let path = uri.path().trim_end_matches('/').to_owned();
        Ok(Self { tls, host, port, authority: authority.as_str().to_owned(), path })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority, self.path)
    }
}

impl Id {
    /// The name `text`, if it is one.
    ///
    /// # Errors
    ///
    /// If a gateway could not take it.
    pub fn new(text: &str) -> Result<Self, String> {
        if is_id(text) {
            return Ok(Self(text.to_owned()));
        }
        Err("it is made of small letters, digits, `.`, `_` and `-`, begins with a letter or a \
             digit, and has at most 64 of them"
            .to_owned())
    }

    /// The name.
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

/// Whether a host is this machine by its name; what it stands for is looked at again on connecting.
fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart_and_written_as_it_was() {
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
    fn what_is_no_address_is_told_with_the_reason() {
        let check = |text: &str, why: &str| {
            let error = Address::parse(text).unwrap_err();
            assert!(error.cause.contains(why), "{text}: {}", error.cause);
        };
        check("", "it is no URL");
        check("not a url", "it is no URL");
        check("presence.example.org", "the scheme or the host is missing");
        check("/v1/people", "the scheme or the host is missing");
        check("ftp://example.org", "another scheme");
        check("https://ada:secret@example.org", "a user name");
        check("https://example.org/?a=b", "follows its path");
        check("https://example.org/#top", "follows its path");
        check("http://example.org", "for all to read");
        check("http://192.168.0.1:8080", "for all to read");
        check("http://localhost.example.org", "for all to read");
    }

    #[test]
    fn a_name_is_what_a_gateway_takes() {
        for good in ["ada", "a", "0", "ada.lovelace", "laptop-2", "a_b", &"a".repeat(64)] {
            assert_eq!(Id::new(good).unwrap().as_str(), good);
        }
        for bad in ["", "Ada", ".ada", "-a", "a/b", "a b", "ä", "..", &"a".repeat(65)] {
            assert!(Id::new(bad).is_err(), "{bad}");
        }
    }
}
