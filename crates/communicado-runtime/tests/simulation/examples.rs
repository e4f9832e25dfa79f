//! Single promises of the runtime, each by one example.

use std::future::Future as _;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use communicado_core::{Availability, Fact, Life, Moment, SignIn};
use communicado_runtime::{Feed, Notice, Update, run};
use communicado_wire::Status;

use crate::check::change;
use crate::clock::HandClock;
use crate::puppet::{Act, Crowd, Word};
use crate::reader::Habit;
use crate::run::signed_in;
use crate::silence_panics_that_are_meant;
use crate::world::{Cast, Setup, World};

const PATIENCE: Duration = Duration::from_secs(1);
const RUNS: Act = Act::Say("finch", Word::Life(Life::Running, None));
const IS_AWAY: Act = Act::Say("finch", Word::Account("alice", Some(signed_in(Availability::Away))));
const SIGNED_OUT: Act = Act::Say("finch", Word::Account("alice", Some(SignIn::SignedOut(None))));

/// A source of Finch whose runs begin with these acts; all after the last like the last.
fn finch(runs: &[&[Act]]) -> Cast {
    let mut runs: Vec<Vec<Act>> = runs.iter().rev().map(|acts| acts.to_vec()).collect();
    let start = move || match runs.len() {
        1 => runs[0].clone(),
        _ => runs.pop().expect("there is a run"),
    };
    Cast { clients: vec!["finch"], start: Box::new(start) }
}

fn world(sources: Vec<Cast>) -> World {
    silence_panics_that_are_meant();
    let mut world = World::new(Setup { sources, patience: PATIENCE, room: usize::MAX });
    world.settle();
    world.check();
    world
}

fn notices(world: &World) -> Vec<String> {
    world.notices().iter().map(|each| each.notice.to_string()).collect()
}

