//! Whoever bears the provider's name on one bus. Pure: what came off the bus and the time go in,
//! what to send and what to tell come out.
//!
//! The provider is watched by its unique name, so what one run of it said can never be taken for
//! what the next one says.

use std::collections::BTreeMap;

use communicado_core::{Life, Moment, UnknownReason};
use zbus::Message;

use super::message::{Answer, Ask, Call, Incoming, Signal};
use super::run::{Judged, Run, State};
use crate::bus::{BusProtocol, Pace, Tell};

/// What the provider is called among the clients.
pub(super) const CLIENT: &str = "provider";

type Todo = crate::bus::Todo<Ask>;

/// Whoever bears the provider's name on one bus.
pub(super) struct Watcher {
    pace: Pace,
    run: Option<Run>,
    asked: BTreeMap<u32, Asked>,
    questions: u32,
    instances: u32,
    owner_known: bool,
    looked: bool,
    /// Whether this is not the first bus, or the first time on it.
    again: bool,
}

/// Who was asked for what.
#[derive(Debug)]
enum Asked {
    Owner,
    Provider { unique: String, call: Call },
}

impl Watcher {
    pub(super) const fn new(pace: Pace) -> Self {
        Self {
            pace,
            run: None,
            asked: BTreeMap::new(),
            questions: 0,
            instances: 0,
            owner_known: false,
            looked: false,
            again: false,
        }
    }

    /// The same, on a bus that was lost before: who is found there at first has not just started,
    /// but was there all the time.
    pub(super) fn again(self) -> Self {
        Self { again: true, ..self }
    }

    /// Whether somebody bears the name.
    pub(super) const fn is_there(&self) -> bool {
        self.run.is_some()
    }

    fn handle(&mut self, now: Moment, incoming: Incoming, to: Option<u32>) -> Todo {
        let mut todo = Todo::default();
        match incoming {
            Incoming::Owner { old, new } => {
                self.owner_known = true;
                self.gone(&old, &mut todo);
                self.found(now, &new, &mut todo);
            }
            Incoming::Signal { sender, signal } => self.signal(now, &sender, signal, &mut todo),
            Incoming::Answer(answer) => {
                if let Some(asked) = to.and_then(|to| self.asked.remove(&to)) {
                    self.answer(now, &asked, answer, &mut todo);
                }
            }
        }
        self.look(&mut todo);
        todo
    }

    fn found(&mut self, now: Moment, unique: &str, todo: &mut Todo) {
        if unique.is_empty() || self.run.as_ref().is_some_and(|run| run.unique == unique) {
            return;
        }
        self.begin_again(now, unique.to_owned(), todo);
        if self.looked || !self.again {
            let instance = self.instances;
            todo.tell.push(Tell::Life { instance, life: Life::Starting });
        }
    }

    /// Asks the one who bears the name everything, over a connection of its own.
    fn begin_again(&mut self, now: Moment, unique: String, todo: &mut Todo) {
        self.asked.retain(|_, asked| matches!(asked, Asked::Owner));
        self.instances += 1;
        let instance = self.instances;
        self.run = Some(Run::new(unique, instance, now));
        todo.tell.push(Tell::Open { instance, client: CLIENT.to_owned() });
        self.ask(Call::Flag, todo);
        self.ask(Call::Accounts, todo);
    }

    fn gone(&mut self, unique: &str, todo: &mut Todo) {
        let Some(run) = self.run.take_if(|run| run.unique == unique) else { return };
        self.asked.retain(|_, asked| matches!(asked, Asked::Owner));
        todo.tell.push(Tell::Life { instance: run.instance, life: Life::Absent });
    }

    fn signal(&mut self, now: Moment, sender: &str, signal: Signal, todo: &mut Todo) {
        let Some(run) = self.run.as_mut().filter(|run| run.unique == sender) else { return };
        run.quiet_since = now;
        if run.state == State::Hung {
            // It goes on; what it says now it will say again when it is asked.
            let unique = run.unique.clone();
            return self.begin_again(now, unique, todo);
        }
        let asks = run.signal(signal);
        self.tell(now, todo);
        if asks {
            self.ask(Call::Accounts, todo);
        }
    }

