//! What a reader asks for: people, groups, and where it left off.

use std::collections::BTreeSet;
use std::sync::Arc;

use communicado_wire::gateway::is_id;

use crate::limits::NAMES_PER_SUBSCRIPTION;
use crate::refusal::{Kind, Refusal};

/// Whom a reader wants to be told of; of all whom it may see if nobody is named.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Wanted {
    pub(crate) people: BTreeSet<Arc<str>>,
    pub(crate) groups: BTreeSet<Arc<str>>,
    /// The last change that the reader knows.
    pub(crate) last: Option<u64>,
}

impl Wanted {
    /// Reads the query of an address, without its `?`.
    ///
    /// # Errors
    ///
    /// If there is something in it that is not understood: a reader that asks for less than all
    /// must not get all because of a slip.
    pub(crate) fn parse(query: &str) -> Result<Self, Refusal> {
        let mut wanted = Self::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = unescaped(value)?;
            match key {
                "person" => wanted.people.extend(ids("person", &value)?),
                "group" => wanted.groups.extend(ids("group", &value)?),
                "last_event_id" => wanted.last = Some(event_id(&value)?),
                key => {
                    let key = key.chars().take(40).collect::<String>();
                    let help = "known are `person`, `group` and `last_event_id`";
                    return Err(Refusal::bad(format!("`{key}` is not known here"), help));
                }
            }
        }
        wanted.check()
    }

    /// # Errors
    ///
    /// If it names too many or what is no id.
    pub(crate) fn of_names(
        people: Vec<Arc<str>>,
        groups: Vec<Arc<str>>,
        last: Option<u64>,
    ) -> Result<Self, Refusal> {
        for (what, names) in [("person", &people), ("group", &groups)] {
            for name in names {
                id(what, name)?;
            }
        }
        let (people, groups) = (people.into_iter().collect(), groups.into_iter().collect());
        Self { people, groups, last }.check()
    }

    fn check(self) -> Result<Self, Refusal> {
        let names = self.people.len() + self.groups.len();
        if NAMES_PER_SUBSCRIPTION.allows(names) {
            return Ok(self);
        }
        let detail = format!("{names} people and groups are named");
        Err(Refusal::beyond(Kind::BadRequest, NAMES_PER_SUBSCRIPTION, detail))
    }

    pub(crate) fn is_everybody(&self) -> bool {
        self.people.is_empty() && self.groups.is_empty()
    }

    /// Under what an audience has it.
    pub(crate) fn names(&self) -> Vec<Arc<str>> {
        if self.is_everybody() {
            return vec!["*".into()];
        }
        let groups = self.groups.iter().map(|group| format!("@{group}").into());
        self.people.iter().cloned().chain(groups).collect()
    }
}

/// Reads a `Last-Event-ID`.
///
/// # Errors
///
/// If it is none of ours.
pub(crate) fn event_id(text: &str) -> Result<u64, Refusal> {
    text.trim().parse().map_err(|_| {
        let text = text.chars().take(40).collect::<String>();
        let help = "give the `id` of the last event, or leave it out";
        Refusal::bad(format!("`{text}` is no id of an event"), help)
    })
}

fn ids(what: &str, list: &str) -> Result<Vec<Arc<str>>, Refusal> {
    list.split(',').filter(|name| !name.is_empty()).map(|name| id(what, name)).collect()
}

/// # Errors
///
/// If `name` is no id.
pub(crate) fn id(what: &str, name: &str) -> Result<Arc<str>, Refusal> {
    if is_id(name) {
        return Ok(name.into());
    }
    let name = name.chars().take(80).collect::<String>();
    let help = "an id has 1 to 64 of a-z, 0-9, `.`, `_` and `-`, and begins with a letter or digit";
    Err(Refusal::bad(format!("`{name}` is no id of a {what}"), help))
}

/// Undoes the `%` escapes of an address.
///
/// # Errors
///
/// If an escape is no escape, or the text is not UTF-8.
fn unescaped(text: &str) -> Result<String, Refusal> {
    if !text.contains('%') {
        return Ok(text.to_owned());
    }
    let wrong = || Refusal::bad("the address has a `%` that is no escape", "write `%25` for `%`");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
        let (high, low) = (digit().ok_or_else(wrong)?, digit().ok_or_else(wrong)?);
        bytes.push(u8::try_from(high * 16 + low).map_err(|_| wrong())?);
    }
    String::from_utf8(bytes).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_and_groups_are_read_from_an_address() {
        let wanted = Wanted::parse("person=ada,bob&group=london&last_event_id=7").unwrap();
        assert_eq!(wanted.people, ["ada".into(), "bob".into()].into());
        assert_eq!(wanted.groups, ["london".into()].into());
        assert_eq!(wanted.last, Some(7));
        assert!(Wanted::parse("").unwrap().is_everybody());
        assert_eq!(Wanted::parse("person=a%2cb").unwrap().people.len(), 2);
        assert_eq!(wanted.names(), ["ada".into(), "bob".into(), "@london".into()]);
    }

    #[test]
    fn a_slip_is_refused_and_does_not_become_everybody() {
        for bad in ["persn=ada", "person=Ada", "person=%zz", "person=%4", "last_event_id=-1"] {
            assert!(Wanted::parse(bad).is_err(), "{bad}");
        }
        let many = vec!["a"; 1001];
        let many: Vec<String> = many.iter().enumerate().map(|(n, a)| format!("{a}{n}")).collect();
        assert!(Wanted::parse(&format!("person={}", many.join(","))).is_err());
    }
}
