//! Encoding and decoding of D-Bus messages of libpurple and of the bus. Pure. Messages from the
//! bus are untrusted input.

use zbus::message::{Flags, Message, Type};

use crate::bus::{BUS, BUS_PATH, owner_rule};

/// The well-known name of the first libpurple client.
pub(super) const NAME: &str = "im.pidgin.purple.PurpleService";
const PATH: &str = "/im/pidgin/purple/PurpleObject";
const INTERFACE: &str = "im.pidgin.purple.PurpleInterface";

/// The only signals that the source subscribes to. Others carry messages between people and, with
/// XMPP, the raw protocol with passwords.
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

/// A libpurple handle: the number of an object while the client runs.
pub(super) type Handle = i32;

/// A call to the bus itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum BusCall {
    /// Subscribes to one libpurple signal.
    Match(&'static str),
    /// Subscribes to changes of a name's owner.
    MatchOwner(String),
    /// Unsubscribes from a name that will not return.
    UnmatchOwner(String),
    /// Lists the owner of the well-known name and the clients that queue for it.
    Owners,
    /// Requests the process ID behind a unique name.
    Process(String),
}

/// A call to a libpurple client, by its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum PurpleCall {
    /// The ID of its user interface.
    Ui,
    /// All accounts.
    Accounts,
    /// The accounts that are enabled.
    Enabled,
    /// The status that the user selected.
    Saved,
    /// The primitive of a saved status.
    SavedType(Handle),
    /// The user name of an account.
    Username(Handle),
    /// The name of an account's protocol.
    Protocol(Handle),
    /// True if an account is signed in.
    IsConnected(Handle),
    /// True if an account is signing in.
    IsConnecting(Handle),
    /// The error that an account shows, or 0.
    Error(Handle),
    /// The active status of an account, which it also has while signed out.
    Status(Handle),
    /// The presence of an account, which has all its statuses.
    Presence(Handle),
    /// All statuses of a presence.
    Statuses(Handle),
    /// The message of a status. A client replies in order, so this call comes before the one for
    /// the ID, and a new status is reported with its message.
    Message(Handle),
    /// The ID of a status.
    StatusId(Handle),
    /// The type of a status.
    StatusType(Handle),
    /// The primitive of a status type.
    Primitive(Handle),
}

/// A message from the bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PurpleInput {
    /// A signal of a libpurple client.
    Signal { sender: String, signal: PurpleSignal },
    /// A name changed its owner. An empty owner means none.
    Owner { name: String, old: String, new: String },
    /// The reply to the request with this number.
    Reply { to: u32, reply: PurpleReply },
}

/// A signal of a libpurple client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PurpleSignal {
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
    /// A known signal with unexpected arguments.
    Malformed,
}

/// A reply to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PurpleReply {
    Nothing,
    Number(i32),
    Unsigned(u32),
    Text(String),
    Numbers(Vec<i32>),
    Texts(Vec<String>),
    /// A value with a signature that no reply has.
    Other(String),
    /// The name of the error that the call ended in.
    Error(String),
}

impl PurpleCall {
    /// The member of libpurple's interface and its argument.
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
            Self::Message(status) => ("PurpleStatusGetAttrString", Some(status)),
            Self::StatusId(status) => ("PurpleStatusGetId", Some(status)),
            Self::StatusType(status) => ("PurpleStatusGetType", Some(status)),
            Self::Primitive(status_type) => ("PurpleStatusTypeGetPrimitive", Some(status_type)),
        }
    }

    /// The message to `to`, which must be a unique name: D-Bus cannot activate one.
    pub(super) fn encode(self, to: &str) -> zbus::Result<Message> {
        let (member, argument) = self.member();
        let message = Message::method_call(PATH, member)
            .destination(to)
            .interface(INTERFACE)
            .with_flags(Flags::NO_AUTO_START);
        match argument {
            Some(handle) if matches!(self, Self::Message(_)) => message.build(&(handle, "message")),
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

impl PurpleInput {
    /// Decodes `message`, if the source uses it.
    pub(super) fn decode(message: &Message) -> Option<Self> {
        let header = message.header();
        let sender = header.sender().map(ToString::to_string).unwrap_or_default();
        match message.message_type() {
            Type::MethodReturn => {
                let to = header.reply_serial()?.get();
                Some(Self::Reply { to, reply: PurpleReply::decode(message) })
            }
            Type::Error => {
                let to = header.reply_serial()?.get();
                let name = header.error_name().map(ToString::to_string).unwrap_or_default();
                Some(Self::Reply { to, reply: PurpleReply::Error(name) })
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
                let signal =
                    PurpleSignal::decode(member, message).unwrap_or(PurpleSignal::Malformed);
                Some(Self::Signal { sender, signal })
            }
            Type::MethodCall => None,
        }
    }
}

impl PurpleSignal {
    /// Introspection declares every argument as a number, but the wire has strings too.
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

impl PurpleReply {
    /// Returns whether the reply comes from the bus, on behalf of a missing client.
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
