//! Property tests of the model, with random inputs and a simpler reference model.
//!
//! A failure prints the seed; `SEED=7 cargo test -p communicado-gateway model` repeats it alone,
//! and `CASES=10000` tests more seeds.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use communicado_core::{Activity, Availability, Moment};
use communicado_wire::gateway::{Alter, NewPerson, View};
use communicado_wire::{Client, Status, Timestamp};

use super::reference::{self, ReferencePerson};
use super::{
    Aggregation, BatchResult, Input, Now, People, PersonChange, PresenceState, change_json,
    own_person, person_json,
};

/// A pseudorandom generator with a seed (`xorshift64*`).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % sides
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.roll(of.len() as u64)).unwrap()].clone()
    }
}

const START: i64 = 1_795_000_000_000_000;

fn at(ms: u64) -> Now {
    Now {
        moment: Moment::new(Duration::from_millis(ms)),
        civil: Timestamp::from_micros(START + i64::try_from(ms).unwrap() * 1000).unwrap(),
    }
}

fn client(name: &str, status: Status, availability: Option<Availability>, since: u64) -> Client {
    let activity = availability.filter(|it| *it == Availability::Busy);
    let mut client = Client::new(name.into(), "purple".into(), at(since).civil);
    client.status = status;
    client.availability = availability;
    client.activity = activity.map(|_| Activity::OnThePhone);
    client
}

struct World {
    dice: Dice,
    aggregation: Aggregation,
    now: u64,
    people: People,
    known: BTreeMap<Arc<str>, ReferencePerson>,
    /// The people that a reader with the view `everything` has after the changes.
    received: BTreeMap<Arc<str>, Arc<super::Person>>,
    revision: u64,
    /// The error of the civil clock in seconds.
    wrong: i64,
}

const PEOPLE: [&str; 3] = ["ada", "bob", "eve"];

impl World {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let aggregation = dice.pick(&[Aggregation::BusyFirst, Aggregation::MostReachable]);
        Self {
            dice,
            aggregation,
            now: 0,
            people: People::new(aggregation),
            known: BTreeMap::new(),
            received: BTreeMap::new(),
            revision: 0,
            wrong: 0,
        }
    }

    fn time(&self) -> Now {
        let Now { moment, civil } = at(self.now);
        let civil = Timestamp::from_micros(civil.micros() + self.wrong * 1_000_000).unwrap();
        Now { moment, civil }
    }

    /// Runs some inputs at one time, and those that the model accepts on the reference model too.
    fn step(&mut self) {
        self.now += self.dice.pick(&[0, 1, 40, 5_000, 30_000, 90_000, 700_000_000]);
        let now = self.time();
        let count = 1 + self.dice.roll(3);
        let inputs: Vec<Input> = (0..count).map(|_| self.input()).collect();
        let mut batch = self.people.begin();
        batch.expire(now, usize::MAX);
        for input in inputs {
            if batch.handle(input.clone(), now).is_ok() {
                reference::handle(&mut self.known, &input, self.aggregation, self.now);
            }
        }
        let mut result = batch.end();
        self.take(&mut result);
    }

    fn take(&mut self, result: &mut BatchResult) {
        for change in &result.changes {
            self.revision += 1;
            assert_eq!(change.revision, self.revision, "a gap in the revisions");
            self.check(change);
            match &change.after {
                Some(after) => self.received.insert(change.id.clone(), after.clone()),
                None => self.received.remove(&change.id),
            };
        }
        self.people.apply(result);
        assert_eq!(self.people.revision(), self.revision);
    }

    /// Checks that a change follows the last one, and differs in exactly the views that it names.
    fn check(&self, change: &PersonChange) {
        let held = self.received.get(&change.id);
        assert_eq!(held.is_some(), change.before.is_some(), "{change:?}");
        let (Some(before), Some(after)) = (&change.before, &change.after) else { return };
        for view in View::ALL {
            let held = held.map(|held| person_json(held, view));
            assert_eq!(held, Some(person_json(before, view)), "changes do not chain");
            let same = person_json(before, view) == person_json(after, view);
            assert_eq!(change.is_seen_by(view), !same, "{view:?} {change:?}");
            let facet = after.facet(view);
            assert_eq!(facet.revision == change.revision, change.is_seen_by(view));
        }
    }

    fn input(&mut self) -> Input {
        let person: Arc<str> = self.dice.pick(&PEOPLE).into();
        let device: Arc<str> = self.dice.pick(&["laptop", "phone", "desk"]).into();
        match self.dice.roll(12) {
            0 => Input::Create(NewPerson {
                id: person,
                name: None,
                groups: self.groups(),
                sign_in: vec![],
            }),
            1 if self.dice.roll(4) == 0 => Input::Remove(person),
            1 | 2 => {
                let name = self.dice.pick(&[None, Some("A".into()), Some("B".into())]);
                let groups = (self.dice.roll(2) == 0).then(|| self.groups());
                let badge = self.dice.pick(&[None, Some(true), Some(false)]);
                Input::Alter(
                    person,
                    Alter { name, groups, badge, sign_in: None },
                    "pseudonym".into(),
                )
            }
            3 => Input::DeleteDevice { person, device },
            4 => Input::ClearManual(person),
            5 | 6 => {
                let is_in = self.dice.roll(2) == 0;
                let status = if is_in { Status::SignedIn } else { Status::SignedOut };
                let availability = is_in.then(|| self.dice.pick(&Availability::ALL));
                let since = at(self.now).civil;
                let (activity, note, reason) = (None, None, None);
                Input::SetManual {
                    person,
                    state: PresenceState { status, availability, activity, note, reason, since },
                    note: self.dice.pick(&[None, Some("secret note".into())]),
                    returns: None,
                    duration: self.dice.pick(&[None, Some(Duration::from_secs(20))]),
                }
            }
            _ => {
                let count = self.dice.roll(3);
                let clients = (0..count).map(|number| self.client(number)).collect();
                let lease = Duration::from_millis(self.dice.pick(&[5_000, 60_000]));
                Input::PutDevice { person, device, clients, lease }
            }
        }
    }

    fn groups(&mut self) -> Vec<Arc<str>> {
        self.dice.pick(&[vec![], vec!["london".into()], vec!["rome".into(), "london".into()]])
    }

    fn client(&mut self, number: u64) -> Client {
        let status = self.dice.pick(&Status::ALL);
        let availability = (status == Status::SignedIn).then(|| self.dice.pick(&Availability::ALL));
        let since = self.now.saturating_sub(self.dice.roll(1000));
        let mut client = client(&format!("client-{number}"), status, availability, since);
        let activity =
            self.dice.pick(&[None, Some(Activity::OnThePhone), Some(Activity::OutToLunch)]);
        client.activity = activity.filter(|_| availability.is_some());
        client.note = self.dice.pick(&[None, Some("secret note".into())]);
        client
    }
}

