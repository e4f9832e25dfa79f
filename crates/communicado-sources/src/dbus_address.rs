//! Addresses of D-Bus buses, compared by meaning. Pure.
//!
//! One bus has many spellings: `%`-escapes, symbolic links, further keys, several addresses in a
//! list. Two addresses mean the same bus if they share a GUID, a socket or an abstract name (D-Bus
//! specification, "Server Addresses").

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// One address of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DbusAddress {
    transport: String,
    /// The keys, with their values unescaped.
    keys: BTreeMap<String, Vec<u8>>,
}

/// The address of a connection, with the GUID of its bus.
#[derive(Clone, Debug)]
pub struct BusAddress {
    /// The address as it was written.
    pub written: String,
    /// The address, and the GUID as a second one: either is sufficient to recognize the bus.
    pub parsed: Vec<DbusAddress>,
}

impl BusAddress {
    /// The address of a bus that has sent its `guid`.
    #[must_use]
    pub fn new(written: &str, guid: &str) -> Self {
        let guid = BTreeMap::from([("guid".to_owned(), guid.as_bytes().to_owned())]);
        let guid = DbusAddress { transport: String::new(), keys: guid };
        let parsed = parse(written.as_bytes()).into_iter().chain([guid]).collect();
        Self { written: written.to_owned(), parsed }
    }
}

/// The device and the inode of a socket.
pub type SocketId = (u64, u64);

/// The addresses of a list, in order. Malformed ones are skipped, as no client can use them.
#[must_use]
pub fn parse(list: &[u8]) -> Vec<DbusAddress> {
    list.split(|byte| *byte == b';').filter_map(parse_one).collect()
}

/// Returns whether a bus is in both lists.
///
/// `left_socket` and `right_socket` identify the socket at a path, if there is one: each list may
/// come from a process with its own view of the file system.
pub fn is_same_bus(
    left: &[DbusAddress],
    left_socket: impl Fn(&Path) -> Option<SocketId>,
    right: &[DbusAddress],
    right_socket: impl Fn(&Path) -> Option<SocketId>,
) -> bool {
    left.iter()
        .any(|left| right.iter().any(|right| left.is_same(&left_socket, right, &right_socket)))
}

impl DbusAddress {
    /// The address of the socket at a path.
    #[must_use]
    pub fn of_socket(path: &Path) -> Self {
        let path = ("path".to_owned(), path.as_os_str().as_bytes().to_owned());
        Self { transport: "unix".to_owned(), keys: BTreeMap::from([path]) }
    }

    /// The path of the socket, if it has one.
    #[must_use]
    pub fn socket_path(&self) -> Option<&Path> {
        (self.transport == "unix").then(|| self.key("path").map(path))?
    }

    /// The name of the abstract socket, if it has one.
    #[must_use]
    pub fn abstract_name(&self) -> Option<&[u8]> {
        (self.transport == "unix").then(|| self.key("abstract"))?
    }

    /// Returns whether Communicado can connect to it.
    #[must_use]
    pub fn is_supported(&self) -> bool {
        self.socket_path().is_some() || self.abstract_name().is_some() || self.transport == "tcp"
    }

    fn key(&self, name: &str) -> Option<&[u8]> {
        self.keys.get(name).map(Vec::as_slice)
    }

    fn is_same(
        &self,
        socket: impl Fn(&Path) -> Option<SocketId>,
        other: &Self,
        other_socket: impl Fn(&Path) -> Option<SocketId>,
    ) -> bool {
        let guid = self.key("guid");
        if guid.is_some() && guid == other.key("guid") {
            return true;
        }
        match (self.socket_path(), other.socket_path()) {
            (Some(left), Some(right)) => match (socket(left), other_socket(right)) {
                (None, None) => left == right,
                (left, right) => left == right,
            },
            (None, None) => self.transport == other.transport && self.place().eq(other.place()),
            (Some(_), None) | (None, Some(_)) => false,
        }
    }

    /// The keys that locate the server: all but the GUID.
    fn place(&self) -> impl Iterator<Item = (&String, &Vec<u8>)> {
        self.keys.iter().filter(|(name, _)| *name != "guid")
    }
}

/// The spelling with the keys in alphabetical order and with every necessary escape.
impl fmt::Display for DbusAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.transport)?;
        for (index, (name, value)) in self.keys.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{name}=")?;
            for &byte in value {
                if byte.is_ascii_alphanumeric() || b"-_/.\\*".contains(&byte) {
                    write!(f, "{}", char::from(byte))?;
                } else {
                    write!(f, "%{byte:02x}")?;
                }
            }
        }
        Ok(())
    }
}

fn path(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}

fn parse_one(address: &[u8]) -> Option<DbusAddress> {
    let (transport, rest) = split_at_byte(address, b':')?;
    let mut keys = BTreeMap::new();
    for pair in rest.split(|byte| *byte == b',').filter(|pair| !pair.is_empty()) {
        let (name, value) = split_at_byte(pair, b'=')?;
        let is_repeated = keys.insert(word(name)?, unescape(value)?).is_some();
        if is_repeated {
            return None;
        }
    }
    Some(DbusAddress { transport: word(transport)?, keys })
}

