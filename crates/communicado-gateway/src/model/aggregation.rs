//! The aggregation of several devices, or of the clients of one device, to one state.

use std::cmp::Reverse;

use clap::ValueEnum;
use communicado_core::{Activity, Availability};
use communicado_wire::{Status, Timestamp};

use super::PresenceState;

/// The rule by which one device determines the status of a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Aggregation {
    /// A device that needs the person, then the device whose status changed last.
    #[default]
    BusyFirst,
    /// The most reachable device.
    MostReachable,
}

/// The precedence of a state; the smallest one wins.
///
/// The last four fields are equal only if nobody can distinguish the states, so the result does
/// not depend on the order of the states.
type Precedence<'a> = (
    u8,
    u8,
    Reverse<u64>,
    Reverse<Timestamp>,
    Option<Availability>,
    Option<Activity>,
    Option<&'a str>,
    Option<&'a str>,
);

impl Aggregation {
    /// The winning state. Each state has the position of its last change, a larger one if later.
    pub(super) fn best<'a>(
        self,
        states: impl Iterator<Item = (&'a PresenceState, u64)>,
    ) -> Option<&'a PresenceState> {
        let best = match self {
            Self::BusyFirst => states.min_by_key(|(state, changed)| precedence(state, *changed)),
            Self::MostReachable => states.min_by_key(|(state, _)| state.rank()),
        };
        best.map(|(state, _)| state)
    }
}

fn precedence(state: &PresenceState, changed: u64) -> Precedence<'_> {
    let (status, availability) = state.rank();
    (
        status,
        demand(state),
        Reverse(changed),
        Reverse(state.since),
        availability,
        state.activity,
        state.note.as_deref(),
        state.reason.as_deref(),
    )
}

/// 0 if the device needs the person, 2 if the person is away from it, else 1.
fn demand(state: &PresenceState) -> u8 {
    if state.status != Status::SignedIn {
        return 1;
    }
    let needs_person = matches!(
        state.activity,
        Some(
            Activity::OnThePhone
                | Activity::InAMeeting
                | Activity::InAConference
                | Activity::Presenting
                | Activity::UrgentInterruptionsOnly
        )
    );
    match state.availability {
        Some(Availability::Idle | Availability::Away | Availability::BeRightBack) => 2,
        Some(Availability::Busy | Availability::DoNotDisturb) => 0,
        _ if needs_person => 0,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(
        status: Status,
        availability: Option<Availability>,
        activity: Option<Activity>,
    ) -> PresenceState {
        PresenceState { availability, activity, ..PresenceState::plain(status, Timestamp::EPOCH) }
    }

    fn all_states() -> Vec<PresenceState> {
        let activities = || Activity::ALL.into_iter().map(Some).chain([None]);
        let signed_in = Availability::ALL.into_iter().flat_map(|availability| {
            activities().map(move |activity| state(Status::SignedIn, Some(availability), activity))
        });
        let others = Status::ALL.into_iter().filter(|status| *status != Status::SignedIn);
        signed_in.chain(others.map(|status| state(status, None, None))).collect()
    }

    /// The winner of two devices, the second of which changed last.
    fn winner<'a>(first: &'a PresenceState, last: &'a PresenceState) -> &'a PresenceState {
        Aggregation::BusyFirst.best([(first, 1), (last, 2)].into_iter()).unwrap()
    }

    #[test]
    fn the_order_of_the_devices_does_not_matter() {
        let states = all_states();
        for first in &states {
            for last in &states {
                let reversed = [(last, 2), (first, 1)].into_iter();
                assert_eq!(
                    Aggregation::BusyFirst.best(reversed),
                    Some(winner(first, last)),
                    "{first:?} {last:?}"
                );
                let at_once = |states: [&PresenceState; 2]| {
                    let states = states.map(|state| (state.clone(), 0));
                    let states = states.iter().map(|(state, changed)| (state, *changed));
                    Aggregation::BusyFirst.best(states).cloned()
                };
                assert_eq!(at_once([first, last]), at_once([last, first]));
            }
        }
    }

    #[test]
    fn a_device_that_needs_the_person_beats_plain_availability() {
        use Availability::{Available, Busy, DoNotDisturb, Invisible, Other};
        let needing = [
            state(Status::SignedIn, Some(Available), Some(Activity::OnThePhone)),
            state(Status::SignedIn, Some(Other), Some(Activity::InAMeeting)),
            state(Status::SignedIn, Some(Available), Some(Activity::Presenting)),
            state(Status::SignedIn, Some(DoNotDisturb), None),
            state(Status::SignedIn, Some(Busy), None),
        ];
        for needing in &needing {
            for availability in [Available, Other, Invisible] {
                for activity in [None, Some(Activity::OutOfOffice), Some(Activity::Other)] {
                    let plain = state(Status::SignedIn, Some(availability), activity);
                    assert_eq!(winner(needing, &plain), needing);
                    assert_eq!(winner(&plain, needing), needing);
                }
            }
        }
    }

    #[test]
    fn an_idle_or_away_device_never_beats_a_signed_in_one_that_is_not() {
        use Availability::{Away, BeRightBack, Idle};
        let is_away =
            |state: &PresenceState| matches!(state.availability, Some(Idle | Away | BeRightBack));
        let signed_in = |state: &PresenceState| state.status == Status::SignedIn;
        let states = all_states();
        for away in states.iter().filter(|state| is_away(state)) {
            for other in states.iter().filter(|state| signed_in(state) && !is_away(state)) {
                assert_eq!(winner(other, away), other);
                assert_eq!(winner(away, other), other);
            }
        }
    }

    #[test]
    fn the_last_change_decides_between_devices_of_one_kind() {
        let states = all_states();
        for first in &states {
            for last in &states {
                if (first.status, demand(first)) == (last.status, demand(last)) {
                    assert_eq!(winner(first, last), last);
                }
            }
        }
    }

    #[test]
    fn a_signed_in_device_beats_one_that_is_not() {
        let away = state(Status::SignedIn, Some(Availability::Away), None);
        for other in all_states().iter().filter(|state| state.status != Status::SignedIn) {
            assert_eq!((winner(&away, other), winner(other, &away)), (&away, &away));
        }
    }

    #[test]
    fn the_most_reachable_device_decides_if_an_administrator_wants_it() {
        let available = state(Status::SignedIn, Some(Availability::Available), None);
        let busy = state(Status::SignedIn, Some(Availability::Busy), Some(Activity::OnThePhone));
        let states = [(&busy, 2), (&available, 1)];
        assert_eq!(Aggregation::MostReachable.best(states.into_iter()), Some(&available));
        assert_eq!(Aggregation::BusyFirst.best(states.into_iter()), Some(&busy));
    }
}
