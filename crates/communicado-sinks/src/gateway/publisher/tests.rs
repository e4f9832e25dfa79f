//! The promises of the publisher, on random days with a gateway that keeps leases.
//!
//! A failure prints the seed of its day: `SEED=n cargo test -p communicado-sinks publisher`.

use std::time::Duration;

use communicado_core::Moment;
use communicado_wire::Client;

use super::{AFTER_MAX, Believed, GAP, Message, Permission, Publisher, SLOWLY, Step, WAIT_MAX};
use crate::gateway::Retry;

const LEASE: Duration = Duration::from_secs(60);
/// How long a request may take; see `Connection`.
const REQUEST_MAX: Duration = Duration::from_secs(10);
const DAYS: u64 = 2_000;

fn ms(ms: u64) -> Moment {
    Moment::new(Duration::from_millis(ms))
}

/// A list of one client, told apart by when its status began.
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
    publisher.permit(Permission::Granted);
    publisher.clients(list(1));
    publisher
}

#[test]
fn the_first_list_goes_at_once_and_a_change_too() {
    let mut publisher = granted();
    assert_eq!(publisher.step(ms(0)), Step::Send(Message::Clients(list(1))));
    assert_eq!(publisher.step(ms(1)), Step::Wait(None), "one message at a time");
    assert_eq!(publisher.answered(ms(2), Ok(())), None);
    assert!(matches!(publisher.step(ms(2)), Step::Wait(Some(at)) if at > ms(17_000)));
    publisher.clients(list(2));
    assert_eq!(publisher.step(ms(5_000)), Step::Send(Message::Clients(list(2))));
}

#[test]
fn a_client_that_flutters_is_no_flood_and_its_last_status_is_told() {
    let mut publisher = granted();
    let mut sent = Vec::new();
    for at in 0..1_000 {
        publisher.clients(list(at));
        if let Step::Send(message) = publisher.step(ms(at)) {
            sent.push(message);
            publisher.answered(ms(at), Ok(()));
        }
    }
    assert_eq!(sent.len(), 10, "one in {GAP:?}");
    assert_eq!(publisher.step(ms(1_000)), Step::Send(Message::Clients(list(999))));
}

#[test]
fn what_changes_nothing_is_not_told() {
    let mut publisher = granted();
    assert!(matches!(publisher.step(ms(0)), Step::Send(_)));
    publisher.answered(ms(0), Ok(()));
    let mut again = list(1);
    again[0].revision = 99;
    publisher.clients(again);
    assert!(matches!(publisher.step(ms(1_000)), Step::Wait(Some(_))));
}

#[test]
fn pausing_says_goodbye_once_and_resuming_tells_what_is_now() {
    let mut publisher = granted();
    assert!(matches!(publisher.step(ms(0)), Step::Send(_)));
    publisher.answered(ms(0), Ok(()));
    publisher.permit(Permission::Paused);
    assert_eq!(publisher.step(ms(1_000)), Step::Send(Message::Goodbye));
    publisher.answered(ms(1_000), Ok(()));
    publisher.clients(list(2));
    assert_eq!(publisher.step(ms(100_000)), Step::Wait(None), "nothing renews a goodbye");
    publisher.permit(Permission::Granted);
    assert_eq!(publisher.step(ms(200_000)), Step::Send(Message::Clients(list(2))));
}

#[test]
fn an_end_says_goodbye_and_does_not_wait_for_a_gateway_that_is_away() {
    let mut publisher = granted();
    assert!(matches!(publisher.step(ms(0)), Step::Send(_)));
    assert!(publisher.answered(ms(0), Err(Retry::Slowly)).is_some());
    publisher.end();
    assert_eq!(publisher.step(ms(1)), Step::Send(Message::Goodbye));
    assert_eq!(publisher.answered(ms(2), Err(Retry::Soon)), None);
    assert_eq!(publisher.step(ms(2)), Step::End);
}

#[test]
fn without_permission_not_even_a_goodbye_is_said() {
    let mut publisher = granted();
    publisher.permit(Permission::Withheld);
    assert_eq!(publisher.step(ms(0)), Step::Wait(None));
    publisher.end();
    assert_eq!(publisher.step(ms(0)), Step::End);
}

#[test]
fn a_token_that_was_revoked_ends_it() {
    let mut publisher = granted();
    assert!(matches!(publisher.step(ms(0)), Step::Send(_)));
    assert_eq!(publisher.answered(ms(0), Err(Retry::Never)), None);
    assert_eq!(publisher.step(ms(1_000_000)), Step::End);
}

