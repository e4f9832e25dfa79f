//! What is said to the provider and to the bus, and what they say: between D-Bus messages and our
//! own types. Pure, and ready for anything: whoever bears the name may be a stranger.

use std::collections::{BTreeMap, HashMap};

use communicado_provider::dbus::{ACCOUNT_INTERFACE, INTERFACE, NAME, PATH};
use zbus::message::{Flags, Message, Type};
use zbus::{OwnedObjectPath, OwnedVariant};

use super::account::{NAMES, Properties, Value};
use crate::bus::{self, BUS, BUS_PATH, cut, owner_rule};

const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
const OBJECT_MANAGER: &str = "org.freedesktop.DBus.ObjectManager";
/// The property by which the provider says that it can be asked.
const FLAG: &str = "UpAndRunning";

/// The signals that are listened to: interface and member.
const SIGNALS: [(&str, &str); 3] = [
    (PROPERTIES, "PropertiesChanged"),
    (OBJECT_MANAGER, "InterfacesAdded"),
    (OBJECT_MANAGER, "InterfacesRemoved"),
];

/// A message to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// Have a signal of the provider's delivered.
    Match(usize),
    /// Have changes of the owner of the name delivered.
    MatchOwner,
    /// Who has the name.
    Owner,
    /// A question to the one who has it.
    Provider { to: String, call: Call },
}

/// A question to the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Call {
    /// Whether it can be asked.
    Flag,
    /// Its accounts.
    Accounts,
}

/// Something that came off the bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Incoming {
    /// The name changed hands; an owner is empty where there was or is none.
    Owner { old: String, new: String },
    /// The provider said that something happened.
    Signal { sender: String, signal: Signal },
    /// The answer to a question.
    Answer(Answer),
}

/// What happened in the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    Flag(u32),
    /// Some properties of an account, or all of those of a new one.
    Account {
        path: String,
        changed: Properties,
    },
    Gone {
        path: String,
    },
    /// Something that has to be asked for.
    Ask,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Owner(String),
    Flag(u32),
    Accounts(BTreeMap<String, Properties>),
    /// The bus answered in place of a provider that is not there.
    FromTheBus,
    /// An error, or an answer to another question.
    Nonsense,
}

impl bus::Ask for Ask {
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
                let ask = |interface, member| {
                    let call = Message::method_call(PATH, member).destination(to.as_str());
                    call.interface(interface).with_flags(Flags::NO_AUTO_START)
                };
                match call {
                    Call::Flag => ask(PROPERTIES, "Get").build(&(INTERFACE, FLAG)),
                    Call::Accounts => ask(OBJECT_MANAGER, "GetManagedObjects").build(&()),
                }
            }
        }
    }

    fn is_answered(&self) -> bool {
        match self {
            Self::Owner | Self::Provider { .. } => true,
            Self::Match(_) | Self::MatchOwner => false,
        }
    }
}

impl Ask {
    /// What makes the provider heard.
    pub(super) fn matches() -> impl Iterator<Item = Self> {
        [Self::MatchOwner].into_iter().chain((0..SIGNALS.len()).map(Self::Match))
    }
}

impl Incoming {
    /// What `message` says, or nothing if it is none of ours.
    pub(super) fn decode(message: &Message) -> Option<Self> {
        let header = message.header();
        let sender = header.sender().map(ToString::to_string).unwrap_or_default();
        match message.message_type() {
            Type::MethodReturn => Some(Self::Answer(Answer::decode(message))),
            Type::Error => {
                let name = header.error_name().map(ToString::to_string).unwrap_or_default();
                Some(Self::Answer(Answer::of_error(&name)))
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
                // One that has other arguments than it should says no more than that it came.
                let signal = Signal::decode(member, path, message).unwrap_or(Some(Signal::Ask));
                Some(Self::Signal { sender, signal: signal? })
            }
            Type::MethodCall => None,
        }
    }
}

impl Signal {
    /// Nothing inside, if it is about something that is not looked at; nothing at all, if it has
    /// other arguments than it should.
    fn decode(member: &str, path: String, message: &Message) -> Option<Option<Self>> {
        let body = message.body();
        match member {
            "PropertiesChanged" => {
                let (interface, changed, invalid): (String, Variants, Vec<String>) =
                    body.deserialize().ok()?;
                if !invalid.is_empty() {
                    return Some(Some(Self::Ask));
                }
                if interface == INTERFACE && path == PATH {
                    return Some(flag(&changed).map(Self::Flag));
                }
                let changed = properties(changed);
                let is_news = interface == ACCOUNT_INTERFACE && !changed.is_empty();
                Some(is_news.then_some(Self::Account { path, changed }))
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
                Some(is_account.then_some(Self::Gone { path }))
            }
        }
    }
}

type Variants = BTreeMap<String, OwnedVariant>;

impl Answer {
    fn of_error(name: &str) -> Self {
        let from_the_bus = name.starts_with("org.freedesktop.DBus.Error.No")
            || name == "org.freedesktop.DBus.Error.NameHasNoOwner"
            || name == "org.freedesktop.DBus.Error.ServiceUnknown"
            || name == "org.freedesktop.DBus.Error.Disconnected";
        if from_the_bus { Self::FromTheBus } else { Self::Nonsense }
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
        decoded.unwrap_or(Self::Nonsense)
    }
}

fn flag(changed: &Variants) -> Option<u32> {
    changed.get(FLAG).and_then(|value| u32::try_from(value).ok())
}

/// Those that are looked at, and have a value that can be theirs.
fn properties(all: Variants) -> Properties {
    let known = all.into_iter().filter(|(name, _)| NAMES.contains(&name.as_str()));
    let value = |value: &OwnedVariant| match <&str>::try_from(value) {
        Ok(text) => Some(Value::Text(cut(text.to_owned()))),
        Err(_) => u32::try_from(value).ok().map(Value::Number),
    };
    known.filter_map(|(name, it)| Some((name, value(&it)?))).collect()
}
