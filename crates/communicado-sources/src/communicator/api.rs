//! Constants of Communicator's interface (Microsoft, OC 2007 SDK; its type library).

use communicado_windows::Guid;

/// `DMessengerEvents`.
pub const EVENTS: Guid = Guid(0xC9A6_A6B6_9BC1_43A5_B06B_E588_74EE_BC96);

/// The members of `IMessenger`, and of `IMessengerServices` and `IMessengerService`.
#[expect(missing_docs, reason = "each has the name of its member")]
pub mod member {
    pub const MY_FRIENDLY_NAME: i32 = 1282;
    pub const MY_SIGNIN_NAME: i32 = 1304;
    pub const MY_STATUS: i32 = 1305;
    pub const MY_SERVICE_ID: i32 = 1307;
    pub const SERVICES: i32 = 1308;
    pub const PRIMARY_SERVICE: i32 = 2176;
    pub const SERVICE_MY_STATUS: i32 = 2181;
}

/// The events of `DMessengerEvents`.
#[expect(missing_docs, reason = "each has the name of its event")]
pub mod event {
    pub const ON_SIGNIN: i32 = 1024;
    pub const ON_SIGNOUT: i32 = 1025;
    pub const ON_MY_FRIENDLY_NAME_CHANGE: i32 = 1029;
    /// Also about the local user, and the only event of some clients.
    pub const ON_CONTACT_STATUS_CHANGE: i32 = 1030;
    pub const ON_MY_STATUS_CHANGE: i32 = 1031;
    pub const ON_APP_SHUTDOWN: i32 = 1032;
    pub const ON_MY_PROPERTY_CHANGE: i32 = 1033;
}
