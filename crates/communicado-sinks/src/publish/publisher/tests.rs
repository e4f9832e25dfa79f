//! The publisher's promises, checked on random days against a simulated server with leases.
//!
//! A failure prints the seed of that day: `SEED=n cargo test -p communicado-sinks publisher`.

use std::time::Duration;

use communicado_core::Moment;
use communicado_wire::Client;

use super::{
    BACKOFF_MAX, Message, Permission, Publisher, PublisherAction, RETRY_AFTER_MAX, RemoteState,
    Retry, SEND_INTERVAL_MIN, SLOW_RETRY,
};

const LEASE: Duration = Duration::from_secs(60);
/// The timeout of a request; see `GatewayClient`.
const REQUEST_MAX: Duration = Duration::from_secs(10);
const DAYS: u64 = 2_000;

fn ms(ms: u64) -> Moment {
    Moment::new(Duration::from_millis(ms))
}

/// A list of one client; `number` sets when its status began.
fn list(number: u64) -> Vec<Client> {
    let text = format!(
        r#"{{"v":1,"revision":{number},"at":"1970-01-01T00:00:00.000000Z","client":"finch",
        "status":"absent","availability":null,"activity":null,"raw":null,"reason":null,
        "since":"1970-01-01T00:00:00.{number:06}Z","source":"purple","saved":null,"accounts":[]}}"#
    );
    vec![Client::from_json(&text).unwrap()]
}

fn granted() -> Publisher {
    let mut publisher = Publisher::new(LEASE, 1);
    publisher.set_permission(Permission::Granted);
    publisher.set_clients(list(1));
    publisher
}

#[test]
fn the_first_list_and_a_change_are_sent_at_once() {
    let mut publisher = granted();
    assert_eq!(publisher.next_action(ms(0)), PublisherAction::Send(Message::Clients(list(1))));
    assert_eq!(publisher.next_action(ms(1)), PublisherAction::Wait(None), "one message at a time");
    assert_eq!(publisher.completed(ms(2), Ok(())), None);
    assert!(
        matches!(publisher.next_action(ms(2)), PublisherAction::Wait(Some(at)) if at > ms(17_000))
    );
    publisher.set_clients(list(2));
    assert_eq!(publisher.next_action(ms(5_000)), PublisherAction::Send(Message::Clients(list(2))));
}

#[test]
fn rapid_changes_coalesce_and_the_last_status_is_sent() {
    let mut publisher = granted();
    let mut sent = Vec::new();
    for at in 0..1_000 {
        publisher.set_clients(list(at));
        if let PublisherAction::Send(message) = publisher.next_action(ms(at)) {
            sent.push(message);
            publisher.completed(ms(at), Ok(()));
        }
    }
    assert_eq!(sent.len(), 10, "one per {SEND_INTERVAL_MIN:?}");
    assert_eq!(
        publisher.next_action(ms(1_000)),
        PublisherAction::Send(Message::Clients(list(999)))
    );
}

#[test]
fn an_update_without_new_content_is_not_sent() {
    let mut publisher = granted();
    assert!(matches!(publisher.next_action(ms(0)), PublisherAction::Send(_)));
    publisher.completed(ms(0), Ok(()));
    let mut again = list(1);
    again[0].revision = 99;
    publisher.set_clients(again);
    assert!(matches!(publisher.next_action(ms(1_000)), PublisherAction::Wait(Some(_))));
}

#[test]
fn a_pause_sends_one_goodbye_and_resuming_sends_the_current_state() {
    let mut publisher = granted();
    assert!(matches!(publisher.next_action(ms(0)), PublisherAction::Send(_)));
    publisher.completed(ms(0), Ok(()));
    publisher.set_permission(Permission::Paused);
    assert_eq!(publisher.next_action(ms(1_000)), PublisherAction::Send(Message::Goodbye));
    publisher.completed(ms(1_000), Ok(()));
    publisher.set_clients(list(2));
    assert_eq!(
        publisher.next_action(ms(100_000)),
        PublisherAction::Wait(None),
        "nothing renews a goodbye"
    );
    publisher.set_permission(Permission::Granted);
    assert_eq!(
        publisher.next_action(ms(200_000)),
        PublisherAction::Send(Message::Clients(list(2)))
    );
}