/// Checks a property after every step of many random worlds.
fn for_all_steps(check: impl Fn(&mut World)) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds = match number("SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("CASES").unwrap_or(100),
    };
    for seed in seeds {
        let effective = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let mut world = World::new(seed);
            for _ in 0..60 {
                world.step();
                check(&mut world);
            }
        }));
        assert!(effective.is_ok(), "SEED={seed} cargo test -p communicado-gateway model");
    }
}

#[test]
fn revisions_have_no_gaps_and_changes_chain() {
    for_all_steps(|_| {});
}

#[test]
fn the_sum_of_the_changes_is_the_current_state() {
    for_all_steps(|world| {
        assert_eq!(world.received.len(), world.people.len());
        for person in world.people.after(None) {
            for view in View::ALL {
                assert_eq!(
                    person_json(person, view),
                    person_json(&world.received[&person.id], view)
                );
            }
        }
    });
}

#[test]
fn a_manual_status_precedes_the_device_that_the_rule_selects() {
    for_all_steps(|world| {
        let ids: Vec<Arc<str>> = world.known.keys().cloned().collect();
        for id in ids {
            let expected = world.known.get_mut(&id).unwrap();
            let expected = expected.effective(world.aggregation, world.now);
            let effective = &world.people.person(&id).unwrap().effective;
            assert_eq!(
                (effective.status, effective.availability),
                expected,
                "{id} at {}",
                world.now
            );
        }
    });
}

#[test]
fn the_next_deadline_is_in_the_future_and_extra_wakeups_change_nothing() {
    for_all_steps(|world| {
        let now = at(world.now);
        assert!(world.people.next_deadline().is_none_or(|deadline| now.moment < deadline));
        let mut batch = world.people.begin();
        batch.expire(now, usize::MAX);
        assert!(batch.end().people.is_empty());
    });
}

#[test]
fn a_restart_loses_nothing() {
    for_all_steps(|world| {
        let stored = |people: &People| {
            people.after(None).map(|person| person.to_stored()).collect::<Vec<_>>()
        };
        let before = stored(&world.people);
        let later = at(world.now);
        let again = world.people.restored(before.clone(), world.revision, later);
        assert_eq!(stored(&again), before);
        for person in world.people.after(None) {
            let twin = again.person(&person.id).unwrap();
            assert_eq!(own_person(person), own_person(twin));
            for view in View::ALL {
                assert_eq!(person_json(person, view), person_json(twin, view));
            }
            assert_eq!(person.next_deadline(), twin.next_deadline());
        }
        world.people = again;
    });
}

#[test]
fn a_jump_of_the_civil_clock_changes_only_timestamps() {
    for seed in 0..50 {
        let (mut steady, mut jumping) = (World::new(seed), World::new(seed));
        let mut dice = Dice(seed + 1);
        for _ in 0..60 {
            jumping.wrong = dice.pick(&[0, -60, 3_600, -86_400, 31_536_000, -31_536_000]);
            steady.step();
            jumping.step();
            let deadline = steady.people.next_deadline();
            assert_eq!(jumping.people.next_deadline(), deadline, "seed {seed}");
            for person in steady.people.after(None) {
                let twin = jumping.people.person(&person.id).unwrap();
                let effective =
                    |it: &PresenceState| (it.status, it.availability, it.reason.clone());
                assert_eq!(effective(&twin.effective), effective(&person.effective), "seed {seed}");
            }
        }
    }
}

