//! One connection to one client: what is asked of it and what is told, whatever happens.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::time::Duration;

use communicado_core::{Availability, Failure, Life, Moment, UnknownReason};
use communicado_sources::windows::conversation::{
    Account, AccountSignIn, Conversation, Do, Heard, Input, Pace, Standing, View,
};
use communicado_sources::windows::reading::{NOT_LOGGED_ON, Reading, SignIn};
use communicado_windows::HResult;

const PACE: Pace = Pace { check: Duration::from_secs(30), timeout: Duration::from_secs(5) };
const OK: HResult = HResult::OK;
const REFUSED: HResult = HResult::of(0x8004_0111);
const GONE: HResult = HResult::of(0x8007_06BA);
const BUSY: HResult = HResult::of(0x8001_010A);
const DENIED: HResult = HResult::of(0x8007_0005);
const WRONG_PASSWORD: HResult = HResult::of(0x8100_0303);

/// A conversation, and the time in it.
struct Talk {
    conversation: Conversation,
    now: Moment,
    /// The question that is open.
    question: Option<u32>,
    /// What was told last.
    told: Option<View>,
    lets_go: u32,
}

impl Talk {
    fn new() -> Self {
        let conversation = Conversation::new(PACE);
        Self { conversation, now: Moment::START, question: None, told: None, lets_go: 0 }
    }

    /// One whose client is up and connected to, with `sign_in`.
    fn open(sign_in: SignIn) -> Self {
        let mut talk = Self::new();
        talk.up(&[7]);
        talk.says(sign_in);
        talk
    }

    fn take(&mut self, todo: Vec<Do>) {
        for each in todo {
            match each {
                Do::Connect(number) | Do::Read(number) => {
                    assert_eq!(self.question, None, "two questions at a time");
                    self.question = Some(number);
                }
                Do::LetGo => {
                    self.question = None;
                    self.lets_go += 1;
                }
                Do::Tell(view) => self.told = Some(view),
            }
        }
        assert!(self.conversation.deadline().is_none_or(|at| at > self.now), "a deadline behind");
    }

    fn handle(&mut self, input: Input) {
        let todo = self.conversation.handle(self.now, input);
        self.take(todo);
    }

    fn up(&mut self, processes: &[u32]) {
        let processes = processes.iter().copied().collect::<BTreeSet<_>>();
        self.handle(Input::Standing(Standing::Up(processes)));
    }

    fn answer(&mut self, answer: Result<Reading, HResult>) {
        let question = self.question.take().expect("a question is open");
        self.handle(Input::Answered { question, answer, same_level: Some(true) });
    }

    fn says(&mut self, sign_in: SignIn) {
        self.answer(Ok(reading(sign_in)));
    }

    fn hears(&mut self, heard: Heard) {
        self.handle(Input::Heard(heard));
    }

    fn wait(&mut self, span: Duration) {
        self.now = self.now.after(span);
        let todo = self.conversation.advance(self.now);
        self.take(todo);
    }

    /// Waits until something is done by itself, and says how long that took.
    fn wait_for_next(&mut self) -> Duration {
        let next = self.conversation.deadline().expect("something is to come");
        let span = next.since(self.now);
        self.wait(span);
        span
    }

    #[track_caller]
    fn tells(&self, life: Life, sign_in: Option<&AccountSignIn>) {
        let told = self.told.as_ref().expect("something was told");
        let account = told.account.as_ref().map(|account| &account.sign_in);
        assert_eq!((told.life, account), (life, sign_in));
    }
}

fn reading(sign_in: SignIn) -> Reading {
    let account = (sign_in != SignIn::SignedOut).then(|| "alice@uc.test".to_owned());
    Reading { sign_in, account, name: None }
}

fn signed_in() -> SignIn {
    let (availability, raw) = (Availability::Available, "ONLINE".to_owned());
    SignIn::SignedIn { availability, activity: None, raw }
}

const OUT: AccountSignIn = AccountSignIn::SignedOut(None);

fn is_in() -> AccountSignIn {
    let (availability, raw) = (Availability::Available, "ONLINE".to_owned());
    AccountSignIn::SignedIn { availability, activity: None, raw }
}

#[test]
fn a_client_is_connected_to_once_it_is_up_and_not_before() {
    let mut talk = Talk::new();
    talk.handle(Input::Standing(Standing::Starting));
    talk.tells(Life::Starting, None);
    assert_eq!(talk.question, None);
    talk.up(&[7]);
    talk.tells(Life::Starting, None);
    talk.says(signed_in());
    talk.tells(Life::Running, Some(&is_in()));
    talk.handle(Input::Standing(Standing::Down));
    talk.tells(Life::Absent, None);
    assert_eq!(talk.lets_go, 1);
}

