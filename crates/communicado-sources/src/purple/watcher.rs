//! Every libpurple client on one bus. Pure: what came off the bus and the time go in, what to
//! send and what to tell come out.
//!
//! The client that came first owns the well-known name; others wait for it in a queue and answer
//! on their unique names all the same. Each is watched by its unique name, so what one of them
//! said can never be taken for what another says.

use std::collections::{BTreeMap, BTreeSet};

use communicado_core::{Life, Moment, UnknownReason};

use super::client::{Client, NAMELESS};
use super::message::{Answer, BusCall, Call, Incoming, MEMBERS, NAME, Signal};
use super::run::{Run, State};
use super::todo::{Ask, Asked, Question, Todo};
use crate::bus::{Pace, Tell};

/// More libpurple clients than this on one bus are not watched.
const RUNS_MAX: usize = 32;
/// So many senders that are no clients are remembered, so as not to ask about them again.
const STRANGERS_MAX: usize = 64;

/// What the clients are called, by the name of their process and by the id of their user
/// interface.
pub(super) const KNOWN: &[(&str, &str, &str)] = &[
    ("finch", "finch", "gnt-purple"),
    ("pidgin", "pidgin", "gtk-gaim"),
    ("chatty", "chatty", "chatty-ui"),
];

/// Every libpurple client on one bus.
pub(super) struct Watcher {
    pace: Pace,
    runs: BTreeMap<String, Run>,
    /// Who asked for what, by the number of the question.
    asked: BTreeMap<u32, Asked>,
    questions: u32,
    instances: u32,
    strangers: BTreeSet<String>,
    owners_known: bool,
    looked: bool,
    /// Whether this is not the first bus, or the first time on it.
    again: bool,
}

impl Watcher {
    pub(super) const fn new(pace: Pace) -> Self {
        Self {
            pace,
            runs: BTreeMap::new(),
            asked: BTreeMap::new(),
            questions: 0,
            instances: 0,
            strangers: BTreeSet::new(),
            owners_known: false,
            looked: false,
            again: false,
        }
    }

    /// The same, on a bus that was lost before: who is found there at first has not just started,
    /// but was there all the time.
    pub(super) fn again(self) -> Self {
        Self { again: true, ..self }
    }

    /// Subscribes first, then asks who is there.
    pub(super) fn begin(&mut self) -> Todo {
        let mut todo = Todo::default();
        self.ask_bus(BusCall::MatchOwner(NAME.to_owned()), &mut todo);
        for member in MEMBERS {
            self.ask_bus(BusCall::Match(member), &mut todo);
        }
        self.ask_bus(BusCall::Owners, &mut todo);
        todo
    }

    /// Takes in what came off the bus.
    pub(super) fn handle(&mut self, now: Moment, incoming: Incoming) -> Todo {
        let mut todo = Todo::default();
        match incoming {
            Incoming::Owner { name, old, new } if name == NAME => {
                self.gone(&old, &mut todo);
                self.found(now, &new, &mut todo);
            }
            Incoming::Owner { name, new, .. } => {
                if new.is_empty() {
                    self.gone(&name, &mut todo);
                }
            }
            Incoming::Signal { sender, signal } => self.signal(now, &sender, signal, &mut todo),
            Incoming::Answer { to, answer } => self.answer(now, to, answer, &mut todo),
        }
        self.look(&mut todo);
        todo
    }

    /// Takes in the name of the process behind a client.
    pub(super) fn process(&mut self, run: &str, process: &str) -> Todo {
        let mut todo = Todo::default();
        let known = KNOWN.iter().find(|(_, known, _)| *known == process);
        if let Some((_, kind, _)) = known
            && self.runs.get(run).is_some_and(|run| run.name.is_none())
        {
            self.open(run, kind, &mut todo);
        }
        todo
    }

    /// Does what is due, and says when to be asked again.
    pub(super) fn advance(&mut self, now: Moment) -> (Todo, Option<Moment>) {
        let mut todo = Todo::default();
        let due = |run: &Run, pace| run.deadline(pace).is_some_and(|deadline| deadline <= now);
        let pace = self.pace;
        let late = self.runs.iter().filter(|(_, run)| due(run, pace));
        for unique in late.map(|(unique, _)| unique.clone()).collect::<Vec<_>>() {
            let Some(run) = self.runs.get_mut(&unique) else { continue };
            run.quiet_since = now;
            match (run.state, run.unanswered.len()) {
                (State::Foreign, 0) => self.begin_again(now, &unique, &mut todo),
                (_, 0) => self.ask(&unique, [Call::Accounts], &mut todo),
                (_, 1..) => {
                    self.reason(&unique, State::Hung, UnknownReason::NotResponding, &mut todo)
                }
            }
        }
        self.look(&mut todo);
        let next = self.runs.values().filter_map(|run| run.deadline(self.pace)).min();
        (todo, next)
    }

