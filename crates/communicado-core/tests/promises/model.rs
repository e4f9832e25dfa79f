//! A stateless model of the roster, which derives each state from the whole journal.
//!
//! The model answers simple questions about the list of all inputs, in the terms of the promises.
//! It shares no code with the roster: no claims, no queue of deadlines, no derived order.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::time::Duration;

use communicado_core::{
    AccountId, AccountState, Change, ChangeCause, ClientId, ClientState, Fact, Generation, Life,
    Moment, Observation, Revision, RosterInput, SourceId, Status, StatusStart, Symbol,
    UnknownReason,
};

use crate::account_model::{best, place, reports, sign_ins, stated};
use crate::journal::{Journal, Step, end_of_lease};

/// The model's state of one client at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Belief {
    source: SourceId,
    status: Status,
    saved: Option<Symbol>,
    accounts: Vec<(AccountId, Status)>,
}

/// The starts that a source states and that contradict no earlier change.
#[derive(Default)]
struct StatedStarts {
    client: Option<StatusStart>,
    accounts: Vec<(AccountId, StatusStart)>,
}

/// The expected changes, step by step.
pub(crate) fn changes(journal: &Journal) -> Vec<Vec<Change>> {
    let steps = journal.clone().without_foresight().steps;
    let mut all_changes = Vec::new();
    let mut before = Moment::START;
    let mut changes_by_step = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        let already = all_changes.len();
        for due in leases_that_end(&steps[..index], before, step.at) {
            for client in clients(&steps[..index]) {
                let ending = ending_at(due, client, &steps[..index]);
                let Some(source) = ending else { continue };
                add_changes(
                    client,
                    &steps[..index],
                    due,
                    ChangeCause::Expired(source),
                    &mut all_changes,
                );
            }
        }
        let cause = match step.input {
            Some(RosterInput::Observed(observation)) => {
                Some(ChangeCause::Observed(observation.source))
            }
            Some(RosterInput::Lost(source)) => Some(ChangeCause::Lost(source)),
            None => None,
        };
        if let Some(cause) = cause {
            for client in clients(&steps[..=index]) {
                add_changes(client, &steps[..=index], step.at, cause, &mut all_changes);
            }
        }
        before = step.at;
        changes_by_step.push(all_changes[already..].to_vec());
    }
    changes_by_step
}

/// The expected state of `client` at `now`, after the steps in `past`.
fn belief(client: ClientId, past: &[Step], now: Moment) -> Option<Belief> {
    let sources: BTreeSet<SourceId> =
        observations_of(client, past).map(|(_, observation)| observation.source).collect();
    let statuses: Vec<Belief> = sources
        .into_iter()
        .filter_map(|source| belief_of_source(source, client, past, now))
        .collect();
    let knows = |belief: &&Belief| belief.status.word() != "unknown";
    let has_reason = |belief_of_source: &&Belief| {
        belief_of_source.status != Status::Unknown(UnknownReason::NotSupported)
    };
    let best = statuses.iter().find(knows).or_else(|| statuses.iter().find(has_reason));
    best.or(statuses.first()).cloned()
}

/// The state of `client` according to `source` alone.
fn belief_of_source(
    source: SourceId,
    client: ClientId,
    past: &[Step],
    now: Moment,
) -> Option<Belief> {
    let decisive = decisive_life(source, client, past)?;
    let expired = decisive.lease_end().is_some_and(|end| end <= now);
    let life = if expired { Life::Unknown(UnknownReason::LeaseExpired) } else { decisive.life };
    let of_generation = of_generation(source, client, decisive.generation, past);
    let accounts = sign_ins(&of_generation);
    let all = |status: Status| accounts.iter().map(|(account, _)| (*account, status)).collect();
    let belief = |status, saved, accounts| Some(Belief { source, status, saved, accounts });
    match life {
        Life::Absent => belief(Status::Absent, None, Vec::new()),
        Life::Starting => belief(Status::Starting, None, Vec::new()),
        Life::ShuttingDown => belief(Status::ShuttingDown, None, all(Status::SignedOut(None))),
        Life::Unknown(reason) => {
            belief(Status::Unknown(reason), None, all(Status::Unknown(reason)))
        }
        Life::Running => belief(best(&accounts), saved(&of_generation), accounts),
    }
}