#[test]
fn running_and_signed_out_is_told_whether_it_can_be_created_or_not() {
    Talk::open(SignIn::SignedOut).tells(Life::Running, None);
    for refusal in [REFUSED, NOT_LOGGED_ON] {
        let mut talk = Talk::new();
        talk.up(&[7]);
        talk.answer(Err(refusal));
        talk.tells(Life::Running, None);
        assert_eq!(talk.wait_for_next(), Duration::from_millis(250));
        talk.says(signed_in());
        talk.tells(Life::Running, Some(&is_in()));
    }
}

#[test]
fn a_sign_out_is_told_at_once_and_an_older_answer_does_not_undo_it() {
    let mut talk = Talk::open(signed_in());
    talk.hears(Heard::SignOut);
    talk.tells(Life::Running, Some(&OUT));
    talk.says(signed_in());
    talk.tells(Life::Running, Some(&OUT));
    assert_eq!(talk.wait_for_next(), Duration::from_secs(1));
    talk.says(SignIn::SignedOut);
    talk.tells(Life::Running, Some(&OUT));
}

#[test]
fn a_sign_out_that_overtakes_an_answer_counts_more() {
    let mut talk = Talk::open(signed_in());
    talk.hears(Heard::Change);
    talk.hears(Heard::SignOut);
    talk.says(signed_in());
    talk.tells(Life::Running, Some(&OUT));
    assert!(talk.question.is_some(), "it is asked again");
}

#[test]
fn a_client_that_insists_is_signed_in_after_all() {
    let mut talk = Talk::open(signed_in());
    talk.hears(Heard::SignOut);
    talk.says(signed_in());
    talk.wait_for_next();
    talk.says(signed_in());
    talk.tells(Life::Running, Some(&is_in()));
}

#[test]
fn a_new_sign_in_after_a_sign_out_is_believed_at_once() {
    let mut talk = Talk::open(signed_in());
    talk.hears(Heard::SignOut);
    talk.says(SignIn::SignedOut);
    talk.hears(Heard::SignIn(OK));
    talk.says(signed_in());
    talk.tells(Life::Running, Some(&is_in()));
}

#[test]
fn a_failed_sign_in_keeps_its_reason_until_something_else_is_so() {
    let mut talk = Talk::open(SignIn::SignedOut);
    talk.hears(Heard::SignIn(WRONG_PASSWORD));
    let failed = AccountSignIn::SignedOut(Some(Failure::AuthenticationFailed));
    talk.tells(Life::Running, Some(&failed));
    let Some(View { account: Some(Account { account, .. }), .. }) = &talk.told else {
        panic!("an account is told")
    };
    assert_eq!(account, "(not named)");
    talk.says(SignIn::SignedOut);
    talk.tells(Life::Running, Some(&failed));
    talk.hears(Heard::Change);
    talk.says(SignIn::SigningIn);
    talk.tells(Life::Running, Some(&AccountSignIn::SigningIn));
    talk.hears(Heard::Change);
    talk.says(SignIn::SignedOut);
    talk.tells(Life::Running, Some(&OUT));
}

#[test]
fn a_client_that_is_about_to_end_is_let_go_of_and_asked_later_whether_it_has() {
    let mut talk = Talk::open(signed_in());
    talk.hears(Heard::ShuttingDown);
    talk.tells(Life::ShuttingDown, None);
    assert_eq!((talk.lets_go, talk.question), (1, None));
    talk.hears(Heard::SignIn(OK));
    talk.tells(Life::ShuttingDown, None);
    assert_eq!(talk.wait_for_next(), Duration::from_secs(5));
    talk.says(signed_in());
    talk.tells(Life::Running, Some(&is_in()));
}

#[test]
fn a_client_that_hangs_is_not_responding_until_it_answers() {
    let mut talk = Talk::open(signed_in());
    assert_eq!(talk.wait_for_next(), PACE.check);
    assert!(talk.question.is_some(), "it is asked whether it is there");
    assert_eq!(talk.wait_for_next(), PACE.timeout);
    talk.tells(Life::Unknown(UnknownReason::NotResponding), None);
    talk.says(signed_in());
    talk.tells(Life::Running, Some(&is_in()));
}