    /// The clients that run now, by name.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.runs.values().filter_map(|run| run.name.as_deref())
    }

    fn found(&mut self, now: Moment, unique: &str, todo: &mut Todo) {
        if unique.is_empty() || self.runs.contains_key(unique) || self.runs.len() >= RUNS_MAX {
            return;
        }
        self.strangers.remove(unique);
        self.runs.insert(unique.to_owned(), Run::new(now));
        self.ask_bus(BusCall::MatchOwner(unique.to_owned()), todo);
        self.ask_bus(BusCall::Process(unique.to_owned()), todo);
        self.ask(unique, Client::FIRST, todo);
    }

    fn gone(&mut self, unique: &str, todo: &mut Todo) {
        let Some(run) = self.runs.remove(unique) else { return };
        self.ask_bus(BusCall::UnmatchOwner(unique.to_owned()), todo);
        self.asked.retain(|_, asked| !asked.is_about(unique));
        let life = Life::Absent;
        todo.tell.extend(run.instance.map(|instance| Tell::Life { instance, life }));
    }

    fn signal(&mut self, now: Moment, sender: &str, signal: Signal, todo: &mut Todo) {
        let Some(run) = self.runs.get_mut(sender) else {
            // Perhaps another client that waits in the queue, which nothing else tells of.
            if self.strangers.len() < STRANGERS_MAX && self.strangers.insert(sender.to_owned()) {
                self.ask_bus(BusCall::Owners, todo);
            }
            return;
        };
        if signal == Signal::Quitting {
            run.state = State::Quitting;
            let life = Life::ShuttingDown;
            todo.tell.extend(run.instance.map(|instance| Tell::Life { instance, life }));
            return;
        }
        // A client that hung says it to whom it will be asked anew, so that no reason is missed.
        let began_again = self.heard(now, sender, todo);
        let Some(run) = self.runs.get_mut(sender) else { return };
        let calls = run.client.signal(signal);
        match run.state {
            State::Known => {
                // Told before it is confirmed: the listener waits for nothing.
                run.tell_view(now, todo);
                self.ask(sender, calls, todo);
            }
            State::Asked | State::Foreign if !began_again => self.ask(sender, calls, todo),
            State::Asked | State::Foreign | State::Hung | State::Quitting => {}
        }
    }

    fn answer(&mut self, now: Moment, to: u32, answer: Answer, todo: &mut Todo) {
        match self.asked.remove(&to) {
            None => {}
            Some(Asked::Owners) => {
                self.owners_known = true;
                if let Answer::Texts(owners) = answer {
                    for owner in owners {
                        self.found(now, &owner, todo);
                    }
                }
            }
            // The shell looks the process up and comes back with its name.
            Some(Asked::Process(_)) => {}
            Some(Asked::Client { run: unique, call }) => {
                let Some(run) = self.runs.get_mut(&unique) else { return };
                run.unanswered.remove(&call);
                if answer.is_from_the_bus() {
                    return;
                }
                let calls = run.client.answer(call, answer);
                let answered_all = run.unanswered.is_empty() && calls.is_empty();
                let foreign = run.client.is_foreign(answered_all);
                if self.heard(now, &unique, todo) {
                    return;
                }
                if foreign {
                    self.foreign(&unique, todo);
                } else {
                    self.ask(&unique, calls, todo);
                    self.learned(now, &unique, todo);
                }
            }
        }
    }

    /// The process that an answer is about, for the shell to look up.
    pub(super) fn process_asked(&self, to: u32) -> Option<&str> {
        match self.asked.get(&to)? {
            Asked::Process(unique) => Some(unique),
            Asked::Owners | Asked::Client { .. } => None,
        }
    }

    /// The question with this number, while it is not answered.
    pub(super) fn question(&self, number: u32) -> Option<Question> {
        self.asked.get(&number).map(Asked::question)
    }

    /// The number of a question that was asked and not answered yet.
    pub(super) fn find(&self, question: &Question) -> Option<u32> {
        let asked = self.asked.iter().find(|(_, asked)| asked.question() == *question);
        asked.map(|(number, _)| *number)
    }

    /// A client that is heard of is there; returns whether it was thought not to be, and is asked
    /// everything anew.
    fn heard(&mut self, now: Moment, unique: &str, todo: &mut Todo) -> bool {
        let pace = self.pace;
        let Some(run) = self.runs.get_mut(unique) else { return false };
        run.quiet_since = now;
        if run.state != State::Hung {
            if run.state == State::Known && now.since(run.renewed) >= pace.check / 2 {
                run.tell_running(now, todo);
            }
            return false;
        }
        self.begin_again(now, unique, todo);
        true
    }

    /// Asks a client everything anew, over a connection of its own.
    fn begin_again(&mut self, now: Moment, unique: &str, todo: &mut Todo) {
        let Some(run) = self.runs.get_mut(unique) else { return };
        let client = std::mem::take(&mut run.client).again();
        *run = Run { client, name: run.name.take(), kind: run.kind.take(), ..Run::new(now) };
        let name = run.name.clone();
        self.asked.retain(|_, asked| !asked.is_about(unique));
        if let Some(name) = name {
            self.open_silently(unique, name, todo);
        }
        self.ask(unique, Client::FIRST, todo);
    }

    /// Tells what has become known by an answer.
    fn learned(&mut self, now: Moment, unique: &str, todo: &mut Todo) {
        let Some(run) = self.runs.get(unique) else { return };
        let Some(ui) = run.client.ui() else { return };
        let known = KNOWN.iter().find(|(.., id)| *id == ui);
        let kind = known.map_or(ui, |(_, kind, _)| kind).to_owned();
        if run.kind.as_ref() != Some(&kind) {
            self.open(unique, &kind, todo);
        }
        let Some(run) = self.runs.get_mut(unique) else { return };
        if run.state != State::Quitting {
            run.tell_view(now, todo);
        }
        if run.state == State::Known && run.unanswered.is_empty() {
            let ahead = run.client.ahead();
            self.ask(unique, ahead, todo);
        }
    }

    fn foreign(&mut self, unique: &str, todo: &mut Todo) {
        self.asked.retain(|_, asked| !asked.is_about(unique));
        if let Some(run) = self.runs.get_mut(unique) {
            run.unanswered.clear();
        }
        self.reason(unique, State::Foreign, UnknownReason::NotSupported, todo);
    }

    /// Says that a client, which may have no name yet, cannot be judged.
    fn reason(&mut self, unique: &str, state: State, reason: UnknownReason, todo: &mut Todo) {
        if self.runs.get(unique).is_some_and(|run| run.name.is_none()) {
            self.name(unique, NAMELESS, todo);
        }
        let Some(run) = self.runs.get_mut(unique) else { return };
        (run.state, run.told) = (state, None);
        let life = Life::Unknown(reason);
        todo.tell.extend(run.instance.map(|instance| Tell::Life { instance, life }));
    }

    /// Names a client and says that it is starting.
    fn open(&mut self, unique: &str, kind: &str, todo: &mut Todo) {
        self.name(unique, kind, todo);
        if self.looked || !self.again {
            let (instance, life) = (self.instances, Life::Starting);
            todo.tell.push(Tell::Life { instance, life });
        }
    }

    fn name(&mut self, unique: &str, kind: &str, todo: &mut Todo) {
        let taken: BTreeSet<&str> = self.names().collect();
        let more = (2..).map(|number| format!("{kind}-{number}"));
        let name =
            std::iter::once(kind.to_owned()).chain(more).find(|name| !taken.contains(&**name));
        let Some(run) = self.runs.get_mut(unique) else { return };
        run.kind = Some(kind.to_owned());
        let life = Life::Absent;
        todo.tell.extend(run.instance.map(|instance| Tell::Life { instance, life }));
        self.open_silently(unique, name.unwrap_or_else(|| kind.to_owned()), todo);
    }

    fn open_silently(&mut self, unique: &str, client: String, todo: &mut Todo) {
        self.instances += 1;
        let instance = self.instances;
        if let Some(run) = self.runs.get_mut(unique) {
            (run.name, run.instance, run.told) = (Some(client.clone()), Some(instance), None);
            todo.tell.push(Tell::Open { instance, client });
        }
    }

    fn look(&mut self, todo: &mut Todo) {
        let settled = |run: &Run| run.state != State::Asked;
        if !self.looked && self.owners_known && self.runs.values().all(settled) {
            self.looked = true;
            todo.tell.push(Tell::Looked);
        }
    }

    fn ask(&mut self, unique: &str, calls: impl IntoIterator<Item = Call>, todo: &mut Todo) {
        let Some(run) = self.runs.get_mut(unique) else { return };
        for call in calls {
            if !run.unanswered.insert(call) {
                continue;
            }
            self.questions = self.questions.wrapping_add(1);
            let asked = Asked::Client { run: unique.to_owned(), call };
            self.asked.insert(self.questions, asked);
            todo.ask.push((self.questions, Ask::Client { to: unique.to_owned(), call }));
        }
    }

    fn ask_bus(&mut self, call: BusCall, todo: &mut Todo) {
        self.questions = self.questions.wrapping_add(1);
        match &call {
            BusCall::Owners => {
                self.asked.insert(self.questions, Asked::Owners);
            }
            BusCall::Process(unique) => {
                self.asked.insert(self.questions, Asked::Process(unique.clone()));
            }
            BusCall::Match(_) | BusCall::MatchOwner(_) | BusCall::UnmatchOwner(_) => {}
        }
        todo.ask.push((self.questions, Ask::Bus(call)));
    }
}
