//! Sessions with one client: actions and reports for all inputs.

#![expect(clippy::expect_used, reason = "a failed expectation fails the test")]

use std::collections::BTreeSet;
use std::time::Duration;

use communicado_core::{Availability, Life, Moment, SignInFailure, UnknownReason};
use communicado_sources::windows::reading::{ClientReading, NOT_LOGGED_ON, ReportedStatus};
use communicado_sources::windows::session::{
    ClientEvent, ClientSession, ProcessState, SessionAccount, SessionAction, SessionInput,
    SessionState,
};
use communicado_sources::{AccountSignIn, Keepalive};
use communicado_windows::HResult;

const KEEPALIVE: Keepalive =
    Keepalive { interval: Duration::from_secs(30), timeout: Duration::from_secs(5) };
const OK: HResult = HResult::OK;
const REFUSED: HResult = HResult::of(0x8004_0111);
const GONE: HResult = HResult::of(0x8007_06BA);
const BUSY: HResult = HResult::of(0x8001_010A);
const NOT_REGISTERED: HResult = HResult::of(0x8004_0154);
const DENIED: HResult = HResult::of(0x8007_0005);
const WRONG_PASSWORD: HResult = HResult::of(0x8100_0303);

/// A session with its pending read and its last report.
struct SessionFixture {
    session: ClientSession,
    now: Moment,
    /// The number of the pending read.
    pending: Option<u32>,
    /// The last report.
    reported: Option<SessionState>,
    disconnects: u32,
}

impl SessionFixture {
    fn new() -> Self {
        let session = ClientSession::new(KEEPALIVE, true);
        Self { session, now: Moment::START, pending: None, reported: None, disconnects: 0 }
    }

    /// A session with a connection to a client with `status`.
    fn open(status: ReportedStatus) -> Self {
        let mut fixture = Self::new();
        fixture.runs(&[7]);
        fixture.reads(status);
        fixture
    }

    fn perform(&mut self, actions: Vec<SessionAction>) {
        for action in actions {
            match action {
                SessionAction::Connect(number) | SessionAction::Read(number) => {
                    assert_eq!(self.pending, None, "two reads at a time");
                    self.pending = Some(number);
                }
                SessionAction::Disconnect => {
                    self.pending = None;
                    self.disconnects += 1;
                }
                SessionAction::Report(state) => self.reported = Some(state),
            }
        }
        assert!(
            self.session.deadline().is_none_or(|at| at > self.now),
            "the deadline is in the past"
        );
    }

    fn handle(&mut self, input: SessionInput) {
        let actions = self.session.handle(self.now, input);
        self.perform(actions);
    }

    fn runs(&mut self, processes: &[u32]) {
        self.runs_for(processes, Some(Duration::ZERO));
    }

    fn runs_for(&mut self, processes: &[u32], age: Option<Duration>) {
        let processes = processes.iter().copied().collect::<BTreeSet<_>>();
        self.handle(SessionInput::Process(ProcessState::Open { processes, age }));
    }

    fn result(&mut self, result: Result<ClientReading, HResult>) {
        let read = self.pending.take().expect("a read is pending");
        self.handle(SessionInput::ReadDone { read, result, same_level: Some(true) });
    }

    fn reads(&mut self, status: ReportedStatus) {
        self.result(Ok(reading(status)));
    }

    fn event(&mut self, event: ClientEvent) {
        self.handle(SessionInput::Event(event));
    }

    fn wait(&mut self, time: Duration) {
        self.now = self.now.after(time);
        let actions = self.session.advance(self.now);
        self.perform(actions);
    }

    /// Waits for the next deadline, and returns the time until then.
    fn wait_for_deadline(&mut self) -> Duration {
        let next = self.session.deadline().expect("there is a deadline");
        let time = next.since(self.now);
        self.wait(time);
        time
    }

    #[track_caller]
    fn expect_report(&self, life: Life, sign_in: Option<&AccountSignIn>) {
        let state = self.reported.as_ref().expect("there is a report");
        let account = state.account.as_ref().map(|account| &account.sign_in);
        assert_eq!((state.life, account), (life, sign_in));
    }
}

