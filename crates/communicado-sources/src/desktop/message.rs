//! Encoding and decoding of messages of the bus. Pure.

use std::collections::BTreeMap;

use zbus::OwnedVariant;
use zbus::message::{Flags, Message};

use crate::bus::{self, BUS, BUS_PATH};

/// The match rule for new connections. The bus can filter well-known names only, so the rule has
/// every change of an owner.
const CONNECTIONS: &str = "type='signal',sender='org.freedesktop.DBus',\
                           path='/org/freedesktop/DBus',interface='org.freedesktop.DBus',\
                           member='NameOwnerChanged'";

/// A request to the bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DesktopRequest {
    /// Subscribes to new connections.
    Match,
    /// Requests the process of a connection.
    Credentials(String),
}

/// The process of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ConnectionCredentials {
    pub(super) process: u32,
    pub(super) user: u32,
}

impl bus::BusRequest for DesktopRequest {
    fn encode(&self) -> zbus::Result<Message> {
        let call = |member| {
            let call = Message::method_call(BUS_PATH, member).destination(BUS).interface(BUS);
            call.with_flags(Flags::NO_AUTO_START)
        };
        match self {
            Self::Match => call("AddMatch").build(&CONNECTIONS),
            Self::Credentials(unique) => call("GetConnectionCredentials").build(unique),
        }
    }

    fn expects_reply(&self) -> bool {
        true
    }
}

impl ConnectionCredentials {
    pub(super) fn of_this_process() -> Self {
        Self { process: std::process::id(), user: rustix::process::getuid().as_raw() }
    }

    /// Decodes a reply. A bus over TCP does not know the processes of its connections.
    pub(super) fn decode(reply: &Message) -> Option<Self> {
        let body = reply.body();
        let all: BTreeMap<String, OwnedVariant> = body.deserialize().ok()?;
        let number = |name| u32::try_from(all.get(name)?).ok();
        Some(Self { process: number("ProcessID")?, user: number("UnixUserID")? })
    }
}

/// The unique name of a new connection, if the message announces one.
pub(super) fn new_connection(message: &Message) -> Option<String> {
    let header = message.header();
    if header.sender()?.as_str() != BUS || header.member()?.as_str() != "NameOwnerChanged" {
        return None;
    }
    let (name, _, new): (String, String, String) = message.body().deserialize().ok()?;
    (name.starts_with(':') && !new.is_empty()).then_some(name)
}
