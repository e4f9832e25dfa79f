//! The statuses of Communicator (`MISTATUS`).

use std::fmt;

use communicado_sources::vocabulary::mistatus_raw;

/// A status of the user, as Communicator numbers it (Microsoft, OC 2007 SDK, `MISTATUS`,
/// bb787207).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MiStatus(pub u32);

impl MiStatus {
    /// Unknown.
    pub const UNKNOWN: Self = Self(0);
    /// Not signed in.
    pub const OFFLINE: Self = Self(1);
    /// Signed in and available. Every signed-in status has this bit.
    pub const ONLINE: Self = Self(2);
    /// Signed in and shown as offline.
    pub const INVISIBLE: Self = Self(0x06);
    /// Busy.
    pub const BUSY: Self = Self(0x0A);
    /// Away for a short time.
    pub const BE_RIGHT_BACK: Self = Self(0x0E);
    /// Idle.
    pub const IDLE: Self = Self(0x12);
    /// Away.
    pub const AWAY: Self = Self(0x22);
    /// On the phone.
    pub const ON_THE_PHONE: Self = Self(0x32);
    /// Do not disturb.
    pub const DO_NOT_DISTURB: Self = Self(0x72);
    /// A custom status.
    pub const CUSTOM: Self = Self(0xB2);
    /// Signing in: connecting to the server.
    pub const LOCAL_CONNECTING_TO_SERVER: Self = Self(0x200);
    /// Signing out.
    pub const LOCAL_DISCONNECTING_FROM_SERVER: Self = Self(0x400);

    /// Returns whether all bits of `other` are set, such as [`MiStatus::ONLINE`] in every signed-in
    /// status.
    ///
    /// A transitional status (0x100 and above) contains no signed-in status.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0 && (self.0 < 0x100 || other.0 >= 0x100)
    }
}

impl fmt::Display for MiStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&mistatus_raw(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signed_in_status_contains_online_and_no_other_does() {
        let check = |number, expected| {
            assert_eq!(MiStatus(number).contains(MiStatus::ONLINE), expected, "{number:#x}");
        };
        for signed_in in [2, 6, 0x0A, 0x12, 0x32, 0xB2, 0xC2] {
            check(signed_in, true);
        }
        for other in [0, 1, 0x100, 0x200, 0x300, 0x302, 0x400] {
            check(other, false);
        }
        assert_eq!(MiStatus::ON_THE_PHONE.to_string(), "ON_THE_PHONE");
    }
}
