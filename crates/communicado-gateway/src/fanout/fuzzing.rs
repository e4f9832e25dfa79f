//! The fuzz target of a WebSocket session: a program subscribes and unsubscribes while people
//! change.
//!
//! A model tracks the program's subscriptions. The program must know the current state of every
//! person that it subscribes to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use communicado_core::{Availability, Moment};
use communicado_wire::gateway::stored::Token;
use communicado_wire::gateway::{Alter, NewPerson, Scope, SocketIn, View};
use communicado_wire::{Status, Timestamp};
use futures_util::FutureExt as _;
use serde_json::Value;

use super::readers::Readers;
use super::transport::ReaderTransport;
use crate::limits::{NAMES_PER_SUBSCRIPTION, STREAMS_PER_TOKEN};
use crate::metrics::{Metrics, TransportLabel};
use crate::model::{Input, Now, People, Person, PresenceState, person_json};
use crate::principal::Principal;
use crate::stream::{Mailbox, ReaderId, Recv, coalesced};
use crate::subscription::Subscription;

const NOW: Now = Now { moment: Moment::START, civil: Timestamp::EPOCH };
const IDS: [&str; 3] = ["ada", "bob", "eve"];

/// The model of the program's subscriptions.
#[derive(Debug, Default)]
struct Model {
    everybody: bool,
    people: BTreeSet<Arc<str>>,
    groups: BTreeSet<Arc<str>>,
}

impl Model {
    fn names(&self) -> usize {
        usize::from(self.everybody) + self.people.len() + self.groups.len()
    }

    fn matches(&self, person: &Person) -> bool {
        self.everybody
            || self.people.contains(&person.id)
            || person.groups.iter().any(|group| self.groups.contains(group))
    }

    fn subscribe(&mut self, subscription: &Subscription) {
        self.everybody |= subscription.is_everybody();
        self.people.extend(subscription.people.iter().cloned());
        self.groups.extend(subscription.groups.iter().cloned());
    }

    fn unsubscribe(&mut self, subscription: &Subscription) {
        if subscription.is_everybody() {
            *self = Self::default();
        }
        self.people.retain(|person| !subscription.people.contains(person));
        self.groups.retain(|group| !subscription.groups.contains(group));
    }
}

struct SocketSession {
    people: People,
    readers: Readers,
    metrics: Metrics,
    mailbox: Arc<Mailbox>,
    id: ReaderId,
    view: View,
    model: Model,
    /// True if the program asked for missed changes, so that it need not know all people.
    repeats: bool,
    known: BTreeMap<String, Value>,
}

/// Runs a session of lines: a message of the program, or `!` and changes of people.
///
/// # Panics
///
/// If the program misses the state of a person, or data is left at the end.
pub(crate) fn session(lines: &str) {
    let view = if lines.len().is_multiple_of(2) { View::InOut } else { View::Everything };
    let mut session = SocketSession::new(view);
    for line in lines.lines().take(200) {
        match line.strip_prefix('!') {
            Some(change) => session.change(change.as_bytes()),
            None => session.handle_message(line),
        }
        session.check();
    }
    session.end();
}

impl SocketSession {
    fn new(view: View) -> Self {
        let token = Token {
            v: communicado_wire::VERSION,
            id: "t".into(),
            hash: "".into(),
            name: "a program".into(),
            scopes: [Scope::Read].into_iter().collect(),
            person: None,
            group: None,
            view,
            created: NOW.civil,
            expires: None,
            session_of: None,
            created_by: None,
            last_used: None,
        };
        let mut readers = Readers::new(0, STREAMS_PER_TOKEN);
        let mailbox = Arc::new(Mailbox::default());
        let (transport, principal) =
            (ReaderTransport::Mailbox(mailbox.clone()), Principal::of(Arc::new(token)));
        let opened = readers.open(transport, TransportLabel::Socket, principal, None);
        let id = opened.unwrap_or_else(|_| unreachable!("one stream is within every limit"));
        Self {
            people: People::default(),
            readers,
            metrics: Metrics::new(),
            mailbox,
            id,
            view,
            model: Model::default(),
            repeats: false,
            known: BTreeMap::new(),
        }
    }

    fn handle_message(&mut self, text: &str) {
        match serde_json::from_str(text) {
            Ok(SocketIn::Subscribe { person, group, last_event_id }) => {
                let Ok(subscription) = Subscription::of_names(person, group, last_event_id) else {
                    return;
                };
                let (people, metrics) = (&self.people, &self.metrics);
                let done = self.readers.subscribe(
                    self.id,
                    &subscription,
                    people,
                    None,
                    metrics,
                    NOW.moment,
                );
                if done.is_ok() {
                    self.repeats |= subscription.last_event_id.is_some();
                    self.model.subscribe(&subscription);
                }
                assert!(
                    NAMES_PER_SUBSCRIPTION.allows(self.model.names()),
                    "too many names are subscribed"
                );
            }
            Ok(SocketIn::Unsubscribe { person, group }) => {
                let Ok(subscription) = Subscription::of_names(person, group, None) else { return };
                self.readers.unsubscribe(self.id, &subscription);
                self.model.unsubscribe(&subscription);
                // The program does not update people without a subscription.
                let (people, model) = (&self.people, &self.model);
                let matches = |id: &str| people.person(id).is_some_and(|it| model.matches(it));
                self.known.retain(|id, _| matches(id));
            }
            Ok(SocketIn::Ping {}) | Err(_) => {}
        }
    }

