//! Watches every client of one kind: its flag, its processes, and what it says itself.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use communicado_core::Moment;
use communicado_runtime::{SourceError, SourceHandle, Timer};
use communicado_windows::{Guid, Process, TokenInfo};

use super::contract::Provider;
use super::conversation::{Conversation, Do, Input, Pace, Standing};
use super::desk::{Caller, Desk, News};
use super::shared::Subscription;
use super::tell::Told;

/// Whether a source speaks to a client of this kind.
pub(crate) type IsMine = fn(&Provider) -> bool;

/// Everything about one client.
struct Line<C: Caller> {
    conversation: Conversation,
    told: Told,
    class: Guid,
    /// The processes to compare our rights with.
    processes: Vec<u32>,
    desk: Option<Desk>,
    caller: std::marker::PhantomData<fn() -> C>,
}

/// What ended a wait.
enum Woken {
    Registry(Arc<[Provider]>),
    News(String, News),
    Time,
}

/// Watches until the system can be watched no longer.
pub(crate) async fn watch<C: Caller>(
    handle: &SourceHandle,
    pace: Pace,
    is_mine: IsMine,
) -> Result<Infallible, SourceError> {
    let mut lookout = Subscription::new()?;
    let mut timer = handle.clock().timer().map_err(|error| SourceError {
        cause: error.to_string().into(),
        help: "close programs that hold many handles".into(),
    })?;
    let mut lines: BTreeMap<String, Line<C>> = BTreeMap::new();
    let mut has_looked = false;
    let mut is_ready = false;
    loop {
        let deadline = lines.values().filter_map(|line| line.conversation.deadline()).min();
        let woken = poll_fn(|cx| poll(cx, &mut lookout, &mut lines, &mut *timer, deadline)).await?;
        match woken {
            Woken::Registry(found) => {
                has_looked = true;
                stand(handle, pace, &mut lines, found.iter().filter(|each| is_mine(each)));
            }
            Woken::News(client, news) => {
                if let Some(line) = lines.get_mut(&client) {
                    let input = input(news, &line.processes);
                    line.handle(handle, &client, pace, input);
                }
            }
            Woken::Time => {
                for (client, line) in &mut lines {
                    let todo = line.conversation.advance(handle.now());
                    line.act(handle, client, pace, todo);
                }
            }
        }
        if !is_ready && has_looked && lines.values().all(|line| line.conversation.is_settled()) {
            is_ready = true;
            handle.ready();
        }
    }
}

fn poll<C: Caller>(
    cx: &mut Context<'_>,
    lookout: &mut Subscription,
    lines: &mut BTreeMap<String, Line<C>>,
    timer: &mut dyn Timer,
    deadline: Option<Moment>,
) -> Poll<Result<Woken, SourceError>> {
    // The registry first: of a client that has gone, nothing else counts.
    if let Poll::Ready(changed) = lookout.poll_change(cx) {
        return Poll::Ready(changed.map(Woken::Registry));
    }
    for (client, line) in lines {
        if let Some(desk) = &mut line.desk
            && let Poll::Ready(news) = desk.poll_news(cx)
        {
            return Poll::Ready(Ok(Woken::News(client.clone(), news)));
        }
    }
    timer.set(deadline);
    timer.poll_due(cx).map(|()| Ok(Woken::Time))
}

/// Takes in what the registry says now.
fn stand<'a, C: Caller>(
    handle: &SourceHandle,
    pace: Pace,
    lines: &mut BTreeMap<String, Line<C>>,
    found: impl Iterator<Item = &'a Provider>,
) {
    let mut gone: Vec<String> = lines.keys().cloned().collect();
    for provider in found {
        let Some(class) = provider.class else { continue };
        let standing = provider.standing();
        // Of a client that has not run there is nothing to say that others do not.
        let is_news = matches!(standing, Standing::Starting | Standing::Up(_));
        if !lines.contains_key(&provider.client) && !is_news {
            continue;
        }
        gone.retain(|client| *client != provider.client);
        let line = lines.entry(provider.client.clone()).or_insert_with(|| Line {
            conversation: Conversation::new(pace),
            told: Told::default(),
            class,
            processes: Vec::new(),
            desk: None,
            caller: std::marker::PhantomData,
        });
        line.class = class;
        line.processes.clone_from(&provider.processes);
        line.handle(handle, &provider.client, pace, Input::Standing(standing));
    }
    for client in gone {
        if let Some(line) = lines.get_mut(&client) {
            line.handle(handle, &client, pace, Input::Standing(Standing::Down));
        }
    }
}

impl<C: Caller> Line<C> {
    fn handle(&mut self, handle: &SourceHandle, client: &str, pace: Pace, input: Input) {
        let todo = self.conversation.handle(handle.now(), input);
        self.act(handle, client, pace, todo);
    }

    fn act(&mut self, handle: &SourceHandle, client: &str, pace: Pace, todo: Vec<Do>) {
        for each in todo {
            match each {
                Do::Connect(question) => {
                    let desk = self.desk.get_or_insert_with(Desk::new::<C>);
                    desk.connect(question, self.class);
                }
                Do::Read(question) => {
                    if let Some(desk) = &mut self.desk {
                        desk.read(question);
                    }
                }
                // Its thread may hang in the client; the next one has a thread of its own.
                Do::LetGo => {
                    if let Some(desk) = self.desk.take() {
                        desk.abandon();
                    }
                }
                Do::Tell(view) => {
                    self.told.tell(handle, client, view, pace.check + pace.timeout * 2);
                }
            }
        }
    }
}

fn input(news: News, processes: &[u32]) -> Input {
    match news {
        News::Heard(heard) => Input::Heard(heard),
        News::Answered(question, answer) => {
            let same_level = answer.is_err().then(|| same_level(processes)).flatten();
            Input::Answered { question, answer, same_level }
        }
    }
}

/// Whether this process and the client's are trusted alike; not being allowed to know means no.
pub(crate) fn same_level(processes: &[u32]) -> Option<bool> {
    let own = TokenInfo::own().ok()?.integrity;
    let process = processes.iter().find_map(|id| Process::open(*id).ok())?;
    Some(process.token_info().is_ok_and(|rights| rights.integrity == own))
}
