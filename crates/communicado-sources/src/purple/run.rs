//! One run of a libpurple client: what it was asked, when it was heard of, and what was told of
//! it. Pure.

use std::collections::BTreeSet;

use communicado_core::{Life, Moment};

use super::client::Client;
use super::message::Call;
use super::todo::Todo;
use crate::bus::{Pace, Tell, View};

/// One run of a client.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) client: Client,
    /// What it is called, and what it would be called if it were alone.
    pub(super) name: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) instance: Option<u32>,
    pub(super) told: Option<View>,
    /// What it was asked and has not answered yet. It sends its signals and its answers in one
    /// order, so an answer that is still to come is of after all that it has said so far: nothing
    /// is asked twice at a time, however much it says.
    pub(super) unanswered: BTreeSet<Call>,
    /// When it was heard of last, or asked first since then.
    pub(super) quiet_since: Moment,
    pub(super) renewed: Moment,
    pub(super) state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It was asked and did not answer all yet.
    Asked,
    /// It answered; its accounts can be believed.
    Known,
    /// It does not answer.
    Hung,
    /// It answers, and not as libpurple does.
    Foreign,
    /// It said that it is about to end.
    Quitting,
}

impl Run {
    pub(super) fn new(now: Moment) -> Self {
        Self {
            client: Client::default(),
            name: None,
            kind: None,
            instance: None,
            told: None,
            unanswered: BTreeSet::new(),
            quiet_since: now,
            renewed: now,
            state: State::Asked,
        }
    }

    /// When it must have answered, or is to be asked whether it is there.
    pub(super) fn deadline(&self, pace: Pace) -> Option<Moment> {
        match (self.state, self.unanswered.len()) {
            // It will answer all that it was asked once it goes on; asking more wakes nobody.
            (State::Hung, 1..) | (State::Quitting, _) => None,
            (State::Hung | State::Known | State::Foreign | State::Asked, 0) => {
                Some(self.quiet_since.after(pace.check))
            }
            (State::Known | State::Foreign | State::Asked, 1..) => {
                Some(self.quiet_since.after(pace.timeout))
            }
        }
    }

    pub(super) fn tell_view(&mut self, now: Moment, todo: &mut Todo) {
        let (Some(view), Some(instance)) = (self.client.view(), self.instance) else { return };
        if self.told.as_ref() == Some(&view) {
            return;
        }
        let before = self.told.replace(view.clone());
        todo.tell.push(Tell::View { instance, before, view });
        if self.state != State::Known {
            self.state = State::Known;
            self.tell_running(now, todo);
        }
        self.client.makes_sense();
    }

    pub(super) fn tell_running(&mut self, now: Moment, todo: &mut Todo) {
        self.renewed = now;
        let life = Life::Running;
        todo.tell.extend(self.instance.map(|instance| Tell::Life { instance, life }));
    }
}