fn reading(status: ReportedStatus) -> ClientReading {
    let account = (status != ReportedStatus::SIGNED_OUT).then(|| "alice@uc.test".to_owned());
    ClientReading { status, account, name: None }
}

fn signed_in() -> ReportedStatus {
    ReportedStatus::SignIn(available())
}

const SIGNED_OUT: AccountSignIn = AccountSignIn::SignedOut(None);

fn available() -> AccountSignIn {
    let (availability, raw) = (Availability::Available, "ONLINE".to_owned());
    AccountSignIn::SignedIn { availability, activity: None, raw, note: None }
}

fn presence(availability: Availability) -> AccountSignIn {
    AccountSignIn::SignedIn { availability, activity: None, raw: String::new(), note: None }
}

fn with_presence(availability: Availability) -> ReportedStatus {
    ReportedStatus::SignIn(presence(availability))
}

#[test]
fn a_session_connects_once_the_client_runs_and_not_before() {
    let mut fixture = SessionFixture::new();
    fixture.handle(SessionInput::Process(ProcessState::Closed(Life::Starting)));
    fixture.expect_report(Life::Starting, None);
    assert_eq!(fixture.pending, None);
    fixture.runs(&[7]);
    fixture.expect_report(Life::Starting, None);
    fixture.reads(signed_in());
    fixture.expect_report(Life::Running, Some(&available()));
    fixture.handle(SessionInput::Process(ProcessState::Closed(Life::Absent)));
    fixture.expect_report(Life::Absent, None);
    assert_eq!(fixture.disconnects, 1);
}

#[test]
fn a_client_that_denies_its_object_is_signed_out() {
    SessionFixture::open(ReportedStatus::SIGNED_OUT).expect_report(Life::Running, None);
    for code in [REFUSED, NOT_LOGGED_ON] {
        let mut fixture = SessionFixture::new();
        fixture.runs(&[7]);
        fixture.result(Err(code));
        fixture.expect_report(Life::Running, None);
        assert_eq!(fixture.wait_for_deadline(), Duration::from_millis(250));
        fixture.reads(signed_in());
        fixture.expect_report(Life::Running, Some(&available()));
    }
}

#[test]
fn a_sign_out_is_reported_at_once_and_an_older_result_does_not_undo_it() {
    let mut fixture = SessionFixture::open(signed_in());
    fixture.event(ClientEvent::SignOut);
    fixture.expect_report(Life::Running, Some(&SIGNED_OUT));
    fixture.reads(signed_in());
    fixture.expect_report(Life::Running, Some(&SIGNED_OUT));
    assert_eq!(fixture.wait_for_deadline(), Duration::from_secs(1));
    fixture.reads(ReportedStatus::SIGNED_OUT);
    fixture.expect_report(Life::Running, Some(&SIGNED_OUT));
}

#[test]
fn a_sign_out_before_a_pending_result_takes_precedence() {
    let mut fixture = SessionFixture::open(signed_in());
    fixture.event(ClientEvent::Changed);
    fixture.event(ClientEvent::SignOut);
    fixture.reads(signed_in());
    fixture.expect_report(Life::Running, Some(&SIGNED_OUT));
    assert!(fixture.pending.is_some(), "another read is pending");
}

#[test]
fn a_client_that_is_still_signed_in_after_the_hold_is_signed_in() {
    let mut fixture = SessionFixture::open(signed_in());
    fixture.event(ClientEvent::SignOut);
    fixture.reads(signed_in());
    fixture.wait_for_deadline();
    fixture.reads(signed_in());
    fixture.expect_report(Life::Running, Some(&available()));
}

#[test]
fn a_new_sign_in_after_a_sign_out_counts_at_once() {
    let mut fixture = SessionFixture::open(signed_in());
    fixture.event(ClientEvent::SignOut);
    fixture.reads(ReportedStatus::SIGNED_OUT);
    fixture.event(ClientEvent::SignIn(OK));
    fixture.reads(signed_in());
    fixture.expect_report(Life::Running, Some(&available()));
}

