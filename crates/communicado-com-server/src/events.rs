//! Which events tell that one status became another, and in which order.

use communicado_provider::ProviderStatus;

use crate::vocabulary::{client_state, mistatus};

/// What is told to programs written for Communicator (`DMessengerEvents`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// `OnSignin`, with the code that it ended in.
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

/// What is told to programs written for Lync.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfficeEvent {
    /// `OnStateChanged`: the state before and after, and the code with which a sign-in failed.
    State {
        /// Before.
        old: i32,
        /// After.
        new: i32,
        /// The code, 0 for success.
        code: i32,
    },
    /// `OnContactInformationChanged`, of the user's own contact.
    Contact,
    /// `OnShuttingDown`.
    ShuttingDown,
}

/// The events of Communicator, in order.
///
/// A sign-out comes before everything that is true only because of it, and so before the end
/// (Microsoft, OC 2007 SDK: "OnSignOut will always fire before OnAppShutdown").
#[must_use]
pub fn of(before: &ProviderStatus, after: &ProviderStatus) -> Vec<Event> {
    let number = mistatus(after);
    match (before, after) {
        (before, after) if before == after => Vec::new(),
        (ProviderStatus::SigningIn, ProviderStatus::SignedOut(Some(reason))) => {
            vec![Event::SignIn(reason.code().cast_signed()), Event::MyStatus(number)]
        }
        (ProviderStatus::Starting, ProviderStatus::SignedOut(_)) => Vec::new(),
        (_, ProviderStatus::SignedOut(_)) => vec![Event::SignOut, Event::MyStatus(number)],
        (ProviderStatus::SignedIn(_), ProviderStatus::SignedIn(_)) => {
            if mistatus(before) == number {
                return Vec::new();
            }
            vec![Event::MyStatus(number), Event::ContactStatus(number)]
        }
        (_, ProviderStatus::SignedIn(_)) => vec![Event::SignIn(0), Event::MyStatus(number)],
        (_, ProviderStatus::SigningIn | ProviderStatus::SigningOut) => {
            vec![Event::MyStatus(number)]
        }
        (
            ProviderStatus::SignedIn(_) | ProviderStatus::SigningOut,
            ProviderStatus::ShuttingDown,
        ) => {
            vec![Event::SignOut, Event::AppShutdown]
        }
        (_, ProviderStatus::ShuttingDown) => vec![Event::AppShutdown],
        (_, ProviderStatus::Starting) => Vec::new(),
    }
}

/// The events of Lync, in order.
#[must_use]
pub fn of_office(before: &ProviderStatus, after: &ProviderStatus) -> Vec<OfficeEvent> {
    let mut events = Vec::new();
    let (old, new) = (client_state(before), client_state(after));
    if old != new {
        let code = after.reason().map_or(0, |reason| reason.code().cast_signed());
        events.push(OfficeEvent::State { old, new, code });
    }
    if before.presence() != after.presence() {
        events.push(OfficeEvent::Contact);
    }
    if *after == ProviderStatus::ShuttingDown && before != after {
        events.push(OfficeEvent::ShuttingDown);
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
    fn a_sign_out_is_told_before_the_end_whatever_was_before() {
        let all = [
            ProviderStatus::Starting,
            ProviderStatus::SignedOut(None),
            ProviderStatus::SigningIn,
            away(),
            ProviderStatus::SigningOut,
            ProviderStatus::ShuttingDown,
        ];
        for before in &all {
            let events = of(before, &ProviderStatus::ShuttingDown);
            let out = events.iter().position(|event| *event == Event::SignOut);
            let end = events.iter().position(|event| *event == Event::AppShutdown);
            assert!(out.is_none_or(|out| end.is_some_and(|end| out < end)), "{before:?}");
            let was_in = matches!(before, ProviderStatus::SignedIn(_) | ProviderStatus::SigningOut);
            assert_eq!(out.is_some(), was_in, "{before:?}");
        }
    }

    #[test]
    fn a_sign_in_ends_in_one_event_with_its_code() {
        let check = |after, expected: &[Event]| {
            assert_eq!(of(&ProviderStatus::SigningIn, &after), expected)
        };
        check(away(), &[Event::SignIn(0), Event::MyStatus(0x22)]);
        let reason = Reason::from_word("invalid-password").unwrap();
        let code = 0x8100_0303_u32.cast_signed();
        check(ProviderStatus::SignedOut(Some(reason)), &[Event::SignIn(code), Event::MyStatus(1)]);
        check(ProviderStatus::SignedOut(None), &[Event::SignOut, Event::MyStatus(1)]);
    }

    #[test]
    fn what_nobody_can_see_is_not_told() {
        assert_eq!(of(&away(), &away()), []);
        let noted = Presence::new(Availability::Away, None).with_note("back at four").unwrap();
        assert_eq!(of(&away(), &ProviderStatus::SignedIn(noted.clone())), []);
        assert_eq!(of_office(&away(), &ProviderStatus::SignedIn(noted)), [OfficeEvent::Contact]);
    }
}