#[test]
fn who_fails_waits_ever_longer_and_begins_anew_after_a_success() {
    let mut publisher = granted();
    let mut now = ms(0);
    let mut fail = |publisher: &mut Publisher| {
        now = now.after(Duration::from_hours(1));
        assert!(matches!(publisher.step(now), Step::Send(_)));
        publisher.answered(now, Err(Retry::Soon)).unwrap()
    };
    let waits = [(); 8].map(|()| fail(&mut publisher).as_millis());
    for (wait, about) in waits.into_iter().zip([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]) {
        assert!((about * 3 / 4..=about * 5 / 4).contains(&wait), "{waits:?}");
    }
    let later = ms(1_000_000_000);
    assert!(matches!(publisher.step(later), Step::Send(_)));
    publisher.answered(later, Ok(()));
    publisher.clients(list(2));
    assert!(matches!(publisher.step(later.after(GAP)), Step::Send(_)));
    let wait = publisher.answered(later.after(GAP), Err(Retry::Soon)).unwrap();
    assert!(wait <= Duration::from_millis(625), "{wait:?}");
}

#[test]
fn what_may_have_been_heard_although_nobody_answered_is_corrected() {
    let mut publisher = granted();
    assert!(matches!(publisher.step(ms(0)), Step::Send(_)));
    publisher.answered(ms(0), Ok(()));
    publisher.clients(list(2));
    assert!(matches!(publisher.step(ms(1_000)), Step::Send(_)));
    publisher.answered(ms(2_000), Err(Retry::Soon));
    publisher.clients(list(1));
    assert_eq!(publisher.step(ms(3_000)), Step::Send(Message::Clients(list(1))));
}

#[test]
fn what_went_through_after_failures_is_said_once_more_soon() {
    let mut publisher = granted();
    assert!(matches!(publisher.step(ms(0)), Step::Send(_)));
    publisher.answered(ms(0), Err(Retry::Soon));
    assert!(matches!(publisher.step(ms(1_000)), Step::Send(_)));
    publisher.answered(ms(1_000), Ok(()));
    assert!(matches!(publisher.step(ms(3_000)), Step::Wait(Some(_))));
    assert!(matches!(publisher.step(ms(4_000)), Step::Send(_)));
    publisher.answered(ms(4_000), Ok(()));
    assert!(matches!(publisher.step(ms(20_000)), Step::Wait(Some(_))));
    // A goodbye too.
    publisher.permit(Permission::Paused);
    for (at, answer) in [(21_000, Err(Retry::Soon)), (22_000, Ok(())), (25_000, Ok(()))] {
        assert_eq!(publisher.step(ms(at)), Step::Send(Message::Goodbye));
        publisher.answered(ms(at), answer);
    }
    assert_eq!(publisher.step(ms(100_000)), Step::Wait(None));
}

#[test]
fn a_night_asleep_is_over_at_once() {
    let mut publisher = granted();
    assert!(matches!(publisher.step(ms(0)), Step::Send(_)));
    publisher.answered(ms(0), Ok(()));
    let morning = Moment::new(Duration::from_hours(8));
    assert_eq!(publisher.step(morning), Step::Send(Message::Clients(list(1))));
}

/// What happens in a day, from one seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        // splitmix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// A gateway that keeps leases, and its answers.
#[derive(Default)]
struct Gateway {
    clients: Option<(Vec<Client>, Moment)>,
    away: bool,
    refusing: Option<Retry>,
}

struct Day {
    chance: Chance,
    now: Moment,
    publisher: Publisher,
    permission: Permission,
    current: Option<Vec<Client>>,
    gateway: Gateway,
    /// What was sent and is answered then; whether the gateway hears of it.
    pending: Option<(Message, Moment, Result<(), Retry>)>,
    /// Before then a gateway that failed is left alone.
    not_before: Moment,
}

#[test]
fn the_promises_hold_on_random_days() {
    let seeds = std::env::var("SEED").map_or(0..DAYS, |seed| {
        let seed = seed.parse().expect("a number");
        seed..seed + 1
    });
    for seed in seeds {
        let day = std::panic::catch_unwind(|| Day::new(seed).live());
        assert!(day.is_ok(), "repeat with SEED={seed}");
    }
}

impl Day {
    fn new(seed: u64) -> Self {
        Self {
            chance: Chance(seed),
            now: Moment::START,
            publisher: Publisher::new(LEASE, seed),
            permission: Permission::Withheld,
            current: None,
            gateway: Gateway::default(),
            pending: None,
            not_before: Moment::START,
        }
    }

