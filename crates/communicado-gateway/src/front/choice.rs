//! Who gets what of a change: pure, from the change, the token and what was asked for.

use std::sync::Arc;

use super::frame::{Frame, Told};
use super::wanted::Wanted;
use crate::grant::Grant;
use crate::model::Person;

/// What who wants this gets of a change.
pub(super) fn chosen(told: &Told, grant: &Grant, wanted: &Wanted) -> Option<Frame> {
    chosen_by(told, grant, |person| wants(wanted, person))
}

/// A change as somebody sees it: a person who comes into sight changes, one who goes out is gone.
pub(super) fn chosen_by(
    told: &Told,
    grant: &Grant,
    wanted: impl Fn(&Person) -> bool,
) -> Option<Frame> {
    let sight = |person: &Person| grant.sight(person).filter(|_| wanted(person));
    let before = told.before().and_then(sight);
    match (before, told.after().and_then(sight)) {
        (None, None) => None,
        (Some(_), None) => Some(told.gone().clone()),
        (None, Some(sight)) if told.before().is_some() => told.appearing(sight.view),
        (_, Some(sight)) => told.frame(sight.view).cloned(),
    }
}

/// Whether `wanted` names a person.
pub(super) fn wants(wanted: &Wanted, person: &Person) -> bool {
    wanted.is_everybody()
        || wanted.people.contains(&person.id)
        || person.groups.iter().any(|group| wanted.groups.contains(group))
}

/// The groups of which a person is since this change.
pub(super) fn joined_groups(told: &Told) -> Vec<Arc<str>> {
    let groups = told.after().into_iter().flat_map(|it| &it.groups);
    let is_new = |group: &&Arc<str>| told.before().is_none_or(|before| !before.is_of(group));
    groups.filter(is_new).cloned().collect()
}

/// The groups of which a person is, or was until this change.
pub(super) fn groups(told: &Told) -> Vec<Arc<str>> {
    let mut groups: Vec<Arc<str>> =
        told.before().into_iter().chain(told.after()).flat_map(|it| it.groups.clone()).collect();
    groups.sort_unstable();
    groups.dedup();
    groups
}
