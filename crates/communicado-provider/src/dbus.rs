//! The names of the provider on D-Bus, for the one who bears them and for those who look for it.
//!
//! After the D-Bus API design guidelines: the version is part of every name, and what comes later
//! comes under new names beside these. `docs/provider.md` says what each member means.

/// The name on the session bus.
pub const NAME: &str = "org.communicado.Provider1";
/// The object that stands for the provider, and manages the account below it
/// (`org.freedesktop.DBus.ObjectManager`).
pub const PATH: &str = "/org/communicado/Provider1";
/// The interface of that object.
pub const INTERFACE: &str = "org.communicado.Provider1";
/// The object that stands for the account. It is there from when the provider can be asked.
pub const ACCOUNT_PATH: &str = "/org/communicado/Provider1/account1";
/// The interface of an account.
pub const ACCOUNT_INTERFACE: &str = "org.communicado.Provider1.Account";
/// What the names of errors begin with.
pub const ERRORS: &str = "org.communicado.Provider1.Error";
/// The protocol of a manual account.
pub const PROTOCOL: &str = "manual";
