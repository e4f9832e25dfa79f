//! The writer thread: it runs commands on the model, stores the result, and only then publishes it.
//!
//! Waiting commands share one commit (group commit), so a thousand devices cost one sync of the
//! disk. If the commit fails, the writer rejects the commands and publishes nothing. The expiry of
//! a lease is the exception: it follows from stored data, so the writer publishes it even then.

mod batch;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use communicado_runtime::Clock as _;
use communicado_wire::gateway::stored::Token;
use communicado_wire::gateway::{EndReason, View};

use crate::app_state::AppState;
use crate::model::{BatchResult, PersonChange, person_json};
use crate::store::{HistoryEntry, Store, StoreError, Writes};
use crate::store_writer::{WriteCommand, WriteRequest};
use crate::traces::RequestContext;
use batch::{PendingReply, WriteBatch};

/// The maximum number of commands in one commit, and of leases that expire in one commit.
const BATCH_MAX: usize = 1024;
/// The longest sleep of the thread while a deadline is ahead.
///
/// A lease also counts the time that the machine is asleep; a thread's sleep does not.
const IDLE_MAX: Duration = Duration::from_secs(1);

/// Runs commands until [`WriteCommand::Stop`].
pub(crate) fn run(
    app: &AppState,
    mut store: Store,
    requests: &Receiver<WriteRequest>,
) -> Result<(), StoreError> {
    let mut unsaved = Writes::default();
    loop {
        let first = match requests.recv_timeout(idle_time(app)) {
            Ok(request) => Some(request),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => break,
        };
        let mut batched: Vec<_> = first.into_iter().collect();
        batched.extend(requests.try_iter().take(BATCH_MAX - 1));
        let stops = batched.iter().any(|request| matches!(request.command, WriteCommand::Stop));
        commit_batch(app, &mut store, batched, &mut unsaved);
        if stops {
            break;
        }
    }
    store.close()
}

/// The time until the next deadline.
fn idle_time(app: &AppState) -> Duration {
    let people = app.people();
    match people.next_deadline() {
        Some(deadline) => deadline.since(app.clock.now()).min(IDLE_MAX),
        None if app.tokens().next_end().is_some() => IDLE_MAX,
        None => Duration::from_secs(3600),
    }
}

/// Runs commands with one commit.
fn commit_batch(
    app: &AppState,
    store: &mut Store,
    requests: Vec<WriteRequest>,
    unsaved: &mut Writes,
) {
    let mut write_batch = WriteBatch::default();
    let people = app.people();
    let mut batch = people.begin();
    for WriteRequest { command, caller, reply } in requests {
        let person = match &command {
            WriteCommand::Person(input) => Some(input.person().clone()),
            _ => None,
        };
        let result = write_batch.execute(app, store, &mut batch, caller.as_ref(), command);
        write_batch.replies.push(PendingReply { reply, result, person });
    }
    let result = batch.end();
    drop(people);
    write_batch.revoke(expired_tokens(app), EndReason::TokenRevoked);
    let WriteBatch { used, tokens, .. } = &mut write_batch;
    tokens.append(used);
    let mut writes = unsaved.clone();
    writes.audience.append(&mut write_batch.audience);
    collect_writes(
        &mut writes,
        &result,
        &write_batch.tokens,
        &write_batch.revoked,
        app.history.is_some(),
    );
    let stored = if writes.is_empty() {
        Ok(())
    } else {
        write(app, store, &writes, write_batch.request_contexts())
    };
    match stored {
        Ok(()) => {
            *unsaved = Writes::default();
            app.publish(result);
            app.settle_tokens(&write_batch.tokens, &write_batch.revoked);
        }
        Err(error) => {
            // The audience must be stored later. The callers get an error and can repeat the rest.
            unsaved.audience = writes.audience;
            write_batch.refuse(&error);
        }
    }
    end_leases(app, store, unsaved);
    write_batch.answer(app);
    if let Some(duration) = app.history {
        let _ = store.delete_history(app.now().civil.before(duration));
    }
}

fn write<'a>(
    app: &AppState,
    store: &mut Store,
    writes: &Writes,
    request_contexts: impl Iterator<Item = &'a RequestContext>,
) -> Result<(), StoreError> {
    let began = app.clock.now();
    let store_span =
        app.traces.as_ref().map(|traces| traces.store_span("sqlite", request_contexts));
    let json = store.write(writes);
    if let Some(store_span) = store_span {
        store_span.ended(json.is_ok());
    }
    match &json {
        Ok(()) => app.metrics.committed(app.clock.now().since(began).as_secs_f64()),
        Err(error) => {
            app.metrics.store_error();
            tracing::error!(what = "store", cause = %error, help = error.help());
        }
    }
    json
}

/// Handles the deadlines that have passed, even if the result cannot be stored.
fn end_leases(app: &AppState, store: &mut Store, unsaved: &mut Writes) {
    let now = app.now();
    let people = app.people();
    if people.next_deadline().is_none_or(|deadline| now.moment < deadline) {
        return;
    }
    let mut batch = people.begin();
    batch.expire(now, BATCH_MAX);
    let result = batch.end();
    drop(people);
    let mut writes = std::mem::take(unsaved);
    collect_writes(&mut writes, &result, &[], &BTreeMap::new(), app.history.is_some());
    if write(app, store, &writes, std::iter::empty()).is_err() {
        // The next successful commit stores them.
        *unsaved = writes;
    }
    app.publish(result);
}

/// The expired tokens.
fn expired_tokens(app: &AppState) -> Vec<Arc<str>> {
    app.tokens().expired(app.now().civil)
}

fn collect_writes(
    writes: &mut Writes,
    result: &BatchResult,
    tokens: &[Token],
    revoked: &BTreeMap<Arc<str>, EndReason>,
    with_history: bool,
) {
    for (id, person) in &result.people {
        writes.people.retain(|(other, _)| other != id);
        let body = person.as_ref().map(|person| person.to_stored().to_json());
        writes.people.push((id.clone(), body));
    }
    writes.tokens.extend(tokens.iter().map(|token| (token.id.clone(), Some(token.to_json()))));
    writes.tokens.extend(revoked.keys().map(|id| (id.clone(), None)));
    if with_history {
        writes.history.extend(result.changes.iter().filter_map(history_entry));
    }
    writes.revision = writes.revision.max(result.revision);
}

fn history_entry(change: &PersonChange) -> Option<HistoryEntry> {
    let person = change.after.as_ref()?;
    let body = person_json(person, View::Everything);
    Some(HistoryEntry {
        revision: change.revision,
        person: person.id.clone(),
        at: person.facet(View::Everything).at,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}
