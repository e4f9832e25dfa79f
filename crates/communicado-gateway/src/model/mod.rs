//! The model of the people, without I/O and clock: inputs in, changes out.
//!
//! Invariants, which `tests.rs` checks with random inputs and a reference model:
//!
//! - Revisions have no gaps.
//! - A change differs from the state before it and follows the last change of its person.
//! - The sum of the changes is the current state.
//! - A device whose lease expired is `unknown`; another device may determine the status.
//! - The status of a person is the manual status, else that of the device which the rule of
//!   `aggregation.rs` selects.
//! - The next deadline is after all that have passed.
//!
//! Inputs first go into a [`Batch`]. The writer applies and publishes the batch only after the
//! store has accepted it.

mod aggregation;
mod input;
mod now;
mod person;
mod presence_state;
#[cfg(test)]
mod reference;
mod replicated;
#[cfg(test)]
mod tests;
mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use communicado_core::Moment;
use communicado_wire::gateway::stored::{self, Facet};
use communicado_wire::gateway::{NewPerson, View};

pub(crate) use aggregation::Aggregation;
pub(crate) use input::{Input, PersonChange};
pub(crate) use now::Now;
pub(crate) use person::{Device, Manual, Person};
pub(crate) use presence_state::PresenceState;
pub(crate) use replicated::with_entry_revision;
pub(crate) use view::{badge_of, change_json, own_person, person_json};

use crate::api_error::{ApiError, ApiErrorKind};
use crate::limits::{DEVICES, PEOPLE, PERSON_BYTES};

/// All people, as the store last accepted them.
#[derive(Debug, Default)]
pub(crate) struct People {
    aggregation: Aggregation,
    by_id: BTreeMap<Arc<str>, Arc<Person>>,
    deadlines: BTreeSet<(Moment, Arc<str>)>,
    /// The person of each badge.
    badges: BTreeMap<Arc<str>, Arc<str>>,
    /// The person of each name at the issuer, in lower case.
    sign_ins: BTreeMap<String, Arc<str>>,
    /// The people of each group that is not empty.
    groups: BTreeMap<Arc<str>, BTreeSet<Arc<str>>>,
    revision: u64,
    ordinal: u64,
}

/// The combined effect of several inputs, to be applied as a whole.
#[derive(Debug)]
pub(crate) struct Batch<'a> {
    people: &'a People,
    result: BTreeMap<Arc<str>, Option<Arc<Person>>>,
    revision: u64,
    changes: Vec<PersonChange>,
    count: usize,
}

/// The result of a batch, to be stored and then applied.
#[derive(Debug, Default)]
pub(crate) struct BatchResult {
    /// The changed people; `None` for a removed person.
    pub(crate) people: BTreeMap<Arc<str>, Option<Arc<Person>>>,
    pub(crate) changes: Vec<PersonChange>,
    pub(crate) revision: u64,
}

impl People {
    /// Nobody yet, with a rule for several devices.
    pub(crate) fn new(aggregation: Aggregation) -> Self {
        Self { aggregation, ..Self::default() }
    }

    /// Restores the people from stored records that are older than `now`, with the same rule.
    pub(crate) fn restored(&self, stored: Vec<stored::Person>, revision: u64, now: Now) -> Self {
        let mut people = Self { revision, ..Self::new(self.aggregation) };
        for stored in stored {
            people.put(Arc::new(Person::from_stored(stored, self.aggregation, now)));
        }
        people
    }

    /// The revision of the last change.
    pub(crate) const fn revision(&self) -> u64 {
        self.revision
    }

    /// The number of changes that this process applied.
    pub(crate) const fn ordinal(&self) -> u64 {
        self.ordinal
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(crate) fn person(&self, id: &str) -> Option<&Arc<Person>> {
        self.by_id.get(id)
    }

    /// The person with this badge.
    pub(crate) fn badge(&self, pseudonym: &str) -> Option<&Arc<Person>> {
        self.person(self.badges.get(pseudonym)?)
    }

    /// The person with this name at the issuer, or else with this id. The case does not matter,
    /// because issuers keep the case in which an address was entered.
    pub(crate) fn of_sign_in(&self, name: &str) -> Option<&Arc<Person>> {
        let name = name.to_lowercase();
        self.person(self.sign_ins.get(&name).map_or(&name, |id| id))
    }

    pub(crate) fn has_group(&self, group: &str) -> bool {
        self.groups.contains_key(group)
    }

    /// The people of a group, by id.
    pub(crate) fn of_group<'a>(
        &'a self,
        group: &str,
    ) -> impl ExactSizeIterator<Item = &'a Arc<str>> + use<'a> {
        static NOBODY: BTreeSet<Arc<str>> = BTreeSet::new();
        self.groups.get(group).unwrap_or(&NOBODY).iter()
    }