fn first(feed: &mut Feed) -> Poll<Option<Update>> {
    pin!(feed.next()).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_slow_reader_gets_the_latest_and_is_told_that_it_missed_some() {
    let mut world = world(vec![finch(&[&[RUNS, Act::Ready]])]);
    world.add_reader(Habit::Slow);
    world.readers[0].read(usize::MAX);
    world.act(0, &[Act::Flood("finch", 1000), IS_AWAY]);
    world.readers[0].read(usize::MAX);
    let [_, Update::Snapshot { clients, missed }] = &*world.readers[0].told else {
        panic!("{:?}", world.readers[0].told);
    };
    assert_eq!((clients.len(), *missed, clients[0].missed), (1, 1001, 1001));
    assert_eq!(clients[0].raw.as_deref(), Some("away"));
    world.act(0, &[SIGNED_OUT]);
    world.readers[0].read(usize::MAX);
    let last = world.readers[0].told.pop().and_then(change).unwrap();
    assert_eq!((last.status, last.missed), (Status::SignedOut, 0));
}

#[test]
fn a_source_that_panics_is_lost_and_started_again() {
    let well: &[Act] = &[IS_AWAY, RUNS, Act::Ready];
    let mut world = world(vec![finch(&[well, &[Act::PanicAtOnce], well])]);
    assert_eq!(world.word("finch"), "signed-in away");
    world.act(0, &[SIGNED_OUT, Act::Panic]);
    assert_eq!(world.word("finch"), "unknown source-lost");
    world.pass(Duration::from_secs(1));
    assert_eq!(world.word("finch"), "signed-in away");
    let told = notices(&world);
    let cause = "cause: it panicked, which is a bug in Communicado";
    assert!(told[0].contains(cause) && told[1].contains(cause), "{told:?}");
    assert_eq!(told[2..], ["note: source `first` works again"]);
    world.check_retries();
}

#[test]
fn nothing_said_after_the_loss_counts() {
    let mut world = world(vec![finch(&[&[IS_AWAY, RUNS, Act::Ready], &[]])]);
    world.act(0, &[Act::End]);
    let told = world.told_count();
    let again = [IS_AWAY, RUNS, Act::Open("finch"), IS_AWAY, RUNS, Act::Ready];
    let speak = |world: &World| {
        for act in again {
            world.puppets[0].strings().runs[0].perform(act);
        }
    };
    speak(&world);
    world.pass(Duration::from_secs(1));
    assert_eq!(world.puppets[0].strings().runs.len(), 2, "the next run is on");
    speak(&world);
    world.settle();
    assert_eq!(world.word("finch"), "unknown source-lost");
    assert_eq!((world.told_count(), world.notices().len()), (told, 1));
}

#[test]
fn a_crowd_takes_nobody_s_place_who_is_expected() {
    let crowd = Cast { clients: Vec::new(), start: Box::new(|| vec![Act::Crowd(Crowd::Clients)]) };
    let mut world = world(vec![crowd, finch(&[&[]])]);
    world.pass(PATIENCE);
    assert_eq!(notices(&world).len(), 1, "there are too many");
    world.act(1, &[Act::End]);
    assert_eq!(world.word("finch"), "unknown source-lost");
}

#[test]
fn a_first_snapshot_waits_for_every_source_but_not_for_ever() {
    let mut world = world(vec![finch(&[&[RUNS, Act::Ready]]), finch(&[&[]])]);
    world.add_reader(Habit::Prompt);
    let just_before = Moment::new(PATIENCE - Duration::from_nanos(1));
    world.turn_to(just_before);
    assert_eq!(world.readers[0].told.len(), 0, "the second source has not looked");
    world.turn_to(Moment::new(PATIENCE));
    assert_eq!(world.readers[0].told.len(), 1);
    let mut late = world.hub.feed();
    assert!(matches!(first(&mut late), Poll::Ready(Some(Update::Snapshot { missed: 0, .. }))));
}

#[test]
fn a_first_snapshot_comes_as_soon_as_the_last_source_has_looked_or_failed_to() {
    let sources = vec![finch(&[&[RUNS, Act::Ready]]), finch(&[&[]]), finch(&[&[]])];
    let mut world = world(sources);
    world.act(1, &[Act::Ready]);
    assert_eq!(world.told_count(), 0);
    world.act(2, &[Act::End]);
    assert_eq!(world.told_count(), 1);
    assert_eq!(world.word("finch"), "signed-out -");
}

#[test]
fn a_world_without_sources_is_empty_and_says_so_at_once() {
    let world = world(Vec::new());
    let told = world.told_since(0);
    assert!(matches!(&*told, [Update::Snapshot { clients, .. }] if clients.is_empty()), "{told:?}");
    assert!(world.ended.is_none());
}

#[test]
fn the_night_with_the_lid_closed_ends_every_lease() {
    let lease = Some(Duration::from_secs(60));
    let renew = Act::Say("finch", Word::Life(Life::Running, lease));
    let mut world = world(vec![finch(&[&[IS_AWAY, renew, Act::Ready]])]);
    let told = world.told_count();
    let morning = Moment::new(Duration::from_secs(8 * 3600));
    world.turn_to_and(morning, |world| {
        world.puppets[0].strings().running().unwrap().perform(renew);
        world.puppets[0].tell(&[SIGNED_OUT]);
    });
    let words: Vec<_> = world.told_since(told).into_iter().filter_map(change).collect();
    let words: Vec<_> = words.iter().map(|change| change.status.word()).collect();
    assert_eq!(words, ["unknown", "signed-in", "signed-out"]);
}

#[test]
fn an_idle_world_wakes_nobody() {
    let mut world = world(vec![finch(&[&[IS_AWAY, RUNS, Act::Ready]])]);
    world.add_reader(Habit::Prompt);
    world.settle();
    assert_eq!(world.clock.alarms(), []);
    world.clock.turn_to(Moment::new(Duration::from_secs(365 * 24 * 3600)));
    world.assert_nobody_is_woken();
}

#[test]
fn a_lease_that_ends_wakes_once() {
    let lease = |seconds| Some(Duration::from_secs(seconds));
    let renew = |seconds| Act::Say("finch", Word::Life(Life::Running, lease(seconds)));
    let first = finch(&[&[renew(5), Act::Ready]]);
    let mut world = world(vec![first, finch(&[&[renew(9), Act::Ready]])]);
    let alarm = world.clock.alarms()[0];
    world.clock.turn_to(alarm);
    assert_eq!(world.settle(), 1);
    assert!(world.clock.alarms()[0] > alarm);
}

#[test]
fn what_was_said_last_counts_however_coarse_the_clock() {
    let mut world = world(vec![finch(&[&[SIGNED_OUT, RUNS, Act::Ready]])]);
    world.act(0, &[SIGNED_OUT, IS_AWAY, SIGNED_OUT, IS_AWAY]);
    assert_eq!(world.word("finch"), "signed-in away");
}

#[test]
fn waits_double_up_to_half_a_minute_and_begin_anew_after_a_look() {
    let mut world = world(vec![finch(&[&[Act::End]])]);
    world.pass(Duration::from_secs(300));
    world.check_retries();
    let waits = |world: &World| -> Vec<Duration> {
        let lost = |notice| match notice {
            Notice::Lost { retry_in, .. } => Some(retry_in),
            _ => None,
        };
        world.notices().into_iter().filter_map(|each| lost(each.notice)).collect()
    };
    let longest = waits(&world)[7..].to_vec();
    let (low, high) = (Duration::from_millis(22_500), Duration::from_millis(37_500));
    assert!(longest.iter().all(|wait| (low..=high).contains(wait)), "{longest:?}");
    assert!(longest.windows(2).any(|two| two[0] != two[1]), "they are shifted at random");

    let ends: &[Act] = &[Act::End];
    let looks: &[Act] = &[Act::Ready];
    let mut world = self::world(vec![finch(&[ends, ends, ends, ends, ends, looks])]);
    world.pass(Duration::from_secs(60));
    world.act(0, &[Act::End]);
    assert!(waits(&world)[4] > Duration::from_secs(2));
    assert!(waits(&world)[5] < Duration::from_secs(1));
    world.check_retries();
}

#[test]
fn changes_are_dated_by_the_civil_clock_also_after_somebody_has_set_it() {
    let mut world = world(vec![finch(&[&[SIGNED_OUT, RUNS, Act::Ready]])]);
    let mut told_at = |acts: &[Act], ahead| {
        world.clock.set_civil_ahead(ahead);
        world.act(0, acts);
        world.believed("finch").unwrap().at.to_string()
    };
    let (drift, travel) = (Duration::from_millis(99), Duration::from_secs(3600));
    assert_eq!(told_at(&[IS_AWAY], drift), "2026-11-22T21:00:00.000000Z");
    assert_eq!(told_at(&[SIGNED_OUT], travel), "2026-11-22T22:00:00.099000Z");
}

#[test]
fn a_journal_that_cannot_be_written_is_given_up_and_told() {
    let setup = Setup {
        sources: vec![finch(&[&[IS_AWAY, RUNS, Act::Ready]])],
        patience: PATIENCE,
        room: 300,
    };
    let mut world = World::new(setup);
    world.settle();
    world.act(0, &[SIGNED_OUT, IS_AWAY]);
    assert_eq!(world.word("finch"), "signed-in away");
    let told = notices(&world);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("error: cannot write to the journal any more"), "{told:?}");
}