#[test]
fn the_presence_of_an_event_is_reported_before_the_read_that_confirms_it() {
    let mut fixture = SessionFixture::open(with_presence(Availability::Available));
    let busy = presence(Availability::Busy);
    fixture.event(ClientEvent::Presence(busy.clone()));
    fixture.expect_report(Life::Running, Some(&busy));
    fixture.reads(with_presence(Availability::Busy));
    fixture.expect_report(Life::Running, Some(&busy));
    assert_eq!(fixture.wait_for_deadline(), KEEPALIVE.interval);
}

#[test]
fn a_read_that_may_precede_the_event_does_not_undo_its_presence() {
    let mut fixture = SessionFixture::open(with_presence(Availability::Available));
    let busy = presence(Availability::Busy);
    fixture.event(ClientEvent::Changed);
    fixture.event(ClientEvent::Presence(busy.clone()));
    fixture.reads(with_presence(Availability::Available));
    fixture.expect_report(Life::Running, Some(&busy));
    fixture.reads(with_presence(Availability::Away));
    fixture.expect_report(Life::Running, Some(&presence(Availability::Away)));
}

#[test]
fn the_presence_of_an_event_counts_only_while_the_user_is_known_to_be_signed_in() {
    let busy = || ClientEvent::Presence(presence(Availability::Busy));
    let mut fixture = SessionFixture::open(ReportedStatus::SIGNED_OUT);
    fixture.event(busy());
    fixture.expect_report(Life::Running, None);
    let mut fixture = SessionFixture::open(with_presence(Availability::Available));
    fixture.event(ClientEvent::SignOut);
    fixture.event(busy());
    fixture.expect_report(Life::Running, Some(&SIGNED_OUT));
    let mut fixture = SessionFixture::open(with_presence(Availability::Available));
    fixture.event(ClientEvent::Changed);
    fixture.wait(KEEPALIVE.timeout);
    fixture.event(busy());
    fixture.expect_report(Life::Unknown(UnknownReason::NotResponding), None);
}

#[test]
fn a_client_that_contradicts_an_event_is_trusted_no_more() {
    let [available, busy, away] = [Availability::Available, Availability::Busy, Availability::Away];
    // The event has the presence before the change, or the client answers with it.
    for (event, answer) in [(available, busy), (busy, available)] {
        let mut fixture = SessionFixture::open(with_presence(available));
        fixture.event(ClientEvent::Presence(presence(event)));
        fixture.expect_report(Life::Running, Some(&presence(event)));
        fixture.reads(with_presence(answer));
        fixture.expect_report(Life::Running, Some(&presence(answer)));
        assert_eq!(fixture.wait_for_deadline(), Duration::from_secs(1));
        fixture.reads(with_presence(busy));
        fixture.event(ClientEvent::Presence(presence(away)));
        fixture.expect_report(Life::Running, Some(&presence(busy)));
        fixture.reads(with_presence(away));
        fixture.expect_report(Life::Running, Some(&presence(away)));
    }
}

#[test]
fn a_client_that_was_not_trusted_is_not_trusted_in_its_next_run() {
    let mut fixture = SessionFixture::new();
    fixture.session = ClientSession::new(KEEPALIVE, false);
    for process in [7, 8] {
        fixture.runs(&[process]);
        fixture.reads(with_presence(Availability::Available));
        fixture.event(ClientEvent::Presence(presence(Availability::Busy)));
        fixture.expect_report(Life::Running, Some(&presence(Availability::Available)));
    }
}

#[test]
fn a_failed_sign_in_keeps_its_failure_until_another_status() {
    let mut fixture = SessionFixture::open(ReportedStatus::SIGNED_OUT);
    fixture.event(ClientEvent::SignIn(WRONG_PASSWORD));
    let failed = AccountSignIn::SignedOut(Some(SignInFailure::AuthenticationFailed));
    fixture.expect_report(Life::Running, Some(&failed));
    let Some(SessionState { account: Some(SessionAccount { account, .. }), .. }) =
        &fixture.reported
    else {
        panic!("the report has an account")
    };
    assert_eq!(account, "(not named)");
    fixture.reads(ReportedStatus::SIGNED_OUT);
    fixture.expect_report(Life::Running, Some(&failed));
    fixture.event(ClientEvent::Changed);
    fixture.reads(ReportedStatus::SignIn(AccountSignIn::SigningIn));
    fixture.expect_report(Life::Running, Some(&AccountSignIn::SigningIn));
    fixture.event(ClientEvent::Changed);
    fixture.reads(ReportedStatus::SIGNED_OUT);
    fixture.expect_report(Life::Running, Some(&SIGNED_OUT));
}

