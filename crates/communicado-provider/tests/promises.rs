//! The promises of the provider, tested with thousands of random command sequences and by example.
//!
//! A failure prints its seed; `SEED=n cargo test -p communicado-provider --test promises` repeats
//! it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use communicado_core::{Activity, Availability, Moment};
use communicado_provider::{
    Account, CommandError, CommandOutcome, DesiredState, Presence, Provider, ProviderCommand,
    ProviderEvent, ProviderStatus, Reason,
};

/// The number of commands in a random sequence.
const COMMANDS: usize = 60;
const SEQUENCES: u64 = 3_000;

fn provider() -> Provider {
    Provider::new(Account::new("alice@example.com", "Alice").unwrap())
}

const fn at(millis: u64) -> Moment {
    Moment::new(Duration::from_millis(millis))
}

const BUSY: Presence = Presence::new(Availability::Busy, Some(Activity::InAMeeting));
const AWAY: Presence = Presence::new(Availability::Away, None);

fn reason() -> Reason {
    Reason::from_word("invalid-password").unwrap()
}

/// Executes a command and checks its events.
#[track_caller]
fn executes(
    provider: &mut Provider,
    millis: u64,
    command: ProviderCommand,
    expected: &[ProviderEvent],
) {
    let handled = provider.handle(at(millis), command);
    assert_eq!(handled, CommandOutcome { events: expected.to_vec(), error: None });
}

fn set(presence: Presence, lasts: Option<u64>) -> ProviderCommand {
    ProviderCommand::Set { presence, lasts: lasts.map(Duration::from_millis) }
}

#[test]
fn the_events_of_a_day_come_in_the_documented_order() {
    let mut provider = provider();
    assert_eq!(provider.status().up_and_running(), 1);
    executes(&mut provider, 0, ProviderCommand::Started, &[ProviderEvent::Running]);
    assert_eq!(provider.status().up_and_running(), 2);
    let failing =
        ProviderCommand::SignIn { takes: Duration::from_millis(5), fails: Some(reason()) };
    executes(&mut provider, 10, failing, &[ProviderEvent::SigningIn]);
    assert_eq!(provider.next_deadline(), Some(at(15)));
    assert_eq!(provider.advance(at(15)), [ProviderEvent::SignInFailed(reason())]);
    assert_eq!(provider.status().reason(), Some(reason()));
    let signed_in = ProviderEvent::SignedIn(Presence::AVAILABLE);
    executes(&mut provider, 20, ProviderCommand::SIGN_IN, &[ProviderEvent::SigningIn, signed_in]);
    executes(&mut provider, 30, set(BUSY, None), &[ProviderEvent::PresenceChanged(BUSY)]);
    let events =
        [ProviderEvent::SigningOut, ProviderEvent::SignedOut(None), ProviderEvent::ShuttingDown];
    executes(&mut provider, 40, ProviderCommand::Quit, &events);
    assert_eq!(provider.status().up_and_running(), 0);
    assert_eq!(
        provider.handle(at(50), ProviderCommand::SIGN_IN).error,
        Some(CommandError::ShuttingDown)
    );
}

#[test]
fn a_temporary_presence_expires() {
    let mut provider = provider();
    let _ = provider.handle(at(0), ProviderCommand::Started);
    let _ = provider.handle(at(0), ProviderCommand::SIGN_IN);
    executes(&mut provider, 10, set(BUSY, Some(30)), &[ProviderEvent::PresenceChanged(BUSY)]);
    assert_eq!(provider.next_deadline(), Some(at(40)));
    assert_eq!(provider.advance(at(39)), []);
    assert_eq!(provider.advance(at(41)), [ProviderEvent::PresenceChanged(Presence::AVAILABLE)]);
    assert_eq!(provider.next_deadline(), None);
}

#[test]
fn a_permanent_presence_ends_a_temporary_one() {
    let mut provider = provider();
    let _ = provider.handle(at(0), ProviderCommand::Started);
    let _ = provider.handle(at(0), ProviderCommand::SIGN_IN);
    let _ = provider.handle(at(10), set(BUSY, Some(30)));
    executes(&mut provider, 20, set(AWAY, None), &[ProviderEvent::PresenceChanged(AWAY)]);
    assert_eq!(provider.advance(at(1_000)), []);
}

#[test]
fn due_events_come_out_even_if_the_command_is_rejected() {
    let mut provider = provider();
    let _ = provider.handle(at(0), ProviderCommand::Started);
    let failing =
        ProviderCommand::SignIn { takes: Duration::from_millis(5), fails: Some(reason()) };
    let _ = provider.handle(at(0), failing);
    let handled = provider.handle(at(9), set(BUSY, None));
    assert_eq!(handled.events, [ProviderEvent::SignInFailed(reason())]);
    assert_eq!(handled.error, Some(CommandError::NotSignedIn));
}

