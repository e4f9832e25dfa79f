//! One person: devices with their leases, the manual status, and the effective state.
//!
//! A person is immutable: each input creates a new value, so that readers keep a consistent one.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use communicado_core::Moment;
use communicado_wire::gateway::View;
use communicado_wire::gateway::stored::{self, Facet};
use communicado_wire::{Client, Status, Timestamp};

use super::aggregation::Aggregation;
use super::now::Now;
use super::presence_state::PresenceState;
use crate::limits::FORGOTTEN_AFTER;
use crate::sanitize::{self, printable};

#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) id: Arc<str>,
    pub(crate) name: Arc<str>,
    /// The groups, sorted and without duplicates.
    pub(crate) groups: Vec<Arc<str>>,
    /// The names at the issuer, sorted and without duplicates.
    pub(crate) sign_in: Vec<Arc<str>>,
    pub(crate) devices: BTreeMap<Arc<str>, Device>,
    pub(crate) manual: Option<Manual>,
    /// The pseudonym of the badge.
    pub(crate) badge: Option<Arc<str>>,
    /// The state that follows from the devices and the manual status.
    pub(crate) effective: PresenceState,
    /// The last change in each view, in the order of `View::ALL`.
    pub(crate) facets: [Facet; 3],
    /// The JSON for other people in each view, in the order of `View::ALL`.
    pub(crate) json_cache: [OnceLock<Bytes>; 3],
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Device {
    pub(crate) clients: Arc<[Client]>,
    /// The size of `clients` as JSON.
    pub(crate) bytes: usize,
    pub(crate) state: PresenceState,
    /// The position of its last change among those of the person's devices. The clocks of several
    /// desktops differ, so their timestamps do not tell which device changed last.
    pub(crate) changed: u64,
    pub(crate) seen: Timestamp,
    pub(crate) lease: Duration,
    /// The expiry of the lease, and afterwards the time at which the device is removed.
    pub(crate) until: Moment,
    /// The time at which the lease expired.
    pub(crate) expired: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Manual {
    pub(crate) state: PresenceState,
    pub(crate) note: Option<Arc<str>>,
    pub(crate) returns: Option<Timestamp>,
    /// The end, on both clocks.
    pub(crate) until: Option<(Moment, Timestamp)>,
}

impl Person {
    pub(crate) fn new(id: Arc<str>, name: Arc<str>, groups: Vec<Arc<str>>, now: Now) -> Self {
        let facet = Facet { revision: 0, at: now.civil, since: now.civil };
        Self {
            id,
            name,
            groups,
            sign_in: Vec::new(),
            devices: BTreeMap::new(),
            manual: None,
            badge: None,
            effective: PresenceState::plain(Status::Absent, now.civil),
            facets: [facet; 3],
            json_cache: Default::default(),
        }
    }

    pub(crate) fn facet(&self, view: View) -> Facet {
        let [in_out, availability, everything] = self.facets;
        match view {
            View::InOut => in_out,
            View::Availability => availability,
            View::Everything => everything,
        }
    }

    /// The revision of the last change in any view.
    pub(crate) fn revision(&self) -> u64 {
        self.facet(View::Everything).revision
    }

    /// The size of all devices.
    pub(crate) fn device_bytes(&self) -> usize {
        self.devices.values().map(|device| device.bytes).sum()
    }

    /// The approximate size of the person.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>() + self.device_bytes()
    }

    /// The note of the manual status, or else that of the client with the effective status.
    pub(crate) fn note(&self) -> Option<&Arc<str>> {
        match &self.manual {
            Some(manual) => manual.note.as_ref(),
            None => self.effective.note.as_ref(),
        }
    }

    pub(crate) fn returns(&self) -> Option<Timestamp> {
        self.manual.as_ref().and_then(|manual| manual.returns)
    }

    pub(crate) fn is_of(&self, group: &str) -> bool {
        self.groups.iter().any(|each| &**each == group)
    }

    /// True if this is a name of the person at the issuer, in lower case.
    pub(crate) fn has_sign_in(&self, lower_case: &str) -> bool {
        self.sign_in.iter().any(|name| name.to_lowercase() == lower_case)
    }

    /// Replaces the state of a device.
    pub(crate) fn put_device(
        &mut self,
        device: Arc<str>,
        clients: Vec<Client>,
        lease: Duration,
        aggregation: Aggregation,
        now: Now,
    ) {
        let old = self.devices.get(&device);
        let mut state = state_of(&clients, aggregation, now.civil);
        let last = self.devices.values().map(|device| device.changed).max().unwrap_or(0);
        let mut changed = last.saturating_add(1);
        // The desktop's clock may be ahead of the gateway's.
        state.since = state.since.min(now.civil);
        if let Some(old) = old
            && old.expired.is_none()
            && old.state.has_same_presence_as(&state)
        {
            state.since = old.state.since;
            changed = old.changed;
        }
        let until = now.moment.after(lease);
        let (bytes, clients) = (json_bytes(&clients), clients.into());
        let seen = now.civil;
        let new = Device { clients, bytes, state, changed, seen, lease, until, expired: None };
        self.devices.insert(device, new);
    }

    /// Handles deadlines: expires leases and the manual status, and removes devices.
    pub(crate) fn expire(&mut self, now: Now) {
        for device in self.devices.values_mut() {
            if device.expired.is_none() && device.until <= now.moment {
                device.expired = Some(now.civil);
                device.state = PresenceState::expired(now.civil);
                device.until = device.until.after(FORGOTTEN_AFTER);
            }
        }
        self.devices.retain(|_, device| device.expired.is_none() || now.moment < device.until);
        let until = self.manual.as_ref().and_then(|manual| manual.until);
        if until.is_some_and(|(moment, _)| moment <= now.moment) {
            self.manual = None;
        }
    }

    /// The next deadline for `expire`.
    pub(crate) fn next_deadline(&self) -> Option<Moment> {
        let devices = self.devices.values().map(|device| device.until);
        let manual = self.manual.as_ref().and_then(|manual| manual.until);
        devices.chain(manual.map(|(moment, _)| moment)).min()
    }

    /// Derives the effective state; `before` is the published one.
    pub(crate) fn compute_effective(
        &self,
        before: &PresenceState,
        aggregation: Aggregation,
        now: Now,
    ) -> PresenceState {
        let devices = self.devices.values().map(|device| (&device.state, device.changed));
        let manual = self.manual.as_ref().map(|manual| &manual.state);
        let mut effective = manual
            .or_else(|| aggregation.best(devices))
            .cloned()
            .unwrap_or_else(|| PresenceState::plain(Status::Absent, now.civil));
        if effective.has_same_presence_as(before) {
            effective.since = before.since;
        } else if !matches!(before.status, Status::Unknown | Status::Absent) {
            // The published status was true until now.
            effective.since = now.civil;
        }
        effective
    }

    pub(crate) fn to_stored(&self) -> stored::Person {
        let [in_out, availability, everything] = self.facets;
        stored::Person {
            v: communicado_wire::VERSION,
            id: self.id.clone(),
            name: self.name.clone(),
            groups: self.groups.clone(),
            sign_in: self.sign_in.clone(),
            devices: self.devices.iter().map(|(id, device)| device.to_stored(id)).collect(),
            manual: self.manual.as_ref().map(Manual::to_stored),
            badge: self.badge.clone(),
            seen: stored::Facets { in_out, availability, everything },
        }
    }

    /// Restores a person from a stored record that is older than `now`.
    ///
    /// A lease continues. If the clock was set back, the lease does not exceed its duration.
    pub(crate) fn from_stored(stored: stored::Person, aggregation: Aggregation, now: Now) -> Self {
        let stored::Facets { in_out, availability, everything } = stored.seen;
        let restore = |device| Device::from_stored(device, aggregation, now);
        let devices = stored.devices.into_iter().map(restore);
        let mut person = Self {
            id: stored.id,
            // An older version stored texts unchanged.
            name: printable(stored.name),
            groups: stored.groups,
            sign_in: stored.sign_in,
            devices: devices.collect(),
            manual: stored.manual.map(|manual| Manual::from_stored(manual, now)),
            badge: stored.badge,
            effective: PresenceState::plain(Status::Absent, everything.since),
            facets: [in_out, availability, everything],
            json_cache: Default::default(),
        };
        person.effective = person.compute_effective(&person.effective, aggregation, now);
        person.effective.since = everything.since;
        person
    }
}

