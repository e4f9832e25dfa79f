//! What the sources on the session bus share: a line to the bus, and how what comes of it is told.
//!
//! A source's own rules are in its [`BusProtocol`], which is pure: what came off the bus and the time
//! go in, questions to send and things to tell come out. [`BusConnection`] waits, and decides nothing.

mod client_handles;
mod connection;
mod effects;
mod pace;

pub(crate) use client_handles::ClientHandles;
pub(crate) use connection::{Ask, BusConnection, BusProtocol, yield_once};
pub(crate) use effects::{Asks, SignIn, Tell, Todo, View};
pub(crate) use pace::Pace;

/// The bus itself: its name, and its interface.
pub(crate) const BUS: &str = "org.freedesktop.DBus";
/// The object of the bus itself.
pub(crate) const BUS_PATH: &str = "/org/freedesktop/DBus";

/// What is to be matched so as to hear of the owners of a name.
pub(crate) fn owner_rule(name: &str) -> String {
    format!(
        "type='signal',sender='{BUS}',path='{BUS_PATH}',interface='{BUS}',\
         member='NameOwnerChanged',arg0='{name}'"
    )
}

/// A longer text is cut: a user interface, an account or a status goes by its first 16 kB.
const TEXT_BYTES_MAX: usize = 16 * 1024;

/// A foreign text, no longer than is bearable.
pub(crate) fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(TEXT_BYTES_MAX));
    text.shrink_to_fit();
    text
}
