//! What must be believed, worked out anew from the whole journal each time it is asked.
//!
//! The model keeps nothing from one moment to the next. It asks plain questions of the list of
//! everything that was ever said, in the words of the promises, and shares no code with the
//! roster: no claim, no queue of deadlines, no derived order.

use std::collections::BTreeSet;
use std::time::Duration;

use communicado_core::{
    AccountId, AccountState, Activity, Availability, Cause, Change, ClientId, ClientState, Fact,
    Failure, Generation, Input, Life, Moment, Observation, Revision, SignIn, SourceId, Status,
    Token, UnknownReason,
};

use crate::journal::{Journal, Step, end_of_lease};

/// What the model believes of one client at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Belief {
    source: SourceId,
    status: Status,
    saved: Option<Token>,
    accounts: Vec<(AccountId, Status)>,
}

/// Every change that must be told, step by step.
pub(crate) fn changes(journal: &Journal) -> Vec<Vec<Change>> {
    let steps = journal.clone().without_foresight().steps;
    let mut told = Vec::new();
    let mut before = Moment::START;
    let mut by_step = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        let already = told.len();
        for due in leases_that_end(&steps[..index], before, step.at) {
            for client in clients(&steps[..index]) {
                let ending = ending_at(due, client, &steps[..index]);
                let Some(source) = ending else { continue };
                tell(client, &steps[..index], due, Cause::Expired(source), &mut told);
            }
        }
        let cause = match step.input {
            Some(Input::Observed(seen)) => Some(Cause::Observed(seen.source)),
            Some(Input::Lost(source)) => Some(Cause::Lost(source)),
            None => None,
        };
        if let Some(cause) = cause {
            for client in clients(&steps[..=index]) {
                tell(client, &steps[..=index], step.at, cause, &mut told);
            }
        }
        before = step.at;
        by_step.push(told[already..].to_vec());
    }
    by_step
}

/// What must be believed of `client` at `now`, after all that is in `past`.
fn belief(client: ClientId, past: &[Step], now: Moment) -> Option<Belief> {
    let sources: BTreeSet<SourceId> = said_of(client, past).map(|(_, seen)| seen.source).collect();
    let words: Vec<Belief> =
        sources.into_iter().filter_map(|source| word(source, client, past, now)).collect();
    let knows = |word: &&Belief| word.status.word() != "unknown";
    let has_reason = |word: &&Belief| word.status != Status::Unknown(UnknownReason::NotSupported);
    let best = words.iter().find(knows).or_else(|| words.iter().find(has_reason));
    best.or(words.first()).cloned()
}

/// What `source` alone says of `client`.
fn word(source: SourceId, client: ClientId, past: &[Step], now: Moment) -> Option<Belief> {
    let decisive = decisive_life(source, client, past)?;
    let expired = decisive.lease_end().is_some_and(|end| end <= now);
    let life = if expired { Life::Unknown(UnknownReason::LeaseExpired) } else { decisive.life };
    let over_link: Vec<Observation> = said_of(client, past)
        .map(|(_, seen)| seen)
        .filter(|seen| seen.source == source && seen.generation == decisive.generation)
        .collect();
    let accounts = sign_ins(&over_link);
    let all = |status: Status| accounts.iter().map(|(account, _)| (*account, status)).collect();
    let belief = |status, saved, accounts| Some(Belief { source, status, saved, accounts });
    match life {
        Life::Absent => belief(Status::Absent, None, Vec::new()),
        Life::Starting => belief(Status::Starting, None, Vec::new()),
        Life::ShuttingDown => belief(Status::ShuttingDown, None, all(Status::SignedOut(None))),
        Life::Unknown(reason) => {
            belief(Status::Unknown(reason), None, all(Status::Unknown(reason)))
        }
        Life::Running => belief(best(&accounts), saved(&over_link), accounts),
    }
}

/// Something told of a client's life.
#[derive(Clone, Copy)]
struct Told {
    generation: Generation,
    observed_at: Moment,
    life: Life,
    lease: Option<Duration>,
}

impl Told {
    fn lease_end(&self) -> Option<Moment> {
        self.lease.map(|lease| end_of_lease(self.observed_at, lease))
    }
}

