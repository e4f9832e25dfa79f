//! The value of `Host`, and the accepted values.

use std::net::Ipv6Addr;

/// The accepted values of `Host`.
///
/// The check protects against DNS rebinding. An attacker can point a name at this address; the
/// browser then sends that name, and gives the response to the attacker's page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum AllowedHosts {
    /// Every name: the gateway has a certificate, or the operator set a public URL.
    #[default]
    Any,
    /// `localhost`, its subdomains, and IP addresses.
    Local,
}

/// A valid value of `Host`: a name or an address, with or without a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Host<'a> {
    text: &'a str,
    name: &'a str,
}

impl<'a> Host<'a> {
    /// Parses `uri-host [ ":" port ]` (RFC 9110, 7.2); `None` if it is invalid.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let (name, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (address, after) = rest.split_once(']')?;
                address.parse::<Ipv6Addr>().ok()?;
                (address, after.strip_prefix(':').or_else(|| after.is_empty().then_some(""))?)
            }
            None => text.split_once(':').unwrap_or((text, "")),
        };
        let is_name =
            |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=".contains(&byte);
        let is_port = port.bytes().all(|byte| byte.is_ascii_digit())
            && (port.is_empty() || port.parse::<u16>().is_ok());
        let is_valid = text.starts_with('[') || (!name.is_empty() && name.bytes().all(is_name));
        (is_valid && is_port).then_some(Self { text, name })
    }

    /// The original value, for messages.
    pub(crate) fn text(self) -> String {
        self.text.chars().take(80).collect()
    }

    pub(crate) fn is_same(self, other: Self) -> bool {
        self.text.eq_ignore_ascii_case(other.text)
    }

    /// True if no name service resolves the host.
    pub(crate) fn is_local(self) -> bool {
        if self.name.parse::<std::net::IpAddr>().is_ok() {
            return true;
        }
        let name = self.name.strip_suffix('.').unwrap_or(self.name).to_ascii_lowercase();
        name == "localhost" || name.ends_with(".localhost")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address_with_or_without_a_port() {
        for good in ["a", "a.example:80", "127.0.0.1", "[::1]", "[::1]:8427", "a:", "A-1.b_c"] {
            assert!(Host::parse(good).is_some(), "{good}");
        }
        for bad in
            ["", "::", ":80", "a b", "a:b", "a:99999", "u@a", "[::1", "[a]", "[::1]x", "a/b", "ä"]
        {
            assert_eq!(Host::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn only_localhost_and_addresses_are_local() {
        let is_local = |text| Host::parse(text).unwrap().is_local();
        for yes in
            ["localhost", "LocalHost:1", "a.b.localhost", "localhost.", "10.0.0.1:8", "[::1]"]
        {
            assert!(is_local(yes), "{yes}");
        }
        for no in ["evil.example", "localhost.evil.example", "xlocalhost", "127.0.0.1.evil", "1"] {
            assert!(!is_local(no), "{no}");
        }
    }
}
