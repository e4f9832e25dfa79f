//! Examples of single promises of the runtime.

use std::future::Future as _;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use communicado_core::{Availability, Fact, Life, Moment, SignIn, StatusStart};
use communicado_runtime::{Clock as _, Feed, Notice, Update, run};
use communicado_wire::{Status, Timestamp};

use crate::checks::change;
use crate::clock::{ManualClock, UPTIME};
use crate::reader::ReadPattern;
use crate::run::signed_in;
use crate::scripted_source::{Act, Claim, Overflow};
use crate::silence_intended_panics;
use crate::simulation::{Setup, Simulation, SourceSetup};

const PATIENCE: Duration = Duration::from_secs(1);
const RUNS: Act = Act::Report("finch", Claim::Life(Life::Running, None));
const IS_AWAY: Act =
    Act::Report("finch", Claim::Account("alice", Some(signed_in(Availability::Away))));
const SIGNED_OUT: Act =
    Act::Report("finch", Claim::Account("alice", Some(SignIn::SignedOut(None))));

/// A source of Finch whose runs start with these acts; later runs repeat the last list.
fn finch(runs: &[&[Act]]) -> SourceSetup {
    let mut runs: Vec<Vec<Act>> = runs.iter().rev().map(|acts| acts.to_vec()).collect();
    let start = move || match runs.len() {
        1 => runs[0].clone(),
        _ => runs.pop().expect("there is a run"),
    };
    SourceSetup { clients: vec!["finch"], start: Box::new(start) }
}

fn sim(sources: Vec<SourceSetup>) -> Simulation {
    silence_intended_panics();
    let mut sim = Simulation::new(Setup { sources, patience: PATIENCE, capacity: usize::MAX });
    sim.settle();
    sim.check();
    sim
}

fn notices(sim: &Simulation) -> Vec<String> {
    sim.notices().iter().map(|each| each.notice.to_string()).collect()
}

