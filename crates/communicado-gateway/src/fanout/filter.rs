//! The visibility filter: pure functions from a change, a token and a subscription to a frame.

use std::sync::Arc;

use crate::model::Person;
use crate::principal::Principal;
use crate::stream::{Frame, RenderedChange};
use crate::subscription::Subscription;

/// The frame of a change for a reader with this subscription, if the reader sees the change.
pub(super) fn visible_frame(
    rendered: &RenderedChange,
    principal: &Principal,
    subscription: &Subscription,
) -> Option<Frame> {
    visible_frame_if(rendered, principal, |person| matches(subscription, person))
}

/// The frame of a change for one reader.
///
/// A person who becomes visible is sent as a change, one who becomes invisible as `gone`.
pub(super) fn visible_frame_if(
    rendered: &RenderedChange,
    principal: &Principal,
    is_subscribed: impl Fn(&Person) -> bool,
) -> Option<Frame> {
    let visibility =
        |person: &Person| principal.visibility(person).filter(|_| is_subscribed(person));
    let before = rendered.before().and_then(visibility);
    match (before, rendered.after().and_then(visibility)) {
        (None, None) => None,
        (Some(_), None) => Some(rendered.gone().clone()),
        (None, Some(visibility)) if rendered.before().is_some() => {
            rendered.appearing(visibility.view)
        }
        (_, Some(visibility)) => rendered.frame(visibility.view).cloned(),
    }
}

/// Returns true if `subscription` includes a person.
pub(super) fn matches(subscription: &Subscription, person: &Person) -> bool {
    subscription.is_everybody()
        || subscription.people.contains(&person.id)
        || person.groups.iter().any(|group| subscription.groups.contains(group))
}

/// The groups that a person joined with this change.
pub(super) fn joined_groups(rendered: &RenderedChange) -> Vec<Arc<str>> {
    let groups = rendered.after().into_iter().flat_map(|it| &it.groups);
    let is_new = |group: &&Arc<str>| rendered.before().is_none_or(|before| !before.is_of(group));
    groups.filter(is_new).cloned().collect()
}

/// The groups of a person before or after this change.
pub(super) fn groups(rendered: &RenderedChange) -> Vec<Arc<str>> {
    let mut groups: Vec<Arc<str>> = rendered
        .before()
        .into_iter()
        .chain(rendered.after())
        .flat_map(|it| it.groups.clone())
        .collect();
    groups.sort_unstable();
    groups.dedup();
    groups
}
