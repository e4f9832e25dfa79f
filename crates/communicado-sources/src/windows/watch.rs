//! Watches all clients of one kind: their flags, their processes and their sessions.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::sync::Arc;
use std::task::{Context, Poll};

use communicado_core::{Life, Moment, UnknownReason};
use communicado_runtime::{SourceError, SourceHandle, Timer};
use communicado_windows::{Guid, Process, TokenInfo, civil_micros};

use super::class_server::ClassEvidence;
use super::com_worker::{ComClient, ComWorker, WorkerOutput};
use super::registered_client::RegisteredClient;
use super::registry_subscription::RegistrySubscription;
use super::session::{ClientSession, ProcessState, SessionAction, SessionInput};
use super::session_reporter::SessionReporter;
use crate::keepalive::Keepalive;

/// Slot of one client: its session, its reporter and its worker.
struct ClientSlot<C: ComClient> {
    session: ClientSession,
    reporter: SessionReporter,
    class: Guid,
    /// The processes whose integrity level matters.
    processes: Vec<u32>,
    /// The start of the client in microseconds since 1970, where readable.
    up_since: Option<i64>,
    worker: Option<ComWorker>,
    /// The read that the worker has not received yet.
    unsent_read: Option<u32>,
    client: PhantomData<fn() -> C>,
}

/// Reason of a wake-up.
enum WakeReason {
    Registry(Arc<[RegisteredClient]>),
    Worker(String, WorkerOutput),
    Deadline,
}

/// Watches until the registry cannot be watched any more.
pub(crate) async fn watch<C: ComClient>(
    handle: &SourceHandle,
    keepalive: Keepalive,
) -> Result<Infallible, SourceError> {
    let mut registry = RegistrySubscription::new()?;
    let mut timer = handle.clock().timer().map_err(|error| SourceError {
        cause: error.to_string().into(),
        help: "close programs that have many handles open".into(),
    })?;
    let mut slots: BTreeMap<String, ClientSlot<C>> = BTreeMap::new();
    let mut has_read = false;
    let mut is_ready = false;
    loop {
        if slots.values().any(|slot| slot.unsent_read.is_some()) {
            // The line of a reported change comes first. A read takes time from the processors and
            // from the client.
            tokio::task::yield_now().await;
            slots.values_mut().for_each(ClientSlot::send_read);
        }
        let deadline = slots.values().filter_map(|slot| slot.session.deadline()).min();
        let reason =
            poll_fn(|cx| poll(cx, &mut registry, &mut slots, &mut *timer, deadline)).await?;
        match reason {
            WakeReason::Registry(found) => {
                has_read = true;
                handle_clients(handle, keepalive, &mut slots, &found);
            }
            WakeReason::Worker(client, output) => {
                if let Some(slot) = slots.get_mut(&client) {
                    let input = input(output, &slot.processes);
                    slot.handle(handle, &client, keepalive, input);
                }
            }
            WakeReason::Deadline => {
                for (client, slot) in &mut slots {
                    let actions = slot.session.advance(handle.now());
                    slot.perform(handle, client, keepalive, actions);
                }
            }
        }
        if !is_ready && has_read && slots.values().all(|slot| slot.session.is_settled()) {
            is_ready = true;
            handle.ready();
        }
    }
}

fn poll<C: ComClient>(
    cx: &mut Context<'_>,
    registry: &mut RegistrySubscription,
    slots: &mut BTreeMap<String, ClientSlot<C>>,
    timer: &mut dyn Timer,
    deadline: Option<Moment>,
) -> Poll<Result<WakeReason, SourceError>> {
    // The registry first: if a client has exited, its events do not count.
    if let Poll::Ready(changed) = registry.poll_change(cx) {
        return Poll::Ready(changed.map(WakeReason::Registry));
    }
    for (client, slot) in slots {
        if let Some(worker) = &mut slot.worker
            && let Poll::Ready(output) = worker.poll_output(cx)
        {
            return Poll::Ready(Ok(WakeReason::Worker(client.clone(), output)));
        }
    }
    timer.set(deadline);
    timer.poll_due(cx).map(|()| Ok(WakeReason::Deadline))
}