/// The state of a device with these clients. Without clients it is absent since `now`.
fn state_of(clients: &[Client], aggregation: Aggregation, now: Timestamp) -> PresenceState {
    // All clients have the clock of the device, so their timestamps suffice.
    let states: Vec<_> = clients.iter().map(PresenceState::of_client).collect();
    let best = aggregation.best(states.iter().map(|state| (state, 0)));
    best.cloned().unwrap_or_else(|| PresenceState::plain(Status::Absent, now))
}

fn json_bytes(clients: &[Client]) -> usize {
    clients.iter().map(|client| client.to_json().len()).sum()
}

impl Device {
    /// The expiry of the lease in civil time.
    pub(crate) fn lease_until(&self) -> Timestamp {
        self.seen.after(self.lease)
    }

    fn to_stored(&self, id: &Arc<str>) -> stored::Device {
        stored::Device {
            device: id.clone(),
            since: self.state.since,
            changed: self.changed,
            seen: self.seen,
            lease_ms: u64::try_from(self.lease.as_millis()).unwrap_or(u64::MAX),
            expired: self.expired,
            clients: self.clients.to_vec(),
        }
    }

    fn from_stored(stored: stored::Device, aggregation: Aggregation, now: Now) -> (Arc<str>, Self) {
        let lease = Duration::from_millis(stored.lease_ms);
        let since = now.civil.since(stored.seen);
        let clients: Vec<Client> = stored.clients.into_iter().map(sanitize::client).collect();
        let mut state = state_of(&clients, aggregation, stored.seen);
        state.since = stored.since;
        let mut whole = lease;
        if let Some(expired) = stored.expired {
            whole = whole.saturating_add(FORGOTTEN_AFTER);
            state = PresenceState::expired(expired);
        }
        let device = Self {
            bytes: json_bytes(&clients),
            clients: clients.into(),
            state,
            changed: stored.changed,
            seen: stored.seen,
            lease,
            until: now.moment.after(whole.saturating_sub(since)),
            expired: stored.expired,
        };
        (stored.device, device)
    }
}

