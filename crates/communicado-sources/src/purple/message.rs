//! What is said to libpurple and to the bus, and what they answer: between D-Bus messages and
//! our own types. Pure, and ready for anything: what comes off the bus was made by strangers.

use zbus::message::{Flags, Message, Type};

use crate::bus::{BUS, BUS_PATH, owner_rule};

/// The well-known name of the libpurple client that came first.
pub(super) const NAME: &str = "im.pidgin.purple.PurpleService";
const PATH: &str = "/im/pidgin/purple/PurpleObject";
const INTERFACE: &str = "im.pidgin.purple.PurpleInterface";

/// The signals that are listened to, and no others: the interface also carries other people's
/// messages and, with XMPP, the raw protocol with its passwords.
pub(super) const MEMBERS: [&str; 12] = [
    "AccountConnecting",
    "AccountSignedOn",
    "AccountSignedOff",
    "AccountConnectionError",
    "AccountErrorChanged",
    "AccountStatusChanged",
    "AccountEnabled",
    "AccountDisabled",
    "AccountAdded",
    "AccountRemoved",
    "SavedstatusChanged",
    "Quitting",
];

/// A handle of libpurple's: a number that stands for an object for as long as the client runs.
pub(super) type Handle = i32;

/// Something to ask or tell the bus itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum BusCall {
    /// Have one signal of libpurple's delivered.
    Match(&'static str),
    /// Have changes of the owner of a name delivered.
    MatchOwner(String),
    /// The reverse, for a name that will not come back.
    UnmatchOwner(String),
    /// Who owns the well-known name, and who waits for it.
    Owners,
    /// The process behind a unique name.
    Process(String),
}

/// A question to a libpurple client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Call {
    /// The id of its user interface.
    Ui,
    /// Every account.
    Accounts,
    /// The accounts that are enabled.
    Enabled,
    /// The status that the user has chosen.
    Saved,
    /// The primitive of a saved status.
    SavedType(Handle),
    /// The user name of an account.
    Username(Handle),
    /// The name of an account's protocol.
    Protocol(Handle),
    /// Whether an account is signed in.
    IsConnected(Handle),
    /// Whether an account is signing in.
    IsConnecting(Handle),
    /// The error that an account shows; 0 for none.
    Error(Handle),
    /// The status that an account has, or would have if it were signed in.
    Status(Handle),
    /// The presence of an account, which has all its statuses.
    Presence(Handle),
    /// Every status that a presence can have.
    Statuses(Handle),
    /// The id of a status.
    StatusId(Handle),
    /// The type of a status.
    StatusType(Handle),
    /// The primitive of a type of status.
    Primitive(Handle),
}

/// Something that came off the bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Incoming {
    /// A libpurple client said that something happened.
    Signal { sender: String, signal: Signal },
    /// A name changed hands; an owner is empty where there was or is none.
    Owner { name: String, old: String, new: String },
    /// The answer to the message with this serial number.
    Answer { to: u32, answer: Answer },
}

/// What happened in a libpurple client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    Connecting(Handle),
    SignedOn(Handle),
    SignedOff(Handle),
    ConnectionError {
        account: Handle,
        reason: i32,
    },
    ErrorChanged {
        account: Handle,
        error: Handle,
    },
    StatusChanged {
        account: Handle,
        status: Handle,
    },
    Enabled(Handle),
    Disabled(Handle),
    Accounts,
    Saved(Handle),
    Quitting,
    /// A signal that we listen to, with arguments that it does not have: ask how things stand.
    Garbled,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Nothing,
    Number(i32),
    Unsigned(u32),
    Text(String),
    Numbers(Vec<i32>),
    Texts(Vec<String>),
    /// Something of a type that no answer has, with its signature.
    Other(String),
    /// The call failed, with the name of the error.
    Error(String),
}

impl Call {
    /// The member of libpurple's interface, and its argument.
    pub(super) const fn member(self) -> (&'static str, Option<Handle>) {
        match self {
            Self::Ui => ("PurpleCoreGetUi", None),
            Self::Accounts => ("PurpleAccountsGetAll", None),
            Self::Enabled => ("PurpleAccountsGetAllActive", None),
            Self::Saved => ("PurpleSavedstatusGetCurrent", None),
            Self::SavedType(saved) => ("PurpleSavedstatusGetType", Some(saved)),
            Self::Username(account) => ("PurpleAccountGetUsername", Some(account)),
            Self::Protocol(account) => ("PurpleAccountGetProtocolName", Some(account)),
            Self::IsConnected(account) => ("PurpleAccountIsConnected", Some(account)),
            Self::IsConnecting(account) => ("PurpleAccountIsConnecting", Some(account)),
            Self::Error(account) => ("PurpleAccountGetCurrentError", Some(account)),
            Self::Status(account) => ("PurpleAccountGetActiveStatus", Some(account)),
            Self::Presence(account) => ("PurpleAccountGetPresence", Some(account)),
            Self::Statuses(presence) => ("PurplePresenceGetStatuses", Some(presence)),
            Self::StatusId(status) => ("PurpleStatusGetId", Some(status)),
            Self::StatusType(status) => ("PurpleStatusGetType", Some(status)),
            Self::Primitive(status_type) => ("PurpleStatusTypeGetPrimitive", Some(status_type)),
        }
    }