    /// The people after the id `after`, in the order of ids.
    pub(crate) fn after(&self, after: Option<&str>) -> impl Iterator<Item = &Arc<Person>> {
        use std::ops::Bound::{Excluded, Unbounded};
        let from = after.map_or(Unbounded, Excluded);
        self.by_id.range::<str, _>((from, Unbounded)).map(|(_, person)| person)
    }

    pub(crate) fn next_deadline(&self) -> Option<Moment> {
        self.deadlines.first().map(|(moment, _)| *moment)
    }

    pub(crate) const fn begin(&self) -> Batch<'_> {
        Batch {
            people: self,
            result: BTreeMap::new(),
            revision: self.revision,
            changes: Vec::new(),
            count: 0,
        }
    }

    /// Applies a batch, which must be based on the current state.
    pub(crate) fn apply(&mut self, result: &mut BatchResult) {
        for change in &mut result.changes {
            self.ordinal += 1;
            change.ordinal = self.ordinal;
        }
        for (id, person) in &result.people {
            self.take_out(id);
            if let Some(person) = person {
                self.put(person.clone());
            }
        }
        self.revision = result.revision;
    }

    fn take_out(&mut self, id: &Arc<str>) {
        let Some(old) = self.by_id.remove(id) else { return };
        if let Some(deadline) = old.next_deadline() {
            self.deadlines.remove(&(deadline, id.clone()));
        }
        if let Some(badge) = &old.badge {
            self.badges.remove(badge);
        }
        for name in &old.sign_in {
            let name = name.to_lowercase();
            if self.sign_ins.get(&name) == Some(id) {
                self.sign_ins.remove(&name);
            }
        }
        for group in &old.groups {
            if let Some(people) = self.groups.get_mut(group) {
                people.remove(id);
                if people.is_empty() {
                    self.groups.remove(group);
                }
            }
        }
    }

    fn put(&mut self, person: Arc<Person>) {
        if let Some(deadline) = person.next_deadline() {
            self.deadlines.insert((deadline, person.id.clone()));
        }
        if let Some(badge) = &person.badge {
            self.badges.insert(badge.clone(), person.id.clone());
        }
        for name in &person.sign_in {
            self.sign_ins.insert(name.to_lowercase(), person.id.clone());
        }
        for group in &person.groups {
            self.groups.entry(group.clone()).or_default().insert(person.id.clone());
        }
        self.by_id.insert(person.id.clone(), person);
    }
}

