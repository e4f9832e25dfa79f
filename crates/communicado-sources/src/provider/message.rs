//! Encoding and decoding of D-Bus messages of the provider and of the bus. Pure. Messages are
//! untrusted input: any program can own the provider's name.

use std::collections::{BTreeMap, HashMap};

use communicado_provider::dbus::{ACCOUNT_INTERFACE, INTERFACE, NAME, PATH};
use zbus::message::{Flags, Message, Type};
use zbus::{OwnedObjectPath, OwnedVariant};

use super::account::{AccountProperties, PROPERTY_NAMES, PropertyValue};
use crate::bus::{self, BUS, BUS_PATH, cut, owner_rule};

const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
const OBJECT_MANAGER: &str = "org.freedesktop.DBus.ObjectManager";
/// The property that shows whether the provider accepts calls.
const FLAG: &str = "UpAndRunning";

/// The signals that the source subscribes to: interface and member.
const SIGNALS: [(&str, &str); 3] = [
    (PROPERTIES, "PropertiesChanged"),
    (OBJECT_MANAGER, "InterfacesAdded"),
    (OBJECT_MANAGER, "InterfacesRemoved"),
];

/// A request to the bus or to the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ProviderRequest {
    /// Subscribes to a signal of the provider.
    Match(usize),
    /// Subscribes to changes of the name's owner.
    MatchOwner,
    /// Requests the owner of the name.
    Owner,
    /// Calls the owner of the name.
    Provider { to: String, call: ProviderCall },
}

/// A call to the provider, by its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ProviderCall {
    /// The property `UpAndRunning`.
    Flag,
    /// All accounts.
    Accounts,
}

/// A message from the bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ProviderInput {
    /// The name changed its owner. An empty owner means none.
    Owner { old: String, new: String },
    /// A signal of the provider.
    Signal { sender: String, signal: ProviderSignal },
    /// The reply to a request.
    Reply(ProviderReply),
}

/// A signal of the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ProviderSignal {
    Flag(u32),
    /// Changed properties of an account, or all properties of a new one.
    Account {
        path: String,
        changed: AccountProperties,
    },
    Removed {
        path: String,
    },
    /// A change without its values.
    Changed,
}

/// A reply to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ProviderReply {
    Owner(String),
    Flag(u32),
    Accounts(BTreeMap<String, AccountProperties>),
    /// A reply of the bus, on behalf of a missing provider.
    FromBus,
    /// An error or a reply of another type.
    Invalid,
}

impl bus::BusRequest for ProviderRequest {
    fn encode(&self) -> zbus::Result<Message> {
        let bus = |member| {
            let call = Message::method_call(BUS_PATH, member).destination(BUS).interface(BUS);
            call.with_flags(Flags::NO_AUTO_START)
        };
        let silently = |member| bus(member).with_flags(Flags::NO_REPLY_EXPECTED);
        match self {
            Self::Match(index) => {
                let (interface, member) = SIGNALS.get(*index).copied().unwrap_or_default();
                silently("AddMatch").build(&format!(
                    "type='signal',sender='{NAME}',path_namespace='{PATH}',\
                     interface='{interface}',member='{member}'"
                ))
            }
            Self::MatchOwner => silently("AddMatch").build(&owner_rule(NAME)),
            Self::Owner => bus("GetNameOwner").build(&NAME),
            Self::Provider { to, call } => {
                let request = |interface, member| {
                    let call = Message::method_call(PATH, member).destination(to.as_str());
                    call.interface(interface).with_flags(Flags::NO_AUTO_START)
                };
                match call {
                    ProviderCall::Flag => request(PROPERTIES, "Get").build(&(INTERFACE, FLAG)),
                    ProviderCall::Accounts => {
                        request(OBJECT_MANAGER, "GetManagedObjects").build(&())
                    }
                }
            }
        }
    }

    fn expects_reply(&self) -> bool {
        match self {
            Self::Owner | Self::Provider { .. } => true,
            Self::Match(_) | Self::MatchOwner => false,
        }
    }
}

impl ProviderRequest {
    /// The requests that subscribe to the provider's signals.
    pub(super) fn subscriptions() -> impl Iterator<Item = Self> {
        [Self::MatchOwner].into_iter().chain((0..SIGNALS.len()).map(Self::Match))
    }
}