fn of_generation(
    source: SourceId,
    client: ClientId,
    generation: Generation,
    past: &[Step],
) -> Vec<Observation> {
    let all = observations_of(client, past).map(|(_, observation)| observation);
    all.filter(|each| (each.source, each.generation) == (source, generation)).collect()
}

/// The starts that the source of `belief` states for it.
fn stated_starts(
    client: ClientId,
    belief: &Belief,
    past: &[Step],
    now: Moment,
    changes: &[Change],
) -> StatedStarts {
    let mut starts = StatedStarts::default();
    let Some(decisive) = decisive_life(belief.source, client, past) else { return starts };
    if decisive.lease_end().is_some_and(|end| end <= now) {
        return starts;
    }
    let earlier: Vec<&Change> = changes.iter().filter(|change| change.client == client).collect();
    let allowed = |began, since: &dyn Fn(&ClientState) -> Option<Option<StatusStart>>| {
        let Some(last) = earlier.iter().rposition(|change| is_known(&change.after)) else {
            return Some(began);
        };
        let until = StatusStart::from(earlier.get(last + 1)?.at);
        if began > until { Some(began) } else { since(&earlier[last].after)? }
    };
    let client_start = |began| {
        allowed(began, &|state| {
            state.status.has_same_condition(&belief.status).then_some(state.since)
        })
    };
    if decisive.life != Life::Running {
        starts.client = decisive.began.and_then(client_start);
        return starts;
    }
    let reports = reports(&of_generation(belief.source, client, decisive.generation, past));
    if let [(account, only)] = reports[..]
        && belief.accounts.iter().any(|(each, _)| *each == account)
    {
        starts.client = stated(&only).and_then(client_start);
    }
    for (account, status) in &belief.accounts {
        let report = reports.iter().find(|(each, _)| each == account);
        let began = report.and_then(|(_, report)| stated(report));
        let start = began.and_then(|began| {
            allowed(began, &|state| {
                let last = state.accounts.iter().find(|each| each.account == *account)?;
                last.status.has_same_condition(status).then_some(last.since)
            })
        });
        starts.accounts.extend(start.map(|start| (*account, start)));
    }
    starts
}

/// A report of a client's life.
#[derive(Clone, Copy)]
struct LifeReport {
    generation: Generation,
    observed_at: Moment,
    life: Life,
    lease: Option<Duration>,
    began: Option<StatusStart>,
}

impl LifeReport {
    fn lease_end(&self) -> Option<Moment> {
        self.lease.map(|lease| end_of_lease(self.observed_at, lease))
    }
}