/// The one thing told by `source` of the life of `client` that holds.
fn decisive_life(source: SourceId, client: ClientId, past: &[Step]) -> Option<Told> {
    let mut lives = Vec::new();
    let mut seen_over = Vec::new();
    for step in past {
        match step.input {
            Some(Input::Observed(seen)) if (seen.source, seen.client) == (source, client) => {
                seen_over.push(seen.generation);
                if let Fact::Life(life, lease) = seen.fact {
                    lives.push(Told {
                        generation: seen.generation,
                        observed_at: seen.observed_at,
                        life,
                        lease,
                    });
                }
            }
            Some(Input::Lost(lost)) if lost == source => {
                if let Some(generation) = seen_over.iter().max() {
                    let life = Life::Unknown(UnknownReason::SourceLost);
                    lives.push(Told {
                        generation: *generation,
                        observed_at: step.at,
                        life,
                        lease: None,
                    });
                }
            }
            Some(Input::Observed(_) | Input::Lost(_)) | None => {}
        }
    }
    let newest = lives.iter().map(|told| told.generation).max()?;
    lives.retain(|told| told.generation == newest);
    // Whatever closed the link holds for good; a client that runs is no longer starting.
    let lost = |told: &Told| told.life == Life::Unknown(UnknownReason::SourceLost);
    let open = |told: &Told| matches!(told.life, Life::Starting | Life::Running);
    if lives.iter().any(lost) {
        lives.retain(lost);
        lives.iter_mut().for_each(|told| told.lease = None);
    } else if lives.iter().any(|told| !open(told)) {
        lives.retain(|told| !open(told));
    } else if lives.iter().any(|told| told.life == Life::Running) {
        lives.retain(|told| told.life == Life::Running);
    }
    let latest = lives.iter().map(|told| told.observed_at).max()?;
    lives.retain(|told| told.observed_at == latest);
    let caution = |life| match life {
        Life::Absent => 99,
        Life::Unknown(reason) => 1 + place(&UnknownReason::ALL, reason),
        Life::ShuttingDown | Life::Running | Life::Starting => 0,
    };
    let most = lives.iter().map(|told| caution(told.life)).max()?;
    lives.retain(|told| caution(told.life) == most);
    lives.into_iter().min_by_key(|told| told.lease.unwrap_or(Duration::MAX))
}

/// Where the sign-in of each account stands that was not taken away.
fn sign_ins(over_link: &[Observation]) -> Vec<(AccountId, Status)> {
    let told = over_link.iter().filter_map(|seen| match seen.fact {
        Fact::Account(account, sign_in) => Some((account, seen.observed_at, sign_in)),
        Fact::Life(..) | Fact::Saved(_) => None,
    });
    let told: Vec<_> = told.collect();
    let accounts: BTreeSet<AccountId> = told.iter().map(|(account, ..)| *account).collect();
    let state = |account: AccountId| {
        let of_it = || told.iter().filter(move |(each, ..)| *each == account);
        let latest = of_it().map(|(_, observed_at, _)| *observed_at).max()?;
        let rivals = of_it().filter(|(_, observed_at, _)| *observed_at == latest);
        let (.., sign_in) = rivals.max_by_key(|(.., sign_in)| caution(*sign_in))?;
        let status = match (*sign_in)? {
            SignIn::SignedIn(presence) => Status::SignedIn(presence),
            SignIn::SigningIn => Status::SigningIn,
            SignIn::SigningOut => Status::SigningOut,
            SignIn::SignedOut(failure) => Status::SignedOut(failure),
        };
        Some((account, status))
    };
    accounts.into_iter().filter_map(state).collect()
}

/// Of two things said of an account for the same moment, the greater is believed.
fn caution(sign_in: Option<SignIn>) -> [usize; 4] {
    match sign_in {
        Some(SignIn::SignedIn(presence)) => {
            let reach = place(&REACH, presence.availability);
            let activity = presence.activity.map_or(0, |each| 1 + place(&Activity::ALL, each));
            [0, reach, activity, presence.raw.0 as usize]
        }
        Some(SignIn::SigningIn) => [1, 0, 0, 0],
        Some(SignIn::SigningOut) => [2, 0, 0, 0],
        Some(SignIn::SignedOut(None)) => [3, 0, 0, 0],
        Some(SignIn::SignedOut(Some(failure))) => [3, 1 + place(&Failure::ALL, failure), 0, 0],
        None => [4, 0, 0, 0],
    }
}

/// Most reachable first.
const REACH: [Availability; 8] = [
    Availability::Available,
    Availability::Idle,
    Availability::Busy,
    Availability::BeRightBack,
    Availability::Away,
    Availability::DoNotDisturb,
    Availability::Invisible,
    Availability::Other,
];

fn place<T: PartialEq>(all: &[T], sought: T) -> usize {
    all.iter().take_while(|each| **each != sought).count()
}

