//! Shared part of the sources on the session bus: connection, driver and reports.
//!
//! The rules of a source are in its [`BusProtocol`], which is pure (sans-I/O). Messages and the
//! time go in; requests and reports come out. [`BusConnection`] and [`watch`] wait and decide
//! nothing.

mod client_handles;
mod connection;
mod driver;
mod effects;
mod instance;

pub(crate) use client_handles::ClientHandles;
pub(crate) use connection::{BusConnection, BusProtocol, BusRequest};
pub(crate) use driver::{ClientProtocol, NoOffBusClients, OffBusClients, lease, watch};
pub(crate) use effects::{ClientReport, Effects, Requests};
pub(crate) use instance::InstanceState;

/// The name of the bus itself, and of its interface.
pub(crate) const BUS: &str = "org.freedesktop.DBus";
/// The object of the bus itself.
pub(crate) const BUS_PATH: &str = "/org/freedesktop/DBus";

/// The match rule for changes of a name's owner.
pub(crate) fn owner_rule(name: &str) -> String {
    format!(
        "type='signal',sender='{BUS}',path='{BUS_PATH}',interface='{BUS}',\
         member='NameOwnerChanged',arg0='{name}'"
    )
}

/// The maximum length of a text. Longer names of user interfaces, accounts and statuses are cut.
const TEXT_BYTES_MAX: usize = 16 * 1024;

/// A text from a client, cut to the maximum length.
pub(crate) fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(TEXT_BYTES_MAX));
    text.shrink_to_fit();
    text
}