fn split_at_byte(bytes: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let index = bytes.iter().position(|byte| *byte == at)?;
    Some((bytes.get(..index)?, bytes.get(index + 1..)?))
}

/// The name of a transport or a key.
fn word(bytes: &[u8]) -> Option<String> {
    let is_word = !bytes.is_empty()
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte));
    is_word.then(|| bytes.iter().copied().map(char::from).collect())
}

/// A value without its escapes. Other bytes stand for themselves, also those that the
/// specification wants escaped.
fn unescape(value: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = value.iter();
    let mut plain = Vec::with_capacity(value.len());
    while let Some(&byte) = bytes.next() {
        if byte == b'%' {
            let digit = |byte: &u8| char::from(*byte).to_digit(16);
            let (high, low) = (digit(bytes.next()?)?, digit(bytes.next()?)?);
            plain.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            plain.push(byte);
        }
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two paths of one socket, and one of another.
    fn socket(path: &Path) -> Option<SocketId> {
        match path.to_str()? {
            "/run/user/1/bus" | "/var/run/user/1/bus" => Some((1, 7)),
            "/tmp/other bus" => Some((1, 8)),
            _ => None,
        }
    }

    fn check(left: &str, right: &str, expected: bool) {
        let (left, right) = (parse(left.as_bytes()), parse(right.as_bytes()));
        assert_eq!(is_same_bus(&left, socket, &right, socket), expected, "{left:?} {right:?}");
        assert_eq!(is_same_bus(&right, socket, &left, socket), expected, "{right:?} {left:?}");
    }

    const BUS: &str = "unix:path=/run/user/1/bus";

    #[test]
    fn every_spelling_of_a_socket_is_the_same_bus() {
        for spelling in [
            BUS,
            "unix:path=%2frun%2Fuser/1/b%75s",
            "unix:path=/var/run/user/1/bus",
            "unix:path=/run/user/1/bus,guid=0123",
            "unix:guid=0123,path=/run/user/1/bus",
            "unix:path=/nowhere;unix:path=/run/user/1/bus;",
        ] {
            check(BUS, spelling, true);
        }
    }

    #[test]
    fn another_socket_is_another_bus() {
        for other in [
            "unix:path=/tmp/other%20bus",
            "unix:path=/nowhere",
            "unix:abstract=/run/user/1/bus",
            "tcp:path=/run/user/1/bus",
            "unix:path=/run/user/1/bus%2",
            "unix:path=/run/user/1/bus,path=/run/user/1/bus",
            "nonsense",
            "",
        ] {
            check(BUS, other, false);
        }
    }

    #[test]
    fn addresses_without_a_socket_compare_by_their_keys() {
        check("unix:abstract=/tmp/a,guid=1", "unix:abstract=%2ftmp/a", true);
        check("unix:abstract=/tmp/a", "unix:abstract=/tmp/b", false);
        check("tcp:host=a,port=1", "tcp:port=1,host=a", true);
        check("tcp:host=a,port=1", "tcp:host=a,port=2", false);
        check("unix:path=/gone", "unix:path=/%67one", true);
    }

    #[test]
    fn one_guid_is_one_bus_at_several_addresses() {
        check("tcp:host=a,port=1,guid=42", "unix:path=/nowhere,guid=42", true);
        check("tcp:host=a,port=1,guid=42", "unix:path=/nowhere,guid=43", false);
        check("tcp:host=a,port=1", "unix:path=/nowhere", false);
    }

    #[test]
    fn the_guid_of_a_connection_recognizes_its_bus() {
        let bus = BusAddress::new("tcp:host=a,port=1", "42").parsed;
        let check = |client: &str, expected: bool| {
            let client = parse(client.as_bytes());
            assert_eq!(is_same_bus(&client, socket, &bus, socket), expected, "{client:?}");
        };
        check("unix:abstract=/tmp/a,guid=42", true);
        check("unix:abstract=/tmp/a,guid=43", false);
        check("unix:abstract=/tmp/a", false);
        check("tcp:host=a,port=1", true);
    }

    #[test]
    fn only_sockets_are_supported() {
        for (address, expected) in [
            ("unix:path=/a", true),
            ("unix:abstract=a", true),
            ("tcp:host=a,port=1", true),
            ("unixexec:path=/bin/a", false),
            ("autolaunch:", false),
            ("unix:dir=/tmp", false),
        ] {
            assert!(parse(address.as_bytes()).iter().all(|it| it.is_supported() == expected));
        }
    }

    #[test]
    fn the_written_form_is_canonical() {
        let parsed = parse(b"unix:path=/tmp/other bus,guid=4\xff");
        let written: Vec<_> = parsed.iter().map(ToString::to_string).collect();
        assert_eq!(written, ["unix:guid=4%ff,path=/tmp/other%20bus"]);
    }
}
