//! A simpler model of one person, for comparison: filters instead of an order of all states.

use std::collections::BTreeMap;
use std::sync::Arc;

use communicado_core::{Activity, Availability};
use communicado_wire::Status;

use super::{Aggregation, Input};
use crate::limits::FORGOTTEN_AFTER;

type Reported = (Status, Option<Availability>, Option<Activity>);

/// A device in the reference model.
struct ReferenceDevice {
    until: u64,
    reported: Reported,
    /// The number of the publication that changed what the device reports.
    changed: i64,
}

/// A person in the reference model: devices and manual status.
#[derive(Default)]
pub(super) struct ReferencePerson {
    devices: BTreeMap<Arc<str>, ReferenceDevice>,
    manual: Option<(Status, Option<Availability>, Option<u64>)>,
    publications: i64,
}

impl ReferencePerson {
    /// The status and availability at `now`, by the rules of the API.
    pub(super) fn effective(
        &mut self,
        aggregation: Aggregation,
        now: u64,
    ) -> (Status, Option<Availability>) {
        self.expire(now);
        if let Some((status, availability, _)) = self.manual {
            return (status, availability);
        }
        let devices = self.devices.values().map(|device| (device.reported, device.changed));
        let (status, availability, _) =
            winner(aggregation, devices.collect()).unwrap_or((Status::Absent, None, None));
        (status, availability)
    }

    fn expire(&mut self, now: u64) {
        let forgotten = u64::try_from(FORGOTTEN_AFTER.as_millis()).unwrap();
        self.devices.retain(|_, device| now < device.until + forgotten);
        for device in self.devices.values_mut().filter(|device| device.until <= now) {
            device.reported = (Status::Unknown, None, None);
        }
        if self.manual.is_some_and(|(_, _, until)| until.is_some_and(|until| until <= now)) {
            self.manual = None;
        }
    }

    /// Handles an input that the model accepted.
    fn handle(&mut self, input: &Input, aggregation: Aggregation, now: u64) {
        self.expire(now);
        match input {
            Input::Create(_) | Input::Remove(_) | Input::Alter(..) => {}
            Input::PutDevice { device, clients, lease, .. } => {
                self.publications += 1;
                let reported = clients.iter().map(|it| {
                    let since = it.since.unwrap_or(it.at).micros();
                    ((it.status, it.availability, it.activity), since)
                });
                let reported = winner(aggregation, reported.collect());
                let reported = reported.unwrap_or((Status::Absent, None, None));
                let old = self.devices.get(device).filter(|old| now < old.until);
                let changed = match old {
                    Some(old) if old.reported == reported => old.changed,
                    _ => self.publications,
                };
                let until = now + u64::try_from(lease.as_millis()).unwrap();
                let new = ReferenceDevice { until, reported, changed };
                self.devices.insert(device.clone(), new);
            }
            Input::DeleteDevice { device, .. } => {
                self.devices.remove(device);
            }
            Input::SetManual { state, duration, .. } => {
                let until =
                    duration.map(|duration| now + u64::try_from(duration.as_millis()).unwrap());
                self.manual = Some((state.status, state.availability, until));
            }
            Input::ClearManual(_) => self.manual = None,
        }
    }
}

/// Handles an input that the model accepted, about any of the people.
pub(super) fn handle(
    people: &mut BTreeMap<Arc<str>, ReferencePerson>,
    input: &Input,
    aggregation: Aggregation,
    now: u64,
) {
    match input {
        Input::Create(new) => {
            people.insert(new.id.clone(), ReferencePerson::default());
        }
        Input::Remove(person) => {
            people.remove(person);
        }
        _ => people.get_mut(input.person()).unwrap().handle(input, aggregation, now),
    }
}

/// The state that the documented rule selects, of states with the time of their last change.
fn winner(aggregation: Aggregation, mut all: Vec<(Reported, i64)>) -> Option<Reported> {
    const ORDER: [Status; 8] = [
        Status::SignedIn,
        Status::SigningIn,
        Status::SigningOut,
        Status::SignedOut,
        Status::Starting,
        Status::ShuttingDown,
        Status::Absent,
        Status::Unknown,
    ];
    /// Keeps the states for which `is` is true, if there are any.
    fn prefer(all: &mut Vec<(Reported, i64)>, is: impl Fn(&Reported) -> bool) {
        if all.iter().any(|(reported, _)| is(reported)) {
            all.retain(|(reported, _)| is(reported));
        }
    }
    for status in ORDER.into_iter().rev() {
        prefer(&mut all, |(it, ..)| *it != status);
    }
    if aggregation == Aggregation::MostReachable {
        return all.into_iter().map(|(reported, _)| reported).min_by_key(|it| it.1);
    }
    let is_away = |(_, availability, _): &Reported| {
        matches!(
            availability,
            Some(Availability::Idle | Availability::Away | Availability::BeRightBack)
        )
    };
    prefer(&mut all, |it| !is_away(it));
    prefer(&mut all, |it| {
        let (_, availability, activity) = it;
        let is_busy = matches!(availability, Some(Availability::Busy | Availability::DoNotDisturb));
        let is_elsewhere = matches!(
            activity,
            None | Some(Activity::OutOfOffice | Activity::OutToLunch | Activity::Other)
        );
        !is_away(it) && (is_busy || !is_elsewhere)
    });
    let last = all.iter().map(|(_, changed)| *changed).max()?;
    let latest = all.into_iter().filter(|(_, changed)| *changed == last);
    latest.map(|(reported, _)| reported).min_by_key(|it| (it.1, it.2))
}
