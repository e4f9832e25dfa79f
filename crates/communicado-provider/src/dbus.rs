//! The provider's names on D-Bus, for its frontend and its clients.
//!
//! The names follow the D-Bus API design guidelines: each contains the version. Incompatible
//! versions will use new names and can run side by side. `docs/provider.md` describes each member.

/// The bus name on the session bus.
pub const NAME: &str = "org.communicado.Provider1";
/// The object path of the provider, which manages the account below it
/// (`org.freedesktop.DBus.ObjectManager`).
pub const PATH: &str = "/org/communicado/Provider1";
/// The interface of the provider object.
pub const INTERFACE: &str = "org.communicado.Provider1";
/// The object path of the account. The object exists once the provider accepts requests.
pub const ACCOUNT_PATH: &str = "/org/communicado/Provider1/account1";
/// The interface of the account object.
pub const ACCOUNT_INTERFACE: &str = "org.communicado.Provider1.Account";
/// The prefix of error names.
pub const ERRORS: &str = "org.communicado.Provider1.Error";
/// The protocol of the account.
pub const PROTOCOL: &str = "manual";