/// The status of a client whose accounts stand like this.
fn best(accounts: &[(AccountId, Status)]) -> Status {
    let find = |word: &str| accounts.iter().map(|(_, each)| *each).find(|s| s.word() == word);
    for availability in REACH {
        for (_, status) in accounts {
            if status.presence().is_some_and(|each| each.availability == availability) {
                return *status;
            }
        }
    }
    let failed = accounts.iter().map(|(_, each)| *each).find(|each| each.reason().is_some());
    find("signing-in").or(find("signing-out")).or(failed).unwrap_or(Status::SignedOut(None))
}

fn saved(over_link: &[Observation]) -> Option<Token> {
    let told = || {
        over_link.iter().filter_map(|seen| match seen.fact {
            Fact::Saved(token) => Some((seen.observed_at, token)),
            Fact::Life(..) | Fact::Account(..) => None,
        })
    };
    let latest = told().map(|(observed_at, _)| observed_at).max()?;
    told()
        .filter(|(observed_at, _)| *observed_at == latest)
        .map(|(_, token)| token)
        .max_by_key(|token| token.0)
}

fn said_of(client: ClientId, past: &[Step]) -> impl Iterator<Item = (usize, Observation)> {
    past.iter().enumerate().filter_map(move |(index, step)| match step.input {
        Some(Input::Observed(seen)) if seen.client == client => Some((index, seen)),
        Some(Input::Observed(_) | Input::Lost(_)) | None => None,
    })
}

fn clients(past: &[Step]) -> BTreeSet<ClientId> {
    let client = |step: &Step| match step.input {
        Some(Input::Observed(seen)) => Some(seen.client),
        Some(Input::Lost(_)) | None => None,
    };
    past.iter().filter_map(client).collect()
}

/// Each moment after `before` and up to `to` at which a lease given in `past` ends.
fn leases_that_end(past: &[Step], before: Moment, to: Moment) -> BTreeSet<Moment> {
    let end = |step: &Step| match step.input {
        Some(Input::Observed(seen)) => match seen.fact {
            Fact::Life(_, lease) => Some(end_of_lease(seen.observed_at, lease?)),
            Fact::Account(..) | Fact::Saved(_) => None,
        },
        Some(Input::Lost(_)) | None => None,
    };
    past.iter().filter_map(end).filter(|end| before < *end && *end <= to).collect()
}

/// The first source whose word on `client` ends at `due`.
fn ending_at(due: Moment, client: ClientId, past: &[Step]) -> Option<SourceId> {
    let sources: BTreeSet<SourceId> = said_of(client, past).map(|(_, seen)| seen.source).collect();
    let ends = |source: &SourceId| {
        decisive_life(*source, client, past).and_then(|told| told.lease_end()) == Some(due)
    };
    sources.into_iter().find(ends)
}

/// Adds to `told` what must be told of `client` at `now`, if anything.
fn tell(client: ClientId, past: &[Step], now: Moment, cause: Cause, told: &mut Vec<Change>) {
    let Some(belief) = belief(client, past, now) else { return };
    let last = told.iter().rev().find(|change| change.client == client);
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
        && last_sign_in_or_out(client, told) == Some("signed-in")
    {
        let out = Status::SignedOut(None);
        let accounts = last.accounts.iter().map(|each| (each.account, out)).collect();
        let farewell = Belief { source: last.source, status: out, saved: last.saved, accounts };
        push(client, farewell, now, cause, told);
    }
    push(client, belief, now, cause, told);
}

fn last_sign_in_or_out(client: ClientId, told: &[Change]) -> Option<&'static str> {
    let words = told.iter().filter(|change| change.client == client);
    let mut words = words.map(|change| change.after.status.word());
    words.rfind(|word| ["signed-in", "signed-out"].contains(word))
}

fn push(client: ClientId, belief: Belief, now: Moment, cause: Cause, told: &mut Vec<Change>) {
    let earlier: Vec<&Change> = told.iter().filter(|change| change.client == client).collect();
    let since = |same: &dyn Fn(&ClientState) -> bool| {
        let unbroken = earlier.iter().rev().take_while(|change| same(&change.after));
        unbroken.last().map_or(now, |change| change.at)
    };
    let account = |(account, status): (AccountId, Status)| AccountState {
        account,
        status,
        since: since(&|state| {
            state.accounts.iter().any(|each| (each.account, each.status) == (account, status))
        }),
    };
    let after = ClientState {
        status: belief.status,
        since: since(&|state| state.status == belief.status),
        source: belief.source,
        saved: belief.saved,
        accounts: belief.accounts.into_iter().map(account).collect(),
    };
    let before = earlier.last().map(|change| change.after.clone());
    let revision = Revision(told.len() as u64 + 1);
    told.push(Change { revision, at: now, client, before, after, cause });
}