#[test]
fn a_client_that_shuts_down_is_disconnected_and_read_again_later() {
    let mut fixture = SessionFixture::open(signed_in());
    fixture.event(ClientEvent::ShuttingDown);
    fixture.expect_report(Life::ShuttingDown, None);
    assert_eq!((fixture.disconnects, fixture.pending), (1, None));
    fixture.event(ClientEvent::SignIn(OK));
    fixture.expect_report(Life::ShuttingDown, None);
    assert_eq!(fixture.wait_for_deadline(), Duration::from_secs(5));
    fixture.reads(signed_in());
    fixture.expect_report(Life::Running, Some(&available()));
}

#[test]
fn a_client_that_hangs_is_not_responding_until_it_responds() {
    let mut fixture = SessionFixture::open(signed_in());
    assert_eq!(fixture.wait_for_deadline(), KEEPALIVE.interval);
    assert!(fixture.pending.is_some(), "a liveness check is pending");
    assert_eq!(fixture.wait_for_deadline(), KEEPALIVE.timeout);
    fixture.expect_report(Life::Unknown(UnknownReason::NotResponding), None);
    fixture.reads(signed_in());
    fixture.expect_report(Life::Running, Some(&available()));
}

#[test]
fn a_dead_proxy_of_a_running_process_is_replaced() {
    let mut fixture = SessionFixture::open(signed_in());
    fixture.event(ClientEvent::Changed);
    fixture.result(Err(GONE));
    fixture.expect_report(Life::Starting, None);
    assert_eq!(fixture.disconnects, 1);
    for _ in 0..6 {
        fixture.wait_for_deadline();
        fixture.result(Err(GONE));
    }
    fixture.expect_report(Life::Unknown(UnknownReason::NotResponding), None);
    fixture.wait_for_deadline();
    fixture.reads(signed_in());
    fixture.expect_report(Life::Running, Some(&available()));
}

#[test]
fn a_client_that_is_not_ready_starts_only_as_long_as_it_is_young() {
    let first = |age| {
        let mut fixture = SessionFixture::new();
        fixture.runs_for(&[7], age);
        fixture.result(Err(NOT_REGISTERED));
        fixture
    };
    let unknown = Life::Unknown(UnknownReason::NotSupported);
    first(Some(KEEPALIVE.timeout)).expect_report(unknown, None);
    first(None).expect_report(unknown, None);
    let mut fixture = first(Some(Duration::from_secs(4)));
    fixture.expect_report(Life::Starting, None);
    let mut waited = Duration::ZERO;
    while fixture.reported.as_ref().is_some_and(|state| state.life == Life::Starting) {
        waited += fixture.wait_for_deadline();
        fixture.result(Err(NOT_REGISTERED));
    }
    assert_eq!(waited, Duration::from_secs(1));
    fixture.expect_report(unknown, None);
}

#[test]
fn a_failed_read_is_reported_with_its_reason_and_repeated() {
    let check = |code, reason, wait| {
        let mut fixture = SessionFixture::new();
        fixture.runs(&[7]);
        fixture.result(Err(code));
        fixture.expect_report(Life::Unknown(reason), None);
        assert_eq!(fixture.wait_for_deadline(), wait, "{code}");
    };
    check(BUSY, UnknownReason::NotResponding, Duration::from_millis(250));
    check(DENIED, UnknownReason::AccessDenied, KEEPALIVE.interval);
    check(HResult::of(0x8000_4002), UnknownReason::NotSupported, KEEPALIVE.interval);
}