impl Manual {
    fn to_stored(&self) -> stored::Manual {
        stored::Manual {
            status: self.state.status,
            availability: self.state.availability,
            activity: self.state.activity,
            note: self.note.clone(),
            returns: self.returns,
            said: self.state.since,
            until: self.until.map(|(_, until)| until),
        }
    }

    fn from_stored(stored: stored::Manual, now: Now) -> Self {
        let until = stored.until.map(|until| {
            let whole = until.since(stored.said);
            (now.moment.after(until.since(now.civil).min(whole)), until)
        });
        let state = PresenceState {
            status: stored.status,
            availability: stored.availability,
            activity: stored.activity,
            note: None,
            reason: None,
            since: stored.said,
        };
        let note = stored.note.map(printable);
        Self { state, note, returns: stored.returns, until }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stored_by_an_older_version_are_sanitized_when_loaded() {
        let time = r#""2026-11-22T21:00:00.000000Z""#;
        let facet = format!(r#"{{"revision":1,"at":{time},"since":{time}}}"#);
        let reason = format!("lease\u{202e}{}", "x".repeat(1000));
        let client = format!(
            r#"{{"v":1,"revision":1,"at":{time},"client":"fin\u001bch","status":"unknown",
            "availability":null,"activity":null,"raw":null,"reason":"{reason}","since":{time},
            "source":"purple","saved":null,"accounts":[]}}"#
        );
        let stored = format!(
            r#"{{"v":1,"id":"ada","name":"A\u202eda","groups":[],"devices":[{{"device":"laptop",
            "since":{time},"seen":{time},"lease_ms":5000,"expired":null,"clients":[{client}]}}],
            "manual":{{"status":"signed-out","availability":null,"activity":null,
            "note":"so\u202eon","returns":null,"said":{time},"until":null}},"badge":null,
            "seen":{{"in_out":{facet},"availability":{facet},"everything":{facet}}}}}"#
        );
        let stored = stored::Person::from_json(&stored).unwrap();
        let now = Now { moment: Moment::START, civil: Timestamp::EPOCH };
        let person = Person::from_stored(stored, Aggregation::default(), now);
        let note = person.note().map(|note| &**note);
        assert_eq!((&*person.name, note), ("Ada", Some("soon")));
        let device = &person.devices["laptop"];
        let client = &device.clients[0];
        let expected = format!("lease{}", "x".repeat(59));
        assert_eq!((&*client.client, client.reason.as_deref()), ("finch", Some(&*expected)));
        assert_eq!(device.state.reason.as_deref(), Some(&*expected));
    }
}