    fn answer(&mut self, now: Moment, asked: &Asked, answer: Answer, todo: &mut Todo) {
        match asked {
            Asked::Owner => {
                // Who came since the question was asked is known already.
                if let Answer::Owner(unique) = answer
                    && !self.owner_known
                {
                    self.found(now, &unique, todo);
                }
                self.owner_known = true;
            }
            Asked::Provider { unique, call } => {
                let Some(run) = self.run.as_mut().filter(|run| run.unique == *unique) else {
                    return;
                };
                run.unanswered.remove(call);
                if answer == Answer::FromTheBus {
                    return;
                }
                run.quiet_since = now;
                if run.state == State::Hung {
                    let unique = run.unique.clone();
                    return self.begin_again(now, unique, todo);
                }
                if run.answer(*call, answer) {
                    self.tell(now, todo);
                } else {
                    self.reason(State::Foreign, UnknownReason::NotSupported, todo);
                }
            }
        }
    }

    /// Tells what is known, if it is another thing than before or is to be renewed.
    fn tell(&mut self, now: Moment, todo: &mut Todo) {
        let pace = self.pace;
        let Some(run) = &mut self.run else { return };
        let (life, view) = match run.judged() {
            Judged::NotYet => return,
            Judged::NotSupported => {
                return self.reason(State::Foreign, UnknownReason::NotSupported, todo);
            }
            Judged::Is(life, view) => (life, view),
        };
        let instance = run.instance;
        if run.state == State::Foreign {
            let unique = run.unique.clone();
            // What was doubted is doubted for good over this connection.
            if run.unanswered.is_empty() {
                self.begin_again(now, unique, todo);
            }
            return;
        }
        run.state = State::Known;
        let stays = run.told.as_ref().is_some_and(|(told, _)| *told == life);
        let before = run.told.take().map(|(_, view)| view);
        // The accounts of one that is about to end are not looked at: it signs out first.
        let view =
            if life == Life::ShuttingDown { before.clone().unwrap_or_default() } else { view };
        if before.as_ref() != Some(&view) {
            todo.tell.push(Tell::View { instance, before, view: view.clone() });
        }
        if !stays || now.since(run.renewed) >= pace.check / 2 {
            run.renewed = now;
            todo.tell.push(Tell::Life { instance, life });
        }
        run.told = Some((life, view));
    }

    /// Says that whoever bears the name cannot be judged.
    fn reason(&mut self, state: State, reason: UnknownReason, todo: &mut Todo) {
        let Some(run) = self.run.as_mut().filter(|run| run.state != state) else { return };
        (run.state, run.told) = (state, None);
        let (instance, life) = (run.instance, Life::Unknown(reason));
        todo.tell.push(Tell::Life { instance, life });
    }

    fn look(&mut self, todo: &mut Todo) {
        let settled = self.run.as_ref().is_none_or(|run| run.state != State::Asked);
        if !self.looked && self.owner_known && settled {
            self.looked = true;
            todo.tell.push(Tell::Looked);
        }
    }

    fn ask(&mut self, call: Call, todo: &mut Todo) {
        let Some(run) = &mut self.run else { return };
        if !run.unanswered.insert(call) {
            return;
        }
        let unique = run.unique.clone();
        self.questions = self.questions.wrapping_add(1);
        self.asked.insert(self.questions, Asked::Provider { unique: unique.clone(), call });
        todo.ask.push((self.questions, Ask::Provider { to: unique, call }));
    }
}

impl BusProtocol for Watcher {
    type Ask = Ask;

    fn begin(&mut self) -> Todo {
        let mut todo = Todo::default();
        for ask in Ask::matches().chain([Ask::Owner]) {
            self.questions = self.questions.wrapping_add(1);
            if ask == Ask::Owner {
                self.asked.insert(self.questions, Asked::Owner);
            }
            todo.ask.push((self.questions, ask));
        }
        todo
    }

    fn handle_message(&mut self, now: Moment, message: &Message, to: Option<u32>) -> Todo {
        match Incoming::decode(message) {
            Some(incoming) => self.handle(now, incoming, to),
            None => Todo::default(),
        }
    }