#[test]
fn a_shutdown_sends_a_goodbye_and_does_not_wait_for_an_unreachable_server() {
    let mut publisher = granted();
    assert!(matches!(publisher.next_action(ms(0)), PublisherAction::Send(_)));
    assert!(publisher.completed(ms(0), Err(Retry::Slowly)).is_some());
    publisher.shut_down();
    assert_eq!(publisher.next_action(ms(1)), PublisherAction::Send(Message::Goodbye));
    assert_eq!(publisher.completed(ms(2), Err(Retry::Soon)), None);
    assert_eq!(publisher.next_action(ms(2)), PublisherAction::End);
}

#[test]
fn without_permission_not_even_a_goodbye_is_sent() {
    let mut publisher = granted();
    publisher.set_permission(Permission::Withheld);
    assert_eq!(publisher.next_action(ms(0)), PublisherAction::Wait(None));
    publisher.shut_down();
    assert_eq!(publisher.next_action(ms(0)), PublisherAction::End);
}

#[test]
fn a_revoked_token_ends_publishing() {
    let mut publisher = granted();
    assert!(matches!(publisher.next_action(ms(0)), PublisherAction::Send(_)));
    assert_eq!(publisher.completed(ms(0), Err(Retry::Never)), None);
    assert_eq!(publisher.next_action(ms(1_000_000)), PublisherAction::End);
}

#[test]
fn backoff_grows_with_each_failure_and_resets_after_a_success() {
    let mut publisher = granted();
    let mut now = ms(0);
    let mut fail = |publisher: &mut Publisher| {
        now = now.after(Duration::from_hours(1));
        assert!(matches!(publisher.next_action(now), PublisherAction::Send(_)));
        publisher.completed(now, Err(Retry::Soon)).unwrap()
    };
    let waits = [(); 8].map(|()| fail(&mut publisher).as_millis());
    for (wait, about) in waits.into_iter().zip([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]) {
        assert!((about * 3 / 4..=about * 5 / 4).contains(&wait), "{waits:?}");
    }
    let later = ms(1_000_000_000);
    assert!(matches!(publisher.next_action(later), PublisherAction::Send(_)));
    publisher.completed(later, Ok(()));
    publisher.set_clients(list(2));
    assert!(matches!(
        publisher.next_action(later.after(SEND_INTERVAL_MIN)),
        PublisherAction::Send(_)
    ));
    let wait = publisher.completed(later.after(SEND_INTERVAL_MIN), Err(Retry::Soon)).unwrap();
    assert!(wait <= Duration::from_millis(625), "{wait:?}");
}

#[test]
fn a_message_that_may_have_arrived_without_an_answer_is_corrected() {
    let mut publisher = granted();
    assert!(matches!(publisher.next_action(ms(0)), PublisherAction::Send(_)));
    publisher.completed(ms(0), Ok(()));
    publisher.set_clients(list(2));
    assert!(matches!(publisher.next_action(ms(1_000)), PublisherAction::Send(_)));
    publisher.completed(ms(2_000), Err(Retry::Soon));
    publisher.set_clients(list(1));
    assert_eq!(publisher.next_action(ms(3_000)), PublisherAction::Send(Message::Clients(list(1))));
}

#[test]
fn the_first_success_after_failures_is_repeated_soon() {
    let mut publisher = granted();
    assert!(matches!(publisher.next_action(ms(0)), PublisherAction::Send(_)));
    publisher.completed(ms(0), Err(Retry::Soon));
    assert!(matches!(publisher.next_action(ms(1_000)), PublisherAction::Send(_)));
    publisher.completed(ms(1_000), Ok(()));
    assert!(matches!(publisher.next_action(ms(3_000)), PublisherAction::Wait(Some(_))));
    assert!(matches!(publisher.next_action(ms(4_000)), PublisherAction::Send(_)));
    publisher.completed(ms(4_000), Ok(()));
    assert!(matches!(publisher.next_action(ms(20_000)), PublisherAction::Wait(Some(_))));
    // So is a goodbye.
    publisher.set_permission(Permission::Paused);
    for (at, result) in [(21_000, Err(Retry::Soon)), (22_000, Ok(())), (25_000, Ok(()))] {
        assert_eq!(publisher.next_action(ms(at)), PublisherAction::Send(Message::Goodbye));
        publisher.completed(ms(at), result);
    }
    assert_eq!(publisher.next_action(ms(100_000)), PublisherAction::Wait(None));
}

