//! The client address of a request that came through a trusted proxy; a pure module.
//!
//! A proxy adds the address of its client at the right of `Forwarded` (RFC 7239) or
//! `X-Forwarded-For`. So the headers are read from the right, and only while the address that added
//! an entry is trusted. A client can write anything further to the left.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

/// The networks of the proxies that the operator trusts.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    pub(crate) const fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The client of a request from `peer`, which has these values of the two headers, in order.
    ///
    /// The result is the last proxy if a value is not an address. It is also the proxy if both
    /// headers are present and differ: one of them is then the client's own text.
    pub(crate) fn client<'a>(
        &self,
        peer: IpAddr,
        forwarded: impl Iterator<Item = &'a [u8]>,
        x_forwarded_for: impl Iterator<Item = &'a [u8]>,
    ) -> IpAddr {
        if !self.contains(peer) {
            return peer;
        }
        let forwarded: Vec<Option<IpAddr>> =
            forwarded.flat_map(|value| split(value, b',')).map(node_of_element).collect();
        let plain: Vec<Option<IpAddr>> =
            x_forwarded_for.flat_map(|value| value.split(|byte| *byte == b',')).map(node).collect();
        match (forwarded.is_empty(), plain.is_empty()) {
            (true, true) => peer,
            (false, true) => self.walk(peer, &forwarded),
            (true, false) => self.walk(peer, &plain),
            (false, false) => {
                let (one, other) = (self.walk(peer, &forwarded), self.walk(peer, &plain));
                if one == other { one } else { peer }
            }
        }
    }

    /// Follows the entries from the right while they come from a trusted address.
    fn walk(&self, peer: IpAddr, entries: &[Option<IpAddr>]) -> IpAddr {
        let mut client = peer;
        for entry in entries.iter().rev() {
            let (true, Some(entry)) = (self.contains(client), entry) else { break };
            client = *entry;
        }
        client
    }
}

/// Parses a network for clap. An address alone is a network of one address.
///
/// # Errors
///
/// If the text is neither.
pub(crate) fn network(text: &str) -> Result<IpNet, String> {
    let address = text.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical()));
    let network = address.ok().or_else(|| text.parse::<IpNet>().ok());
    network.ok_or_else(|| "not a network; for example `127.0.0.1` or `10.0.0.0/8`".to_owned())
}

/// Splits at a byte outside quoted strings.
fn split(value: &[u8], at: u8) -> impl Iterator<Item = &[u8]> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    value.split(move |byte| {
        let is_end = *byte == at && !is_quoted;
        is_quoted ^= *byte == b'"' && !is_escaped;
        is_escaped = is_quoted && *byte == b'\\' && !is_escaped;
        is_end
    })
}

/// The address in the pair `for` of an element of `Forwarded`.
fn node_of_element(element: &[u8]) -> Option<IpAddr> {
    split(element, b';').find_map(|pair| {
        let pair = pair.trim_ascii();
        let at = pair.iter().position(|byte| *byte == b'=')?;
        let (name, value) = pair.split_at_checked(at)?;
        name.trim_ascii().eq_ignore_ascii_case(b"for").then_some(())?;
        let value = value.get(1..)?.trim_ascii();
        let quoted = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
        node(quoted.unwrap_or(value))
    })
}

/// An address with or without a port, or with brackets.
fn node(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text.trim_ascii()).ok()?;
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse::<IpAddr>().ok();
    let address = address.or_else(|| text.parse::<SocketAddr>().ok().map(|it| it.ip()));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&str], plain: &[&str]) -> String {
        let networks = ["127.0.0.1", "10.0.0.0/8", "fd00::/8"];
        let proxies = TrustedProxies::new(networks.map(|text| network(text).unwrap()).into());
        let bytes = |values: &[&str]| -> Vec<Vec<u8>> {
            values.iter().map(|value| value.as_bytes().to_vec()).collect()
        };
        let (forwarded, plain) = (bytes(forwarded), bytes(plain));
        let client = proxies.client(
            peer.parse().unwrap(),
            forwarded.iter().map(|it| &**it),
            plain.iter().map(|it| &**it),
        );
        client.to_string()
    }

    #[test]
    fn only_entries_that_a_trusted_proxy_added_count() {
        for (peer, plain, expected) in [
            ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
            ("127.0.0.1", "198.51.100.7", "198.51.100.7"),
            ("::ffff:127.0.0.1", "198.51.100.7", "198.51.100.7"),
            // The client wrote the first entry.
            ("127.0.0.1", "203.0.113.9, 198.51.100.7", "198.51.100.7"),
            ("127.0.0.1", "203.0.113.9,198.51.100.7 , 10.1.2.3", "198.51.100.7"),
            ("127.0.0.1", "10.9.9.9, 10.1.2.3", "10.9.9.9"),
            ("127.0.0.1", "198.51.100.7:4711", "198.51.100.7"),
            ("127.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"),
            ("127.0.0.1", "2001:db8::1", "2001:db8::1"),
            ("fd00::1", "2001:db8::1", "2001:db8::1"),
            ("127.0.0.1", "198.51.100.7, unknown", "127.0.0.1"),
            ("127.0.0.1", "198.51.100.7, ", "127.0.0.1"),
            ("127.0.0.1", "", "127.0.0.1"),
            ("127.0.0.1", "198.51.100.7, _hidden, 10.0.0.1", "10.0.0.1"),
        ] {
            assert_eq!(client(peer, &[], &[plain]), expected, "{peer} {plain}");
        }
        assert_eq!(client("127.0.0.1", &[], &["203.0.113.9", "198.51.100.7"]), "198.51.100.7");
        assert_eq!(client("127.0.0.1", &[], &[]), "127.0.0.1");
    }

    #[test]
    fn the_standard_header_is_read_with_quotes_and_other_pairs() {
        for (forwarded, expected) in [
            ("for=198.51.100.7", "198.51.100.7"),
            ("For=\"198.51.100.7:80\";proto=https;by=10.0.0.1", "198.51.100.7"),
            ("proto=https; for=\"[2001:db8::1]:80\"", "2001:db8::1"),
            ("for=203.0.113.9, for=198.51.100.7;host=\"a,for=1.2.3.4\"", "198.51.100.7"),
            ("for=203.0.113.9, proto=\"a\\\",\";for=198.51.100.7", "198.51.100.7"),
            ("for=198.51.100.7, for=unknown", "127.0.0.1"),
            ("for=198.51.100.7, by=10.0.0.1", "127.0.0.1"),
            ("for", "127.0.0.1"),
            ("\"", "127.0.0.1"),
        ] {
            assert_eq!(client("127.0.0.1", &[forwarded], &[]), expected, "{forwarded}");
        }
    }

    #[test]
    fn headers_that_contradict_each_other_count_for_the_proxy() {
        let both = |forwarded, plain| client("127.0.0.1", &[forwarded], &[plain]);
        assert_eq!(both("for=198.51.100.7", "198.51.100.7"), "198.51.100.7");
        assert_eq!(both("for=203.0.113.9", "198.51.100.7"), "127.0.0.1");
    }

    #[test]
    fn a_network_is_an_address_or_has_a_prefix() {
        assert_eq!(network("10.0.0.0/8").unwrap().to_string(), "10.0.0.0/8");
        assert_eq!(network("::1").unwrap().to_string(), "::1/128");
        for bad in ["", "10.0.0.0/33", "localhost", "10.0.0/8"] {
            assert!(network(bad).is_err(), "{bad}");
        }
    }
}
