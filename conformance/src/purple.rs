//! The user of a libpurple client.
//!
//! Each action calls the same function as the client's own window, with `dbus-send`. The program
//! under test sees real traffic, and shares no D-Bus library with the tests.

use crate::account::Account;
use crate::bus::{dbus_call, dbus_send};
use crate::client_kind::ClientKind;
use crate::deadline::within;
use crate::expect_ok::ExpectOk;

pub(crate) const NAME: &str = "im.pidgin.purple.PurpleService";
const OBJECT: &str = "/im/pidgin/purple/PurpleObject";
const INTERFACE: &str = "im.pidgin.purple.PurpleInterface";

/// The user of one client, at its status box and account list.
#[derive(Clone, Debug)]
pub struct Purple {
    bus: String,
    /// The client's unique name: of two clients only one owns the well-known name.
    client: String,
    ui: &'static str,
}

/// The entries of the status box: libpurple's primitives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    /// Signs every account out.
    Offline = 1,
    /// Signs every enabled account in.
    Available = 2,
    /// Busy.
    Unavailable = 3,
    /// Appears offline, if the protocol supports that.
    Invisible = 4,
    /// Away.
    Away = 5,
    /// Extended away.
    ExtendedAway = 6,
}

impl Purple {
    /// Finds the client whose process has this id on the bus, and waits until it is there.
    pub(crate) fn find(bus: &str, kind: ClientKind, process: u32) -> Self {
        let client = within("the client is on the bus", || {
            let owners = bus_call(bus, "ListQueuedOwners", NAME).ok()?;
            owners
                .split_whitespace()
                .filter(|word| word.starts_with(':'))
                .find(|owner| {
                    bus_call(bus, "GetConnectionUnixProcessID", owner)
                        .is_ok_and(|id| id.ends_with(&format!(" {process}")))
                })
                .map(str::to_owned)
        });
        Self { bus: bus.to_owned(), client, ui: kind.ui() }
    }

    /// Picks a status for all accounts.
    pub fn pick(&self, saved: Saved) {
        let status = self.saved(saved);
        self.call("PurpleSavedstatusActivate", &[&int(status)]);
    }

    /// Picks a status with a message for all accounts.
    pub fn pick_with_message(&self, saved: Saved, message: &str) {
        let status = self.saved(saved);
        self.call("PurpleSavedstatusSetMessage", &[&int(status), &string(message)]);
        self.call("PurpleSavedstatusActivate", &[&int(status)]);
    }

    /// Picks one of the protocol's own statuses, by its id, for one account only.
    ///
    /// The status of all accounts stays of the kind `saved`.
    pub fn pick_for(&self, account: &Account, saved: Saved, id: &str) {
        let status = self.saved(saved);
        let account = self.account(account);
        let kind = self.number("PurpleAccountGetStatusType", &[&int(account), &string(id)]);
        assert_ne!(kind, 0, "the account has no status {id}");
        let arguments = [&*int(status), &int(account), &int(kind), "string:"];
        self.call("PurpleSavedstatusSetSubstatus", &arguments);
        self.call("PurpleSavedstatusActivate", &[&int(status)]);
    }

    /// Switches an account on in the account list.
    pub fn enable(&self, account: &Account) {
        self.set_enabled(account, 1);
    }

    /// Switches an account off.
    pub fn disable(&self, account: &Account) {
        self.set_enabled(account, 0);
    }

    /// Changes the password that the next sign-in uses.
    pub fn set_password(&self, account: &Account, password: &str) {
        let account = self.account(account);
        self.call("PurpleAccountSetPassword", &[&int(account), &string(password)]);
    }

    /// Signs in again at once. libpurple does so by itself 16 to 80 s after a lost connection.
    pub fn reconnect(&self, account: &Account) {
        let account = self.account(account);
        self.call("PurpleAccountConnect", &[&int(account)]);
    }