impl Batch<'_> {
    pub(crate) fn person(&self, id: &str) -> Option<&Arc<Person>> {
        match self.result.get(id) {
            Some(result) => result.as_ref(),
            None => self.people.person(id),
        }
    }

    /// Handles one input.
    ///
    /// # Errors
    ///
    /// If the input is invalid or exceeds a limit; then nothing changes.
    pub(crate) fn handle(&mut self, input: Input, now: Now) -> Result<(), ApiError> {
        let id = input.person().clone();
        let before = self.person(&id).cloned();
        if let Input::Create(new) = input {
            return self.create(new, before.is_some(), now);
        }
        let Some(before) = before else { return Err(ApiError::no_person(&id)) };
        let mut person = Person::clone(&before);
        match input {
            Input::Create(_) => {}
            Input::Remove(_) => {
                self.remove(&before);
                return Ok(());
            }
            Input::Alter(_, alter, pseudonym) => {
                person.name = alter.name.unwrap_or(person.name);
                person.groups = alter.groups.map_or(person.groups, in_order);
                if let Some(names) = alter.sign_in {
                    self.require_free_sign_in(&id, &names)?;
                    person.sign_in = in_order(names);
                }
                person.badge = match alter.badge {
                    Some(true) => Some(person.badge.unwrap_or(pseudonym)),
                    Some(false) => None,
                    None => person.badge,
                };
            }
            Input::PutDevice { device, clients, lease, .. } => {
                let is_new = !person.devices.contains_key(&device);
                if is_new && !DEVICES.allows(person.devices.len() + 1) {
                    let detail = format!("`{id}` has {} devices already", person.devices.len());
                    return Err(ApiError::limit_exceeded(ApiErrorKind::Full, DEVICES, detail));
                }
                let before = person.device_bytes();
                person.put_device(device, clients, lease, self.people.aggregation, now);
                let after = person.device_bytes();
                // Data stored under a higher limit may shrink.
                if after > before && !PERSON_BYTES.allows(after) {
                    let detail = format!("the devices of `{id}` would take {after} bytes");
                    return Err(ApiError::limit_exceeded(ApiErrorKind::Full, PERSON_BYTES, detail));
                }
            }
            Input::DeleteDevice { device, .. } => {
                if person.devices.remove(&device).is_none() {
                    let what = format!("`{id}` has no device `{device}`");
                    let help = "it may have been removed already";
                    return Err(ApiError::new(ApiErrorKind::NotFound, what, help));
                }
            }
            Input::SetManual { state, note, returns, duration, .. } => {
                let until = duration
                    .map(|duration| (now.moment.after(duration), now.civil.after(duration)));
                person.manual = Some(Manual { state, note, returns, until });
            }
            Input::ClearManual(_) => person.manual = None,
        }
        person.expire(now);
        self.settle(&before, person, now);
        Ok(())
    }

    /// Handles the deadlines up to `now`, of at most `max` people.
    pub(crate) fn expire(&mut self, now: Now, max: usize) {
        let due = self.people.deadlines.iter().take_while(|(moment, _)| *moment <= now.moment);
        for (_, id) in due.take(max) {
            if let Some(before) = self.person(id).cloned() {
                let mut person = Person::clone(&before);
                person.expire(now);
                self.settle(&before, person, now);
            }
        }
    }

    pub(crate) fn end(self) -> BatchResult {
        BatchResult { people: self.result, changes: self.changes, revision: self.revision }
    }

    fn create(&mut self, new: NewPerson, exists: bool, now: Now) -> Result<(), ApiError> {
        let NewPerson { id, name, groups, sign_in } = new;
        if exists {
            let detail = format!("the person `{id}` exists already");
            let help = "PATCH /v1/people/ID changes a person";
            return Err(ApiError::new(ApiErrorKind::Conflict, detail.as_str(), help)
                .in_command(detail, "`communicado-gateway people set` changes a person"));
        }
        if !PEOPLE.allows(self.people.len() + self.count + 1) {
            return Err(ApiError::limit_exceeded(
                ApiErrorKind::Full,
                PEOPLE,
                "the gateway has the maximum number of people",
            ));
        }
        self.require_free_sign_in(&id, &sign_in)?;
        self.count += 1;
        let name = name.unwrap_or_else(|| id.clone());
        let mut person = Person::new(id.clone(), name, in_order(groups), now);
        person.sign_in = in_order(sign_in);
        self.revision += 1;
        for facet in &mut person.facets {
            facet.revision = self.revision;
        }
        let person = Arc::new(person);
        self.record_change(id, None, Some(person), [true; 3]);
        Ok(())
    }

    /// # Errors
    ///
    /// If another person has one of these names at the issuer.
    fn require_free_sign_in(&self, id: &str, names: &[Arc<str>]) -> Result<(), ApiError> {
        for name in names {
            let lower_case = name.to_lowercase();
            let known = self.people.sign_ins.get(&lower_case).and_then(|id| self.person(id));
            let mut others = known.into_iter().chain(self.result.values().flatten());
            let other = others.find(|it| &*it.id != id && it.has_sign_in(&lower_case));
            if let Some(other) = other {
                let detail = format!("`{name}` is a sign-in name of `{}`", other.id);
                let help = "remove it there first: PATCH /v1/people/ID with `sign_in`";
                let error = ApiError::new(ApiErrorKind::Conflict, detail.as_str(), help);
                let help =
                    "remove it there first: communicado-gateway people set ID --sign-in NAME";
                return Err(error.in_command(detail, help));
            }
        }
        Ok(())
    }

    fn remove(&mut self, before: &Arc<Person>) {
        self.revision += 1;
        self.record_change(before.id.clone(), Some(before.clone()), None, [true; 3]);
    }

    /// Derives the effective state after an input, and the views that see the change.
    fn settle(&mut self, before: &Arc<Person>, mut person: Person, now: Now) {
        person.effective =
            person.compute_effective(&before.effective, self.people.aggregation, now);
        let seen_by = View::ALL.map(|view| view::differs(before, &person, view));
        if seen_by == [false; 3] {
            self.result.insert(person.id.clone(), Some(Arc::new(person)));
            return;
        }
        self.revision += 1;
        let revision = self.revision;
        let mut facets = person.facets;
        for ((facet, view), seen) in facets.iter_mut().zip(View::ALL).zip(seen_by) {
            if seen {
                let began = view::status_differs(before, &person, view);
                // `in-out` is coarser than the status, which may have begun earlier.
                let since = if began { person.effective.since } else { facet.since };
                *facet = Facet { revision, at: now.civil, since };
            }
        }
        person.facets = facets;
        person.json_cache = Default::default();
        let id = person.id.clone();
        self.record_change(id, Some(before.clone()), Some(Arc::new(person)), seen_by);
    }

    fn record_change(
        &mut self,
        id: Arc<str>,
        before: Option<Arc<Person>>,
        after: Option<Arc<Person>>,
        seen_by: [bool; 3],
    ) {
        self.result.insert(id.clone(), after.clone());
        let (revision, ordinal, stored) = (self.revision, 0, true);
        self.changes.push(PersonChange { revision, ordinal, stored, id, before, after, seen_by });
    }
}

fn in_order(names: Vec<Arc<str>>) -> Vec<Arc<str>> {
    names.into_iter().collect::<BTreeSet<_>>().into_iter().collect()
}