#[test]
fn a_proxy_that_is_dead_while_the_process_lives_is_replaced() {
    let mut talk = Talk::open(signed_in());
    talk.hears(Heard::Change);
    talk.answer(Err(GONE));
    talk.tells(Life::Starting, None);
    assert_eq!(talk.lets_go, 1);
    for _ in 0..6 {
        talk.wait_for_next();
        talk.answer(Err(GONE));
    }
    talk.tells(Life::Unknown(UnknownReason::NotResponding), None);
    talk.wait_for_next();
    talk.says(signed_in());
    talk.tells(Life::Running, Some(&is_in()));
}

#[test]
fn a_refusal_is_told_with_its_reason_and_tried_again() {
    let check = |code, reason, wait| {
        let mut talk = Talk::new();
        talk.up(&[7]);
        talk.answer(Err(code));
        talk.tells(Life::Unknown(reason), None);
        assert_eq!(talk.wait_for_next(), wait, "{code}");
    };
    check(BUSY, UnknownReason::NotResponding, Duration::from_millis(250));
    check(DENIED, UnknownReason::AccessDenied, PACE.check);
    check(HResult::of(0x8000_4002), UnknownReason::NotSupported, PACE.check);
}

#[test]
fn the_waits_between_attempts_grow_and_have_an_end() {
    let mut talk = Talk::new();
    talk.up(&[7]);
    let waits: Vec<_> = (0..7)
        .map(|_| {
            talk.answer(Err(BUSY));
            talk.wait_for_next().as_millis()
        })
        .collect();
    assert_eq!(waits, [250, 500, 1000, 2000, 4000, 5000, 5000]);
}

#[test]
fn a_change_in_the_registry_has_a_refused_client_asked_at_once() {
    let mut talk = Talk::new();
    talk.up(&[7]);
    talk.answer(Err(DENIED));
    assert_eq!(talk.question, None);
    talk.up(&[7]);
    assert!(talk.question.is_some());
}

#[test]
fn a_client_with_other_processes_than_before_is_another_run() {
    let mut talk = Talk::open(signed_in());
    talk.up(&[7, 8]);
    assert_eq!(talk.lets_go, 0, "one of them is still the same");
    talk.up(&[9]);
    assert_eq!(talk.lets_go, 1);
    talk.tells(Life::Starting, None);
    talk.says(SignIn::SignedOut);
    talk.tells(Life::Running, None);
}

#[test]
fn an_answer_that_nobody_waits_for_any_more_counts_for_nothing() {
    let mut talk = Talk::open(signed_in());
    talk.hears(Heard::Change);
    let late = talk.question;
    talk.handle(Input::Standing(Standing::Down));
    talk.question = late;
    talk.says(signed_in());
    talk.tells(Life::Absent, None);
}

/// The numbers of a linear congruence (Knuth, MMIX).
fn random(seed: &mut u64, below: u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) % below
}

#[test]
fn whatever_happens_nobody_is_signed_in_at_a_client_that_does_not_run() {
    for start in 0..2000 {
        let seed = &mut (start * 7919);
        let mut talk = Talk::new();
        let mut up = false;
        for _ in 0..60 {
            match random(seed, 12) {
                0 => {
                    up = false;
                    let standing = [Standing::Down, Standing::Starting];
                    let which = usize::try_from(random(seed, 2)).unwrap();
                    talk.handle(Input::Standing(standing[which].clone()));
                }
                1 | 2 => {
                    up = true;
                    let process = u32::try_from(random(seed, 3)).unwrap();
                    talk.up(&[process, 9]);
                }
                3..=6 if talk.question.is_some() => match random(seed, 6) {
                    0 => talk.answer(Err(GONE)),
                    1 => talk.answer(Err(REFUSED)),
                    2 => talk.says(SignIn::SignedOut),
                    3 => talk.says(SignIn::SigningIn),
                    _ => talk.says(signed_in()),
                },
                7 => talk.hears(Heard::Change),
                8 => {
                    let listened =
                        talk.question.is_some() || talk.conversation.deadline().is_some();
                    talk.hears(Heard::SignOut);
                    if listened && talk.told.as_ref().is_some_and(|told| told.life == Life::Running)
                    {
                        let told = talk.told.as_ref().and_then(|told| told.account.as_ref());
                        assert!(
                            told.is_none_or(|it| matches!(it.sign_in, AccountSignIn::SignedOut(_))),
                            "seed {start}: signed in after a sign-out, before any answer"
                        );
                    }
                }
                9 => talk.hears(Heard::SignIn(if random(seed, 2) == 0 { OK } else { BUSY })),
                10 => talk.hears(Heard::ShuttingDown),
                _ => talk.wait(Duration::from_millis(random(seed, 8000))),
            }
            let running = talk.told.as_ref().is_some_and(|told| told.life == Life::Running);
            assert!(up || !running, "seed {start}: told as running while it does not");
        }
    }
}