#[test]
fn a_temporary_presence_survives_a_restart_and_ends_at_sign_out() {
    let mut first = provider();
    let _ = first.handle(at(0), ProviderCommand::Started);
    let _ = first.handle(at(0), ProviderCommand::SIGN_IN);
    let _ = first.handle(at(10), set(AWAY, None));
    let _ = first.handle(at(10), set(BUSY, Some(30)));
    let _ = first.handle(at(20), ProviderCommand::Quit);
    let desired = first.desired().clone();
    assert!(desired.signed_in && desired.temporary.is_some(), "{desired:?}");

    let account = first.account().clone();
    let mut second = Provider::with_desired_state(account, desired);
    executes(&mut second, 22, ProviderCommand::Started, &[ProviderEvent::Running]);
    executes(
        &mut second,
        25,
        ProviderCommand::SIGN_IN,
        &[ProviderEvent::SigningIn, ProviderEvent::SignedIn(BUSY)],
    );
    assert_eq!(second.advance(at(40)), [ProviderEvent::PresenceChanged(AWAY)]);
    let _ = second.handle(at(50), set(BUSY, Some(30)));
    let _ = second.handle(at(60), ProviderCommand::SIGN_OUT);
    assert_eq!(*second.desired(), DesiredState { presence: AWAY, ..DesiredState::INITIAL });
}

#[test]
fn every_sequence_keeps_the_promises() {
    let seeds = match std::env::var("SEED") {
        Ok(seed) => seed.parse().unwrap()..=seed.parse().unwrap(),
        Err(_) => 1..=SEQUENCES,
    };
    for seed in seeds {
        let result = std::panic::catch_unwind(|| run_sequence(seed));
        assert!(result.is_ok(), "SEED={seed} cargo test -p communicado-provider --test promises");
    }
}

/// Runs a random sequence twice: the second time with more frequent calls of `advance`.
fn run_sequence(seed: u64) {
    let mut rng = Rng(seed);
    let mut provider = provider();
    let mut often = provider.clone();
    let mut events_often = Vec::new();
    let mut events = Vec::new();
    let mut now = 0;
    for _ in 0..COMMANDS {
        let before = now;
        now += rng.below(40);
        let command = rng.command();
        for moment in before..now {
            events_often.extend(often.advance(at(moment)));
        }
        events_often.extend(often.handle(at(now), command.clone()).events);

        let fell_due = provider.clone().advance(at(now));
        let handled = provider.handle(at(now), command.clone());
        if handled.error.is_some() {
            assert_eq!(handled.events, fell_due, "{command:?} was rejected but caused events");
        }
        events.extend(handled.events);
        assert!(
            provider.next_deadline().is_none_or(|due| due > at(now)),
            "the deadline is in the past"
        );
        let last = events.last().map_or(ProviderStatus::Starting, ProviderEvent::status);
        assert_eq!(*provider.status(), last);
    }
    assert_eq!(events, events_often, "more frequent calls of `advance` changed the events");
    assert_order(&events);
}

fn assert_order(events: &[ProviderEvent]) {
    let mut before = ProviderStatus::Starting;
    for each in events {
        let after = each.status();
        assert_ne!(before, after, "repeated: {events:?}");
        let in_order = match &before {
            ProviderStatus::Starting => {
                matches!(each, ProviderEvent::Running | ProviderEvent::ShuttingDown)
            }
            ProviderStatus::SignedOut(_) => {
                matches!(each, ProviderEvent::SigningIn | ProviderEvent::ShuttingDown)
            }
            ProviderStatus::SigningIn => {
                let arrived =
                    matches!(each, ProviderEvent::SignedIn(_) | ProviderEvent::SignInFailed(_));
                arrived || matches!(each, ProviderEvent::SigningOut | ProviderEvent::SignedOut(_))
            }
            ProviderStatus::SignedIn(_) => {
                let out = matches!(each, ProviderEvent::SigningOut | ProviderEvent::SignedOut(_));
                out || matches!(each, ProviderEvent::PresenceChanged(_))
            }
            ProviderStatus::SigningOut => matches!(each, ProviderEvent::SignedOut(_)),
            ProviderStatus::ShuttingDown => false,
        };
        assert!(in_order, "{each:?} after {before:?}");
        before = after;
    }
}

/// A deterministic random number generator (SplitMix64).
struct Rng(u64);

impl Rng {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % end
    }

    fn duration(&mut self) -> Duration {
        // Half of the durations are zero.
        Duration::from_millis(self.below(60).saturating_sub(30))
    }

    fn command(&mut self) -> ProviderCommand {
        match self.below(40) {
            0..8 => ProviderCommand::Started,
            8..14 => ProviderCommand::SignIn { takes: self.duration(), fails: None },
            14..18 => ProviderCommand::SignIn { takes: self.duration(), fails: Some(reason()) },
            18..22 => ProviderCommand::SignOut { takes: self.duration() },
            22..24 => ProviderCommand::SignedOutByServer(reason()),
            24..39 => {
                let presence = match self.below(3) {
                    0 => Presence::AVAILABLE,
                    1 => BUSY,
                    _ => AWAY,
                };
                let lasts = (self.below(2) == 0).then(|| self.duration());
                ProviderCommand::Set { presence, lasts }
            }
            _ => ProviderCommand::Quit,
        }
    }
}