    /// Sends a message to someone.
    pub fn say(&self, account: &Account, to: &str, text: &str) {
        let account = self.account(account);
        // 1 is a conversation of two, an IM (PURPLE_CONV_TYPE_IM).
        let arguments = ["int32:1", &int(account), &string(to)];
        let conversation = self.number("PurpleConversationNew", &arguments);
        let im = self.number("PurpleConversationGetImData", &[&int(conversation)]);
        self.call("PurpleConvImSend", &[&int(im), &string(text)]);
    }

    /// Waits until someone has sent a message.
    pub fn until_spoken_to(&self) {
        within("a message has arrived", || {
            self.call("PurpleGetIms", &[]).contains("int32").then_some(())
        });
    }

    /// Ends libpurple in an orderly way, and with it Pidgin.
    pub fn quit(&self) {
        // The client may exit before it sends a reply, so this does not wait for one.
        let to = format!("--dest={}", self.client);
        let method = format!("{INTERFACE}.PurpleCoreQuit");
        dbus_send(&self.bus, &["--type=method_call", &to, OBJECT, &method], &[]).expect_ok("quit");
    }

    /// Asks whether an account is signed in.
    pub fn is_signed_in(&self, account: &Account) -> bool {
        let account = self.account(account);
        self.number("PurpleAccountIsConnected", &[&int(account)]) == 1
    }

    /// Asks for the sign-in time of an account, in seconds since 1970.
    pub fn login_time(&self, account: &Account) -> i32 {
        let account = self.account(account);
        let presence = self.number("PurpleAccountGetPresence", &[&int(account)]);
        self.number("PurplePresenceGetLoginTime", &[&int(presence)])
    }

    /// Waits until an account is signed in.
    pub fn until_signed_in(&self, account: &Account) {
        within("the account is signed in", || self.is_signed_in(account).then_some(()));
    }

    /// Waits until an account is signed out.
    pub fn until_signed_out(&self, account: &Account) {
        within("the account is signed out", || (!self.is_signed_in(account)).then_some(()));
    }

    /// Asks for the id of an account's status, which says nothing about being signed in.
    pub fn status(&self, account: &Account) -> String {
        let account = self.account(account);
        let status = self.number("PurpleAccountGetActiveStatus", &[&int(account)]);
        self.call("PurpleStatusGetId", &[&int(status)])
    }

    fn saved(&self, saved: Saved) -> i32 {
        self.number("PurpleSavedstatusNew", &["string:", &int(saved as i32)])
    }

    fn set_enabled(&self, account: &Account, enabled: i32) {
        let account = self.account(account);
        self.call("PurpleAccountSetEnabled", &[&int(account), &string(self.ui), &int(enabled)]);
    }

    fn account(&self, account: &Account) -> i32 {
        let arguments = [string(account.name()), string(account.plug_in())];
        within("the client has loaded its accounts", || {
            let handle = self.number("PurpleAccountsFind", &arguments.each_ref().map(|a| &**a));
            (handle != 0).then_some(handle)
        })
    }

    fn number(&self, method: &str, arguments: &[&str]) -> i32 {
        let answer = self.call(method, arguments);
        let number = answer.strip_prefix("int32 ").and_then(|number| number.parse().ok());
        number.expect_ok(&format!("read the answer to {method}, {answer:?}"))
    }

    fn call(&self, method: &str, arguments: &[&str]) -> String {
        let to = format!("--dest={}", self.client);
        let call = format!("{INTERFACE}.{method}");
        dbus_call(&self.bus, &[&to, OBJECT, &call], arguments).expect_ok(&format!("call {method}"))
    }
}

fn bus_call(bus: &str, method: &str, name: &str) -> Result<String, String> {
    let call = format!("org.freedesktop.DBus.{method}");
    let head = ["--dest=org.freedesktop.DBus", "/org/freedesktop/DBus", &call];
    dbus_call(bus, &head, &[&string(name)])
}

fn int(number: i32) -> String {
    format!("int32:{number}")
}

fn string(text: &str) -> String {
    format!("string:{text}")
}
