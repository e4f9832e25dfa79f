//! The promises of the roster, checked with random journals and an independent model.
//!
//! Each test has the name of its promise. A failure prints the smallest journal that breaks it and
//! the command that repeats it: `SEED=169 cargo test -p communicado-core`. `CASES=100000` checks
//! more journals. `cargo xtask faults` tests the tests: it plants one fault after another in the
//! core.
//!
//! The file is long because it is the complete list of promises.

#[cfg(test)]
#[path = "promises/account_model.rs"]
mod account_model;
#[cfg(test)]
#[path = "promises/cases.rs"]
mod cases;
#[cfg(test)]
#[path = "promises/journal.rs"]
mod journal;
#[cfg(test)]
#[path = "promises/model.rs"]
mod model;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use communicado_core::{
    AccountId, Activity, Availability, Change, ChangeCause, ClientId, ClientState, Fact,
    Generation, Life, Moment, Observation, Presence, Roster, RosterInput, SignIn, SignInFailure,
    SourceId, Status, StatusStart, Symbol, UnknownReason,
};

use cases::{Verdict, for_random_journals, seeds};
use journal::{Journal, Step, end_of_lease, ms};

#[test]
fn a_client_signs_out_before_it_goes() {
    for_random_journals(|journal, _| {
        let mut signed_in = BTreeSet::new();
        for change in all_changes(journal) {
            let word = change.after.status.word();
            match word {
                "signed-in" => {
                    signed_in.insert(change.client);
                }
                "signed-out" => {
                    signed_in.remove(&change.client);
                }
                "absent" | "starting" | "shutting-down" => {
                    ensure!(!signed_in.contains(&change.client), "no sign-out before {change:?}");
                    let before = change.before.iter().flat_map(|before| &before.accounts);
                    let accounts = before.chain(&change.after.accounts);
                    for account in accounts {
                        let still = account.status.presence().is_some();
                        ensure!(!still, "{:?} is signed in across {change:?}", account.account);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    });
}

#[test]
fn no_change_repeats() {
    for_random_journals(|journal, _| {
        let mut last: BTreeMap<ClientId, ClientState> = BTreeMap::new();
        let (mut revision, mut at) = (0, Moment::START);
        for change in all_changes(journal) {
            revision += 1;
            ensure!(change.revision.0 == revision, "revision {revision} was expected: {change:?}");
            ensure!(at <= change.at, "goes back to before {at:?}: {change:?}");
            at = change.at;
            let last_state = last.get(&change.client);
            ensure!(
                change.before.as_ref() == last_state,
                "{change:?} does not start from {last_state:?}"
            );
            let same =
                last_state.is_some_and(|last_state| last_state.has_same_content(&change.after));
            ensure!(!same, "repeats the last state: {change:?}");
            last.insert(change.client, change.after);
        }
        Ok(())
    });
}

#[test]
fn signed_in_only_while_an_open_generation_reports_it() {
    for_random_journals(|journal, _| {
        let past = journal.clone().without_foresight().steps;
        each_change(journal, |known, change| {
            let past = &past[..known];
            let source = change.after.source;
            let mut content = change.after.accounts.iter().map(|each| (each.account, each.status));
            if let Status::SignedIn(presence) = change.after.status {
                let has_account =
                    content.clone().any(|(_, status)| status == Status::SignedIn(presence));
                ensure!(has_account, "no account is signed in like this: {change:?}");
            }
            content.try_for_each(|(account, status)| {
                let Status::SignedIn(presence) = status else { return Ok(()) };
                let reports_it = |observation: &Observation| {
                    let it = Fact::Account(account, Some(SignIn::SignedIn(presence)));
                    (observation.source, observation.client, observation.fact)
                        == (source, change.client, it)
                        && is_live(observation, past, change.at)
                        && !is_overtaken(observation, account, past)
                };
                let reported = observations(past).any(|(_, observation)| reports_it(&observation));
                ensure!(
                    reported,
                    "no open generation reports that {account:?} is signed in: {change:?}"
                );
                Ok(())
            })
        })
    });
}

#[test]
fn a_generation_takes_over_once_its_life_is_reported() {
    for_random_journals(|journal, _| {
        let mut roster = Roster::new();
        let now = end_of(journal, &mut roster);
        let before: Vec<(ClientId, ClientState)> =
            roster.iter().map(|(client, state)| (client, state.clone())).collect();
        for (client, state) in before {
            let generation = Generation(1_000);
            let see = |fact| {
                let source = state.source;
                RosterInput::Observed(Observation {
                    observed_at: now,
                    source,
                    client,
                    generation,
                    fact,
                    began: None,
                })
            };
            let signed_in = SignIn::SignedIn(presence(Availability::Busy));
            let mut early_changes =
                roster.handle(now, see(Fact::Account(AccountId(7), Some(signed_in))));
            early_changes.extend(roster.handle(now, see(Fact::Saved(Symbol(9)))));
            ensure!(
                early_changes.is_empty(),
                "a change before the life of the generation: {early_changes:?}"
            );
            let changes = roster.handle(now, see(Fact::Life(Life::Running, None)));
            let one = matches!(&changes[..], [change] if change.after.accounts.len() == 1
                && change.after.status.presence().is_some()
                && change.after.saved == Some(Symbol(9)));
            ensure!(one, "the new generation does not take over in one change: {changes:?}");
        }
        Ok(())
    });
}

#[test]
fn the_start_of_a_state_is_known_only_if_the_change_to_it_was_observed_or_its_source_states_it() {
    let since = |facts: &[(u16, Fact, Option<StatusStart>)]| {
        let mut roster = Roster::new();
        let mut last = None;
        for (at, (source, fact, began)) in (1..).zip(facts) {
            let observation = Observation {
                observed_at: ms(at),
                source: SourceId(*source),
                client: ClientId(1),
                generation: Generation(1),
                fact: *fact,
                began: *began,
            };
            let changes = roster.handle(ms(at), RosterInput::Observed(observation));
            last = changes.last().map(|change| change.after.clone()).or(last);
        }
        last.map(|state| {
            (state.status.word(), state.since, state.accounts.first().and_then(|each| each.since))
        })
    };
    let life = |life| (1, Fact::Life(life, None), None);
    let account = |sign_in| (1, Fact::Account(AccountId(1), Some(sign_in)), None);
    let signed_in = account(SignIn::SignedIn(presence(Availability::Busy)));
    let (starting, running) = (life(Life::Starting), life(Life::Running));
    let first = [signed_in, running];
    assert_eq!(since(&first), Some(("signed-in", None, None)));
    let first = [starting, signed_in, running];
    assert_eq!(since(&first), Some(("signed-in", None, None)), "it runs for an unknown time");
    let out = account(SignIn::SignedOut(None));
    let at = |at| Some(StatusStart::from(ms(at)));
    assert_eq!(since(&[signed_in, running, out]), Some(("signed-out", at(3), at(3))));
    assert_eq!(since(&[signed_in, running, out, running]), Some(("signed-out", at(3), at(3))));
    let other = [(2, Fact::Account(AccountId(1), Some(SignIn::SigningIn)), None)];
    let other = other.into_iter().chain([(2, Fact::Life(Life::Running, None), None)]);
    let two_sources: Vec<_> = other.chain([signed_in, running]).collect();
    assert_eq!(since(&two_sources), Some(("signed-in", None, None)), "another source");

    let long_ago = Some(StatusStart::new(0).before(Duration::from_secs(3600)));
    let stated = |(source, fact, _), began| (source, fact, began);
    let long = stated(signed_in, long_ago);
    assert_eq!(since(&[long, running]), Some(("signed-in", long_ago, long_ago)));
    let future = stated(signed_in, at(2));
    assert_eq!(since(&[future, running]), Some(("signed-in", None, None)), "from the future");
    let observed = [long, running, stated(out, long_ago)];
    assert_eq!(since(&observed), Some(("signed-out", at(3), at(3))), "observed");
    let hung = life(Life::Unknown(UnknownReason::SourceLost));
    let second = |(_, fact, began)| (2, fact, began);
    let resumed = [long, running, hung, second(long), second(running)];
    assert_eq!(since(&resumed), Some(("signed-in", long_ago, long_ago)), "the same status");
    let out_long_ago = second(stated(out, long_ago));
    let contradiction = [long, running, hung, out_long_ago, second(running)];
    assert_eq!(since(&contradiction), Some(("signed-out", None, None)), "signed in at this time");
    let away = second(stated(out, at(4)));
    let meanwhile = [long, running, hung, away, second(running)];
    assert_eq!(since(&meanwhile), Some(("signed-out", at(4), at(4))), "while it was unknown");
    let process = stated(starting, long_ago);
    assert_eq!(since(&[process]), Some(("starting", long_ago, None)));
    assert_eq!(since(&[process, out, running]), Some(("signed-out", at(3), at(3))));
    let second_account = (1, Fact::Account(AccountId(2), Some(SignIn::SigningIn)), at(1));
    let two_accounts = [second_account, long, running];
    assert_eq!(since(&two_accounts), Some(("signed-in", None, long_ago)), "of two accounts");
}

#[test]
fn a_stated_start_never_replaces_or_contradicts_an_observed_change() {
    for_random_journals(|journal, _| {
        let journal = journal.clone().without_foresight();
        let all = all_changes(&journal);
        each_change(&journal, |handled, change| {
            let stated: Vec<StatusStart> = observations(&journal.steps[..handled])
                .filter_map(|(_, observation)| observation.began)
                .collect();
            let Some(since) = change.after.since else { return Ok(()) };
            ensure!(since <= change.at.into(), "a start in the future: {change:?}");
            let is_known = since == change.at.into() || stated.contains(&since);
            let is_kept = change.before.as_ref().is_some_and(|before| before.since == Some(since));
            let earlier = all
                .iter()
                .take_while(|each| each.revision < change.revision)
                .filter(|each| each.client == change.client);
            let had_it = earlier.clone().any(|each| each.after.since == Some(since));
            ensure!(is_known || is_kept || had_it, "a start that nobody stated: {change:?}");
            // The sign-out that was missing was not observed, so its start is unknown.
            let other = |each: &&Change| {
                let condition = each.after.status.has_same_condition(&change.after.status);
                let is_known = !matches!(each.after.status, Status::Unknown(_) | Status::Starting);
                let is_missing =
                    each.after.status == Status::SignedOut(None) && each.after.since.is_none();
                is_known && !condition && !is_missing
            };
            let last_other = earlier.filter(other).last();
            ensure!(
                is_kept || last_other.is_none_or(|other| StatusStart::from(other.at) <= since),
                "the status began before {last_other:?} was observed: {change:?}"
            );
            Ok(())
        })
    });
}

#[test]
fn a_failed_sign_in_is_signed_out_with_the_reason() {
    for_random_journals(|journal, rng| {
        let mut roster = Roster::new();
        let now = end_of(journal, &mut roster);
        // Of a higher rank than all sources of the journal.
        let source = SourceId(0);
        for (client, failure) in (1..).map(ClientId).zip(SignInFailure::ALL) {
            let see = |observed_at, fact| {
                RosterInput::Observed(Observation {
                    observed_at,
                    source,
                    client,
                    generation: Generation(1),
                    fact,
                    began: None,
                })
            };
            let sign_in = |account, sign_in| Fact::Account(AccountId(account), Some(sign_in));
            let mut out = [None, Some(failure)].map(SignIn::SignedOut);
            rng.shuffle(&mut out);
            let expect = |roster: &Roster, status| {
                let state = roster.state(client);
                let actual =
                    state.map(|each| (each.status, each.accounts.first().map(|a| a.status)));
                ensure!(
                    actual == Some((status, Some(Status::SignedOut(Some(failure))))),
                    "{failure:?} ended as {state:?}"
                );
                Ok(())
            };

            let _ = roster.handle(now, see(now, Fact::Life(Life::Running, None)));
            let _ = roster.handle(now, see(now, sign_in(1, SignIn::SigningIn)));
            for out in out {
                let _ = roster.handle(now, see(now, sign_in(1, out)));
            }
            expect(&roster, Status::SignedOut(Some(failure)))?;
            let plain = sign_in(2, SignIn::SignedOut(None));
            let _ = roster.handle(now, see(now, plain));
            expect(&roster, Status::SignedOut(Some(failure)))?;
            let other = presence(Availability::Away);
            let _ = roster.handle(now, see(now, sign_in(3, SignIn::SignedIn(other))));
            expect(&roster, Status::SignedIn(other))?;
        }
        Ok(())
    });
    for_random_journals(|journal, _| {
        for change in all_changes(journal) {
            let Status::SignedOut(failure) = change.after.status else { continue };
            let mut accounts = change.after.accounts.iter();
            let first = accounts.find_map(|each| each.status.reason());
            ensure!(
                failure.map(SignInFailure::word) == first,
                "the first failure among the accounts is not: {change:?}"
            );
        }
        Ok(())
    });
}

#[test]
fn nothing_is_believed_after_a_loss_or_an_expired_lease() {
    for_random_journals(|journal, _| {
        let past = journal.clone().without_foresight().steps;
        each_change(journal, |known, change| {
            let knows = !matches!(change.after.status, Status::Unknown(_));
            let sign_out_only = change.after.status == Status::SignedOut(None);
            let live = |observation: &Observation| {
                (observation.source, observation.client) == (change.after.source, change.client)
                    && matches!(observation.fact, Fact::Life(..))
                    && is_in_force(observation, &past[..known], change.at)
            };
            let reported = observations(&past[..known]).any(|(_, observation)| live(&observation));
            ensure!(!knows || sign_out_only || reported, "no report in force says so: {change:?}");
            Ok(())
        })
    });
    for_random_journals(|journal, rng| {
        let mut roster = Roster::new();
        let now = end_of(journal, &mut roster);
        let mut sources: Vec<SourceId> = (1..=3).map(SourceId).collect();
        rng.shuffle(&mut sources);
        for source in sources {
            let changes = roster.handle(now, RosterInput::Lost(source));
            let of_it = roster.iter().filter(|(_, state)| state.source == source);
            for (client, state) in of_it {
                let lost = state.status == Status::Unknown(UnknownReason::SourceLost);
                ensure!(lost, "{source:?} was lost, but {client:?} is {state:?}");
            }
            let others = changes.iter().find(|change| change.cause != ChangeCause::Lost(source));
            ensure!(others.is_none(), "{source:?} was lost, but {others:?} has another cause");
        }
        let known = roster.iter().find(|(_, each)| !matches!(each.status, Status::Unknown(_)));
        ensure!(known.is_none(), "all sources are lost, but {known:?}");
        ensure!(roster.next_deadline().is_none(), "all sources are lost, but a deadline is left");
        Ok(())
    });
    for_random_journals(|journal, _| {
        let mut roster = Roster::new();
        let mut leased = journal.clone();
        for step in &mut leased.steps {
            if let Some(RosterInput::Observed(observation)) = &mut step.input
                && let Fact::Life(_, lease) = &mut observation.fact
            {
                *lease = lease.or(Some(Duration::from_millis(15)));
            }
        }
        let now = end_of(&leased, &mut roster);
        // Longer than any lease in a journal.
        let _ = roster.advance(now.after(Duration::from_secs(1)));
        let known = roster.iter().find(|(_, each)| !matches!(each.status, Status::Unknown(_)));
        ensure!(known.is_none(), "all leases have ended, but {known:?}");
        ensure!(roster.next_deadline().is_none(), "all leases have ended, but a deadline is left");
        Ok(())
    });
}

#[test]
fn order_and_repetition_do_not_matter() {
    for_random_journals(|journal, rng| {
        let journal = journal.clone().without_foresight();
        let (mut in_order, mut shuffled) = (Roster::new(), Roster::new());
        let mut earlier_steps = Vec::new();
        // A loss closes all earlier generations, so it keeps its place.
        let ends_block = |step: &Step| matches!(step.input, Some(RosterInput::Lost(_)));
        for block in journal.steps.split_inclusive(ends_block) {
            for step in block {
                let _ = handle(&mut in_order, step);
            }
            let Some(end) = block.last() else { continue };
            let observed = |step: &&Step| matches!(step.input, Some(RosterInput::Observed(_)));
            let mut late: Vec<Step> = block.iter().filter(observed).copied().collect();
            earlier_steps.extend(late.iter().copied());
            for _ in 0..rng.below(6) {
                late.extend(earlier_steps.get(rng.index(earlier_steps.len().max(1))).copied());
            }
            rng.shuffle(&mut late);
            let loss = block.iter().filter(|step| ends_block(step));
            for step in late.iter().chain(loss) {
                let _ = handle(&mut shuffled, &Step { at: end.at, input: step.input });
            }
            let _ = (in_order.advance(end.at), shuffled.advance(end.at));
            let (one, other) = (all_content(&in_order), all_content(&shuffled));
            ensure!(one == other, "in order, {one:?};\nbut out of order, {other:?}");
        }
        Ok(())
    });
}

#[test]
fn late_observations_do_not_undo_newer_ones() {
    for_random_journals(|journal, rng| {
        let mut roster = Roster::new();
        let now = end_of(journal, &mut roster);
        let later = now.after(Duration::from_millis(100));
        let (source, client, generation) = (SourceId(0), ClientId(1), Generation(5));
        let see = |observed_at, generation, fact| {
            let began = None;
            let observation = Observation { observed_at, source, client, generation, fact, began };
            RosterInput::Observed(observation)
        };
        let account = AccountId(1);
        let signed_in = SignIn::SignedIn(presence(Availability::Available));
        let newest = [
            Fact::Life(Life::Running, None),
            Fact::Account(account, Some(signed_in)),
            Fact::Saved(Symbol(5)),
        ];
        for fact in newest {
            let _ = roster.handle(later, see(later, generation, fact));
        }
        let earlier = ms(rng.below(now.since_start().as_millis() as u64 + 100));
        let old_generation = Generation(rng.number(5));
        let short = Some(Duration::from_millis(rng.below(30)));
        let overtaken = [
            see(earlier, generation, Fact::Life(Life::Starting, short)),
            see(earlier, generation, Fact::Life(Life::Running, short)),
            see(earlier, generation, Fact::Account(account, None)),
            see(earlier, generation, Fact::Account(account, Some(SignIn::SignedOut(None)))),
            see(earlier, generation, Fact::Saved(Symbol(4))),
            see(later, old_generation, Fact::Life(Life::Absent, short)),
            see(
                later,
                old_generation,
                Fact::Life(Life::Unknown(UnknownReason::NotResponding), None),
            ),
            see(later, old_generation, Fact::Account(account, None)),
            see(later, old_generation, Fact::Account(AccountId(2), Some(SignIn::SigningIn))),
            see(later, old_generation, Fact::Saved(Symbol(6))),
        ];
        for input in overtaken {
            let changes = roster.handle(later, input);
            ensure!(changes.is_empty(), "{input:?} was overtaken, but {changes:?}");
        }
        let changes = roster.handle(later, see(later, generation, Fact::Life(Life::Absent, None)));
        ensure!(changes.len() == 2, "signed-out and absent were expected: {changes:?}");
        let much_later = later.after(Duration::from_millis(1));
        let mut after_the_end = newest.map(|fact| see(much_later, generation, fact)).to_vec();
        after_the_end.push(see(much_later, generation, Fact::Life(Life::Starting, None)));
        for input in after_the_end {
            let changes = roster.handle(much_later, input);
            ensure!(changes.is_empty(), "the generation is closed, but {changes:?}");
        }
        Ok(())
    });
}

#[test]
fn changes_add_up_to_the_states() {
    for_random_journals(|journal, _| {
        let mut roster = Roster::new();
        let mut sum = BTreeMap::new();
        for step in &journal.steps {
            for change in handle(&mut roster, step) {
                sum.insert(change.client, change.after);
            }
            let states: BTreeMap<ClientId, ClientState> =
                roster.iter().map(|(client, state)| (client, state.clone())).collect();
            ensure!(sum == states, "changes give {sum:?}; the roster says {states:?}");
            for client in (0..5).map(ClientId) {
                let (one, other) = (sum.get(&client), roster.state(client));
                ensure!(one == other, "changes give {one:?}; {client:?} is {other:?}");
            }
        }
        let last = all_changes(journal).last().map_or(0, |change| change.revision.0);
        let revision = roster.revision().0;
        ensure!(revision == last, "revision {revision} after a last change of {last}");
        Ok(())
    });
}

#[test]
fn the_next_deadline_is_always_in_the_future() {
    for_random_journals(|journal, rng| {
        let mut roster = Roster::new();
        let mut now = Moment::START;
        for step in &journal.steps {
            // The runtime wakes at the deadline, so nothing may change before.
            if let Some(due) = roster.next_deadline()
                && due < step.at
            {
                let just_before = Moment::new(due.since_start() - Duration::from_nanos(1));
                let changes = roster.advance(just_before);
                ensure!(changes.is_empty(), "changed before the deadline {due:?}: {changes:?}");
                if rng.chance(50) {
                    let _ = roster.advance(due);
                }
            }
            let _ = handle(&mut roster, step);
            now = now.max(step.at);
            let due = roster.next_deadline();
            ensure!(due.is_none_or(|due| now < due), "at {now:?}, the deadline is {due:?}");
        }
        // Each source has one lease on each client; more wake-ups mean that old deadlines are left.
        let pairs: BTreeSet<(SourceId, ClientId)> = observations(&journal.steps)
            .map(|(_, observation)| (observation.source, observation.client))
            .collect();
        let mut wake_ups = 0;
        while let Some(due) = roster.next_deadline() {
            wake_ups += 1;
            ensure!(now < due, "at {now:?}, the deadline is {due:?}");
            ensure!(wake_ups <= pairs.len(), "more deadlines than leases");
            now = due;
            let _ = roster.advance(due);
        }
        Ok(())
    });
}

#[test]
fn extra_wake_ups_change_nothing() {
    for_random_journals(|journal, rng| {
        let (mut calm, mut nervous) = (Roster::new(), Roster::new());
        let mut now = Moment::START;
        for step in &journal.steps {
            let one = handle(&mut calm, step);
            let mut other = Vec::new();
            while rng.chance(60) {
                let gap = step.at.since(now).as_millis() as u64;
                now = now.after(Duration::from_millis(rng.below(gap + 1)));
                other.extend(nervous.advance(now));
            }
            other.extend(handle(&mut nervous, step));
            while rng.chance(40) {
                let ago = Duration::from_millis(rng.below(10));
                let earlier = Moment::new(step.at.since_start().saturating_sub(ago));
                other.extend(nervous.advance(earlier));
            }
            now = now.max(step.at);
            ensure!(one == other, "without extra wake-ups: {one:?}\nwith: {other:?}");
            let due = (calm.next_deadline(), nervous.next_deadline());
            ensure!(due.0 == due.1, "the deadlines differ: {due:?}");
        }
        Ok(())
    });
}

#[test]
fn agrees_with_the_model() {
    for_random_journals(|journal, _| {
        let expected = model::changes(journal);
        let mut roster = Roster::new();
        for (index, (step, expected)) in journal.steps.iter().zip(&expected).enumerate() {
            let changes = handle(&mut roster, step);
            ensure!(changes == *expected, "step {index}: {changes:?}\nbut the model {expected:?}");
        }
        Ok(())
    });
}

/// Checks that the random journals reach every status, reason and transition.
#[test]
fn the_random_journals_are_diverse() {
    if seeds().count() < 1_000 {
        return;
    }
    let mut reached_counts: BTreeMap<String, usize> = BTreeMap::new();
    for seed in seeds().take(1_000) {
        for change in all_changes(&Journal::random(seed)) {
            let mut reached = |what: String| *reached_counts.entry(what).or_default() += 1;
            let (before, after) = (change.before.as_ref(), &change.after);
            reached(after.status.word().into());
            after.status.reason().into_iter().for_each(|reason| reached(reason.into()));
            if let Some(presence) = after.status.presence() {
                reached(presence.availability.word().into());
                presence.activity.into_iter().for_each(|each| reached(each.word().into()));
                let equals = after.accounts.iter().filter_map(|each| each.status.presence());
                let equals = equals.filter(|each| each.availability == presence.availability);
                if equals.count() > 1 {
                    reached("equal availability".into());
                }
            }
            if let Some(since) = after.since.filter(|since| *since < change.at.into()) {
                reached("a stated or kept start".into());
                if before.is_some_and(|before| matches!(before.status, Status::Unknown(_))) {
                    reached("a start from before the status was unknown".into());
                }
                if since < StatusStart::new(0) {
                    reached("a start before the clock".into());
                }
            }
            if let Some(before) = before {
                reached(format!("{} to {}", before.status.word(), after.status.word()));
                if before.source > after.source {
                    reached("a better source takes over".into());
                } else if before.source < after.source {
                    reached("a lesser source steps in".into());
                }
            }
            match change.cause {
                ChangeCause::Observed(_) => {}
                ChangeCause::Expired(_) => reached("expiry".into()),
                ChangeCause::Lost(_) => reached("loss".into()),
            }
        }
    }
    let named = ["equal availability", "a better source takes over", "a lesser source steps in"];
    let paths = [
        "signed-in to signed-out",
        "signed-in to unknown",
        "unknown to signed-in",
        "unknown to signed-out",
        "signed-in to signing-out",
        "signing-in to signed-in",
        "signed-out to absent",
        "signed-out to shutting-down",
        "signed-out to starting",
        "expiry",
        "loss",
        "a stated or kept start",
        "a start from before the status was unknown",
        "a start before the clock",
    ];
    let words = Status::WORDS.into_iter().chain(named).chain(paths);
    let words = words
        .chain(UnknownReason::ALL.map(UnknownReason::word))
        .chain(SignInFailure::ALL.map(SignInFailure::word));
    let words = words.chain(Availability::ALL.map(Availability::word));
    let words = words.chain(Activity::ALL.map(Activity::word));
    let rare: Vec<_> =
        words.filter(|word| reached_counts.get(*word).is_none_or(|count| *count < 5)).collect();
    assert!(rare.is_empty(), "rarely reached: {rare:?} of {reached_counts:#?}");
}

/// Every change that the journal makes.
fn all_changes(journal: &Journal) -> Vec<Change> {
    let mut roster = Roster::new();
    journal.steps.iter().flat_map(|step| handle(&mut roster, step)).collect()
}

fn handle(roster: &mut Roster, step: &Step) -> Vec<Change> {
    match step.input {
        Some(input) => roster.handle(step.at, input),
        None => roster.advance(step.at),
    }
}

/// Handles the whole journal and returns its last moment.
fn end_of(journal: &Journal, roster: &mut Roster) -> Moment {
    for step in &journal.steps {
        let _ = handle(roster, step);
    }
    journal.last_moment()
}

/// Checks each change with the number of steps handled before it.
fn each_change(journal: &Journal, check: impl Fn(usize, &Change) -> Verdict) -> Verdict {
    let mut roster = Roster::new();
    for (index, step) in journal.steps.iter().enumerate() {
        for change in handle(&mut roster, step) {
            let by_itself = matches!(change.cause, ChangeCause::Expired(_));
            check(if by_itself { index } else { index + 1 }, &change)?;
        }
    }
    Ok(())
}

fn observations(past: &[Step]) -> impl Iterator<Item = (usize, Observation)> {
    past.iter().enumerate().filter_map(|(index, step)| match step.input {
        Some(RosterInput::Observed(observation)) => Some((index, observation)),
        Some(RosterInput::Lost(_)) | None => None,
    })
}

fn same_client(one: &Observation, other: &Observation) -> bool {
    (one.source, one.client) == (other.source, other.client)
}

/// Returns whether the generation of `observation` runs: reported within its lease, not closed, not
/// lost, and without a higher generation that has a life.
fn is_live(observation: &Observation, past: &[Step], now: Moment) -> bool {
    let same_generation = |other: &Observation| {
        same_client(observation, other) && other.generation == observation.generation
    };
    let mut running = observations(past).filter(|(_, other)| same_generation(other));
    let closed = observations(past).any(|(_, other)| {
        let open = matches!(other.fact, Fact::Life(Life::Starting | Life::Running, _));
        same_generation(&other) && matches!(other.fact, Fact::Life(..)) && !open
    });
    let runs = running.any(|(_, other)| {
        matches!(other.fact, Fact::Life(Life::Running, _)) && is_in_force(&other, past, now)
    });
    runs && !closed
}

/// Returns whether the life in `observation` counts: within its lease, on a generation that was not
/// lost, and without a higher generation that has a life.
fn is_in_force(observation: &Observation, past: &[Step], now: Moment) -> bool {
    let Fact::Life(_, lease) = observation.fact else { return false };
    let expired = lease.is_some_and(|lease| end_of_lease(observation.observed_at, lease) <= now);
    let ended = observations(past).any(|(_, other)| {
        same_client(observation, &other)
            && observation.generation < other.generation
            && matches!(other.fact, Fact::Life(..))
    });
    let lost = past.iter().enumerate().any(|(index, step)| {
        let known = observations(past).filter(|(earlier, _)| *earlier < index);
        step.input == Some(RosterInput::Lost(observation.source))
            && known
                .filter(|(_, other)| same_client(observation, other))
                .any(|(_, other)| observation.generation <= other.generation)
    });
    !expired && !ended && !lost
}

/// Returns whether a later observation of the account has the same generation.
fn is_overtaken(observation: &Observation, account: AccountId, past: &[Step]) -> bool {
    observations(past).any(|(_, other)| {
        same_client(observation, &other)
            && observation.generation == other.generation
            && matches!(other.fact, Fact::Account(each, _) if each == account)
            && observation.observed_at < other.observed_at
    })
}

type Content = (SourceId, Status, Option<Symbol>, Vec<(AccountId, Status)>);

fn content(state: &ClientState) -> Content {
    let accounts = state.accounts.iter().map(|each| (each.account, each.status)).collect();
    (state.source, state.status, state.saved, accounts)
}

fn all_content(roster: &Roster) -> Vec<(ClientId, Content)> {
    roster.iter().map(|(client, state)| (client, content(state))).collect()
}

const fn presence(availability: Availability) -> Presence {
    Presence { availability, activity: None, raw: Symbol(1), note: None }
}