    /// Changes one person for every byte, all in one batch.
    fn change(&mut self, bytes: &[u8]) {
        let mut batch = self.people.begin();
        for byte in bytes.iter().take(20) {
            let id: Arc<str> = IDS.get(usize::from(byte % 3)).copied().unwrap_or("ada").into();
            let groups = |number: u8| match number % 3 {
                0 => vec![],
                1 => vec!["london".into()],
                _ => vec!["london".into(), "paris".into()],
            };
            let choice = byte / 3;
            let input = match choice % 4 {
                0 => Input::Create(NewPerson {
                    id,
                    name: None,
                    groups: groups(choice / 4),
                    sign_in: vec![],
                }),
                1 => Input::Remove(id),
                2 => {
                    let groups = Some(groups(choice / 4));
                    Input::Alter(id, Alter { groups, ..Alter::default() }, "p".into())
                }
                _ => {
                    let is_in = choice / 4 % 2 == 0;
                    let status = if is_in { Status::SignedIn } else { Status::SignedOut };
                    let availability = is_in.then_some(Availability::Busy);
                    let state =
                        PresenceState { availability, ..PresenceState::plain(status, NOW.civil) };
                    Input::SetManual {
                        person: id,
                        state,
                        note: None,
                        returns: None,
                        duration: None,
                    }
                }
            };
            // The model rejects inputs such as the creation of a person that exists.
            let _ = batch.handle(input, NOW);
        }
        let mut result = batch.end();
        self.people.apply(&mut result);
        if !result.changes.is_empty() {
            let changes = coalesced(result.changes);
            self.readers.deliver(changes, &self.metrics, NOW.moment);
        }
    }

    /// Receives all frames and compares.
    fn check(&mut self) {
        while let Some(Recv::Frames(frames, wants_room)) = self.mailbox.recv().now_or_never() {
            for frame in &frames {
                let data = serde_json::from_slice(&frame.data);
                self.learn(frame.kind, data.unwrap_or_else(|_| unreachable!("a frame is JSON")));
            }
            if wants_room {
                self.readers.on_writable(self.id, &self.metrics, NOW.moment);
            }
        }
        let visible = self.people.after(None).filter(|person| self.model.matches(person));
        for person in visible {
            let known = self.known.get(&*person.id);
            let right: Option<Value> = serde_json::from_slice(&person_json(person, self.view)).ok();
            let is_right = known == right.as_ref() || (known.is_none() && self.repeats);
            assert!(is_right, "{}: the program has {known:?}, the model {right:?}", person.id);
        }
        for id in self.model.people.iter().filter(|id| self.people.person(id).is_none()) {
            assert!(
                !self.known.contains_key(&**id),
                "{id} was removed, and the program got no `gone`"
            );
        }
    }

    fn learn(&mut self, kind: &str, mut data: Value) {
        let id = data.get("id").and_then(Value::as_str).map(str::to_owned);
        match (kind, id) {
            ("snapshot", _) => {
                let people = data.get_mut("people").and_then(Value::as_array_mut);
                for person in people.into_iter().flatten() {
                    if let Some(id) = person.get("id").and_then(Value::as_str) {
                        self.known.insert(id.to_owned(), person.clone());
                    }
                }
            }
            ("gone", Some(id)) => drop(self.known.remove(&id)),
            (_, Some(id)) => {
                if let Some(data) = data.as_object_mut() {
                    data.remove("before");
                }
                self.known.insert(id, data);
            }
            _ => {}
        }
    }

    fn end(mut self) {
        self.readers.close(self.id, &self.metrics);
        assert!(self.readers.is_empty(), "data of a reader is left");
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_program_that_changes_its_subscriptions_has_the_state_of_its_people_in_random_sessions() {
        let (mut seed, mut lines) = (0x9e37_79b9_u64, String::new());
        let mut roll = |sides: u64| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed % sides
        };
        for case in 0..500 {
            lines.clear();
            for _ in 0..roll(30) {
                let names = ["", "\"ada\"", "\"bob\",\"eve\"", "\"zoe\""][roll(4) as usize];
                let groups =
                    ["", "\"london\"", "\"paris\"", "\"london\",\"nowhere\""][roll(4) as usize];
                let kind = ["subscribe", "unsubscribe"][(roll(3) / 2) as usize];
                lines.push_str(&match roll(3) {
                    0 => format!(
                        "{{\"type\":\"{kind}\",\"person\":[{names}],\"group\":[{groups}]}}\n"
                    ),
                    _ => {
                        let bytes = (0..=roll(4)).map(|_| char::from(33 + roll(90) as u8));
                        format!("!{}\n", bytes.collect::<String>())
                    }
                });
            }
            println!("case {case}:\n{lines}");
            super::session(&lines);
            // The same session with the other view.
            super::session(&format!("{lines}\n"));
        }
    }
}
