//! Writing the bucket: each order on its own, several at a time.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::kv::{UpdateError, UpdateErrorKind};
use communicado_runtime::Clock as _;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::keys::Key;
use super::{Cluster, PATIENCE};
use crate::keeper::{Answer, Done, Order};
use crate::limits::TOKENS;
use crate::model::{Altered, Input};
use crate::refusal::{Kind, Refusal};
use crate::store::Reader;

/// Orders that are written at a time.
const AT_A_TIME: usize = 256;
/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(50);

/// Does orders until it is stopped, and then those that are under way.
pub(super) async fn serve(
    cluster: &Arc<Cluster>,
    mut inbox: mpsc::Receiver<(Order, Option<Answer>)>,
) {
    let places = Arc::new(Semaphore::new(AT_A_TIME));
    let mut tasks = JoinSet::new();
    while let Some((order, answer)) = inbox.recv().await {
        if matches!(order, Order::Stop) {
            break;
        }
        while tasks.try_join_next().is_some() {}
        let Ok(place) = places.clone().acquire_owned().await else { break };
        let cluster = cluster.clone();
        tasks.spawn(async move {
            let traces = cluster.shared.traces.as_ref();
            let origin = answer.iter().map(|answer| &answer.origin);
            let keeping = traces.map(|traces| traces.keeping("nats", origin));
            let done = done(&cluster, order).await;
            if let Some(keeping) = keeping {
                // What is refused for another reason has nothing to do with the bucket.
                let is_away = done.as_ref().is_err_and(|why| why.kind == Kind::Unavailable);
                keeping.ended(!is_away);
            }
            if let Some(answer) = answer {
                answer.send(done);
            }
            drop(place);
        });
    }
    while tasks.join_next().await.is_some() {}
}

async fn done(cluster: &Cluster, order: Order) -> Result<Done, Refusal> {
    match order {
        Order::Stop => Ok(Done::Nothing),
        Order::Person(input) => person(cluster, input).await,
        Order::Token(token) => {
            if !TOKENS.allows(cluster.shared.tokens().len() + 1) {
                let detail = "no more tokens can be kept";
                return Err(Refusal::beyond(Kind::Full, TOKENS, detail));
            }
            let key = Key::Token(token.id.clone()).written();
            put(cluster, &key, token.to_json()).await
        }
        Order::Revoke(id, _) => {
            let all = cluster.shared.tokens().with_sessions(&id);
            if all.is_empty() {
                let help = "GET /v1/tokens says which there are";
                return Err(Refusal::new(
                    Kind::NotFound,
                    format!("there is no token `{id}`"),
                    help,
                ));
            }
            for id in all {
                remove(cluster, &Key::Token(id).written()).await?;
            }
            Ok(Done::Nothing)
        }
        Order::Audience(readers) => {
            for Reader { whom, token, first } in readers {
                let key = Key::Audience(whom, token).written();
                put(cluster, &key, first.micros().to_string()).await?;
            }
            Ok(Done::Nothing)
        }
        Order::History(..) => {
            let help = "history is kept by a gateway alone";
            Err(Refusal::new(Kind::NotFound, "no history is kept here", help))
        }
        Order::Check => {
            let key = Key::Canary(cluster.name.clone()).written();
            let once = cluster.bucket.put(&key, bytes::Bytes::new()).await;
            once.map(|_| Done::Nothing).map_err(|error| away(&error))
        }
    }
}

/// Does an input on the person as known here, until the person is still so when it is written.
async fn person(cluster: &Cluster, input: Input) -> Result<Done, Refusal> {
    let shared = &cluster.shared;
    let id = input.person().clone();
    let key = Key::Person(id.clone()).written();
    let end = shared.clock.now().after(PATIENCE);
    loop {
        let seen = cluster.seen(&key);
        let (altered, revision) = {
            let people = shared.people();
            let mut batch = people.begin();
            batch.handle(input.clone(), shared.now())?;
            (batch.end(), people.revision())
        };
        let after = altered.people.get(&id).cloned().flatten();
        let written = match &after {
            Some(person) => {
                let text = Altered::entry(person, revision).to_json();
                cluster.bucket.update(&key, text.into(), seen).await
            }
            None => delete(cluster, &key, seen).await,
        };
        match written {
            Ok(revision) => {
                cluster.has_come(revision).await;
                if after.is_none() {
                    revoke_of(cluster, &id).await?;
                }
                let person = shared.people().person(&id).cloned();
                return Ok(Done::Person(person.or(after)));
            }
            Err(error) if shared.clock.now() >= end => return Err(away(&error)),
            // Somebody else was first, or the bucket has no leader just now.
            Err(_) => sleep(PAUSE).await,
        }
    }
}

/// Removes an entry that is still `seen`; where it stands then.
async fn delete(cluster: &Cluster, key: &str, seen: u64) -> Result<u64, UpdateError> {
    cluster.bucket.delete_expect_revision(key, Some(seen)).await?;
    Ok(seen + 1)
}

/// Who is removed takes the tokens along.
async fn revoke_of(cluster: &Cluster, person: &Arc<str>) -> Result<(), Refusal> {
    let of: Vec<Arc<str>> = {
        let tokens = cluster.shared.tokens();
        let of = tokens.all().filter(|token| token.person.as_ref() == Some(person));
        of.map(|token| token.id.clone()).collect()
    };
    for id in of {
        remove(cluster, &Key::Token(id).written()).await?;
    }
    Ok(())
}

/// Writes an entry, whatever it was.
async fn put(cluster: &Cluster, key: &str, text: String) -> Result<Done, Refusal> {
    let end = cluster.shared.clock.now().after(PATIENCE);
    loop {
        match cluster.bucket.put(key, text.clone().into()).await {
            Ok(revision) => {
                cluster.has_come(revision).await;
                return Ok(Done::Nothing);
            }
            Err(error) if cluster.shared.clock.now() >= end => return Err(away(&error)),
            Err(_) => sleep(PAUSE).await,
        }
    }
}

/// Removes an entry, and waits until that has come back.
async fn remove(cluster: &Cluster, key: &str) -> Result<(), Refusal> {
    let end = cluster.shared.clock.now().after(PATIENCE);
    loop {
        let seen = cluster.seen(key);
        match cluster.bucket.delete(key).await {
            Ok(()) => {
                cluster.has_come(seen + 1).await;
                return Ok(());
            }
            Err(error) if cluster.shared.clock.now() >= end => return Err(away(&error)),
            Err(_) => sleep(PAUSE).await,
        }
    }
}

fn away(error: &dyn std::fmt::Display) -> Refusal {
    let help = "try again; another gateway may reach it";
    let detail = format!("the bucket of the gateways cannot be written: {error}");
    Refusal::new(Kind::Unavailable, detail, help).limited("store").retry_after(2)
}

/// Whether somebody else has written the entry meanwhile.
pub(super) fn is_overtaken(error: &UpdateError) -> bool {
    error.kind() == UpdateErrorKind::WrongLastRevision
}
