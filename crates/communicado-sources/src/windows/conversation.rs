//! One connection to one client, from its flag to its last word.
//!
//! Pure: what happened goes in with its moment, what is to be done and told comes out. A question
//! is asked at a time; the shell asks it on a thread of its own, since the client may hang.
//!
//! **Know:** an event says that something has changed and is no more than that: clients tell the
//! arguments in the wrong order, or the status before. So after each event the client is asked,
//! and what it answers is believed. Only a sign-out and a sign-in that failed are told at once.

use std::collections::BTreeSet;
use std::mem;
use std::time::Duration;

use communicado_core::{Activity, Availability, Failure, Life, Moment, UnknownReason};
use communicado_windows::HResult;

use super::reading::{Reading, Refusal, SignIn, refusal};

/// The shortest wait before a client is asked again that could not be asked.
const WAIT_MIN: Duration = Duration::from_millis(250);
/// The longest, while it may change its mind at any moment.
const WAIT_MAX: Duration = Duration::from_secs(5);
/// How long a client that has told of a sign-out is not believed that it is signed in: its answer
/// may be older than its event.
const SIGN_OUT_HOLDS: Duration = Duration::from_secs(1);
/// How long a client may be about to end before it is asked whether it is.
const LEAVING_MAX: Duration = Duration::from_secs(5);

/// How often a client is asked, and how long it may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// How long it may say nothing.
    pub check: Duration,
    /// How long it may take to answer.
    pub timeout: Duration,
}

/// What the flag and the processes say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It does not run.
    Down,
    /// It is starting.
    Starting,
    /// It cannot be judged.
    Unclear,
    /// It can be asked; these are its processes.
    Up(BTreeSet<u32>),
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// What the flag and the processes say now, said as often as anything there changes.
    Standing(Standing),
    /// The answer to a question.
    Answered {
        /// The question.
        question: u32,
        /// What was read, or the code that came instead.
        answer: Result<Reading, HResult>,
        /// Whether this process and the client's are trusted alike, where that is known.
        same_level: Option<bool>,
    },
    /// The client told something.
    Heard(Heard),
}

/// What a client can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A sign-in has ended, well or badly.
    SignIn(HResult),
    /// Nobody is signed in any more.
    SignOut,
    /// Something else has changed.
    Change,
    /// It is about to end.
    ShuttingDown,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Do {
    /// Create the object, listen to it and read it; the answer is to have this number.
    Connect(u32),
    /// Read it.
    Read(u32),
    /// Let go of it, and of every question: without a call, for it is gone or about to go.
    LetGo,
    /// Tell what is known.
    Tell(View),
}

/// What is known of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// Whether it runs.
    pub life: Life,
    /// Its account.
    pub account: Option<Account>,
}

/// What is known of its account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The name that signs in.
    pub account: String,
    /// The name by which the client shows its user.
    pub name: Option<String>,
    /// Where the sign-in stands.
    pub sign_in: AccountSignIn,
}

/// Where the sign-in of an account stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountSignIn {
    /// Signed in.
    SignedIn {
        /// Whether the user can be reached.
        availability: Availability,
        /// What the user is doing.
        activity: Option<Activity>,
        /// The client's own word.
        raw: String,
    },
    /// Signing in.
    SigningIn,
    /// Signing out.
    SigningOut,
    /// Signed out; why, if the last sign-in failed.
    SignedOut(Option<Failure>),
}

/// What an account is called that has never said its name.
const NOT_NAMED: &str = "(not named)";

/// One connection to one client.
#[derive(Debug)]
pub struct Conversation {
    pace: Pace,
    phase: Phase,
    processes: BTreeSet<u32>,
    questions: u32,
    question: Option<Question>,
    /// When to do the next thing by itself.
    next: Option<Moment>,
    /// Since when it has been tried in vain, and how often.
    in_vain: Option<(Moment, u32)>,
    /// Until when nobody is believed to be signed in.
    holds: Option<Moment>,
    failure: Option<Failure>,
    account: Option<String>,
    name: Option<String>,
    todo: Vec<Do>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// It does not run, or not yet.
    Down,
    /// It is to be connected to.
    Apart,
    /// It is connected to.
    Open,
    /// It has said that it is about to end.
    Leaving,
}

#[derive(Clone, Copy, Debug)]
struct Question {
    number: u32,
    asked: Moment,
    /// Something happened since it was asked: ask again.
    again: bool,
    /// Whoever answers may not know of the sign-out yet.
    outdated: bool,
    /// It has taken too long.
    late: bool,
}

