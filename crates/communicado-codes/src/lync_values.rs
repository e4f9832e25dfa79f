//! `ClientState` and `ContactAvailability` of Lync and Skype for Business.
//!
//! **Know:** a small number is a `ClientState` only beside its name, since it can be anything.
//!
//! Sources: Microsoft, UCCollaborationLib, `ClientState` (ff398653; 6 is from the type library of
//! Lync 2013); Lync SDK, `ContactAvailability` (gg464202, hh348201); Lync schema, "state
//! availability element", for the ranges.
//!
//! Read next: [`STATES`], then [`availability_range`].

use crate::{Code, Family};

const SIGNED_IN: Option<&str> = Some("signed-in");
const WAIT: &str = "Wait for the next StateChanged event.";
const NO_ACTION: &str = "No action is needed.";

#[rustfmt::skip] // The table is read by its columns.
pub(crate) const STATES: &[Code] = &[
    state(0, "ClientState.Uninitialized", Some("starting"),
        "The client is not initialized yet.", WAIT),
    state(1, "ClientState.SignedOut", Some("signed-out"),
        "The client runs, and nobody is signed in.", "Let the user sign in."),
    state(2, "ClientState.SigningIn", Some("signing-in"),
        "The client is signing in.", WAIT),
    state(3, "ClientState.SignedIn", SIGNED_IN,
        "The user is signed in.", NO_ACTION),
    state(4, "ClientState.SigningOut", Some("signing-out"),
        "The client is signing out.", WAIT),
    state(5, "ClientState.ShuttingDown", Some("shutting-down"),
        "The client is shutting down.", "Drop all objects of the client."),
    state(6, "ClientState.Initializing", Some("starting"),
        "The client is initializing.", WAIT),
];

#[rustfmt::skip] // The table is read by its columns.
pub(crate) const AVAILABILITIES: &[Code] = &[
    availability(0, "ContactAvailability.None", None,
        "The availability is not specified."),
    availability(3500, "ContactAvailability.Free", SIGNED_IN,
        "The user or contact is signed in and available."),
    availability(5000, "ContactAvailability.FreeIdle", SIGNED_IN,
        "The user or contact is signed in and available, but inactive."),
    availability(6500, "ContactAvailability.Busy", SIGNED_IN,
        "The user or contact is signed in and busy."),
    availability(7500, "ContactAvailability.BusyIdle", SIGNED_IN,
        "The user or contact is signed in and busy, but inactive."),
    availability(9500, "ContactAvailability.DoNotDisturb", SIGNED_IN,
        "The user or contact is signed in and does not want to be disturbed."),
    availability(12500, "ContactAvailability.TemporarilyAway", SIGNED_IN,
        "The user or contact is signed in and away for a short time."),
    availability(15500, "ContactAvailability.Away", SIGNED_IN,
        "The user or contact is signed in and away."),
    availability(18500, "ContactAvailability.Offline", None,
        "Offline: the contact is signed out or appears offline; a signed-in user with this value appears offline to others."),
    availability(u32::MAX, "ContactAvailability.Invalid", None,
        "The availability is not valid, and the value says nothing about the sign-in."),
];

const fn state(
    number: u32,
    name: &'static str,
    status: Option<&'static str>,
    meaning: &'static str,
    action: &'static str,
) -> Code {
    Code { number, name, family: Family::ClientState, meaning, action, status }
}

const fn availability(
    number: u32,
    name: &'static str,
    status: Option<&'static str>,
    meaning: &'static str,
) -> Code {
    let action = "Read the client's State to learn whether its user is signed in.";
    Code { number, name, family: Family::ContactAvailability, meaning, action, status }
}

/// The meaning of an availability between the published values, by Microsoft's ranges.
pub(crate) const fn availability_range(number: u32) -> Option<&'static str> {
    Some(match number {
        3000..=4499 => "By its range, the availability is Available.",
        4500..=5999 => "By its range, the availability is Available-Idle.",
        6000..=7499 => "By its range, the availability is Busy.",
        7500..=8999 => "By its range, the availability is Busy-Idle.",
        9000..=11999 => "By its range, the availability is Do Not Disturb.",
        12000..=14999 => "By its range, the availability is Be Right Back.",
        15000..=17999 => "By its range, the availability is Away.",
        18000..=0xFFFF => "By its range, the availability is Offline.",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_values_are_in_the_range_of_their_name() {
        let ranges = ["Available.", "Available-Idle.", "Busy.", "Busy-Idle.", "Disturb.", "Back."];
        let ranges = ranges.into_iter().chain(["Away.", "Offline."]);
        let values = AVAILABILITIES.iter().filter(|it| (1..=0xFFFF).contains(&it.number));
        assert_eq!(values.clone().count(), ranges.clone().count());
        for (code, range) in values.zip(ranges) {
            assert!(availability_range(code.number).unwrap().ends_with(range), "{code:?}");
        }
        assert_eq!(availability_range(2999), None);
    }
}
