//! The subscription of a stream: people, groups, and the reader's last event.

use std::collections::BTreeSet;
use std::sync::Arc;

use percent_encoding::percent_decode_str;

use crate::api_error::{ApiError, ApiErrorKind};
use crate::ids::{parse_event_id, parse_id};
use crate::limits::NAMES_PER_SUBSCRIPTION;

/// The people and groups of a stream. Without names: everybody that the reader may see.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Subscription {
    pub(crate) people: BTreeSet<Arc<str>>,
    pub(crate) groups: BTreeSet<Arc<str>>,
    /// The revision of the reader's last event.
    pub(crate) last_event_id: Option<u64>,
}

impl Subscription {
    /// Parses the query of a URL, without its `?`.
    ///
    /// # Errors
    ///
    /// If the query has an unknown key. A typo must not turn a restricted subscription into one for
    /// everybody.
    pub(crate) fn parse(query: &str) -> Result<Self, ApiError> {
        let mut subscription = Self::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = percent_decode_str(value).decode_utf8().map_err(|_| {
                ApiError::bad_request("the query is not UTF-8", "percent-encode the text as UTF-8")
            })?;
            match key {
                "person" => subscription.people.extend(parse_ids("person", &value)?),
                "group" => subscription.groups.extend(parse_ids("group", &value)?),
                "last_event_id" => subscription.last_event_id = Some(parse_event_id(&value)?),
                key => {
                    let key = key.chars().take(40).collect::<String>();
                    let help = "known keys are `person`, `group` and `last_event_id`";
                    return Err(ApiError::bad_request(format!("`{key}` is not a known key"), help));
                }
            }
        }
        subscription.check()
    }

    /// # Errors
    ///
    /// If it names too many people and groups, or a name is not a valid id.
    pub(crate) fn of_names(
        people: Vec<Arc<str>>,
        groups: Vec<Arc<str>>,
        last_event_id: Option<u64>,
    ) -> Result<Self, ApiError> {
        for (what, names) in [("person", &people), ("group", &groups)] {
            for name in names {
                parse_id(what, name)?;
            }
        }
        let (people, groups) = (people.into_iter().collect(), groups.into_iter().collect());
        Self { people, groups, last_event_id }.check()
    }

    fn check(self) -> Result<Self, ApiError> {
        let names = self.people.len() + self.groups.len();
        if NAMES_PER_SUBSCRIPTION.allows(names) {
            return Ok(self);
        }
        let detail = format!("the subscription names {names} people and groups");
        Err(ApiError::limit_exceeded(ApiErrorKind::BadRequest, NAMES_PER_SUBSCRIPTION, detail))
    }

    pub(crate) fn is_everybody(&self) -> bool {
        self.people.is_empty() && self.groups.is_empty()
    }

    /// The names under which readers are recorded in audiences.
    pub(crate) fn names(&self) -> Vec<Arc<str>> {
        if self.is_everybody() {
            return vec!["*".into()];
        }
        let groups = self.groups.iter().map(|group| format!("@{group}").into());
        self.people.iter().cloned().chain(groups).collect()
    }
}

fn parse_ids(what: &str, list: &str) -> Result<Vec<Arc<str>>, ApiError> {
    list.split(',').filter(|name| !name.is_empty()).map(|name| parse_id(what, name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_and_groups_are_parsed_from_a_query() {
        let subscription =
            Subscription::parse("person=ada,bob&group=london&last_event_id=7").unwrap();
        assert_eq!(subscription.people, ["ada".into(), "bob".into()].into());
        assert_eq!(subscription.groups, ["london".into()].into());
        assert_eq!(subscription.last_event_id, Some(7));
        assert!(Subscription::parse("").unwrap().is_everybody());
        assert_eq!(Subscription::parse("person=a%2cb").unwrap().people.len(), 2);
        assert_eq!(subscription.names(), ["ada".into(), "bob".into(), "@london".into()]);
    }

    #[test]
    fn a_typo_is_refused_and_does_not_subscribe_to_everybody() {
        for bad in ["persn=ada", "person=Ada", "person=%zz", "person=%4", "last_event_id=-1"] {
            assert!(Subscription::parse(bad).is_err(), "{bad}");
        }
        let many = vec!["a"; 1001];
        let many: Vec<String> = many.iter().enumerate().map(|(n, a)| format!("{a}{n}")).collect();
        assert!(Subscription::parse(&format!("person={}", many.join(","))).is_err());
    }
}