    /// The message that asks `to`, which must be a unique name: that can start nobody.
    pub(super) fn encode(self, to: &str) -> zbus::Result<Message> {
        let (member, argument) = self.member();
        let message = Message::method_call(PATH, member)
            .destination(to)
            .interface(INTERFACE)
            .with_flags(Flags::NO_AUTO_START);
        match argument {
            Some(handle) => message.build(&handle),
            None => message.build(&()),
        }
    }
}

impl BusCall {
    pub(super) fn encode(&self) -> zbus::Result<Message> {
        let call = |member| {
            Message::method_call(BUS_PATH, member)
                .destination(BUS)
                .interface(BUS)
                .with_flags(Flags::NO_AUTO_START)
        };
        let silently = |member| call(member).with_flags(Flags::NO_REPLY_EXPECTED);
        match self {
            Self::Match(member) => silently("AddMatch").build(&format!(
                "type='signal',path='{PATH}',interface='{INTERFACE}',member='{member}'"
            )),
            Self::MatchOwner(name) => silently("AddMatch").build(&owner_rule(name)),
            Self::UnmatchOwner(name) => silently("RemoveMatch").build(&owner_rule(name)),
            Self::Owners => call("ListQueuedOwners").build(&NAME),
            Self::Process(name) => call("GetConnectionUnixProcessID").build(name),
        }
    }
}

impl Incoming {
    /// What `message` says, or nothing if it is none of ours.
    pub(super) fn decode(message: &Message) -> Option<Self> {
        let header = message.header();
        let sender = header.sender().map(ToString::to_string).unwrap_or_default();
        match message.message_type() {
            Type::MethodReturn => {
                let to = header.reply_serial()?.get();
                Some(Self::Answer { to, answer: Answer::decode(message) })
            }
            Type::Error => {
                let to = header.reply_serial()?.get();
                let name = header.error_name().map(ToString::to_string).unwrap_or_default();
                Some(Self::Answer { to, answer: Answer::Error(name) })
            }
            Type::Signal => {
                let member = header.member()?.as_str();
                if sender == BUS && member == "NameOwnerChanged" {
                    let (name, old, new) = message.body().deserialize().ok()?;
                    return Some(Self::Owner { name, old, new });
                }
                if header.interface()?.as_str() != INTERFACE || !MEMBERS.contains(&member) {
                    return None;
                }
                let signal = Signal::decode(member, message).unwrap_or(Signal::Garbled);
                Some(Self::Signal { sender, signal })
            }
            Type::MethodCall => None,
        }
    }
}

impl Signal {
    /// The introspection data says that every argument is a number; on the wire, texts are texts.
    fn decode(member: &str, message: &Message) -> Option<Self> {
        let body = message.body();
        let one = || body.deserialize::<i32>().ok();
        let three = || body.deserialize::<(i32, i32, i32)>().ok();
        Some(match member {
            "AccountConnecting" => Self::Connecting(one()?),
            "AccountSignedOn" => Self::SignedOn(one()?),
            "AccountSignedOff" => Self::SignedOff(one()?),
            "AccountConnectionError" => {
                let (account, reason, _text) = body.deserialize::<(i32, i32, &str)>().ok()?;
                Self::ConnectionError { account, reason }
            }
            "AccountErrorChanged" => {
                let (account, _old, error) = three()?;
                Self::ErrorChanged { account, error }
            }
            "AccountStatusChanged" => {
                let (account, _old, status) = three()?;
                Self::StatusChanged { account, status }
            }
            "AccountEnabled" => Self::Enabled(one()?),
            "AccountDisabled" => Self::Disabled(one()?),
            "AccountAdded" | "AccountRemoved" => Self::Accounts,
            "SavedstatusChanged" => {
                let (new, _old) = body.deserialize::<(i32, i32)>().ok()?;
                Self::Saved(new)
            }
            "Quitting" => Self::Quitting,
            _ => return None,
        })
    }
}

impl Answer {
    /// Whether the bus answered in place of a client that did not.
    pub(super) fn is_from_the_bus(&self) -> bool {
        matches!(self, Self::Error(name) if name.starts_with("org.freedesktop.DBus.Error.No")
            || name == "org.freedesktop.DBus.Error.ServiceUnknown"
            || name == "org.freedesktop.DBus.Error.Disconnected")
    }

    fn decode(message: &Message) -> Self {
        let body = message.body();
        let signature = body.signature().to_string_no_parens();
        let decoded = match signature.as_str() {
            "" => Ok(Self::Nothing),
            "i" => body.deserialize().map(Self::Number),
            "u" => body.deserialize().map(Self::Unsigned),
            "s" => body.deserialize().map(Self::Text),
            "ai" => body.deserialize().map(Self::Numbers),
            "as" => body.deserialize().map(Self::Texts),
            _ => return Self::Other(signature),
        };
        decoded.unwrap_or(Self::Other(signature))
    }
}