#[test]
fn the_waits_between_attempts_grow_up_to_a_maximum() {
    let mut fixture = SessionFixture::new();
    fixture.runs(&[7]);
    let waits: Vec<_> = (0..7)
        .map(|_| {
            fixture.result(Err(BUSY));
            fixture.wait_for_deadline().as_millis()
        })
        .collect();
    assert_eq!(waits, [250, 500, 1000, 2000, 4000, 5000, 5000]);
}

#[test]
fn a_change_in_the_registry_repeats_a_failed_read_at_once() {
    let mut fixture = SessionFixture::new();
    fixture.runs(&[7]);
    fixture.result(Err(DENIED));
    assert_eq!(fixture.pending, None);
    fixture.runs(&[7]);
    assert!(fixture.pending.is_some());
}

#[test]
fn other_processes_than_before_mean_another_run() {
    let mut fixture = SessionFixture::open(signed_in());
    fixture.runs(&[7, 8]);
    assert_eq!(fixture.disconnects, 0, "one of them is still the same");
    fixture.runs(&[9]);
    assert_eq!(fixture.disconnects, 1);
    fixture.expect_report(Life::Starting, None);
    fixture.reads(ReportedStatus::SIGNED_OUT);
    fixture.expect_report(Life::Running, None);
}

#[test]
fn a_result_that_is_no_longer_pending_is_ignored() {
    let mut fixture = SessionFixture::open(signed_in());
    fixture.event(ClientEvent::Changed);
    let late = fixture.pending;
    fixture.handle(SessionInput::Process(ProcessState::Closed(Life::Absent)));
    fixture.pending = late;
    fixture.reads(signed_in());
    fixture.expect_report(Life::Absent, None);
}

/// The numbers of a linear congruence (Knuth, MMIX).
fn random(seed: &mut u64, below: u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) % below
}

#[test]
fn random_inputs_never_report_a_client_as_running_that_does_not_run() {
    for start in 0..2000 {
        let seed = &mut (start * 7919);
        let mut fixture = SessionFixture::new();
        let mut is_running = false;
        for _ in 0..60 {
            match random(seed, 13) {
                0 => {
                    is_running = false;
                    let states =
                        [ProcessState::Closed(Life::Absent), ProcessState::Closed(Life::Starting)];
                    let which = usize::try_from(random(seed, 2)).unwrap();
                    fixture.handle(SessionInput::Process(states[which].clone()));
                }
                1 | 2 => {
                    is_running = true;
                    let process = u32::try_from(random(seed, 3)).unwrap();
                    fixture.runs(&[process, 9]);
                }
                3..=6 if fixture.pending.is_some() => match random(seed, 6) {
                    0 => fixture.result(Err(GONE)),
                    1 => fixture.result(Err(REFUSED)),
                    2 => fixture.reads(ReportedStatus::SIGNED_OUT),
                    3 => fixture.reads(ReportedStatus::SignIn(AccountSignIn::SigningIn)),
                    _ => fixture.reads(signed_in()),
                },
                7 => fixture.event(ClientEvent::Changed),
                8 => {
                    let is_subscribed =
                        fixture.pending.is_some() || fixture.session.deadline().is_some();
                    fixture.event(ClientEvent::SignOut);
                    if is_subscribed
                        && fixture
                            .reported
                            .as_ref()
                            .is_some_and(|state| state.life == Life::Running)
                    {
                        let account =
                            fixture.reported.as_ref().and_then(|state| state.account.as_ref());
                        assert!(
                            account
                                .is_none_or(|it| matches!(it.sign_in, AccountSignIn::SignedOut(_))),
                            "seed {start}: signed in after a sign-out, before any result"
                        );
                    }
                }
                9 => {
                    fixture.event(ClientEvent::SignIn(if random(seed, 2) == 0 { OK } else { BUSY }))
                }
                10 => fixture.event(ClientEvent::ShuttingDown),
                11 => fixture.event(ClientEvent::Presence(presence(Availability::Busy))),
                _ => fixture.wait(Duration::from_millis(random(seed, 8000))),
            }
            let reports_running =
                fixture.reported.as_ref().is_some_and(|state| state.life == Life::Running);
            assert!(
                is_running || !reports_running,
                "seed {start}: reported as running while it does not run"
            );
        }
    }
}