    fn advance(&mut self, now: Moment) -> (Todo, Option<Moment>) {
        let mut todo = Todo::default();
        let due = |run: &&mut Run, pace| run.deadline(pace).is_some_and(|due| due <= now);
        if let Some(run) = self.run.as_mut().filter(|run| due(run, self.pace)) {
            run.quiet_since = now;
            match (run.state, run.unanswered.is_empty()) {
                (State::Foreign, true) => {
                    let unique = run.unique.clone();
                    self.begin_again(now, unique, &mut todo);
                }
                (_, true) => self.ask(Call::Flag, &mut todo),
                (_, false) => self.reason(State::Hung, UnknownReason::NotResponding, &mut todo),
            }
        }
        self.look(&mut todo);
        (todo, self.run.as_ref().and_then(|run| run.deadline(self.pace)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use communicado_core::Availability;

    use super::super::account::{Properties, Value};
    use super::*;
    use crate::bus::SignIn;

    const PACE: Pace = Pace { check: Duration::from_secs(30), timeout: Duration::from_secs(5) };
    const PATH: &str = "/org/communicado/Provider1/account1";

    /// A watcher, and the end of the conversation that it speaks to.
    struct Talk {
        watcher: Watcher,
        now: Moment,
        open: Vec<(u32, Call)>,
        told: Vec<String>,
    }

    impl Talk {
        fn begin() -> Self {
            let mut talk = Self {
                watcher: Watcher::new(PACE),
                now: Moment::START,
                open: Vec::new(),
                told: Vec::new(),
            };
            let todo = talk.watcher.begin();
            let owner = todo.ask.iter().find(|(_, ask)| *ask == Ask::Owner).expect("it asks").0;
            talk.take(todo);
            let answer = Incoming::Answer(Answer::Owner(":1.7".to_owned()));
            let todo = talk.watcher.handle(talk.now, answer, Some(owner));
            talk.take(todo);
            talk
        }

        fn take(&mut self, todo: Todo) {
            for (number, ask) in todo.ask {
                if let Ask::Provider { call, .. } = ask {
                    self.open.push((number, call));
                }
            }
            for tell in todo.tell {
                self.told.push(match tell {
                    Tell::Open { instance, .. } => format!("open {instance}"),
                    Tell::Life { instance, life } => format!("{instance} {life:?}"),
                    Tell::Looked => "looked".to_owned(),
                    Tell::View { instance, view, .. } => {
                        let sign_ins = view.accounts.values().map(|sign_in| {
                            if let SignIn::SignedIn { raw, .. } = sign_in {
                                return raw.clone();
                            }
                            format!("{sign_in:?}")
                        });
                        format!("{instance} {}", sign_ins.collect::<Vec<_>>().join(","))
                    }
                });
            }
        }

        fn answer(&mut self, call: Call, answer: Answer) {
            let at = self.open.iter().position(|(_, open)| *open == call).expect("it is asked");
            let (number, _) = self.open.remove(at);
            let todo = self.watcher.handle(self.now, Incoming::Answer(answer), Some(number));
            self.take(todo);
        }

        fn answer_all(&mut self, status: &str, availability: &str) {
            self.answer(Call::Flag, Answer::Flag(2));
            let accounts = BTreeMap::from([(PATH.to_owned(), account(status, availability))]);
            self.answer(Call::Accounts, Answer::Accounts(accounts));
        }

        fn signal(&mut self, sender: &str, signal: Signal) {
            let incoming = Incoming::Signal { sender: sender.to_owned(), signal };
            let todo = self.watcher.handle(self.now, incoming, None);
            self.take(todo);
        }

        fn owner(&mut self, old: &str, new: &str) {
            let incoming = Incoming::Owner { old: old.to_owned(), new: new.to_owned() };
            let todo = self.watcher.handle(self.now, incoming, None);
            self.take(todo);
        }

        fn wait(&mut self, seconds: u64) {
            self.now = self.now.after(Duration::from_secs(seconds));
            let (todo, _) = self.watcher.advance(self.now);
            self.take(todo);
        }

        #[track_caller]
        fn told(&mut self, expected: &[&str]) {
            assert_eq!(std::mem::take(&mut self.told), expected);
        }
    }

    fn account(status: &str, availability: &str) -> Properties {
        let texts = [("Name", "alice"), ("Status", status), ("Availability", availability)];
        let text = |(name, text): (&str, &str)| (name.to_owned(), Value::Text(text.to_owned()));
        texts.into_iter().map(text).collect()
    }

    fn change(name: &str, text: &str) -> Signal {
        let changed = Properties::from([(name.to_owned(), Value::Text(text.to_owned()))]);
        Signal::Account { path: PATH.to_owned(), changed }
    }

    #[test]
    fn all_is_told_once_all_is_known() {
        let mut talk = Talk::begin();
        talk.told(&["open 1", "1 Starting"]);
        talk.answer_all("signed-in", "busy");
        talk.told(&["1 busy", "1 Running", "looked"]);
        talk.signal(":1.7", change("Availability", "away"));
        talk.told(&["1 away"]);
    }

    #[test]
    fn what_came_while_an_answer_was_waited_for_is_put_on_top_of_it() {
        let mut talk = Talk::begin();
        talk.signal(":1.7", change("Availability", Availability::Away.word()));
        talk.told(&["open 1", "1 Starting"]);
        talk.answer_all("signed-in", "busy");
        talk.told(&["1 away", "1 Running", "looked"]);
    }

    #[test]
    fn a_stranger_is_not_believed() {
        let mut talk = Talk::begin();
        talk.answer_all("signed-in", "busy");
        talk.told.clear();
        talk.signal(":1.9", change("Status", "signed-out"));
        talk.told(&[]);
    }

    #[test]
    fn one_that_is_replaced_is_gone_before_the_next_one_comes() {
        let mut talk = Talk::begin();
        talk.answer_all("signed-in", "busy");
        talk.told.clear();
        talk.owner(":1.7", ":1.8");
        talk.told(&["1 Absent", "open 2", "2 Starting"]);
        talk.signal(":1.7", change("Availability", "away"));
        talk.told(&[]);
        talk.open.retain(|(number, _)| *number > 6);
        talk.answer_all("signed-out", "");
        talk.told(&["2 SignedOut(None)", "2 Running"]);
    }

    #[test]
    fn one_that_hangs_is_doubted_and_asked_anew_when_it_goes_on() {
        let mut talk = Talk::begin();
        talk.answer_all("signed-in", "busy");
        talk.told.clear();
        talk.wait(30);
        assert_eq!(talk.open.len(), 1, "it is asked whether it is there");
        talk.wait(5);
        talk.told(&["1 Unknown(NotResponding)"]);
        talk.wait(600);
        talk.told(&[]);
        talk.answer(Call::Flag, Answer::Flag(2));
        talk.told(&["open 2"]);
        talk.answer_all("signed-in", "away");
        talk.told(&["2 away", "2 Running"]);
    }

    #[test]
    fn one_that_answers_is_renewed_and_nothing_is_told_again() {
        let mut talk = Talk::begin();
        talk.answer_all("signed-in", "busy");
        talk.told.clear();
        talk.wait(30);
        talk.answer(Call::Flag, Answer::Flag(2));
        talk.told(&["1 Running"]);
    }

    #[test]
    fn a_stranger_with_the_name_is_not_judged() {
        let mut talk = Talk::begin();
        talk.told.clear();
        talk.answer(Call::Flag, Answer::Nonsense);
        talk.told(&["1 Unknown(NotSupported)", "looked"]);
        talk.answer(Call::Accounts, Answer::Nonsense);
        talk.told(&[]);
    }

    #[test]
    fn the_end_is_told_in_order() {
        let mut talk = Talk::begin();
        talk.answer_all("signed-in", "busy");
        talk.told.clear();
        talk.signal(":1.7", change("Status", "signed-out"));
        talk.signal(":1.7", Signal::Flag(0));
        talk.owner(":1.7", "");
        talk.told(&["1 SignedOut(None)", "1 ShuttingDown", "1 Absent"]);
    }

    #[test]
    fn one_that_is_starting_is_not_running() {
        let mut talk = Talk::begin();
        talk.told.clear();
        talk.answer(Call::Flag, Answer::Flag(1));
        talk.answer(Call::Accounts, Answer::Accounts(BTreeMap::new()));
        talk.told(&["1 ", "1 Starting", "looked"]);
        let added = Signal::Account { path: PATH.to_owned(), changed: account("signed-out", "") };
        talk.signal(":1.7", added);
        talk.signal(":1.7", Signal::Flag(2));
        talk.told(&["1 SignedOut(None)", "1 Running"]);
    }
}
