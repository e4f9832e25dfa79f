//! The views of a person.
//!
//! Each view is a function of the person, and the only source of JSON for readers.

use std::sync::Arc;

use bytes::Bytes;
use communicado_core::Availability;
use communicado_wire::gateway::{self as wire, Badge, Before, Presence, View};
use communicado_wire::{Status, Timestamp};

use super::{Person, PresenceState};

/// The fields of a person in a view, without the revision and the times.
///
/// If they are equal before and after a change, readers with this view get no event.
#[derive(Clone, Debug, PartialEq, Eq)]
struct VisibleFields {
    presence: Option<Presence>,
    note: Option<Arc<str>>,
    returns: Option<Timestamp>,
    is_in: Option<bool>,
    name: Arc<str>,
    groups: Vec<Arc<str>>,
}

fn visible_fields(person: &Person, view: View) -> VisibleFields {
    let effective = &person.effective;
    let everything = view == View::Everything;
    let presence = || {
        let hidden = effective.availability == Some(Availability::Invisible) && !everything;
        let effective = if hidden {
            &PresenceState::plain(Status::SignedOut, effective.since)
        } else {
            effective
        };
        Presence {
            status: effective.status,
            availability: effective.availability,
            activity: effective.activity.filter(|_| everything),
            reason: effective.reason.clone(),
            manual: person.manual.is_some(),
        }
    };
    VisibleFields {
        presence: (view != View::InOut).then(presence),
        note: person.note().filter(|_| everything).cloned(),
        returns: person.returns(),
        is_in: effective.is_in(),
        name: person.name.clone(),
        groups: person.groups.clone(),
    }
}

/// The status in a view, to which `since` refers.
fn status(visible_fields: &VisibleFields) -> (Option<bool>, Option<Presence>) {
    let presence =
        visible_fields.presence.clone().map(|presence| Presence { manual: false, ..presence });
    (visible_fields.is_in, presence)
}

/// Returns true if a person differs in a view.
pub(super) fn differs(before: &Person, person: &Person, view: View) -> bool {
    visible_fields(before, view) != visible_fields(person, view)
}

/// Returns true if the status differs in a view, and not only the name or note.
pub(super) fn status_differs(before: &Person, person: &Person, view: View) -> bool {
    status(&visible_fields(before, view)) != status(&visible_fields(person, view))
}

fn form(person: &Person, view: View) -> wire::Person {
    let VisibleFields { presence, note, returns, is_in, name, groups } =
        visible_fields(person, view);
    let facet = person.facet(view);
    wire::Person {
        v: communicado_wire::VERSION,
        id: person.id.clone(),
        name,
        groups,
        revision: facet.revision,
        at: facet.at,
        presence,
        since: facet.since,
        note,
        returns,
        is_in,
        devices: None,
        before: None,
    }
}

/// The JSON of a person in a view, from the cache.
pub(crate) fn person_json(person: &Person, view: View) -> Bytes {
    let [in_out, availability, everything] = &person.json_cache;
    let cell = match view {
        View::InOut => in_out,
        View::Availability => availability,
        View::Everything => everything,
    };
    cell.get_or_init(|| form(person, view).to_json().into()).clone()
}

/// The JSON of a person after a change, with the state before.
pub(crate) fn change_json(before: Option<&Person>, person: &Person, view: View) -> String {
    let was = before.map(|before| {
        let VisibleFields { presence, is_in, .. } = visible_fields(before, view);
        Before {
            status: presence.as_ref().map(|presence| presence.status),
            availability: presence.map(|presence| presence.availability),
            is_in: (view == View::InOut).then_some(is_in),
        }
    });
    wire::Person { before: Some(was), ..form(person, view) }.to_json()
}

/// The JSON of a person for themselves and administrators, with the devices.
pub(crate) fn own_person(person: &Person) -> wire::OwnPerson {
    let devices = person.devices.iter().map(|(id, device)| wire::Device {
        device: id.clone(),
        status: device.state.status,
        availability: device.state.availability,
        activity: device.state.activity,
        reason: device.state.reason.clone(),
        since: device.state.since,
        seen: device.seen,
        lease_until: device.lease_until(),
        clients: device.clients.to_vec(),
    });
    let form = form(person, View::Everything);
    wire::OwnPerson {
        person: wire::Person { devices: Some(devices.collect()), ..form },
        badge: person.badge.clone(),
        sign_in: person.sign_in.clone(),
    }
}

/// The badge of a person.
pub(crate) fn badge_of(person: &Person, view: View) -> Badge {
    let VisibleFields { presence, is_in, .. } = visible_fields(person, view);
    Badge {
        v: communicado_wire::VERSION,
        status: presence.as_ref().map_or(Status::Unknown, |presence| presence.status),
        availability: presence.and_then(|presence| presence.availability),
        is_in,
        since: person.facet(view).since,
    }
}
