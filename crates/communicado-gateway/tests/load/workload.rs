//! A gateway with a thousand people, and its regular publishers and readers.

use std::io;
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{Client, Target, bearer, request};
use crate::fixture::{Events, Gateway, now, publication, within};
use crate::measure::{Guard, MEMORY_KIB, Times, peak_memory, wait_until};

pub(crate) const PEOPLE: usize = 1000;
const PUBLISHERS: usize = 50;
const READERS: usize = 100;
/// The number of publishers that a reader watches.
const WATCHED: usize = 5;
/// The time between two publications of a publisher; together they publish 200 times per second.
const PACE: Duration = Duration::from_millis(250);
/// The number of connections that create the people.
const MAKERS: usize = 16;
/// The group of all people.
pub(crate) const GROUP: &str = "all";

pub(crate) struct Workload {
    pub(crate) gateway: Gateway,
    pub(crate) target: Target,
    publishers: Vec<Publisher>,
    readers: Vec<Reader>,
    guard: Guard,
}

/// One device on one connection.
struct Publisher {
    person: String,
    by: String,
    client: Client,
    is_busy: bool,
    /// The publications of this phase.
    published: Vec<Published>,
}

struct Published {
    revision: u64,
    due: Instant,
    done: Instant,
}

/// A stream of events on a socket.
struct Reader {
    watched: Vec<usize>,
    socket: TcpStream,
    seen: Arc<Mutex<Vec<Seen>>>,
    thread: Option<JoinHandle<()>>,
}

struct Seen {
    id: u64,
    person: String,
    availability: Value,
    before: Value,
    at: Instant,
}

pub(crate) fn person(number: usize) -> String {
    format!("p{number}")
}

