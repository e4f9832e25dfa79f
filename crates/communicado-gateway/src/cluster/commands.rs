//! Writes to the bucket: each command is independent, and several run concurrently.

use std::sync::Arc;
use std::time::Duration;

use communicado_runtime::Clock as _;
use communicado_wire::gateway::EndReason;
use communicado_wire::gateway::stored::Token;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::bucket::{Cluster, WRITE_TIMEOUT};
use super::keys::EntryKey;
use super::orphans;
use crate::api_error::{ApiError, ApiErrorKind};
use crate::limits::{SESSIONS, SESSIONS_PER_TOKEN};
use crate::model::{BatchResult, Input};
use crate::principal::Principal;
use crate::store::FirstRead;
use crate::store_writer::{WriteCommand, WriteReply, WriteRequest};
use crate::token_table::require_person;

/// Maximum number of concurrent commands.
const CONCURRENT_MAX: usize = 256;
/// Delay between two attempts.
const RETRY_DELAY: Duration = Duration::from_millis(50);

/// Executes commands until shutdown, then finishes the running ones.
pub(super) async fn serve(cluster: &Arc<Cluster>, mut inbox: mpsc::Receiver<WriteRequest>) {
    let places = Arc::new(Semaphore::new(CONCURRENT_MAX));
    let mut tasks = JoinSet::new();
    while let Some(WriteRequest { command, caller, reply: answer }) = inbox.recv().await {
        if matches!(command, WriteCommand::Stop) {
            break;
        }
        while tasks.try_join_next().is_some() {}
        let Ok(place) = places.clone().acquire_owned().await else { break };
        let cluster = cluster.clone();
        tasks.spawn(async move {
            let traces = cluster.app.traces.as_ref();
            let request_context = answer.iter().map(|answer| &answer.request_context);
            let store_span = traces.map(|traces| traces.store_span("nats", request_context));
            let result = execute(&cluster, caller.as_ref(), command).await;
            if let Some(store_span) = store_span {
                // Other errors have nothing to do with the bucket.
                let is_away =
                    result.as_ref().is_err_and(|why| why.kind == ApiErrorKind::Unavailable);
                store_span.ended(!is_away);
            }
            if let Some(answer) = answer {
                answer.send(result);
            }
            drop(place);
        });
    }
    while tasks.join_next().await.is_some() {}
}

async fn execute(
    cluster: &Cluster,
    caller: Option<&Principal>,
    command: WriteCommand,
) -> Result<WriteReply, ApiError> {
    require_valid(cluster, caller)?;
    match command {
        WriteCommand::Stop => Ok(WriteReply::Nothing),
        WriteCommand::Person(input) => person(cluster, caller, input).await,
        WriteCommand::Token(token) => create(cluster, caller, token).await,
        WriteCommand::Used(id, at) => {
            let known = cluster.app.tokens().token(&id).cloned();
            if let Some(token) = known {
                let token = Token { last_used: Some(at), ..Arc::unwrap_or_clone(token) };
                let key = EntryKey::Token(id).written();
                // The write must not create a token again that a gateway revoked meanwhile.
                let seen = cluster.seen(&key);
                let _ = cluster.bucket.update(&key, token.to_json().into(), seen).await;
            }
            Ok(WriteReply::Nothing)
        }
        WriteCommand::Revoke(id, reason) => revoke(cluster, &id, reason).await,
        WriteCommand::Audience(readers) => {
            for reader in readers {
                let FirstRead { whom, token, first } = &reader;
                if reader.is_of_person() && cluster.app.people().person(whom).is_none() {
                    cluster.app.forget_readers(&[reader]);
                    continue;
                }
                let key = EntryKey::Audience(whom.clone(), token.clone()).written();
                put(cluster, &key, first.micros().to_string()).await?;
            }
            Ok(WriteReply::Nothing)
        }
        WriteCommand::History(..) => {
            let help = "history is available only on a gateway without --nats";
            Err(ApiError::new(ApiErrorKind::NotFound, "this gateway stores no history", help))
        }
        WriteCommand::Check => {
            let key = EntryKey::Canary(cluster.name.clone()).written();
            let once = cluster.bucket.put(&key, bytes::Bytes::new()).await;
            once.map(|_| WriteReply::Nothing).map_err(|error| away(&error))
        }
    }
}

/// # Errors
///
/// If the caller's token is no longer valid.
fn require_valid(cluster: &Cluster, caller: Option<&Principal>) -> Result<(), ApiError> {
    if caller.is_none_or(|caller| cluster.app.is_valid(caller)) {
        return Ok(());
    }
    Err(ApiError::token_revoked())
}

