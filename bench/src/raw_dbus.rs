//! A minimal D-Bus client: a socket, bytes and a blocking read.
//!
//! The driver, the player and the minimal listener of the benchmarks use it. So they share neither
//! the D-Bus library nor the runtime of the measured programs. It has the part of the protocol that
//! the benchmarks need: the D-Bus specification, "Message Protocol" and "Authentication Protocol".

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

const BUS: &str = "org.freedesktop.DBus";

/// Longer than a living program takes to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Many times the size of a client's messages.
const PIECE: usize = 16_384;

/// Fields of a header (specification, "Header Fields").
const PATH: u8 = 1;
const INTERFACE: u8 = 2;
const MEMBER: u8 = 3;
const REPLY_SERIAL: u8 = 5;
const DESTINATION: u8 = 6;
const SENDER: u8 = 7;
const SIGNATURE: u8 = 8;

/// A connection to a bus.
pub(crate) struct RawDbus {
    stream: UnixStream,
    serial: u32,
    received: Vec<u8>,
}

/// The four kinds of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    #[default]
    Call = 1,
    Answer = 2,
    Error = 3,
    Signal = 4,
}

/// A received message.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) kind: Kind,
    pub(crate) serial: u32,
    pub(crate) answers: u32,
    pub(crate) member: String,
    pub(crate) sender: String,
    pub(crate) body: Vec<u8>,
}

/// A message to send.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Message<'a> {
    pub(crate) kind: Kind,
    pub(crate) destination: &'a str,
    pub(crate) path: &'a str,
    pub(crate) interface: &'a str,
    pub(crate) member: &'a str,
    pub(crate) answers: u32,
    pub(crate) signature: &'a str,
    pub(crate) body: &'a [u8],
}

impl RawDbus {
    /// Connects to the bus at `address`, which must be of the form `unix:path=`.
    pub(crate) fn connect(address: &str) -> io::Result<Self> {
        let path = address.strip_prefix("unix:path=").ok_or(io::ErrorKind::InvalidInput)?;
        let mut stream = UnixStream::connect(path)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let user = rustix::process::getuid().as_raw().to_string();
        let user: String = user.bytes().map(|digit| format!("{digit:02x}")).collect();
        stream.write_all(format!("\0AUTH EXTERNAL {user}\r\n").as_bytes())?;
        let mut answer = [0; 256];
        let length = stream.read(&mut answer)?;
        if !answer.get(..length).unwrap_or_default().starts_with(b"OK ") {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        stream.write_all(b"BEGIN\r\n")?;
        let mut raw_dbus = Self { stream, serial: 0, received: Vec::new() };
        raw_dbus.ask_bus("Hello", "", &[])?;
        Ok(raw_dbus)
    }

    /// Subscribes to the signals of this match rule.
    pub(crate) fn listen(&mut self, rule: &str) -> io::Result<()> {
        let mut body = Writer::default();
        body.string(rule);
        self.ask_bus("AddMatch", "s", &body.0).map(|_| ())
    }

    /// Becomes the owner of `name`.
    pub(crate) fn own(&mut self, name: &str) -> io::Result<()> {
        let mut body = Writer::default();
        body.string(name);
        body.u32(0);
        self.ask_bus("RequestName", "su", &body.0).map(|_| ())
    }

    /// Lets [`RawDbus::receive`] wait without a limit.
    pub(crate) fn wait_forever(&self) -> io::Result<()> {
        self.stream.set_read_timeout(None)
    }

    /// A second sender on the same connection.
    pub(crate) fn twin(&self) -> io::Result<Self> {
        // Far from the serial numbers of the first.
        let serial = self.serial + 0x4000_0000;
        Ok(Self { stream: self.stream.try_clone()?, serial, received: Vec::new() })
    }

    fn ask_bus(&mut self, member: &str, signature: &str, body: &[u8]) -> io::Result<Received> {
        self.ask(&Message {
            destination: BUS,
            path: "/org/freedesktop/DBus",
            interface: BUS,
            member,
            signature,
            body,
            ..Message::default()
        })
    }

    /// Calls a method and waits for the answer. Other messages before it are lost.
    pub(crate) fn ask(&mut self, message: &Message<'_>) -> io::Result<Received> {
        let serial = self.send(message)?;
        loop {
            for heard in self.receive()? {
                match heard.kind {
                    Kind::Answer if heard.answers == serial => return Ok(heard),
                    Kind::Error if heard.answers == serial => {
                        let what = format!("{} was answered with an error", message.member);
                        return Err(io::Error::other(what));
                    }
                    _ => {}
                }
            }
        }
    }

    /// Sends a message in one piece, and returns its serial number.
    pub(crate) fn send(&mut self, message: &Message<'_>) -> io::Result<u32> {
        self.serial += 1;
        self.stream.write_all(&message.encode(self.serial))?;
        Ok(self.serial)
    }

    /// Waits for more data, and returns the messages that are now complete.
    pub(crate) fn receive(&mut self) -> io::Result<Vec<Received>> {
        let mut piece = [0; PIECE];
        let length = self.stream.read(&mut piece)?;
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.received.extend(piece.iter().take(length));
        let mut heard = Vec::new();
        while let Some((message, length)) = Received::decode(&self.received) {
            self.received.drain(..length);
            heard.push(message);
        }
        Ok(heard)
    }
}

impl AsFd for RawDbus {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

impl Message<'_> {
    fn encode(&self, serial: u32) -> Vec<u8> {
        let mut fields = Writer::default();
        let texts = [
            (PATH, "o", self.path),
            (INTERFACE, "s", self.interface),
            (MEMBER, "s", self.member),
            (DESTINATION, "s", self.destination),
            (SIGNATURE, "g", self.signature),
        ];
        for (field, signature, text) in texts {
            if !text.is_empty() {
                fields.align(8);
                fields.0.push(field);
                fields.signature(signature);
                if signature == "g" { fields.signature(text) } else { fields.string(text) }
            }
        }
        if self.answers != 0 {
            fields.align(8);
            fields.0.push(REPLY_SERIAL);
            fields.signature("u");
            fields.u32(self.answers);
        }
        let mut whole = Writer(vec![b'l', self.kind as u8, 0, 1]);
        whole.u32(length(self.body));
        whole.u32(serial);
        whole.u32(length(&fields.0));
        whole.0.extend(fields.0);
        whole.align(8);
        whole.0.extend(self.body);
        whole.0
    }
}

/// Writes values as D-Bus does, least significant byte first.
#[derive(Default)]
pub(crate) struct Writer(pub(crate) Vec<u8>);

impl Writer {
    pub(crate) fn align(&mut self, to: usize) {
        self.0.resize(self.0.len().next_multiple_of(to), 0);
    }