/// Applies the current registry to all slots.
fn handle_clients<C: ComClient>(
    handle: &SourceHandle,
    keepalive: Keepalive,
    slots: &mut BTreeMap<String, ClientSlot<C>>,
    found: &[RegisteredClient],
) {
    let mut removed: Vec<String> = slots.keys().cloned().collect();
    for client in found.iter().filter(|client| C::includes(client)) {
        let Some(class) = client.class else { continue };
        let process = client.process_state(civil_micros());
        // The source `im-providers` reports clients that have not run, or serve no class.
        let is_served = client.evidence.class == ClassEvidence::Proven;
        let has_started = match process {
            ProcessState::Open { .. } => true,
            ProcessState::Closed(life) => is_served && life == Life::Starting,
        };
        if !slots.contains_key(&client.client) && !has_started {
            continue;
        }
        removed.retain(|name| *name != client.client);
        let slot = slots.entry(client.client.clone()).or_insert_with(|| ClientSlot {
            session: ClientSession::new(keepalive, !client.sends_former_presence()),
            reporter: SessionReporter::default(),
            class,
            processes: Vec::new(),
            up_since: None,
            worker: None,
            unsent_read: None,
            client: PhantomData,
        });
        slot.class = class;
        slot.processes.clone_from(&client.processes);
        slot.up_since = client.up_since();
        slot.handle(handle, &client.client, keepalive, SessionInput::Process(process));
    }
    for client in removed {
        // A client that has lost its class, or has another one, may run all the same.
        let runs = found.iter().any(|each| each.client == client && each.life() != Life::Absent);
        let life = if runs { Life::Unknown(UnknownReason::NotSupported) } else { Life::Absent };
        if let Some(slot) = slots.get_mut(&client) {
            let input = SessionInput::Process(ProcessState::Closed(life));
            slot.handle(handle, &client, keepalive, input);
        }
    }
}

impl<C: ComClient> ClientSlot<C> {
    fn handle(
        &mut self,
        handle: &SourceHandle,
        client: &str,
        keepalive: Keepalive,
        input: SessionInput,
    ) {
        let actions = self.session.handle(handle.now(), input);
        self.perform(handle, client, keepalive, actions);
    }

    fn send_read(&mut self) {
        if let (Some(read), Some(worker)) = (self.unsent_read.take(), &mut self.worker) {
            worker.read(read);
        }
    }

    fn perform(
        &mut self,
        handle: &SourceHandle,
        client: &str,
        keepalive: Keepalive,
        actions: Vec<SessionAction>,
    ) {
        for action in actions {
            match action {
                SessionAction::Connect(read) => {
                    let worker = self.worker.get_or_insert_with(ComWorker::new::<C>);
                    worker.connect(read, self.class);
                }
                SessionAction::Read(read) => self.unsent_read = Some(read),
                // The worker may hang in a call. The next run gets a new one.
                SessionAction::Disconnect => {
                    self.unsent_read = None;
                    if let Some(worker) = self.worker.take() {
                        worker.abandon();
                    }
                }
                SessionAction::Report(state) => {
                    let lease = keepalive.interval + keepalive.timeout * 2;
                    self.reporter.report(handle, client, state, lease, self.up_since);
                }
            }
        }
    }
}

fn input(output: WorkerOutput, processes: &[u32]) -> SessionInput {
    match output {
        WorkerOutput::Event(event) => SessionInput::Event(event),
        WorkerOutput::Read(read, result) => {
            let same_level = result.is_err().then(|| same_level(processes)).flatten();
            SessionInput::ReadDone { read, result, same_level }
        }
    }
}

/// Returns whether this process and the client have the same integrity level. Denied access means
/// no.
pub(crate) fn same_level(processes: &[u32]) -> Option<bool> {
    let own = TokenInfo::own().ok()?.integrity;
    let process = processes.iter().find_map(|id| Process::open(*id).ok())?;
    Some(process.token_info().is_ok_and(|rights| rights.integrity == own))
}