/// Applies an input to the person as known here. Retries until the person is unchanged at the
/// write.
async fn person(
    cluster: &Cluster,
    caller: Option<&Principal>,
    input: Input,
) -> Result<WriteReply, ApiError> {
    let app = &cluster.app;
    let id = input.person().clone();
    let key = EntryKey::Person(id.clone()).written();
    let end = app.clock.now().after(WRITE_TIMEOUT);
    loop {
        require_valid(cluster, caller)?;
        let seen = cluster.seen(&key);
        let (result, revision) = {
            let people = app.people();
            let mut batch = people.begin();
            batch.handle(input.clone(), app.now())?;
            (batch.end(), people.revision())
        };
        let after = result.people.get(&id).cloned().flatten();
        let written = match &after {
            Some(person) => {
                let text = BatchResult::entry(person, revision).to_json();
                cluster.bucket.update(&key, text.into(), seen).await
            }
            None => {
                let deleted = cluster.bucket.delete_expect_revision(&key, Some(seen)).await;
                deleted.map(|()| seen + 1)
            }
        };
        match written {
            Ok(revision) => {
                cluster.wait_for_revision(revision).await;
                // The effects of a removal run when the entry comes back, if it does in time.
                if after.is_none() && !cluster.wait_for_key(&key, seen).await {
                    orphans::end_all_of(cluster, &id);
                }
                let person = app.people().person(&id).cloned();
                return Ok(WriteReply::Person(person.or(after)));
            }
            Err(error) if app.clock.now() >= end => return Err(away(&error)),
            // Another gateway wrote first, or the bucket has no leader at the moment.
            Err(_) => sleep(RETRY_DELAY).await,
        }
    }
}

/// Creates a token, and removes it again if a gateway removed its parent or person meanwhile.
///
/// The check happens after the entry has come back. Each removal is then either visible here, or
/// comes later and sees the token.
async fn create(
    cluster: &Cluster,
    caller: Option<&Principal>,
    token: Token,
) -> Result<WriteReply, ApiError> {
    let app = &cluster.app;
    let exists = || token.person.as_ref().is_none_or(|id| app.people().person(id).is_some());
    require_person(&token, exists())?;
    let surplus: Vec<Arc<str>> = {
        let tokens = app.tokens();
        tokens.require_capacity_for(&token, 0, app.now().civil)?;
        let sessions = token.session_of.as_ref().map(|parent| tokens.sessions_of(parent));
        let sessions = sessions.unwrap_or_default();
        let spare = sessions.len().saturating_sub(SESSIONS_PER_TOKEN.max - 1);
        let mut surplus: Vec<Arc<str>> =
            sessions.iter().take(spare).map(|session| session.id.clone()).collect();
        let is_session = token.session_of.is_some();
        if is_session && spare == 0 && !SESSIONS.allows(tokens.session_count() + 1) {
            surplus.extend(tokens.oldest_sessions().take(1).cloned());
        }
        surplus
    };
    for oldest in surplus {
        revoke(cluster, &oldest, EndReason::SessionEnded).await?;
    }
    let key = EntryKey::Token(token.id.clone()).written();
    let has_come = put(cluster, &key, token.to_json()).await?;
    let is_valid = app.tokens().is_valid(&token, app.now().civil);
    let verdict = require_valid(cluster, caller).and_then(|()| require_person(&token, exists()));
    let verdict = match verdict {
        Ok(()) if !has_come => Err(away(&"the bucket did not return the new token")),
        Ok(()) if !is_valid => Err(ApiError::token_revoked()),
        verdict => verdict,
    };
    if verdict.is_err() {
        let revoked = [(token.id.clone(), EndReason::TokenRevoked)].into();
        app.settle_tokens(&[], &revoked);
        remove(cluster, &key).await?;
    }
    verdict.map(|()| WriteReply::Nothing)
}

/// Revokes a token, then all its descendants. See [`create`] for the order.
async fn revoke(
    cluster: &Cluster,
    id: &Arc<str>,
    reason: EndReason,
) -> Result<WriteReply, ApiError> {
    let app = &cluster.app;
    let all = || app.tokens().with_descendants(id);
    if all().is_empty() {
        return Err(ApiError::no_token(id));
    }
    if app.tokens().token(id).is_some() {
        remove(cluster, &EntryKey::Token(id.clone()).written()).await?;
    }
    loop {
        let all = all();
        app.settle_tokens(&[], &all.iter().map(|id| (id.clone(), reason)).collect());
        let mut others = all;
        others.retain(|other| other != id);
        if others.is_empty() {
            return Ok(WriteReply::Nothing);
        }
        for id in others {
            remove(cluster, &EntryKey::Token(id).written()).await?;
        }
    }
}

/// Writes an entry unconditionally. Returns false if it does not come back in time.
async fn put(cluster: &Cluster, key: &str, text: String) -> Result<bool, ApiError> {
    let end = cluster.app.clock.now().after(WRITE_TIMEOUT);
    loop {
        match cluster.bucket.put(key, text.clone().into()).await {
            Ok(revision) => return Ok(cluster.wait_for_revision(revision).await),
            Err(error) if cluster.app.clock.now() >= end => return Err(away(&error)),
            Err(_) => sleep(RETRY_DELAY).await,
        }
    }
}

/// Removes an entry and waits until the removal has come back.
async fn remove(cluster: &Cluster, key: &str) -> Result<(), ApiError> {
    let end = cluster.app.clock.now().after(WRITE_TIMEOUT);
    loop {
        let seen = cluster.seen(key);
        match cluster.bucket.delete(key).await {
            Ok(()) => {
                cluster.wait_for_key(key, seen).await;
                return Ok(());
            }
            Err(error) if cluster.app.clock.now() >= end => return Err(away(&error)),
            Err(_) => sleep(RETRY_DELAY).await,
        }
    }
}

fn away(error: &dyn std::fmt::Display) -> ApiError {
    let help = "try again; another gateway may reach the bucket";
    let detail = format!("cannot write to the shared bucket: {error}");
    ApiError::new(ApiErrorKind::Unavailable, detail, help).with_limit("store").retry_after(2)
}