    pub(crate) fn u32(&mut self, number: u32) {
        self.align(4);
        self.0.extend(number.to_le_bytes());
    }

    pub(crate) fn string(&mut self, text: &str) {
        self.u32(length(text.as_bytes()));
        self.0.extend(text.bytes().chain([0]));
    }

    pub(crate) fn signature(&mut self, text: &str) {
        self.0.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
        self.0.extend(text.bytes().chain([0]));
    }

    /// A dictionary of type `a{sv}`; `entries` writes the entries.
    pub(crate) fn dictionary(&mut self, entries: impl FnOnce(&mut Self)) {
        self.u32(0);
        let count = self.0.len() - 4;
        self.align(8);
        let begin = self.0.len();
        entries(self);
        let bytes = u32::try_from(self.0.len() - begin).unwrap_or(u32::MAX).to_le_bytes();
        self.0.splice(count..count + 4, bytes);
    }

    /// An entry of such a dictionary, up to its value.
    pub(crate) fn key(&mut self, key: &str, signature: &str) {
        self.align(8);
        self.string(key);
        self.signature(signature);
    }
}

impl Received {
    /// The message at the beginning of `bytes` with its length, if it is complete.
    fn decode(bytes: &[u8]) -> Option<(Self, usize)> {
        let mut header = Reader { bytes, at: 4 };
        let body = header.u32()? as usize;
        let serial = header.u32()?;
        let fields_end = header.u32()? as usize + 16;
        let body_begin = fields_end.next_multiple_of(8);
        let length = body_begin + body;
        let mut heard = Self {
            kind: match bytes.get(1)? {
                1 => Kind::Call,
                2 => Kind::Answer,
                3 => Kind::Error,
                _ => Kind::Signal,
            },
            serial,
            answers: 0,
            member: String::new(),
            sender: String::new(),
            body: bytes.get(body_begin..length)?.to_owned(),
        };
        header.bytes = bytes.get(..fields_end)?;
        while heard.field(&mut header).is_some() {}
        Some((heard, length))
    }

    fn field(&mut self, header: &mut Reader<'_>) -> Option<()> {
        header.at = header.at.next_multiple_of(8);
        let field = header.u8()?;
        let signature_length = header.u8()?;
        let signature = header.take(usize::from(signature_length) + 1)?;
        match (signature, field) {
            (b"u\0", REPLY_SERIAL) => self.answers = header.u32()?,
            (b"u\0", _) => _ = header.u32()?,
            (b"g\0", _) => {
                let length = header.u8()?;
                _ = header.take(usize::from(length) + 1)?;
            }
            (b"s\0" | b"o\0", _) => {
                let text = header.string()?;
                match field {
                    MEMBER => self.member = text,
                    SENDER => self.sender = text,
                    _ => {}
                }
            }
            // The bus sends no other type in a header.
            _ => return None,
        }
        Some(())
    }

    /// The number at the beginning of the body.
    pub(crate) fn number(&self) -> Option<u32> {
        Reader { bytes: &self.body, at: 0 }.u32()
    }

    /// The text at the beginning of the body.
    pub(crate) fn text(&self) -> Option<String> {
        Reader { bytes: &self.body, at: 0 }.string()
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let taken = self.bytes.get(self.at..self.at.checked_add(count)?)?;
        self.at += count;
        Some(taken)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn u32(&mut self) -> Option<u32> {
        self.at = self.at.next_multiple_of(4);
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    fn string(&mut self) -> Option<String> {
        let length = self.u32()? as usize;
        let text = self.take(length + 1)?.get(..length)?;
        Some(String::from_utf8_lossy(text).into_owned())
    }
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}