fn first(feed: &mut Feed) -> Poll<Option<Update>> {
    pin!(feed.next()).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_slow_reader_gets_the_latest_state_and_the_number_of_missed_changes() {
    let mut sim = sim(vec![finch(&[&[RUNS, Act::Ready]])]);
    sim.add_reader(ReadPattern::Slow);
    sim.readers[0].read(usize::MAX);
    sim.act(0, &[Act::Flood("finch", 1000), IS_AWAY]);
    sim.readers[0].read(usize::MAX);
    let [_, Update::Snapshot { clients, missed }] = &*sim.readers[0].updates else {
        panic!("{:?}", sim.readers[0].updates);
    };
    assert_eq!((clients.len(), *missed, clients[0].missed), (1, 1001, 1001));
    assert_eq!(clients[0].raw.as_deref(), Some("away"));
    sim.act(0, &[SIGNED_OUT]);
    sim.readers[0].read(usize::MAX);
    let last = sim.readers[0].updates.pop().and_then(change).unwrap();
    assert_eq!((last.status, last.missed), (Status::SignedOut, 0));
}

#[test]
fn a_source_that_panics_is_lost_and_restarts() {
    let well: &[Act] = &[IS_AWAY, RUNS, Act::Ready];
    let mut sim = sim(vec![finch(&[well, &[Act::PanicAtOnce], well])]);
    assert_eq!(sim.claim("finch"), "signed-in away");
    sim.act(0, &[SIGNED_OUT, Act::Panic]);
    assert_eq!(sim.claim("finch"), "unknown source-lost");
    sim.pass(Duration::from_secs(1));
    assert_eq!(sim.claim("finch"), "signed-in away");
    let updates = notices(&sim);
    let cause = "cause: it panicked, which is a bug in Communicado";
    assert!(updates[0].contains(cause) && updates[1].contains(cause), "{updates:?}");
    assert_eq!(updates[2..], ["note: source `first` works again"]);
    sim.check_retries();
}

#[test]
fn reports_after_the_loss_are_ignored() {
    let mut sim = sim(vec![finch(&[&[IS_AWAY, RUNS, Act::Ready], &[]])]);
    sim.act(0, &[Act::End]);
    let updates = sim.update_count();
    let again = [IS_AWAY, RUNS, Act::Open("finch"), IS_AWAY, RUNS, Act::Ready];
    let speak = |sim: &Simulation| {
        for act in again {
            sim.sources[0].state().runs[0].perform(act);
        }
    };
    speak(&sim);
    sim.pass(Duration::from_secs(1));
    assert_eq!(sim.sources[0].state().runs.len(), 2, "the next run is on");
    speak(&sim);
    sim.settle();
    assert_eq!(sim.claim("finch"), "unknown source-lost");
    assert_eq!((sim.update_count(), sim.notices().len()), (updates, 1));
}

#[test]
fn too_many_names_do_not_displace_expected_clients() {
    let overflow = SourceSetup {
        clients: Vec::new(),
        start: Box::new(|| vec![Act::Overflow(Overflow::Clients)]),
    };
    let mut sim = sim(vec![overflow, finch(&[&[]])]);
    sim.pass(PATIENCE);
    assert_eq!(notices(&sim).len(), 1, "there are too many");
    sim.act(1, &[Act::End]);
    assert_eq!(sim.claim("finch"), "unknown source-lost");
}

#[test]
fn a_first_snapshot_waits_for_every_source_but_not_longer_than_the_patience() {
    let mut sim = sim(vec![finch(&[&[RUNS, Act::Ready]]), finch(&[&[]])]);
    sim.add_reader(ReadPattern::Prompt);
    let just_before = Moment::new(PATIENCE - Duration::from_nanos(1));
    sim.turn_to(just_before);
    assert_eq!(sim.readers[0].updates.len(), 0, "the second source has not looked");
    sim.turn_to(Moment::new(PATIENCE));
    assert_eq!(sim.readers[0].updates.len(), 1);
    let mut late = sim.hub.feed();
    assert!(matches!(first(&mut late), Poll::Ready(Some(Update::Snapshot { missed: 0, .. }))));
}

#[test]
fn a_first_snapshot_comes_as_soon_as_the_last_source_has_looked_or_failed_to() {
    let sources = vec![finch(&[&[RUNS, Act::Ready]]), finch(&[&[]]), finch(&[&[]])];
    let mut sim = sim(sources);
    sim.act(1, &[Act::Ready]);
    assert_eq!(sim.update_count(), 0);
    sim.act(2, &[Act::End]);
    assert_eq!(sim.update_count(), 1);
    assert_eq!(sim.claim("finch"), "signed-out -");
}

#[test]
fn without_sources_the_first_snapshot_is_empty_and_immediate() {
    let sim = sim(Vec::new());
    let updates = sim.updates_since(0);
    assert!(
        matches!(&*updates, [Update::Snapshot { clients, .. }] if clients.is_empty()),
        "{updates:?}"
    );
    assert!(sim.ended.is_none());
}

#[test]
fn a_night_asleep_expires_every_lease() {
    let lease = Some(Duration::from_secs(60));
    let renew = Act::Report("finch", Claim::Life(Life::Running, lease));
    let mut sim = sim(vec![finch(&[&[IS_AWAY, renew, Act::Ready]])]);
    let updates = sim.update_count();
    let morning = Moment::new(Duration::from_secs(8 * 3600));
    sim.turn_to_and(morning, |sim| {
        sim.sources[0].state().running().unwrap().perform(renew);
        sim.sources[0].tell(&[SIGNED_OUT]);
    });
    let words: Vec<_> = sim.updates_since(updates).into_iter().filter_map(change).collect();
    let words: Vec<_> = words.iter().map(|change| change.status.word()).collect();
    assert_eq!(words, ["unknown", "signed-in", "signed-out"]);
}

#[test]
fn an_idle_runtime_wakes_nothing() {
    let mut sim = sim(vec![finch(&[&[IS_AWAY, RUNS, Act::Ready]])]);
    sim.add_reader(ReadPattern::Prompt);
    sim.settle();
    assert_eq!(sim.clock.deadlines(), []);
    sim.clock.turn_to(Moment::new(Duration::from_secs(365 * 24 * 3600)));
    sim.assert_nobody_is_woken();
}

#[test]
fn an_expiring_lease_wakes_once() {
    let lease = |seconds| Some(Duration::from_secs(seconds));
    let renew = |seconds| Act::Report("finch", Claim::Life(Life::Running, lease(seconds)));
    let first = finch(&[&[renew(5), Act::Ready]]);
    let mut sim = sim(vec![first, finch(&[&[renew(9), Act::Ready]])]);
    let deadline = sim.clock.deadlines()[0];
    sim.clock.turn_to(deadline);
    assert_eq!(sim.settle(), 1);
    assert!(sim.clock.deadlines()[0] > deadline);
}

#[test]
fn the_last_report_wins_however_coarse_the_clock() {
    let mut sim = sim(vec![finch(&[&[SIGNED_OUT, RUNS, Act::Ready]])]);
    sim.act(0, &[SIGNED_OUT, IS_AWAY, SIGNED_OUT, IS_AWAY]);
    assert_eq!(sim.claim("finch"), "signed-in away");
}

#[test]
fn backoff_doubles_up_to_half_a_minute_and_resets_after_a_snapshot() {
    let mut sim = sim(vec![finch(&[&[Act::End]])]);
    sim.pass(Duration::from_secs(300));
    sim.check_retries();
    let waits = |sim: &Simulation| -> Vec<Duration> {
        let lost = |notice| match notice {
            Notice::Lost { retry_in, .. } => Some(retry_in),
            _ => None,
        };
        sim.notices().into_iter().filter_map(|each| lost(each.notice)).collect()
    };
    let longest = waits(&sim)[7..].to_vec();
    let (low, high) = (Duration::from_millis(22_500), Duration::from_millis(37_500));
    assert!(longest.iter().all(|wait| (low..=high).contains(wait)), "{longest:?}");
    assert!(longest.windows(2).any(|two| two[0] != two[1]), "they are shifted at random");

    let ends: &[Act] = &[Act::End];
    let looks: &[Act] = &[Act::Ready];
    let mut sim = self::sim(vec![finch(&[ends, ends, ends, ends, ends, looks])]);
    sim.pass(Duration::from_secs(60));
    sim.act(0, &[Act::End]);
    assert!(waits(&sim)[4] > Duration::from_secs(2));
    assert!(waits(&sim)[5] < Duration::from_secs(1));
    sim.check_retries();
}

#[test]
fn backoff_doubles_also_for_a_source_that_ends_after_each_snapshot() {
    let mut sim = sim(vec![finch(&[&[IS_AWAY, RUNS, Act::Ready, Act::End]])]);
    sim.pass(Duration::from_secs(300));
    sim.check_retries();
    let losses =
        sim.notices().into_iter().filter(|each| matches!(each.notice, Notice::Lost { .. }));
    let losses = losses.count();
    assert!((10..=20).contains(&losses), "{losses} runs in 300 s");
}

#[test]
fn changes_have_the_civil_time_also_after_the_clock_was_set() {
    let mut sim = sim(vec![finch(&[&[SIGNED_OUT, RUNS, Act::Ready]])]);
    let mut told_at = |acts: &[Act], ahead| {
        sim.clock.set_civil_ahead(ahead);
        sim.act(0, acts);
        sim.client_state("finch").unwrap().at.to_string()
    };
    let (drift, travel) = (Duration::from_millis(99), Duration::from_secs(3600));
    assert_eq!(told_at(&[IS_AWAY], drift), "2026-11-22T21:00:00.000000Z");
    assert_eq!(told_at(&[SIGNED_OUT], travel), "2026-11-22T22:00:00.099000Z");
}

#[test]
fn a_stated_start_is_neither_in_the_future_nor_before_the_start_of_the_machine() {
    let sim = sim(Vec::new());
    let client = sim.hub.attach("by hand", Vec::new()).open("finch").unwrap();
    let now = sim.clock.civil();
    let minute = Duration::from_secs(60);
    let ago = |time| Some(StatusStart::from(sim.clock.shows()).before(time));
    let start = |civil| client.status_start(civil);
    assert_eq!(start(now), ago(Duration::ZERO));
    assert_eq!(start(now.before(minute)), ago(minute));
    assert_eq!(start(now.after(Duration::from_micros(1))), None);
    let uptime = UPTIME + sim.clock.shows().since_start();
    assert_eq!(start(now.before(uptime)), ago(uptime));
    assert_eq!(start(now.before(uptime + minute)), None);
    assert_eq!(start(Timestamp::EPOCH), None);
}

#[test]
fn a_stated_start_keeps_its_meaning_after_sleep_and_after_the_clock_was_set() {
    let mut sim = sim(Vec::new());
    let hour = Duration::from_secs(3600);
    let client = sim.hub.attach("by hand", Vec::new()).open("finch").unwrap();
    let account = client.account("alice", "XMPP").unwrap();
    let stated = sim.clock.civil().before(hour);
    let signed_out = Fact::Account(account, Some(SignIn::SignedOut(None)));
    client.report_with_start(signed_out, client.status_start(stated));
    client.report_life(Life::Running, Some(hour));
    sim.settle();
    let state = |sim: &mut Simulation| {
        let client = sim.client_state("finch").unwrap();
        (client.status, client.since, client.accounts[0].since)
    };
    assert_eq!(state(&mut sim), (Status::SignedOut, Some(stated), Some(stated)));
    sim.pass(hour * 8);
    assert_eq!(state(&mut sim).0, Status::Unknown);
    sim.clock.set_civil_ahead(hour);
    client.report_life(Life::Running, None);
    sim.settle();
    let corrected = stated.after(hour);
    assert_eq!(state(&mut sim), (Status::SignedOut, Some(corrected), Some(corrected)));
}

#[test]
fn a_journal_that_cannot_be_written_is_given_up_with_a_notice() {
    let setup = Setup {
        sources: vec![finch(&[&[IS_AWAY, RUNS, Act::Ready]])],
        patience: PATIENCE,
        capacity: 300,
    };
    let mut sim = Simulation::new(setup);
    sim.settle();
    sim.act(0, &[SIGNED_OUT, IS_AWAY]);
    assert_eq!(sim.claim("finch"), "signed-in away");
    let updates = notices(&sim);
    assert_eq!(updates.len(), 1, "{updates:?}");
    assert!(updates[0].starts_with("error: cannot write to the journal any more"), "{updates:?}");
}

#[test]
fn a_journal_that_fails_at_a_name_gives_a_notice_at_once() {
    let setup = Setup { sources: Vec::new(), patience: PATIENCE, capacity: 100 };
    let sim = Simulation::new(setup);
    let by_hand = sim.hub.attach("by hand", Vec::new());
    let _finch = by_hand.open("finch");
    assert_eq!(notices(&sim).len(), 1);
}

#[test]
fn a_journal_has_account_names_only_on_request() {
    let sim = sim(Vec::new());
    let start = |with_names| {
        let paper = crate::journal_buffer::JournalBuffer::new(usize::MAX);
        sim.hub.record(Box::new(paper.clone()), with_names).unwrap();
        let finch = sim.hub.attach("by hand", Vec::new()).open("finch").unwrap();
        let account = finch.account(&format!("alice {with_names}"), "XMPP").unwrap();
        finch.report(Fact::Account(account, None));
        paper.text_from(0)
    };
    let (without, with) = (start(false), start(true));
    assert!(without.contains("XMPP") && !without.contains("alice"), "{without}");
    assert!(with.contains("alice true"), "{with}");
}

#[test]
fn closing_the_hub_ends_every_feed() {
    let mut sim = sim(vec![finch(&[&[RUNS, Act::Ready]])]);
    for pattern in [ReadPattern::Prompt, ReadPattern::Slow, ReadPattern::Never] {
        sim.add_reader(pattern);
    }
    sim.hub.close();
    sim.settle();
    assert!(sim.readers[0].ended, "a waiting reader is woken");
    for reader in &mut sim.readers {
        reader.read(usize::MAX);
        assert!(reader.ended, "{:?}", reader.pattern);
    }
    assert!(matches!(first(&mut sim.hub.feed()), Poll::Ready(None)), "and a new one");
}

#[test]
fn a_run_ends_when_the_clock_cannot_create_a_timer() {
    let mut sim = sim(vec![finch(&[&[Act::Ready]])]);
    sim.clock.give_no_more_timers();
    sim.act(0, &[Act::End]);
    assert_eq!(sim.ended.take().unwrap().to_string(), "too many open files");

    let clock = ManualClock::new();
    clock.give_no_more_timers();
    let hub = communicado_runtime::Hub::new(std::sync::Arc::new(clock), PATIENCE, |_| ());
    let mut running = pin!(run(hub, Vec::new()));
    assert!(running.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
}