impl Conversation {
    /// A connection to a client that is not known to run.
    #[must_use]
    pub const fn new(pace: Pace) -> Self {
        Self {
            pace,
            phase: Phase::Down,
            processes: BTreeSet::new(),
            questions: 0,
            question: None,
            next: None,
            in_vain: None,
            holds: None,
            failure: None,
            account: None,
            name: None,
            todo: Vec::new(),
        }
    }

    /// Takes in what happened, and returns what is to be done, in order.
    #[must_use = "what is not done is never asked or told"]
    pub fn handle(&mut self, now: Moment, input: Input) -> Vec<Do> {
        let mut todo = self.advance(now);
        match input {
            Input::Standing(standing) => self.stand(now, standing),
            Input::Answered { question, answer, same_level } => {
                self.answered(now, question, answer, same_level);
            }
            Input::Heard(heard) => self.heard(now, heard),
        }
        todo.append(&mut self.todo);
        todo
    }

    /// Lets time pass, and returns what is to be done.
    #[must_use = "what is not done is never asked or told"]
    pub fn advance(&mut self, now: Moment) -> Vec<Do> {
        if let Some(question) = &mut self.question
            && !question.late
            && question.asked.after(self.pace.timeout) <= now
        {
            question.late = true;
            self.tell(Life::Unknown(UnknownReason::NotResponding), None);
        }
        if self.next.is_some_and(|next| next <= now) {
            self.next = None;
            match self.phase {
                Phase::Down => {}
                Phase::Apart => self.connect(now),
                Phase::Leaving => {
                    self.phase = Phase::Apart;
                    self.connect(now);
                }
                Phase::Open => self.read(now),
            }
        }
        mem::take(&mut self.todo)
    }