impl ProviderInput {
    /// Decodes `message`, if the source uses it.
    pub(super) fn decode(message: &Message) -> Option<Self> {
        let header = message.header();
        let sender = header.sender().map(ToString::to_string).unwrap_or_default();
        match message.message_type() {
            Type::MethodReturn => Some(Self::Reply(ProviderReply::decode(message))),
            Type::Error => {
                let name = header.error_name().map(ToString::to_string).unwrap_or_default();
                Some(Self::Reply(ProviderReply::of_error(&name)))
            }
            Type::Signal => {
                let member = header.member()?.as_str();
                if sender == BUS && member == "NameOwnerChanged" {
                    let (name, old, new): (String, _, _) = message.body().deserialize().ok()?;
                    return (name == NAME).then_some(Self::Owner { old, new });
                }
                let interface = header.interface()?.as_str();
                if !SIGNALS.contains(&(interface, member)) {
                    return None;
                }
                let path = header.path()?.as_str().to_owned();
                // A signal with unexpected arguments shows only that there is a change.
                let signal = ProviderSignal::decode(member, path, message)
                    .unwrap_or(Some(ProviderSignal::Changed));
                Some(Self::Signal { sender, signal: signal? })
            }
            Type::MethodCall => None,
        }
    }
}

impl ProviderSignal {
    /// The inner option is `None` for a signal that the source ignores, the outer one for
    /// unexpected arguments.
    fn decode(member: &str, path: String, message: &Message) -> Option<Option<Self>> {
        let body = message.body();
        match member {
            "PropertiesChanged" => {
                let (interface, changed, invalid): (String, Variants, Vec<String>) =
                    body.deserialize().ok()?;
                if !invalid.is_empty() {
                    return Some(Some(Self::Changed));
                }
                if interface == INTERFACE && path == PATH {
                    return Some(flag(&changed).map(Self::Flag));
                }
                let changed = properties(changed);
                let is_relevant = interface == ACCOUNT_INTERFACE && !changed.is_empty();
                Some(is_relevant.then_some(Self::Account { path, changed }))
            }
            "InterfacesAdded" => {
                let (path, mut interfaces): (OwnedObjectPath, BTreeMap<String, Variants>) =
                    body.deserialize().ok()?;
                let added = interfaces.remove(ACCOUNT_INTERFACE);
                let path = path.as_str().to_owned();
                Some(added.map(|it| Self::Account { path, changed: properties(it) }))
            }
            _ => {
                let (path, interfaces): (OwnedObjectPath, Vec<String>) = body.deserialize().ok()?;
                let is_account = interfaces.iter().any(|it| it == ACCOUNT_INTERFACE);
                let path = path.as_str().to_owned();
                Some(is_account.then_some(Self::Removed { path }))
            }
        }
    }
}

type Variants = BTreeMap<String, OwnedVariant>;

impl ProviderReply {
    fn of_error(name: &str) -> Self {
        let is_from_bus = name.starts_with("org.freedesktop.DBus.Error.No")
            || name == "org.freedesktop.DBus.Error.NameHasNoOwner"
            || name == "org.freedesktop.DBus.Error.ServiceUnknown"
            || name == "org.freedesktop.DBus.Error.Disconnected";
        if is_from_bus { Self::FromBus } else { Self::Invalid }
    }

    fn decode(message: &Message) -> Self {
        let body = message.body();
        let decoded = match body.signature().to_string_no_parens().as_str() {
            "s" => body.deserialize().ok().map(Self::Owner),
            "v" => {
                let value = body.deserialize::<OwnedVariant>().ok();
                value.and_then(|value| u32::try_from(&value).ok()).map(Self::Flag)
            }
            "a{oa{sa{sv}}}" => body
                .deserialize::<HashMap<OwnedObjectPath, BTreeMap<String, Variants>>>()
                .ok()
                .map(|objects| {
                    let account = |(path, mut interfaces): (OwnedObjectPath, BTreeMap<_, _>)| {
                        let all = interfaces.remove(ACCOUNT_INTERFACE)?;
                        Some((path.as_str().to_owned(), properties(all)))
                    };
                    Self::Accounts(objects.into_iter().filter_map(account).collect())
                }),
            _ => None,
        };
        decoded.unwrap_or(Self::Invalid)
    }
}

fn flag(changed: &Variants) -> Option<u32> {
    changed.get(FLAG).and_then(|value| u32::try_from(value).ok())
}

/// The properties that the source reads, if their values have a valid type.
fn properties(all: Variants) -> AccountProperties {
    let known = all.into_iter().filter(|(name, _)| PROPERTY_NAMES.contains(&name.as_str()));
    let value = |value: &OwnedVariant| match <&str>::try_from(value) {
        Ok(text) => Some(PropertyValue::Text(cut(text.to_owned()))),
        Err(_) => u32::try_from(value)
            .map(PropertyValue::Number)
            .or_else(|_| i64::try_from(value).map(PropertyValue::Time))
            .ok(),
    };
    known.filter_map(|(name, it)| Some((name, value(&it)?))).collect()
}
