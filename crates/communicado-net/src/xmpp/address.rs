//! The addresses of accounts and servers.

use std::fmt;

use hyper::Uri;

use crate::{Endpoint, NetError, is_this_machine};

/// The longest address of an account that is accepted, in bytes.
const ADDRESS_MAX: usize = 256;

/// The address of an account, without a resource: `ada@example.com`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AccountAddress {
    user: String,
    domain: String,
}

/// The address of a server, and whether the connection to it must be encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerAddress {
    /// The host and the port.
    pub(super) endpoint: Endpoint,
    /// True for TLS from the first byte, false for STARTTLS.
    pub(super) is_direct_tls: bool,
    /// True if the server must offer STARTTLS.
    pub(super) needs_tls: bool,
}

impl AccountAddress {
    /// The address in a text, in lower case, as servers send it. `None` if it is not valid.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (user, domain) = text.split_once('@')?;
        let is_forbidden = |c: char| {
            c.is_whitespace() || c.is_control() || matches!(c, '"' | '&' | '\'' | '/' | '<' | '>')
        };
        let is_part = |part: &str| !part.is_empty() && !part.contains(is_forbidden);
        let is_user = is_part(user) && !user.contains(':');
        let is_domain = is_part(domain) && !domain.contains('@');
        (is_user && is_domain && text.len() <= ADDRESS_MAX)
            .then(|| Self { user: user.to_lowercase(), domain: domain.to_lowercase() })
    }

    /// The part before the `@`.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The part after the `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }
}

impl fmt::Display for AccountAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.user, self.domain)
    }
}

impl ServerAddress {
    /// The server in a URL with the scheme `xmpp` (STARTTLS) or `xmpps` (TLS from the first byte).
    ///
    /// An empty text is port 5222 of the account's domain. Only a connection to this machine, or an
    /// `insecure` one, may go without TLS.
    ///
    /// # Errors
    ///
    /// If the text is no such URL.
    pub fn parse(url: &str, account: &AccountAddress, insecure: bool) -> Result<Self, NetError> {
        let (host, port, is_direct_tls) = if url.is_empty() {
            (account.domain.clone(), None, false)
        } else {
            let uri: Uri = url.parse().unwrap_or_default();
            let host = uri.host().unwrap_or_default();
            let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
            let is_direct_tls = match uri.scheme_str() {
                Some("xmpps") => true,
                Some("xmpp") => false,
                _ => return Err(not_a_server(url)),
            };
            if host.is_empty() {
                return Err(not_a_server(url));
            }
            (host, uri.port_u16(), is_direct_tls)
        };
        let port = port.unwrap_or(if is_direct_tls { 5223 } else { 5222 });
        let is_local = is_this_machine(&host);
        let endpoint = Endpoint { host, port, tls: false, loopback_only: is_local };
        Ok(Self { endpoint, is_direct_tls, needs_tls: !insecure && !is_local })
    }
}

fn not_a_server(url: &str) -> NetError {
    NetError::permanent(
        format!("`{url}` is not the address of an XMPP server"),
        "write xmpp://HOST:PORT for STARTTLS, or xmpps://HOST:PORT for TLS",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ada() -> AccountAddress {
        AccountAddress::parse("ada@example.com").unwrap()
    }

    #[test]
    fn an_address_of_an_account_has_a_user_and_a_domain() {
        let address = AccountAddress::parse("Ada@Example.COM").unwrap();
        assert_eq!(address, ada());
        assert_eq!(address.to_string(), "ada@example.com");
        for wrong in ["", "ada", "@example.com", "ada@", "ada@x/phone", "a b@x", "a@b@c", "a<@x"] {
            assert_eq!(AccountAddress::parse(wrong), None, "{wrong}");
        }
        assert_eq!(AccountAddress::parse(&format!("ada@{}", "x".repeat(ADDRESS_MAX))), None);
    }

    #[test]
    fn only_this_machine_may_go_without_tls_unless_insecure() {
        let check = |url: &str, insecure, host: &str, port, is_direct_tls, needs_tls| {
            let server = ServerAddress::parse(url, &ada(), insecure).unwrap();
            assert_eq!((&*server.endpoint.host, server.endpoint.port), (host, port), "{url}");
            assert_eq!((server.is_direct_tls, server.needs_tls), (is_direct_tls, needs_tls));
        };
        check("", false, "example.com", 5222, false, true);
        check("xmpp://10.0.0.1:52220", false, "10.0.0.1", 52220, false, true);
        check("xmpps://chat.example.com", false, "chat.example.com", 5223, true, true);
        check("xmpp://localhost", false, "localhost", 5222, false, false);
        check("xmpp://[::1]", false, "::1", 5222, false, false);
        check("xmpp://chat.lan", true, "chat.lan", 5222, false, false);
        for wrong in ["http://x", "chat.example.com", "xmpp://"] {
            assert!(ServerAddress::parse(wrong, &ada(), false).is_err(), "{wrong}");
        }
    }
}
