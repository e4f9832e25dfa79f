//! Why a client that runs is not on the bus, and the remedy. Pure.

use std::fmt;
use std::time::Duration;

use communicado_core::{Life, UnknownReason};
use communicado_runtime::CheckHealth;

use super::message::NAME;
use crate::process::flatpak_application;

/// The time within which a client that starts joins the bus.
pub(super) const START_MAX: Duration = Duration::from_secs(10);

/// The inaccuracy of the kernel's times: it dates processes in hundredths of a second, and files by
/// another clock.
const INACCURACY: Duration = Duration::from_millis(50);

/// Where a process looks for its bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Whereabouts {
    /// On our bus.
    Bus,
    /// On our bus, through a proxy with this address.
    Proxy { address: String },
    /// In a Flatpak with this `/.flatpak-info`.
    Flatpak { info: String },
    /// In this snap, for our bus.
    Snap { snap: String },
    /// On a bus with this address.
    OtherBus { address: String },
    /// On a bus with this address, to which Communicado cannot connect.
    HiddenBus { address: String },
    /// On a bus with this address, where there is none any more.
    GoneBus { address: String },
    /// Its environment has no bus.
    NoBus,
    /// Its environment is not readable.
    Unreadable,
}

/// Why a client that runs is not on the bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum OffBusCause {
    /// A recent start for this bus.
    Starting,
    /// A start for this bus, which it is not on.
    Lost,
    /// A proxy with this address may not let it own its name.
    Proxy { address: String },
    /// The sandbox of this Flatpak application may not let it own its name.
    Flatpak { application: String },
    /// The confinement of this snap may not let it own its name.
    Snap { snap: String },
    /// The bus with this address, which it uses.
    OtherBus { address: String },
    /// The bus with this address, to which Communicado cannot connect.
    HiddenBus { address: String },
    /// The end of the bus with this address, for which it was started.
    GoneBus { address: String },
    /// A start without a bus.
    NoBus,
    /// The environment of its process is not readable.
    Unreadable,
}

/// The cause for a process of `age` at a bus whose socket is `socket_age` old.
pub(super) fn cause(
    whereabouts: &Whereabouts,
    age: Duration,
    socket_age: Option<Duration>,
) -> OffBusCause {
    match whereabouts {
        // A bus that is younger than the client is another one than the client joined.
        Whereabouts::Bus
            if age < START_MAX
                && socket_age.is_none_or(|socket| socket.saturating_add(INACCURACY) > age) =>
        {
            OffBusCause::Starting
        }
        Whereabouts::Bus => OffBusCause::Lost,
        Whereabouts::Proxy { address } => OffBusCause::Proxy { address: address.clone() },
        Whereabouts::Flatpak { info } => {
            let application = flatpak_application(info).unwrap_or("APPLICATION").to_owned();
            OffBusCause::Flatpak { application }
        }
        Whereabouts::Snap { snap } => OffBusCause::Snap { snap: snap.clone() },
        Whereabouts::HiddenBus { address } => OffBusCause::HiddenBus { address: address.clone() },
        Whereabouts::OtherBus { address } => OffBusCause::OtherBus { address: address.clone() },
        Whereabouts::GoneBus { address } => OffBusCause::GoneBus { address: address.clone() },
        Whereabouts::NoBus => OffBusCause::NoBus,
        Whereabouts::Unreadable => OffBusCause::Unreadable,
    }
}

impl OffBusCause {
    pub(super) const fn life(&self) -> Life {
        match self {
            Self::Starting => Life::Starting,
            Self::Lost => Life::Unknown(UnknownReason::SourceLost),
            Self::OtherBus { .. } | Self::HiddenBus { .. } | Self::GoneBus { .. } | Self::NoBus => {
                Life::Unknown(UnknownReason::NotSupported)
            }
            Self::Proxy { .. } | Self::Flatpak { .. } | Self::Snap { .. } | Self::Unreadable => {
                Life::Unknown(UnknownReason::AccessDenied)
            }
        }
    }

    /// Returns whether the client may be on another bus, and not on this one.
    pub(super) const fn is_elsewhere(&self) -> bool {
        !matches!(self, Self::Starting | Self::Lost)
    }

    /// Returns whether the cause has held since the start of the client's process. A bus or a proxy
    /// may have come or gone since.
    pub(super) const fn begins_with_process(&self) -> bool {
        match self {
            Self::Starting
            | Self::Flatpak { .. }
            | Self::Snap { .. }
            | Self::NoBus
            | Self::Unreadable => true,
            Self::Lost
            | Self::Proxy { .. }
            | Self::OtherBus { .. }
            | Self::HiddenBus { .. }
            | Self::GoneBus { .. } => false,
        }
    }

