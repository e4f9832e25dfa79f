//! Single cases, then random connections and events.

use super::*;

/// A listener is its client process.
type Schedule = EventSchedule<u32, u64>;

const SECOND: Duration = Duration::from_secs(1);

fn fire(schedule: &mut Schedule, source: u32, event: u64) {
    schedule.fire(source, &event, |_| false);
}

/// The connections and events of the calls that can begin at this moment.
fn calls(schedule: &mut Schedule, now: Duration) -> Vec<(u32, u64)> {
    let mut calls = Vec::new();
    while let NextStep::Fire(id, _, event) = schedule.next(now) {
        calls.push((id, event));
    }
    calls
}

#[test]
fn an_event_waits_for_all_calls_of_the_event_before_it() {
    let mut schedule = Schedule::new();
    let source = schedule.add_source();
    let ids = [7, 7, 7].map(|process| schedule.connect(source, Some(process), process).unwrap());
    fire(&mut schedule, source, 1);
    fire(&mut schedule, source, 2);
    for expected in [(ids[0], 1), (ids[1], 1), (ids[2], 1), (ids[0], 2), (ids[1], 2), (ids[2], 2)] {
        assert_eq!(calls(&mut schedule, SECOND), [expected]);
        schedule.finish(expected.0, false);
    }
    assert_eq!(schedule.next(SECOND), NextStep::Wait(None));
}

#[test]
fn a_listener_that_hangs_delays_its_own_process_for_a_time_and_no_other_process() {
    let mut schedule = Schedule::new();
    let source = schedule.add_source();
    let [hung, beside, other] =
        [7, 7, 8].map(|process| schedule.connect(source, Some(process), process).unwrap());
    fire(&mut schedule, source, 1);
    fire(&mut schedule, source, 2);
    assert_eq!(calls(&mut schedule, SECOND), [(hung, 1), (other, 1)]);
    schedule.finish(other, false);
    assert_eq!(calls(&mut schedule, SECOND), [(other, 2)]);
    schedule.finish(other, false);
    assert_eq!(schedule.next(SECOND), NextStep::Wait(Some(SECOND + HUNG_AFTER)));
    assert!(!schedule.is_flushed());
    let late = SECOND + HUNG_AFTER;
    assert_eq!(calls(&mut schedule, late), [(beside, 1)]);
    schedule.finish(beside, false);
    assert_eq!(calls(&mut schedule, late), [(beside, 2)]);
    schedule.finish(beside, false);
    assert!(schedule.is_flushed());
    // The late one continues in its own order, and holds back nothing more.
    schedule.finish(hung, false);
    fire(&mut schedule, source, 3);
    assert_eq!(calls(&mut schedule, late), [(hung, 2), (beside, 3), (other, 3)]);
    schedule.finish(hung, false);
    assert_eq!(calls(&mut schedule, late), [(hung, 3)]);
    schedule.finish(hung, false);
    schedule.finish(beside, false);
    // It has caught up, and joins the order of its process.
    fire(&mut schedule, source, 4);
    assert_eq!(calls(&mut schedule, late), [(hung, 4)]);
}

#[test]
fn many_calls_at_once_wait_until_the_first_ones_are_slow() {
    let mut schedule = Schedule::new();
    let source = schedule.add_source();
    for process in 0..300 {
        schedule.connect(source, Some(process), process).unwrap();
    }
    fire(&mut schedule, source, 1);
    assert_eq!(calls(&mut schedule, SECOND).len(), QUICK_CALLS_MAX);
    assert_eq!(schedule.next(SECOND), NextStep::Wait(Some(SECOND + SLOW_AFTER)));
    let mut now = SECOND;
    let mut begun = QUICK_CALLS_MAX;
    while begun < CALLS_MAX {
        now += SLOW_AFTER;
        let more = calls(&mut schedule, now).len();
        assert_eq!(more, QUICK_CALLS_MAX.min(CALLS_MAX - begun));
        begun += more;
    }
    assert_eq!(schedule.next(now + HUNG_AFTER * 9), NextStep::Wait(None));
}