/// The report of `source` about the life of `client` that counts.
fn decisive_life(source: SourceId, client: ClientId, past: &[Step]) -> Option<LifeReport> {
    let mut lives = Vec::new();
    let mut generations = Vec::new();
    for step in past {
        match step.input {
            Some(RosterInput::Observed(observation))
                if (observation.source, observation.client) == (source, client) =>
            {
                generations.push(observation.generation);
                if let Fact::Life(life, lease) = observation.fact {
                    lives.push(LifeReport {
                        generation: observation.generation,
                        observed_at: observation.observed_at,
                        life,
                        lease,
                        began: stated(&observation),
                    });
                }
            }
            Some(RosterInput::Lost(lost)) if lost == source => {
                if let Some(generation) = generations.iter().max() {
                    let life = Life::Unknown(UnknownReason::SourceLost);
                    lives.push(LifeReport {
                        generation: *generation,
                        observed_at: step.at,
                        life,
                        lease: None,
                        began: None,
                    });
                }
            }
            Some(RosterInput::Observed(_) | RosterInput::Lost(_)) | None => {}
        }
    }
    let newest = lives.iter().map(|report| report.generation).max()?;
    lives.retain(|report| report.generation == newest);
    // A report that closes the generation is final; a client that runs is no longer starting.
    let lost = |report: &LifeReport| report.life == Life::Unknown(UnknownReason::SourceLost);
    let open = |report: &LifeReport| matches!(report.life, Life::Starting | Life::Running);
    if lives.iter().any(lost) {
        lives.retain(lost);
        lives.iter_mut().for_each(|report| report.lease = None);
    } else if lives.iter().any(|report| !open(report)) {
        lives.retain(|report| !open(report));
    } else if lives.iter().any(|report| report.life == Life::Running) {
        lives.retain(|report| report.life == Life::Running);
    }
    let latest = lives.iter().map(|report| report.observed_at).max()?;
    lives.retain(|report| report.observed_at == latest);
    let caution = |life| match life {
        Life::Absent => 99,
        Life::Unknown(reason) => 1 + place(&UnknownReason::ALL, reason),
        Life::ShuttingDown | Life::Running | Life::Starting => 0,
    };
    let most = lives.iter().map(|report| caution(report.life)).max()?;
    lives.retain(|report| caution(report.life) == most);
    let shortest = |report: &LifeReport| report.lease.unwrap_or(Duration::MAX);
    lives.into_iter().min_by_key(|report| (shortest(report), Reverse(report.began)))
}

fn saved(of_generation: &[Observation]) -> Option<Symbol> {
    let saved = || {
        of_generation.iter().filter_map(|observation| match observation.fact {
            Fact::Saved(token) => Some((observation.observed_at, token)),
            Fact::Life(..) | Fact::Account(..) => None,
        })
    };
    let latest = saved().map(|(observed_at, _)| observed_at).max()?;
    saved()
        .filter(|(observed_at, _)| *observed_at == latest)
        .map(|(_, token)| token)
        .max_by_key(|token| token.0)
}

fn observations_of(client: ClientId, past: &[Step]) -> impl Iterator<Item = (usize, Observation)> {
    past.iter().enumerate().filter_map(move |(index, step)| match step.input {
        Some(RosterInput::Observed(observation)) if observation.client == client => {
            Some((index, observation))
        }
        Some(RosterInput::Observed(_) | RosterInput::Lost(_)) | None => None,
    })
}

fn clients(past: &[Step]) -> BTreeSet<ClientId> {
    let client = |step: &Step| match step.input {
        Some(RosterInput::Observed(observation)) => Some(observation.client),
        Some(RosterInput::Lost(_)) | None => None,
    };
    past.iter().filter_map(client).collect()
}

/// Each moment after `before` and up to `to` at which a lease from `past` expires.
fn leases_that_end(past: &[Step], before: Moment, to: Moment) -> BTreeSet<Moment> {
    let end = |step: &Step| match step.input {
        Some(RosterInput::Observed(observation)) => match observation.fact {
            Fact::Life(_, lease) => Some(end_of_lease(observation.observed_at, lease?)),
            Fact::Account(..) | Fact::Saved(_) => None,
        },
        Some(RosterInput::Lost(_)) | None => None,
    };
    past.iter().filter_map(end).filter(|end| before < *end && *end <= to).collect()
}

/// The first source whose lease on `client` expires at `due`.
fn ending_at(due: Moment, client: ClientId, past: &[Step]) -> Option<SourceId> {
    let sources: BTreeSet<SourceId> =
        observations_of(client, past).map(|(_, observation)| observation.source).collect();
    let ends = |source: &SourceId| {
        decisive_life(*source, client, past).and_then(|report| report.lease_end()) == Some(due)
    };
    sources.into_iter().find(ends)
}

