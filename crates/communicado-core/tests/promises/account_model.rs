//! The accounts of a client in the model: which report of each counts, and what it says.

use std::collections::BTreeSet;

use communicado_core::{
    AccountId, Activity, Availability, Fact, Observation, SignIn, SignInFailure, Status,
    StatusStart,
};

/// The start that an observation states, if it can be true.
pub(crate) fn stated(observation: &Observation) -> Option<StatusStart> {
    observation.began.filter(|began| *began <= observation.observed_at.into())
}

/// The report that counts of each account, the removed ones included.
pub(crate) fn reports(of_generation: &[Observation]) -> Vec<(AccountId, Observation)> {
    let account_of = |observation: &Observation| match observation.fact {
        Fact::Account(account, _) => Some(account),
        Fact::Life(..) | Fact::Saved(_) => None,
    };
    let accounts: BTreeSet<AccountId> = of_generation.iter().filter_map(account_of).collect();
    let report = |account: AccountId| {
        let of_it = || of_generation.iter().filter(move |each| account_of(each) == Some(account));
        let latest = of_it().map(|each| each.observed_at).max()?;
        let rivals = of_it().filter(|each| each.observed_at == latest);
        let rank = |each: &&Observation| (caution(sign_in_of(each)), stated(each));
        Some((account, *rivals.max_by_key(rank)?))
    };
    accounts.into_iter().filter_map(report).collect()
}

fn sign_in_of(observation: &Observation) -> Option<SignIn> {
    match observation.fact {
        Fact::Account(_, sign_in) => sign_in,
        Fact::Life(..) | Fact::Saved(_) => None,
    }
}

/// The sign-in state of each account that was not removed.
pub(crate) fn sign_ins(of_generation: &[Observation]) -> Vec<(AccountId, Status)> {
    let status = |(account, report): (AccountId, Observation)| {
        let status = match sign_in_of(&report)? {
            SignIn::SignedIn(presence) => Status::SignedIn(presence),
            SignIn::SigningIn => Status::SigningIn,
            SignIn::SigningOut => Status::SigningOut,
            SignIn::SignedOut(failure) => Status::SignedOut(failure),
        };
        Some((account, status))
    };
    reports(of_generation).into_iter().filter_map(status).collect()
}

/// The rank of a sign-in state: of two for the same moment, the greater wins.
fn caution(sign_in: Option<SignIn>) -> [usize; 5] {
    match sign_in {
        Some(SignIn::SignedIn(presence)) => {
            let reach = place(&REACH, presence.availability);
            let activity = presence.activity.map_or(0, |each| 1 + place(&Activity::ALL, each));
            let note = presence.note.map_or(0, |note| 1 + note.0 as usize);
            [0, reach, activity, presence.raw.0 as usize, note]
        }
        Some(SignIn::SigningIn) => [1, 0, 0, 0, 0],
        Some(SignIn::SigningOut) => [2, 0, 0, 0, 0],
        Some(SignIn::SignedOut(None)) => [3, 0, 0, 0, 0],
        Some(SignIn::SignedOut(Some(failure))) => {
            [3, 1 + place(&SignInFailure::ALL, failure), 0, 0, 0]
        }
        None => [4, 0, 0, 0, 0],
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

pub(crate) fn place<T: PartialEq>(all: &[T], sought: T) -> usize {
    all.iter().take_while(|each| **each != sought).count()
}

/// The status of a client with these accounts.
pub(crate) fn best(accounts: &[(AccountId, Status)]) -> Status {
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
