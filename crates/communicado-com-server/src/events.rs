//! The events of a status change, and their order.

use communicado_provider::ProviderStatus;

use crate::vocabulary::{client_state, mistatus};

/// An event for programs written for Communicator (`DMessengerEvents`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommunicatorEvent {
    /// `OnSignin`, with the result code.
    SignIn(i32),
    /// `OnSignout`.
    SignOut,
    /// `OnMyStatusChange`.
    MyStatus(i32),
    /// `OnContactStatusChange`, of the user's own contact.
    ContactStatus(i32),
    /// `OnAppShutdown`.
    AppShutdown,
}

/// An event for programs written for Lync.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LyncEvent {
    /// `OnStateChanged`, with the code of a failed sign-in.
    StateChanged {
        /// The previous state.
        old: i32,
        /// The new state.
        new: i32,
        /// The code, 0 for success.
        code: i32,
    },
    /// `OnContactInformationChanged`, of the user's own contact.
    ContactChanged,
    /// `OnShuttingDown`.
    ShuttingDown,
}

/// The events of Communicator, in order.
///
/// A sign-out comes before its consequences, and before the shutdown (Microsoft, OC 2007 SDK:
/// "OnSignOut will always fire before OnAppShutdown").
#[must_use]
pub fn communicator_events(
    before: &ProviderStatus,
    after: &ProviderStatus,
) -> Vec<CommunicatorEvent> {
    let number = mistatus(after);
    match (before, after) {
        (before, after) if before == after => Vec::new(),
        (ProviderStatus::SigningIn, ProviderStatus::SignedOut(Some(reason))) => {
            vec![
                CommunicatorEvent::SignIn(reason.code().cast_signed()),
                CommunicatorEvent::MyStatus(number),
            ]
        }
        (ProviderStatus::Starting, ProviderStatus::SignedOut(_)) => Vec::new(),
        (_, ProviderStatus::SignedOut(_)) => {
            vec![CommunicatorEvent::SignOut, CommunicatorEvent::MyStatus(number)]
        }
        (ProviderStatus::SignedIn(_), ProviderStatus::SignedIn(_)) => {
            if mistatus(before) == number {
                return Vec::new();
            }
            vec![CommunicatorEvent::MyStatus(number), CommunicatorEvent::ContactStatus(number)]
        }
        (_, ProviderStatus::SignedIn(_)) => {
            vec![CommunicatorEvent::SignIn(0), CommunicatorEvent::MyStatus(number)]
        }
        (_, ProviderStatus::SigningIn | ProviderStatus::SigningOut) => {
            vec![CommunicatorEvent::MyStatus(number)]
        }
        (
            ProviderStatus::SignedIn(_) | ProviderStatus::SigningOut,
            ProviderStatus::ShuttingDown,
        ) => {
            vec![CommunicatorEvent::SignOut, CommunicatorEvent::AppShutdown]
        }
        (_, ProviderStatus::ShuttingDown) => vec![CommunicatorEvent::AppShutdown],
        (_, ProviderStatus::Starting) => Vec::new(),
    }
}

/// The events of Lync, in order.
#[must_use]
pub fn lync_events(before: &ProviderStatus, after: &ProviderStatus) -> Vec<LyncEvent> {
    let mut events = Vec::new();
    let (old, new) = (client_state(before), client_state(after));
    if old != new {
        let code = after.reason().map_or(0, |reason| reason.code().cast_signed());
        events.push(LyncEvent::StateChanged { old, new, code });
    }
    if before.presence() != after.presence() {
        events.push(LyncEvent::ContactChanged);
    }
    if *after == ProviderStatus::ShuttingDown && before != after {
        events.push(LyncEvent::ShuttingDown);
    }
    events
}

#[cfg(test)]
mod tests {
    use communicado_core::Availability;
    use communicado_provider::{Presence, Reason};

    use super::*;

    fn away() -> ProviderStatus {
        ProviderStatus::SignedIn(Presence::new(Availability::Away, None))
    }

    #[test]
    fn a_sign_out_event_precedes_the_shutdown_event() {
        let all = [
            ProviderStatus::Starting,
            ProviderStatus::SignedOut(None),
            ProviderStatus::SigningIn,
            away(),
            ProviderStatus::SigningOut,
            ProviderStatus::ShuttingDown,
        ];
        for before in &all {
            let events = communicator_events(before, &ProviderStatus::ShuttingDown);
            let out = events.iter().position(|event| *event == CommunicatorEvent::SignOut);
            let end = events.iter().position(|event| *event == CommunicatorEvent::AppShutdown);
            assert!(out.is_none_or(|out| end.is_some_and(|end| out < end)), "{before:?}");
            let was_in = matches!(before, ProviderStatus::SignedIn(_) | ProviderStatus::SigningOut);
            assert_eq!(out.is_some(), was_in, "{before:?}");
        }
    }

    #[test]
    fn a_sign_in_ends_with_one_event_and_its_code() {
        let check = |after, expected: &[CommunicatorEvent]| {
            assert_eq!(communicator_events(&ProviderStatus::SigningIn, &after), expected)
        };
        check(away(), &[CommunicatorEvent::SignIn(0), CommunicatorEvent::MyStatus(0x22)]);
        let reason = Reason::from_word("invalid-password").unwrap();
        let code = 0x8100_0303_u32.cast_signed();
        check(
            ProviderStatus::SignedOut(Some(reason)),
            &[CommunicatorEvent::SignIn(code), CommunicatorEvent::MyStatus(1)],
        );
        check(
            ProviderStatus::SignedOut(None),
            &[CommunicatorEvent::SignOut, CommunicatorEvent::MyStatus(1)],
        );
    }

    #[test]
    fn an_invisible_change_fires_no_event() {
        assert_eq!(communicator_events(&away(), &away()), []);
        let noted = Presence::new(Availability::Away, None).with_note("back at four").unwrap();
        assert_eq!(communicator_events(&away(), &ProviderStatus::SignedIn(noted.clone())), []);
        assert_eq!(
            lync_events(&away(), &ProviderStatus::SignedIn(noted)),
            [LyncEvent::ContactChanged]
        );
    }
}