    fn live(mut self) {
        for _ in 0..60 {
            self.happen();
            let span = match self.chance.below(10) {
                0..5 => Duration::from_millis(self.chance.below(300)),
                5..9 => Duration::from_millis(self.chance.below(60_000)),
                // The lid is closed: nobody acts in between.
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

    /// Something changes.
    fn happen(&mut self) {
        match self.chance.below(8) {
            0..3 => {
                self.change();
            }
            3 => {
                let permissions = [Permission::Withheld, Permission::Paused, Permission::Granted];
                self.permission = permissions[usize::try_from(self.chance.below(3)).unwrap()];
                self.publisher.permit(self.permission);
            }
            4 => self.gateway.away = !self.gateway.away,
            5 => {
                let refusals = [
                    None,
                    Some(Retry::Soon),
                    Some(Retry::Slowly),
                    Some(Retry::After(Duration::from_secs(7))),
                ];
                self.gateway.refusing = refusals[usize::try_from(self.chance.below(4)).unwrap()];
            }
            _ => {
                self.permission = Permission::Granted;
                self.publisher.permit(self.permission);
            }
        }
    }

    /// A client changes, perhaps to what it was before.
    fn change(&mut self) {
        let list = list(1 + self.chance.below(3));
        self.current = Some(list.clone());
        self.publisher.clients(list);
    }

    /// Lets the time pass until `until`, as a shell would.
    fn run(&mut self, until: Moment) {
        loop {
            let answer_due = self.pending.as_ref().map(|(_, at, _)| *at);
            if answer_due.is_some_and(|at| at <= self.now) {
                self.answer();
                continue;
            }
            let next = match self.publisher.step(self.now) {
                Step::Send(message) => {
                    self.send(message);
                    continue;
                }
                Step::Wait(at) => at,
                Step::End => panic!("nothing here ends it"),
            };
            assert!(next.is_none_or(|at| at > self.now), "a shell never spins");
            if let (Some(at), true) = (next, self.permission == Permission::Granted) {
                let longest = SLOWLY.max(LEASE / 3) * 5 / 4;
                assert!(at.since(self.now) <= longest, "{at:?} is too late at {:?}", self.now);
            }
            // Waking once more in between changes nothing.
            let idle = Duration::from_millis(1 + self.chance.below(20_000));
            let wake = [next, answer_due].into_iter().flatten().min();
            let wake = wake.unwrap_or(until).min(self.now.after(idle)).min(until);
            if wake <= self.now {
                return;
            }
            self.now = wake;
        }
    }

    fn send(&mut self, message: Message) {
        assert!(self.pending.is_none(), "one message at a time");
        assert!(self.now >= self.not_before, "it was to be left alone");
        match &message {
            Message::Clients(clients) => {
                assert_eq!(self.permission, Permission::Granted, "told without permission");
                assert_eq!(Some(clients), self.current.as_ref(), "not what is now");
            }
            Message::Goodbye => assert_eq!(self.permission, Permission::Paused),
        }
        let took = match self.chance.below(4) {
            _ if self.gateway.away => REQUEST_MAX,
            0 => Duration::from_millis(self.chance.below(10_000)),
            _ => Duration::from_millis(self.chance.below(50)),
        };
        let answer = match self.gateway.refusing {
            _ if self.gateway.away => Err(Retry::Soon),
            Some(retry) => Err(retry),
            None => Ok(()),
        };
        // It may have been heard although the answer is lost.
        let heard = answer.is_ok() || (self.gateway.away && self.chance.below(2) == 0);
        if heard {
            self.gateway.clients = match &message {
                Message::Clients(clients) => Some((clients.clone(), self.now.after(LEASE))),
                Message::Goodbye => None,
            };
        }
        self.pending = Some((message, self.now.after(took), answer));
    }

    fn answer(&mut self) {
        let Some((_, _, answer)) = self.pending.take() else { return };
        let wait = self.publisher.answered(self.now, answer);
        assert_eq!(wait.is_some(), answer.is_err());
        if let (Some(wait), Err(retry)) = (wait, answer) {
            let longest = match retry {
                Retry::Soon => (LEASE / 4).min(WAIT_MAX) * 5 / 4,
                Retry::Slowly => SLOWLY * 5 / 4,
                Retry::After(_) | Retry::Never => AFTER_MAX,
            };
            assert!(wait <= longest, "{retry:?} waits for {wait:?}");
            self.not_before = self.now.after(wait);
        }
    }

    /// With a gateway that is well, all is right soon and stays right.
    fn settle(&mut self) {
        self.gateway.away = false;
        self.gateway.refusing = None;
        self.permission = Permission::Granted;
        self.publisher.permit(self.permission);
        if self.current.is_none() || self.chance.below(2) == 0 {
            self.change();
        }
        let soon = self.now.after(REQUEST_MAX + SLOWLY * 5 / 4 + REQUEST_MAX);
        self.run(soon);
        for _ in 0..20 {
            let (told, lease_end) = self.gateway.clients.clone().expect("somebody was told");
            assert_eq!(Some(told), self.current, "the gateway believes what is not so");
            assert!(lease_end > self.now, "the lease ended although all is well");
            // So much is left when it is renewed, so that an attempt may fail.
            if let Believed::Clients(_, renewal) = &self.publisher.believed {
                assert!(lease_end.since(*renewal) >= LEASE * 2 / 3, "renewed late");
            }
            let later = self.now.after(Duration::from_millis(self.chance.below(30_000)));
            self.run(later);
        }
    }
}