/// Sends a request over the control socket, which has no rate limit.
pub(crate) fn operate(
    socket: &mut Client,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> Value {
    let body = body.map(ToString::to_string);
    let response = socket.request(&request(method, path, "", body.as_deref())).unwrap();
    assert!(response.status < 300, "{method} {path}: {response:?}");
    if response.body.is_empty() {
        Value::Null
    } else {
        serde_json::from_str(&response.body).unwrap()
    }
}

pub(crate) fn operator(gateway: &Gateway) -> Client {
    Client::over_any(UnixStream::connect(gateway.folder().join("control")).unwrap())
}

/// Creates a token, and returns its secret and id.
pub(crate) fn token(socket: &mut Client, scopes: &[&str], of: &Value) -> (String, String) {
    let mut new = json!({"name": "of a load", "scopes": scopes});
    for (key, value) in of.as_object().into_iter().flatten() {
        new[key] = value.clone();
    }
    let made = operate(socket, "POST", "/v1/tokens", Some(&new));
    let text = |key: &str| made[key].as_str().unwrap().to_owned();
    (text("secret"), text("id"))
}

impl Workload {
    pub(crate) fn start() -> Self {
        let gateway = Gateway::start();
        let guard = Guard::of(gateway.id());
        let target = Target::of(&gateway);
        std::thread::scope(|scope| {
            for maker in 0..MAKERS {
                let gateway = &gateway;
                scope.spawn(move || {
                    let mut socket = operator(gateway);
                    for number in (maker..PEOPLE).step_by(MAKERS) {
                        let new = json!({"id": person(number), "groups": [GROUP]});
                        operate(&mut socket, "POST", "/v1/people", Some(&new));
                    }
                });
            }
        });
        let mut socket = operator(&gateway);
        let publishers =
            (0..PUBLISHERS).map(|number| Publisher::new(&target, &mut socket, number)).collect();
        let readers =
            (0..READERS).map(|number| Reader::new(&gateway, &mut socket, number)).collect();
        Self { gateway, target, publishers, readers, guard }
    }

    /// The token of an attacker, which can only read in the smallest view, and its id.
    ///
    /// The group makes its snapshots costly, because the gateway builds them for this token alone.
    pub(crate) fn attacker(&self) -> (String, String) {
        let of = json!({"view": "in-out", "group": GROUP});
        token(&mut operator(&self.gateway), &["read"], &of)
    }

    /// The token of an attacker without a group, whose snapshots other readers can share.
    pub(crate) fn attacker_without_a_group(&self) -> (String, String) {
        token(&mut operator(&self.gateway), &["read"], &json!({"view": "in-out"}))
    }

    /// The process id of the gateway.
    pub(crate) fn gateway_id(&self) -> u32 {
        self.gateway.id()
    }

    /// Lets all publish so many times, and waits until all readers have all changes.
    ///
    /// # Panics
    ///
    /// If a publication is refused, or a reader misses a change.
    #[track_caller]
    pub(crate) fn publish_and_check(&mut self, publications: u32) -> Times {
        for reader in &self.readers {
            reader.seen.lock().unwrap().clear();
        }
        let begin = now();
        let failed: Vec<String> = std::thread::scope(|scope| {
            let threads = self.publishers.iter_mut().enumerate().map(|(number, publisher)| {
                let offset = PACE / u32::try_from(PUBLISHERS).unwrap();
                let first = begin + offset * u32::try_from(number).unwrap();
                scope.spawn(move || publisher.publish(first, publications))
            });
            let threads: Vec<_> = threads.collect();
            let done = threads.into_iter().map(|thread| thread.join().unwrap());
            done.filter_map(Result::err).map(|error| error.to_string()).collect()
        });
        self.guard.assert_not_killed();
        assert!(failed.is_empty(), "{} publishers failed: {}", failed.len(), failed[0]);
        let mut times = Times::default();
        let published = self.publishers.iter().flat_map(|publisher| &publisher.published);
        times.round_trips.extend(published.map(|it| it.done.duration_since(it.due)));
        for reader in &self.readers {
            reader.assert_received(&self.publishers, &mut times);
        }
        times
    }

    #[track_caller]
    pub(crate) fn assert_memory_bounded(&self) -> u64 {
        self.guard.assert_not_killed();
        let memory = peak_memory(self.gateway.id()).expect("the gateway runs");
        assert!(memory < MEMORY_KIB, "the gateway held {memory} KiB");
        memory
    }
}

impl Publisher {
    fn new(target: &Target, socket: &mut Client, number: usize) -> Self {
        let person = person(number);
        let secret = token(socket, &["publish"], &json!({"person": person})).0;
        let client = target.connect().unwrap();
        let by = bearer(&secret);
        let mut publisher = Self { person, by, client, is_busy: false, published: Vec::new() };
        publisher.publish_next().unwrap();
        publisher
    }

    /// Publishes the other availability, and returns the revision.
    fn publish_next(&mut self) -> io::Result<u64> {
        self.is_busy = !self.is_busy;
        let body = publication(if self.is_busy { "busy" } else { "away" }, 600_000).to_string();
        let path = format!("/v1/people/{}/devices/laptop", self.person);
        let response = self.client.request(&request("PUT", &path, &self.by, Some(&body)))?;
        let json: Value = serde_json::from_str(&response.body).unwrap_or_default();
        let refused = || io::Error::other(format!("{}: {}", response.status, response.body));
        json["revision"].as_u64().filter(|_| response.status == 200).ok_or_else(refused)
    }

    fn publish(&mut self, first: Instant, publications: u32) -> io::Result<()> {
        self.published.clear();
        for number in 0..publications {
            let due = first + PACE * number;
            wait_until(due);
            let revision = self.publish_next()?;
            self.published.push(Published { revision, due, done: now() });
        }
        Ok(())
    }
}

impl Reader {
    fn new(gateway: &Gateway, socket: &mut Client, number: usize) -> Self {
        let secret = token(socket, &["read"], &json!({})).0;
        // All publishers have the same number of readers.
        let watched: Vec<usize> =
            (0..WATCHED).map(|step| (number + step * 7) % PUBLISHERS).collect();
        let idle = (0..WATCHED).map(|step| PUBLISHERS + number * WATCHED + step);
        let names: Vec<String> = watched.iter().copied().chain(idle).map(person).collect();
        let mut events = Events::of(gateway, &secret, &format!("?person={}", names.join(",")), "");
        events.expect_event("snapshot");
        let socket = events.socket().try_clone().unwrap();
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let sees = seen.clone();
        let thread = std::thread::spawn(move || {
            while let Some(event) = events.next() {
                let Some(id) = event.id.filter(|_| event.kind == "change") else { continue };
                let text = |key: &str| event.data[key].as_str().unwrap_or_default().to_owned();
                let (person, data) = (text("id"), &event.data);
                let availability = data["availability"].clone();
                let before = data["before"]["availability"].clone();
                sees.lock().unwrap().push(Seen { id, person, availability, before, at: now() });
            }
        });
        Self { watched, socket, seen, thread: Some(thread) }
    }

    #[track_caller]
    fn assert_received(&self, publishers: &[Publisher], times: &mut Times) {
        let of_watched = self.watched.iter().map(|number| &publishers[*number]);
        let mut expected: Vec<(u64, &str, Instant)> = of_watched
            .flat_map(|publisher| {
                let changes = publisher.published.iter();
                changes.map(|it| (it.revision, publisher.person.as_str(), it.due))
            })
            .collect();
        expected.sort_unstable();
        within("a reader gets all changes", || {
            (self.seen.lock().unwrap().len() >= expected.len()).then_some(())
        });
        let seen = self.seen.lock().unwrap();
        let ids: Vec<(u64, &str)> = seen.iter().map(|it| (it.id, it.person.as_str())).collect();
        let of_all: Vec<(u64, &str)> = expected.iter().map(|(id, it, _)| (*id, *it)).collect();
        assert_eq!(ids, of_all, "the changes that a reader got");
        for (number, change) in seen.iter().enumerate() {
            assert_ne!(change.before, change.availability, "change {}", change.id);
            let last = seen[..number].iter().rfind(|it| it.person == change.person);
            let chains = last.is_none_or(|last| last.availability == change.before);
            assert!(chains, "change {} does not follow the one before", change.id);
        }
        let delays = seen.iter().zip(&expected);
        times.delays.extend(delays.map(|(it, (_, _, due))| it.at.duration_since(*due)));
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let _ = self.socket.shutdown(Shutdown::Both);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