/// Adds the expected changes of `client` at `now`.
fn add_changes(
    client: ClientId,
    past: &[Step],
    now: Moment,
    cause: ChangeCause,
    changes: &mut Vec<Change>,
) {
    let Some(belief) = belief(client, past, now) else { return };
    let starts = stated_starts(client, &belief, past, now, changes);
    let last = changes.iter().rev().find(|change| change.client == client);
    let last = last.map(|change| change.after.clone());
    let same = last.as_ref().is_some_and(|last| {
        let accounts = last.accounts.iter().map(|each| (each.account, each.status)).collect();
        belief == Belief { source: last.source, status: last.status, saved: last.saved, accounts }
    });
    if same {
        return;
    }
    if let Some(last) = last
        && ["absent", "starting", "shutting-down"].contains(&belief.status.word())
        && last_sign_in_or_out(client, changes) == Some("signed-in")
    {
        let out = Status::SignedOut(None);
        let accounts = last.accounts.iter().map(|each| (each.account, out)).collect();
        let missing_sign_out =
            Belief { source: last.source, status: out, saved: last.saved, accounts };
        push(client, missing_sign_out, now, cause, changes, &StatedStarts::default());
        // The sign-out was not observed, so only the state before it matters.
        let shows_changes = shows_changes(&last, belief.source);
        push_from(client, belief, now, cause, changes, &starts, shows_changes);
        return;
    }
    push(client, belief, now, cause, changes, &starts);
}

/// Returns true if the state after `last` begins when `source` observes it.
fn shows_changes(last: &ClientState, source: SourceId) -> bool {
    is_known(last) && last.source == source
}

fn is_known(state: &ClientState) -> bool {
    match state.status.word() {
        "unknown" => false,
        "starting" => state.since.is_some(),
        _ => true,
    }
}

fn last_sign_in_or_out(client: ClientId, changes: &[Change]) -> Option<&'static str> {
    let statuses = changes.iter().filter(|change| change.client == client);
    let mut statuses = statuses.map(|change| change.after.status.word());
    statuses.rfind(|belief_of_source| ["signed-in", "signed-out"].contains(belief_of_source))
}

fn push(
    client: ClientId,
    belief: Belief,
    now: Moment,
    cause: ChangeCause,
    changes: &mut Vec<Change>,
    starts: &StatedStarts,
) {
    let last = changes.iter().rfind(|change| change.client == client);
    let shows_changes = last.is_some_and(|last| shows_changes(&last.after, belief.source));
    push_from(client, belief, now, cause, changes, starts, shows_changes);
}

/// Adds a change. It begins `now` if the state before shows changes, else at its stated start.
fn push_from(
    client: ClientId,
    belief: Belief,
    now: Moment,
    cause: ChangeCause,
    changes: &mut Vec<Change>,
    starts: &StatedStarts,
    shows_changes: bool,
) {
    let earlier: Vec<&Change> = changes.iter().filter(|change| change.client == client).collect();
    // The start of the unbroken run of states with a part in common, if its start is known.
    let since = |stated, part: &dyn Fn(&ClientState) -> Option<Option<StatusStart>>| {
        let unbroken = earlier.iter().rev().map_while(|change| part(&change.after));
        match unbroken.last() {
            Some(start) => start,
            None if shows_changes => Some(now.into()),
            None => stated,
        }
    };
    let stated = |account| {
        let start = starts.accounts.iter().find(|(each, _)| *each == account);
        start.map(|(_, start)| *start)
    };
    let account = |(account, status): (AccountId, Status)| AccountState {
        account,
        status,
        since: since(stated(account), &|state| {
            let same = |each: &&AccountState| {
                each.account == account && each.status.has_same_condition(&status)
            };
            state.accounts.iter().find(same).map(|each| each.since)
        }),
    };
    let after = ClientState {
        status: belief.status,
        since: since(starts.client, &|state| {
            state.status.has_same_condition(&belief.status).then_some(state.since)
        }),
        source: belief.source,
        saved: belief.saved,
        accounts: belief.accounts.into_iter().map(account).collect(),
    };
    let before = earlier.last().map(|change| change.after.clone());
    let revision = Revision(changes.len() as u64 + 1);
    changes.push(Change { revision, at: now, client, before, after, cause });
}