#[test]
fn after_a_night_asleep_the_clients_are_sent_at_once() {
    let mut publisher = granted();
    assert!(matches!(publisher.next_action(ms(0)), PublisherAction::Send(_)));
    publisher.completed(ms(0), Ok(()));
    let morning = Moment::new(Duration::from_hours(8));
    assert_eq!(publisher.next_action(morning), PublisherAction::Send(Message::Clients(list(1))));
}

/// Pseudo-random numbers from one seed.
struct Rng(u64);

impl Rng {
    fn below(&mut self, bound: u64) -> u64 {
        // splitmix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// A simulated server with leases.
#[derive(Default)]
struct SimulatedServer {
    clients: Option<(Vec<Client>, Moment)>,
    unreachable: bool,
    error: Option<Retry>,
}

struct Day {
    rng: Rng,
    now: Moment,
    publisher: Publisher,
    permission: Permission,
    current: Option<Vec<Client>>,
    server: SimulatedServer,
    /// The message in flight, when it completes, and its result.
    pending: Option<(Message, Moment, Result<(), Retry>)>,
    /// No message may be sent before this moment.
    not_before: Moment,
}

#[test]
fn the_promises_hold_on_random_days() {
    let seeds = std::env::var("SEED").map_or(0..DAYS, |seed| {
        let seed = seed.parse().expect("a number");
        seed..seed + 1
    });
    for seed in seeds {
        let day = std::panic::catch_unwind(|| Day::new(seed).play());
        assert!(day.is_ok(), "repeat with SEED={seed}");
    }
}

impl Day {
    fn new(seed: u64) -> Self {
        Self {
            rng: Rng(seed),
            now: Moment::START,
            publisher: Publisher::new(LEASE, seed),
            permission: Permission::Withheld,
            current: None,
            server: SimulatedServer::default(),
            pending: None,
            not_before: Moment::START,
        }
    }

    fn play(mut self) {
        for _ in 0..60 {
            self.random_event();
            let span = match self.rng.below(10) {
                0..5 => Duration::from_millis(self.rng.below(300)),
                5..9 => Duration::from_millis(self.rng.below(60_000)),
                // The lid is closed: nothing runs in between.
                _ => {
                    self.now = self.now.after(Duration::from_hours(8));
                    Duration::ZERO
                }
            };
            let until = self.now.after(span);
            self.run(until);
        }
        self.settle();
    }

    /// Makes one random change.
    fn random_event(&mut self) {
        match self.rng.below(8) {
            0..3 => {
                self.change();
            }
            3 => {
                let permissions = [Permission::Withheld, Permission::Paused, Permission::Granted];
                self.permission = permissions[usize::try_from(self.rng.below(3)).unwrap()];
                self.publisher.set_permission(self.permission);
            }
            4 => self.server.unreachable = !self.server.unreachable,
            5 => {
                let errors = [
                    None,
                    Some(Retry::Soon),
                    Some(Retry::Slowly),
                    Some(Retry::After(Duration::from_secs(7))),
                ];
                self.server.error = errors[usize::try_from(self.rng.below(4)).unwrap()];
            }
            _ => {
                self.permission = Permission::Granted;
                self.publisher.set_permission(self.permission);
            }
        }
    }

    /// Changes a client, possibly back to an earlier state.
    fn change(&mut self) {
        let list = list(1 + self.rng.below(3));
        self.current = Some(list.clone());
        self.publisher.set_clients(list);
    }

    /// Runs the publisher until `until`, as a sink would.
    fn run(&mut self, until: Moment) {
        loop {
            let completion_due = self.pending.as_ref().map(|(_, at, _)| *at);
            if completion_due.is_some_and(|at| at <= self.now) {
                self.complete();
                continue;
            }
            let next = match self.publisher.next_action(self.now) {
                PublisherAction::Send(message) => {
                    self.send(message);
                    continue;
                }
                PublisherAction::Wait(at) => at,
                PublisherAction::End => panic!("nothing here ends the publisher"),
            };
            assert!(next.is_none_or(|at| at > self.now), "the sink would spin");
            if let (Some(at), true) = (next, self.permission == Permission::Granted) {
                let longest = SLOW_RETRY.max(LEASE / 3) * 5 / 4;
                assert!(at.since(self.now) <= longest, "{at:?} is too late at {:?}", self.now);
            }
            // An extra wake-up changes nothing.
            let idle = Duration::from_millis(1 + self.rng.below(20_000));
            let wake = [next, completion_due].into_iter().flatten().min();
            let wake = wake.unwrap_or(until).min(self.now.after(idle)).min(until);
            if wake <= self.now {
                return;
            }
            self.now = wake;
        }
    }

    fn send(&mut self, message: Message) {
        assert!(self.pending.is_none(), "one message at a time");
        assert!(self.now >= self.not_before, "sent before the retry delay was over");
        match &message {
            Message::Clients(clients) => {
                assert_eq!(self.permission, Permission::Granted, "sent without permission");
                assert_eq!(Some(clients), self.current.as_ref(), "not the current state");
            }
            Message::Goodbye => assert_eq!(self.permission, Permission::Paused),
        }
        let took = match self.rng.below(4) {
            _ if self.server.unreachable => REQUEST_MAX,
            0 => Duration::from_millis(self.rng.below(10_000)),
            _ => Duration::from_millis(self.rng.below(50)),
        };
        let result = match self.server.error {
            _ if self.server.unreachable => Err(Retry::Soon),
            Some(retry) => Err(retry),
            None => Ok(()),
        };
        // The server may receive a message although its answer is lost.
        let received = result.is_ok() || (self.server.unreachable && self.rng.below(2) == 0);
        if received {
            self.server.clients = match &message {
                Message::Clients(clients) => Some((clients.clone(), self.now.after(LEASE))),
                Message::Goodbye => None,
            };
        }
        self.pending = Some((message, self.now.after(took), result));
    }

    fn complete(&mut self) {
        let Some((_, _, result)) = self.pending.take() else { return };
        let wait = self.publisher.completed(self.now, result);
        assert_eq!(wait.is_some(), result.is_err());
        if let (Some(wait), Err(retry)) = (wait, result) {
            let longest = match retry {
                Retry::Soon => (LEASE / 4).min(BACKOFF_MAX) * 5 / 4,
                Retry::Slowly => SLOW_RETRY * 5 / 4,
                Retry::After(_) | Retry::Never => RETRY_AFTER_MAX,
            };
            assert!(wait <= longest, "{retry:?} waits for {wait:?}");
            self.not_before = self.now.after(wait);
        }
    }

    /// Once the server works, it soon has the current state and keeps it.
    fn settle(&mut self) {
        self.server.unreachable = false;
        self.server.error = None;
        self.permission = Permission::Granted;
        self.publisher.set_permission(self.permission);
        if self.current.is_none() || self.rng.below(2) == 0 {
            self.change();
        }
        let soon = self.now.after(REQUEST_MAX + SLOW_RETRY * 5 / 4 + REQUEST_MAX);
        self.run(soon);
        for _ in 0..20 {
            let (published, lease_end) =
                self.server.clients.clone().expect("nothing was published");
            assert_eq!(Some(published), self.current, "the server has an outdated state");
            assert!(lease_end > self.now, "the lease expired although the server works");
            // A renewal leaves time for one failed attempt.
            if let RemoteState::Clients(_, renewal) = &self.publisher.remote {
                assert!(lease_end.since(*renewal) >= LEASE * 2 / 3, "renewed late");
            }
            let later = self.now.after(Duration::from_millis(self.rng.below(30_000)));
            self.run(later);
        }
    }
}