#[test]
fn setting_the_clock_back_extends_no_lease() {
    for_all_steps(|world| {
        let stored = world.people.after(None).map(|person| person.to_stored()).collect();
        let mut back = at(world.now);
        back.civil = Timestamp::EPOCH;
        let again = world.people.restored(stored, world.revision, back);
        for person in again.after(None) {
            for device in person.devices.values().filter(|device| device.expired.is_none()) {
                assert!(device.until <= back.moment.after(device.lease));
            }
        }
    });
}

#[test]
fn a_view_shows_only_its_fields() {
    for_all_steps(|world| {
        for person in world.people.after(None) {
            let in_out = String::from_utf8(person_json(person, View::InOut).to_vec()).unwrap();
            for word in ["availability", "activity", "status", "reason", "manual", "secret note"] {
                assert!(!in_out.contains(word), "{in_out}");
            }
            let middle =
                String::from_utf8(person_json(person, View::Availability).to_vec()).unwrap();
            for word in ["secret note", "on-the-phone", "invisible"] {
                assert!(!middle.contains(word), "{middle}");
            }
            for view in View::ALL {
                let text = String::from_utf8(person_json(person, view).to_vec()).unwrap();
                assert!(!text.contains("laptop") && !text.contains("client-"), "{text}");
                let change = change_json(Some(person), person, view);
                assert!(!change.contains("laptop") && !change.contains("client-"), "{change}");
            }
        }
    });
}

#[test]
fn the_since_of_a_late_device_is_not_earlier_than_the_last_known_status() {
    let mut people = People::default();
    let mut effective = |input: Input, ms: u64| {
        let mut batch = people.begin();
        batch.expire(at(ms), usize::MAX);
        batch.handle(input, at(ms)).unwrap();
        let mut result = batch.end();
        people.apply(&mut result);
        people.person("ada").unwrap().effective.since
    };
    let put_device = |device: &str, availability, since| Input::PutDevice {
        person: "ada".into(),
        device: device.into(),
        clients: vec![client("a", Status::SignedIn, Some(availability), since)],
        lease: Duration::from_secs(60),
    };
    effective(
        Input::Create(NewPerson { id: "ada".into(), name: None, groups: vec![], sign_in: vec![] }),
        0,
    );
    // The gateway had no status before, so the device's time counts.
    assert_eq!(
        effective(put_device("laptop", Availability::Available, 3_000), 9_000),
        at(3_000).civil
    );
    // Ada was known to be available until now, so the phone's earlier time does not count.
    effective(put_device("phone", Availability::Away, 1_000), 10_000);
    let gone = Input::DeleteDevice { person: "ada".into(), device: "laptop".into() };
    assert_eq!(effective(gone, 11_000), at(11_000).civil);
    // The clock of the desktop is ahead.
    assert_eq!(
        effective(put_device("phone", Availability::Busy, 99_000), 12_000),
        at(12_000).civil
    );
}

#[test]
fn the_note_of_a_client_is_in_one_view_unless_the_status_is_manual() {
    let mut people = People::default();
    let mut note = |input: Input, ms: u64| {
        let mut batch = people.begin();
        batch.handle(input, at(ms)).unwrap();
        people.apply(&mut batch.end());
        let person = people.person("ada").unwrap();
        let json = |view| String::from_utf8(person_json(person, view).to_vec()).unwrap();
        (
            View::ALL.map(|view| json(view).contains("at lunch")),
            View::ALL.map(|view| person.facet(view).revision),
        )
    };
    let put_device = |note: Option<&str>| {
        let mut client = client("a", Status::SignedIn, Some(Availability::Away), 0);
        client.note = note.map(Arc::from);
        let (person, device) = ("ada".into(), "laptop".into());
        Input::PutDevice { person, device, clients: vec![client], lease: Duration::from_secs(60) }
    };
    let ada = NewPerson { id: "ada".into(), name: None, groups: vec![], sign_in: vec![] };
    note(Input::Create(ada), 0);
    let before = note(put_device(None), 1).1;
    let (noted, [in_out, availability, everything]) = note(put_device(Some("at lunch")), 2);
    assert_eq!((noted, everything > before[2]), ([false, false, true], true));
    assert_eq!([in_out, availability], [before[0], before[1]], "the note is no change there");
    let manual = Input::SetManual {
        person: "ada".into(),
        state: PresenceState::plain(Status::SignedOut, at(3).civil),
        note: None,
        returns: None,
        duration: None,
    };
    assert_eq!(note(manual, 3).0, [false; 3]);
    assert_eq!(note(Input::ClearManual("ada".into()), 4).0, [false, false, true]);
}