#[test]
fn a_journal_that_fails_at_a_name_is_told_at_once() {
    let setup = Setup { sources: Vec::new(), patience: PATIENCE, room: 100 };
    let world = World::new(setup);
    let by_hand = world.hub.attach("by hand", Vec::new());
    let _finch = by_hand.open("finch");
    assert_eq!(notices(&world).len(), 1);
}

#[test]
fn the_name_of_an_account_is_in_no_journal_unless_asked_for() {
    let world = world(Vec::new());
    let begin = |with_names| {
        let paper = crate::paper::Paper::new(usize::MAX);
        world.hub.record(Box::new(paper.clone()), with_names).unwrap();
        let finch = world.hub.attach("by hand", Vec::new()).open("finch").unwrap();
        let account = finch.account(&format!("alice {with_names}"), "XMPP").unwrap();
        finch.report(Fact::Account(account, None));
        paper.text_from(0)
    };
    let (without, with) = (begin(false), begin(true));
    assert!(without.contains("XMPP") && !without.contains("alice"), "{without}");
    assert!(with.contains("alice true"), "{with}");
}

#[test]
fn closing_the_hub_ends_every_feed() {
    let mut world = world(vec![finch(&[&[RUNS, Act::Ready]])]);
    for habit in [Habit::Prompt, Habit::Slow, Habit::Never] {
        world.add_reader(habit);
    }
    world.hub.close();
    world.settle();
    assert!(world.readers[0].ended, "who waits is woken");
    for reader in &mut world.readers {
        reader.read(usize::MAX);
        assert!(reader.ended, "{:?}", reader.habit);
    }
    assert!(matches!(first(&mut world.hub.feed()), Poll::Ready(None)), "and who comes after");
}

#[test]
fn a_run_ends_when_the_clock_gives_no_timer() {
    let mut world = world(vec![finch(&[&[Act::Ready]])]);
    world.clock.give_no_more_timers();
    world.act(0, &[Act::End]);
    assert_eq!(world.ended.take().unwrap().to_string(), "too many open files");

    let clock = HandClock::new();
    clock.give_no_more_timers();
    let hub = communicado_runtime::Hub::new(std::sync::Arc::new(clock), PATIENCE, |_| ());
    let mut running = pin!(run(hub, Vec::new()));
    assert!(running.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
}
