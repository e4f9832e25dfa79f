//! The input of a sink of the agent: the current state of its clients, as the user permits.

use std::future::Future;
use std::pin::pin;

use communicado_runtime::{Feed, Update};
use communicado_wire::Client;
use futures_util::future::{Either, select};
use tokio::sync::watch;

use super::selection::{SelectedClients, Selection};
use crate::publish::Permission;

/// The state of the selected clients, and whether the sink may report it.
///
/// The input is level-triggered: it keeps the latest state only, so a slow sink never falls behind.
pub struct SinkInput {
    feed: Feed,
    permission: watch::Receiver<Permission>,
    granted: bool,
    clients: SelectedClients,
    /// The signal that the sink has yet to learn.
    due: Option<Signal>,
    ended: bool,
}

/// A task for a sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Report [`SinkInput::clients`].
    Clients,
    /// Report nothing, and tell the listener so.
    Paused,
    /// Say goodbye, then end.
    End,
}

/// The first of two: the output of a future, or a signal.
pub(crate) enum Work<T> {
    /// The future has ended.
    Done(T),
    /// The signal came first.
    Signal(Signal),
}

enum Received {
    Update(Option<Update>),
    Permission(Option<Permission>),
}

impl SinkInput {
    /// The input from `feed`. When the sender of the permission is dropped, the sink ends.
    #[must_use]
    pub fn new(
        feed: Feed,
        selection: Selection,
        mut permission: watch::Receiver<Permission>,
    ) -> Self {
        let granted = *permission.borrow_and_update() == Permission::Granted;
        let clients = SelectedClients::new(selection);
        Self { feed, permission, granted, clients, due: None, ended: false }
    }

    /// The current state of each selected client.
    #[must_use]
    pub fn clients(&self) -> Vec<Client> {
        self.clients.list().unwrap_or_default()
    }

    /// Makes the next signal report the current state again, for a new run of the sink. A pause
    /// that the sink has yet to learn stays the next signal.
    pub(super) fn restart(&mut self) {
        if self.granted {
            self.due = self.clients.list().is_some().then_some(Signal::Clients);
        } else if self.due == Some(Signal::Clients) {
            self.due = None;
        }
    }

    /// Returns whether the sink has to end.
    pub(super) const fn is_over(&self) -> bool {
        self.ended
    }

    /// The next signal. Several changes are one signal.
    ///
    /// It is cancel safe: dropping the future loses nothing.
    pub async fn next(&mut self) -> Signal {
        loop {
            if self.ended {
                return Signal::End;
            }
            if let Some(signal) = self.due.take() {
                return signal;
            }
            self.receive().await;
        }
    }

    /// Waits until the sink must not report any more. Calls `on_change` for each change.
    pub(super) async fn wait_for_end_or_pause(&mut self, mut on_change: impl FnMut(Vec<Client>)) {
        while !self.ended && self.granted {
            self.receive().await;
            if self.due.take_if(|due| *due == Signal::Clients).is_some() {
                on_change(self.clients());
            }
        }
    }

    /// The next signal, or the output of `work` if that comes first.
    pub(crate) async fn next_or<F: Future + Unpin>(&mut self, work: &mut F) -> Work<F::Output> {
        match select(work, pin!(self.next())).await {
            Either::Left((output, _)) => Work::Done(output),
            Either::Right((signal, _)) => Work::Signal(signal),
        }
    }

    async fn receive(&mut self) {
        let received = self.received().await;
        match received {
            Received::Update(Some(update)) => {
                if self.clients.apply(update) && self.granted {
                    self.due = Some(Signal::Clients);
                }
            }
            Received::Update(None) | Received::Permission(None) => self.ended = true,
            Received::Permission(Some(Permission::Granted)) if !self.granted => {
                self.granted = true;
                self.restart();
            }
            Received::Permission(Some(Permission::Paused | Permission::Withheld))
                if self.granted =>
            {
                self.granted = false;
                self.due = Some(Signal::Paused);
            }
            Received::Permission(Some(_)) => {}
        }
    }

    /// The next update or permission. Dropping the wait for the other loses nothing.
    async fn received(&mut self) -> Received {
        let Self { feed, permission, .. } = self;
        let permitted = pin!(async {
            permission.changed().await.ok().map(|()| *permission.borrow_and_update())
        });
        match select(permitted, pin!(feed.next())).await {
            Either::Left((permission, _)) => Received::Permission(permission),
            Either::Right((update, _)) => Received::Update(update),
        }
    }
}