#[test]
fn a_queue_drops_its_oldest_events_and_replaces_its_newest() {
    let mut schedule = Schedule::new();
    let source = schedule.add_source();
    let id = schedule.connect(source, None, 0).unwrap();
    for event in 0..300 {
        fire(&mut schedule, source, event);
    }
    assert_eq!(schedule.fire(source, &300, |last| *last == 299), [299]);
    let mut seen = Vec::new();
    while let [(_, event)] = calls(&mut schedule, SECOND)[..] {
        seen.push(event);
        schedule.finish(id, false);
    }
    let kept: Vec<u64> = (44..299).chain([300]).collect();
    assert_eq!(seen, kept);
}

#[test]
fn a_closed_connection_is_released_after_its_call() {
    let mut schedule = Schedule::new();
    let source = schedule.add_source();
    let id = schedule.connect(source, Some(7), 7).unwrap();
    fire(&mut schedule, source, 1);
    fire(&mut schedule, source, 2);
    assert_eq!(calls(&mut schedule, SECOND), [(id, 1)]);
    assert_eq!(schedule.disconnect(source + 1, id), None);
    assert_eq!(schedule.disconnect(source, id), Some(vec![2]));
    assert_eq!(schedule.disconnect(source, id), None);
    assert_eq!(schedule.open(source).count(), 0);
    assert_eq!(schedule.next(SECOND), NextStep::Wait(None));
    schedule.finish(id, false);
    assert_eq!(schedule.next(SECOND), NextStep::Release(id, 7));
    schedule.finish(id, false);
    assert!(schedule.connections.is_empty());
}

#[test]
fn a_single_call_has_its_place_in_the_order_and_is_released() {
    let mut schedule = Schedule::new();
    let source = schedule.add_source();
    let id = schedule.connect(source, Some(7), 7).unwrap();
    fire(&mut schedule, source, 1);
    schedule.call_once(Some(7), 7, 2);
    fire(&mut schedule, source, 3);
    assert_eq!(calls(&mut schedule, SECOND), [(id, 1)]);
    schedule.finish(id, false);
    assert_eq!(calls(&mut schedule, SECOND), [(id + 1, 2)]);
    schedule.finish(id + 1, false);
    assert_eq!(schedule.next(SECOND), NextStep::Release(id + 1, 7));
    schedule.finish(id + 1, false);
    assert_eq!(calls(&mut schedule, SECOND), [(id, 3)]);
}

#[test]
fn a_source_has_a_maximum_of_connections() {
    let mut schedule = Schedule::new();
    let [source, other] = [schedule.add_source(), schedule.add_source()];
    for _ in 0..CONNECTIONS_MAX {
        assert!(schedule.connect(source, Some(7), 7).is_some());
    }
    assert_eq!(schedule.connect(source, Some(8), 8), None);
    let kept = schedule.connect(other, Some(8), 8).unwrap();
    assert_eq!(schedule.remove_source(source), []);
    while let NextStep::Release(id, 7) = schedule.next(SECOND) {
        schedule.finish(id, false);
    }
    assert_eq!(schedule.open(other).collect::<Vec<_>>(), [(kept, &8)]);
    assert!(schedule.connect(source, Some(8), 8).is_some());
}

/// Sebastiano Vigna's splitmix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % end
    }
}

/// A connection as the test sees it.
struct Seen {
    process: u32,
    source: u32,
    /// The events that were fired while it was connected, and not delivered yet.
    owed: VecDeque<u64>,
    /// The start of its running call.
    begun: Option<Duration>,
    /// True after a call hung, until it has received everything.
    is_late: bool,
}

/// `SEED=7 cargo test -p communicado-windows random` repeats one run alone.
#[test]
fn random_connections_receive_every_event_in_the_order_of_their_process() {
    let seeds = match std::env::var("SEED") {
        Ok(seed) => vec![seed.parse().unwrap()],
        Err(_) => (0..150).collect(),
    };
    for seed in seeds {
        run_random(seed);
    }
}