    pub(super) const fn health(&self) -> CheckHealth {
        match self {
            Self::Starting => CheckHealth::Limited,
            Self::Lost
            | Self::Proxy { .. }
            | Self::Flatpak { .. }
            | Self::Snap { .. }
            | Self::OtherBus { .. }
            | Self::HiddenBus { .. }
            | Self::GoneBus { .. }
            | Self::NoBus
            | Self::Unreadable => CheckHealth::Bad,
        }
    }

    /// The remedy.
    pub(super) fn action(&self, client: &str) -> String {
        match self {
            Self::Starting => format!("wait up to {} s until it has started", START_MAX.as_secs()),
            Self::Lost => "restart it: a libpurple client does not reconnect to a new bus".into(),
            Self::Proxy { .. } => format!("start its xdg-dbus-proxy with --own={NAME}"),
            Self::Flatpak { application } => format!(
                "run: flatpak override --user --own-name={NAME} {application}; then restart it"
            ),
            Self::OtherBus { address } => {
                format!("ask there: DBUS_SESSION_BUS_ADDRESS='{address}' communicado")
            }
            Self::Snap { snap } => format!(
                "install {client} from your distribution: a snap owns `{NAME}` only if {snap} \
                 declares it"
            ),
            Self::HiddenBus { .. } | Self::NoBus => {
                format!("quit {client} and start it inside the desktop session")
            }
            Self::GoneBus { .. } => format!(
                "quit {client} and start it inside the desktop session; in tmux, first set \
                 DBUS_SESSION_BUS_ADDRESS to the current bus"
            ),
            Self::Unreadable => format!("restart {client} without additional privileges"),
        }
    }
}

impl fmt::Display for OffBusCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Starting => f.write_str("is starting and not yet on the bus"),
            Self::Lost => f.write_str("is not on the bus, which has restarted or refused it"),
            Self::Proxy { address } => {
                write!(f, "is behind a D-Bus proxy at `{address}` and does not own `{NAME}`")
            }
            Self::Flatpak { application } => {
                write!(f, "is in the sandbox of Flatpak {application} and does not own `{NAME}`")
            }
            Self::Snap { snap } => {
                write!(f, "is in the snap {snap} and does not own `{NAME}`")
            }
            Self::HiddenBus { address } => write!(f, "was started for the bus `{address}`"),
            Self::OtherBus { address } => write!(f, "uses the bus at `{address}`"),
            Self::GoneBus { address } => write!(f, "uses the bus at `{address}`, which is gone"),
            Self::NoBus => f.write_str("was started without a session bus"),
            Self::Unreadable => f.write_str("does not let you read which bus it uses"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_client_is_starting_for_a_limited_time_and_only_on_an_older_bus() {
        let check = |age: u32, socket_age: Option<u32>, expected| {
            let socket_age = socket_age.map(|age| SECOND * age);
            assert_eq!(cause(&Whereabouts::Bus, SECOND * age, socket_age), expected);
        };
        check(0, Some(100), OffBusCause::Starting);
        check(9, Some(100), OffBusCause::Starting);
        check(9, None, OffBusCause::Starting);
        check(10, Some(100), OffBusCause::Lost);
        check(3, Some(3), OffBusCause::Starting);
        check(3, Some(2), OffBusCause::Lost);
    }

    #[test]
    fn a_client_elsewhere_is_unknown_at_any_age() {
        let info = "[Application]\nname=im.pidgin.Pidgin\n\n[Instance]\nname=no\n".to_owned();
        let address = || "unix:path=/tmp/other".to_owned();
        for (whereabouts, text, action) in [
            (Whereabouts::OtherBus { address: address() }, "uses the bus", "ask there"),
            (Whereabouts::Proxy { address: address() }, "behind a D-Bus proxy", "--own=im.pidgin"),
            (
                Whereabouts::Flatpak { info },
                "Flatpak im.pidgin.Pidgin",
                "flatpak override --user --own-name=im.pidgin.purple.PurpleService im.pidgin.Pidgin;",
            ),
            (Whereabouts::GoneBus { address: address() }, "which is gone", "quit finch"),
            (
                Whereabouts::HiddenBus { address: "autolaunch:".into() },
                "was started for the bus `autolaunch:`",
                "quit finch",
            ),
            (
                Whereabouts::Snap { snap: "pidgin".into() },
                "in the snap pidgin",
                "from your distribution",
            ),
            (Whereabouts::NoBus, "without a session bus", "quit finch"),
            (Whereabouts::Unreadable, "does not let you read", "restart finch"),
        ] {
            for age in [0, 100] {
                let cause = cause(&whereabouts, SECOND * age, None);
                assert!(matches!(cause.life(), Life::Unknown(_)), "{cause}");
                assert!(cause.is_elsewhere(), "{cause}");
                assert!(cause.to_string().contains(text), "{cause}");
                assert!(cause.action("finch").contains(action), "{}", cause.action("finch"));
            }
        }
    }
}