    /// Whether it waits for nothing: it has asked and been answered, or knows that it is not.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.question.is_none_or(|question| question.late)
    }

    /// The moment at which [`Conversation::advance`] must be called if nothing happens before.
    #[must_use]
    pub fn deadline(&self) -> Option<Moment> {
        let late = self.question.filter(|question| !question.late);
        let late = late.map(|question| question.asked.after(self.pace.timeout));
        [late, self.next].into_iter().flatten().min()
    }

    fn stand(&mut self, now: Moment, standing: Standing) {
        match standing {
            Standing::Down => self.end(Life::Absent),
            Standing::Starting => self.end(Life::Starting),
            Standing::Unclear => self.end(Life::Unknown(UnknownReason::NotSupported)),
            Standing::Up(processes) => {
                // Others than before: it was restarted, and nobody said so.
                if self.phase != Phase::Down && self.processes.is_disjoint(&processes) {
                    self.end(Life::Absent);
                }
                self.processes = processes;
                match self.phase {
                    Phase::Down => {
                        self.phase = Phase::Apart;
                        self.tell(Life::Starting, None);
                        self.connect(now);
                    }
                    // Something has changed there, so it may be asked now.
                    Phase::Apart if self.question.is_none() => self.connect(now),
                    Phase::Apart | Phase::Open | Phase::Leaving => {}
                }
            }
        }
    }

    /// Forgets the run of the client that is over.
    fn end(&mut self, life: Life) {
        if self.phase != Phase::Down {
            self.todo.push(Do::LetGo);
        }
        self.tell(life, None);
        let (pace, questions) = (self.pace, self.questions);
        let todo = mem::take(&mut self.todo);
        *self = Self { questions, todo, ..Self::new(pace) };
    }

    fn connect(&mut self, now: Moment) {
        self.ask(now, Do::Connect);
    }

    /// Reads it, or does so again once the open question is answered.
    fn read(&mut self, now: Moment) {
        match &mut self.question {
            Some(question) => question.again = true,
            None => self.ask(now, Do::Read),
        }
    }

    fn ask(&mut self, now: Moment, how: fn(u32) -> Do) {
        self.questions = self.questions.wrapping_add(1);
        let number = self.questions;
        let question = Question { number, asked: now, again: false, outdated: false, late: false };
        self.question = Some(question);
        self.next = None;
        self.todo.push(how(number));
    }

    fn answered(
        &mut self,
        now: Moment,
        number: u32,
        answer: Result<Reading, HResult>,
        same_level: Option<bool>,
    ) {
        let Some(question) = self.question.filter(|question| question.number == number) else {
            return;
        };
        self.question = None;
        match answer {
            Ok(reading) => {
                self.phase = Phase::Open;
                self.in_vain = None;
                self.next = Some(now.after(self.pace.check));
                self.believe(now, reading, question.outdated);
                if question.again && self.phase == Phase::Open {
                    self.read(now);
                }
            }
            Err(code) => self.refused(now, code, same_level),
        }
    }

    fn believe(&mut self, now: Moment, reading: Reading, outdated: bool) {
        self.account = reading.account.or(self.account.take());
        self.name = reading.name.or(self.name.take());
        let sign_in = match reading.sign_in {
            SignIn::Starting => return self.tell(Life::Starting, None),
            SignIn::ShuttingDown => return self.leave(now),
            SignIn::Unseen => return self.tell(Life::Unknown(UnknownReason::NotSupported), None),
            SignIn::SignedIn { availability, activity, raw } => {
                if outdated || self.holds.is_some_and(|until| now < until) {
                    // It has told of a sign-out; asked later it will know.
                    self.next = Some(self.holds.unwrap_or(now.after(SIGN_OUT_HOLDS)));
                    return self.signed_out();
                }
                AccountSignIn::SignedIn { availability, activity, raw }
            }
            SignIn::SigningIn => AccountSignIn::SigningIn,
            SignIn::SigningOut => AccountSignIn::SigningOut,
            SignIn::SignedOut => return self.signed_out(),
        };
        self.failure = None;
        self.holds = None;
        self.tell(Life::Running, Some(sign_in));
    }

    fn signed_out(&mut self) {
        self.tell(Life::Running, Some(AccountSignIn::SignedOut(self.failure)));
    }

    fn refused(&mut self, now: Moment, code: HResult, same_level: Option<bool>) {
        let was_open = mem::replace(&mut self.phase, Phase::Apart) == Phase::Open;
        if was_open {
            self.todo.push(Do::LetGo);
        }
        let (since, times) = self.in_vain.unwrap_or((now, 0));
        self.in_vain = Some((since, times.saturating_add(1)));
        let mut wait = WAIT_MIN.saturating_mul(1 << times.min(8)).min(WAIT_MAX);
        match refusal(code, same_level) {
            Refusal::SignedOut => self.signed_out(),
            Refusal::Busy => self.tell(Life::Unknown(UnknownReason::NotResponding), None),
            Refusal::Denied => {
                wait = self.pace.check;
                self.tell(Life::Unknown(UnknownReason::AccessDenied), None);
            }
            Refusal::NotSupported => {
                wait = self.pace.check;
                self.tell(Life::Unknown(UnknownReason::NotSupported), None);
            }
            Refusal::NotYet(reason) if since.after(self.pace.timeout) <= now => {
                self.tell(Life::Unknown(reason), None);
            }
            Refusal::NotYet(_) => self.tell(Life::Starting, None),
        }
        self.next = Some(now.after(wait));
    }

    fn heard(&mut self, now: Moment, heard: Heard) {
        // It is listened to before it is read, so it can speak before the first answer.
        let listens = match self.phase {
            Phase::Open => true,
            Phase::Apart => self.question.is_some(),
            Phase::Down | Phase::Leaving => false,
        };
        if !listens {
            return;
        }
        match heard {
            Heard::ShuttingDown => return self.leave(now),
            Heard::SignIn(code) if code.is_failure() => {
                self.failure = Some(crate::vocabulary::failure(code));
                self.signed_out();
            }
            Heard::SignIn(_) => {
                self.failure = None;
                self.holds = None;
            }
            Heard::SignOut => {
                self.holds = Some(now.after(SIGN_OUT_HOLDS));
                if let Some(question) = &mut self.question {
                    question.outdated = true;
                }
                self.signed_out();
            }
            Heard::Change => {}
        }
        // While it is connected to, the answer comes after the event.
        self.read(now);
    }

    fn leave(&mut self, now: Moment) {
        self.phase = Phase::Leaving;
        self.question = None;
        self.todo.push(Do::LetGo);
        self.tell(Life::ShuttingDown, None);
        self.next = Some(now.after(LEAVING_MAX));
    }

    fn tell(&mut self, life: Life, sign_in: Option<AccountSignIn>) {
        let is_failed = matches!(sign_in, Some(AccountSignIn::SignedOut(Some(_))));
        let is_in = !matches!(sign_in, None | Some(AccountSignIn::SignedOut(_)));
        // A name is made up only where there is something to say that a client alone cannot say.
        let made_up = (is_failed || is_in).then(|| NOT_NAMED.to_owned());
        let account = sign_in.and_then(|sign_in| {
            let account = self.account.clone().or(made_up)?;
            Some(Account { account, name: self.name.clone(), sign_in })
        });
        self.todo.push(Do::Tell(View { life, account }));
    }
}