fn run_random(seed: u64) {
    let mut random = Random(seed);
    let mut schedule = Schedule::new();
    let sources = [schedule.add_source(), schedule.add_source()];
    let mut seen: BTreeMap<u32, Seen> = BTreeMap::new();
    let mut now = SECOND;
    let mut event = 0;
    let mut delivered = 0;
    for step in 0..300 {
        let context = format!("SEED={seed}, step {step}");
        match random.below(10) {
            0 if seen.len() < 12 => {
                let source = sources[random.below(2) as usize];
                let process = random.below(4) as u32;
                let id = schedule.connect(source, Some(process), process).unwrap();
                let owed = VecDeque::new();
                seen.insert(id, Seen { process, source, owed, begun: None, is_late: false });
            }
            1 => {
                let ids: Vec<u32> = seen.keys().copied().collect();
                if let Some(id) = ids.get(random.below(12) as usize) {
                    let closed = seen.remove(id).unwrap();
                    let dropped = schedule.disconnect(closed.source, *id);
                    assert_eq!(dropped, Some(Vec::from(closed.owed)), "{context}");
                    if closed.begun.is_some() {
                        schedule.finish(*id, false);
                    }
                }
            }
            2..=4 => {
                event += 1;
                let source = sources[random.below(2) as usize];
                fire(&mut schedule, source, event);
                let connected = seen.values_mut().filter(|it| it.source == source);
                connected.for_each(|it| it.owed.push_back(event));
            }
            5 => now += SLOW_AFTER * random.below(3) as u32,
            6 if random.below(4) == 0 => now += HUNG_AFTER,
            _ => {
                let running: Vec<u32> =
                    seen.iter().filter(|(_, it)| it.begun.is_some()).map(|(id, _)| *id).collect();
                if let Some(id) = running.get(random.below(running.len().max(1) as u64) as usize) {
                    let connection = seen.get_mut(id).unwrap();
                    connection.begun = None;
                    connection.is_late &= !connection.owed.is_empty();
                    schedule.finish(*id, false);
                }
            }
        }
        settle(&mut schedule, &mut seen, now, &mut delivered, &context);
    }
    assert!(delivered > 0, "SEED={seed}");
}

/// Begins every call that can begin, and checks each of them.
fn settle(
    schedule: &mut Schedule,
    seen: &mut BTreeMap<u32, Seen>,
    now: Duration,
    delivered: &mut usize,
    context: &str,
) {
    loop {
        for connection in seen.values_mut() {
            connection.is_late |= connection.begun.is_some_and(|it| now >= it + HUNG_AFTER);
        }
        match schedule.next(now) {
            NextStep::Release(id, _) => {
                schedule.finish(id, false);
            }
            NextStep::Fire(id, process, event) => {
                *delivered += 1;
                let is_late = seen[&id].is_late;
                for (other, it) in seen.iter().filter(|(_, it)| it.process == process) {
                    if is_late || it.is_late || *other == id {
                        continue;
                    }
                    assert_eq!(it.begun, None, "{context}: two calls in process {process}");
                    let is_earlier = it.owed.front().is_some_and(|owed| *owed < event);
                    assert!(!is_earlier, "{context}: {event} overtakes an event of {other}");
                }
                let connection = seen.get_mut(&id).unwrap();
                assert_eq!(connection.begun, None, "{context}: two calls of {id}");
                assert_eq!(connection.owed.pop_front(), Some(event), "{context}: order of {id}");
                connection.begun = Some(now);
            }
            NextStep::Wait(_) => {
                let quick = |it: &&Seen| it.begun.is_some_and(|it| now < it + SLOW_AFTER);
                if seen.values().filter(quick).count() >= QUICK_CALLS_MAX {
                    return;
                }
                for (id, it) in &*seen {
                    let beside = |other: &&Seen| other.process == it.process && !other.is_late;
                    let is_held = !it.is_late
                        && seen.values().filter(beside).any(|other| other.begun.is_some());
                    let is_idle = it.begun.is_none() && !it.owed.is_empty();
                    assert!(!is_idle || is_held, "{context}: {id} waits for nothing");
                }
                return;
            }
        }
    }
}
