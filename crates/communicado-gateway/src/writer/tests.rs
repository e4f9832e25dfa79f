//! Races of a revocation with what its token orders, forced in each order that there is.

use communicado_wire::gateway::{NewPerson, Scope, View};
use tempfile::TempDir;

use super::*;
use crate::api_error::ApiErrorKind;
use crate::config::ServeConfig;
use crate::limits::SESSIONS_PER_TOKEN;
use crate::model::Input;
use crate::new_token::new_token;
use crate::principal::Principal;
use crate::store::{FirstRead, StoreLock};
use crate::store_writer::{ReplySender, StoreWriter};
use crate::token_table::TokenTable;

/// A writer without its thread: each batch is run by the test.
struct Bench {
    app: AppState,
    store: Store,
    folder: TempDir,
    /// What the gateway orders by itself; nobody carries it out.
    _inbox: Receiver<WriteRequest>,
}

impl Bench {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let lock = StoreLock::take(folder.path()).unwrap();
        let (store, stored) = Store::open(folder.path(), lock).unwrap();
        let (writer, inbox) = StoreWriter::new();
        let app = AppState::new(stored, writer, ServeConfig::default(), false).unwrap();
        Self { app, store, folder, _inbox: inbox }
    }

    /// Carries out jobs with one commit, and says which succeeded.
    fn commit(
        &mut self,
        requests: Vec<(Option<&Principal>, WriteCommand)>,
    ) -> Vec<Result<(), ApiErrorKind>> {
        let (requests, answers): (Vec<WriteRequest>, Vec<_>) = requests
            .into_iter()
            .map(|(caller, command)| {
                let (reply, answer) = ReplySender::channel();
                let reply = Some(reply);
                (WriteRequest { command, caller: caller.cloned(), reply }, answer)
            })
            .unzip();
        commit_batch(&self.app, &mut self.store, requests, &mut Writes::default());
        let result = answers.into_iter().map(|answer| answer.blocking_recv().unwrap());
        result.map(|result| result.map(|_| ()).map_err(|error| error.kind)).collect()
    }

    fn put(&mut self, token: &Token) -> Principal {
        assert_eq!(self.commit(vec![(None, WriteCommand::Token(token.clone()))]), [Ok(())]);
        Principal::of(Arc::new(token.clone()))
    }

    /// The ids of what is valid, here and after a restart.
    fn valid(&self) -> Vec<Arc<str>> {
        let now = self.app.now().civil;
        let valid = |tokens: &TokenTable| -> Vec<Arc<str>> {
            let all = tokens.all().filter(|token| tokens.is_valid(token, now));
            all.map(|token| token.name.clone()).collect()
        };
        let copy = self.folder.path().join("copy");
        let _ = std::fs::remove_dir_all(&copy);
        std::fs::create_dir(&copy).unwrap();
        crate::store::copy_to(self.folder.path(), &copy.join("gateway.sqlite")).unwrap();
        let (_, stored) = Store::open(&copy, StoreLock::take(&copy).unwrap()).unwrap();
        let (mut here, mut stored) =
            (valid(&self.app.tokens()), valid(&TokenTable::from_stored(stored.tokens)));
        here.sort_unstable();
        stored.sort_unstable();
        assert_eq!(here, stored, "a restart changes which tokens are valid");
        here
    }
}

fn token(name: &str, person: Option<&str>, session_of: Option<&Principal>) -> Token {
    let new = communicado_wire::gateway::NewToken {
        name: name.into(),
        scopes: vec![Scope::Administer],
        person: person.map(Into::into),
        group: None,
        view: Some(View::Everything),
        for_ms: None,
    };
    let now = communicado_wire::Timestamp::from_micros(1_800_000_000_000_000).unwrap();
    let (_, token) = new_token(new, now).unwrap();
    Token { session_of: session_of.map(|principal| principal.token.id.clone()), ..token }
}

fn revoke(principal: &Principal) -> WriteCommand {
    WriteCommand::Revoke(principal.token.id.clone(), EndReason::TokenRevoked)
}

fn person(id: &str) -> NewPerson {
    NewPerson { id: id.into(), name: None, groups: Vec::new() }
}

#[test]
fn what_a_revoked_token_ordered_before_is_refused_when_it_is_carried_out() {
    let mut bench = Bench::new();
    let admin = bench.put(&token("admin", None, None));
    let intruder = bench.put(&token("intruder", None, None));
    let commands = || {
        vec![
            WriteCommand::Token(token("new", None, None)),
            WriteCommand::Token(token("session", None, Some(&intruder))),
            WriteCommand::Person(Input::Create(person("eve"))),
            revoke(&admin),
            WriteCommand::History("ada".into(), 1),
        ]
    };
    // In the same commit, and in a later one.
    let mut requests = vec![(Some(&admin), revoke(&intruder))];
    requests.extend(commands().into_iter().map(|command| (Some(&intruder), command)));
    let mut result = bench.commit(requests);
    assert_eq!(result.remove(0), Ok(()));
    result.extend(bench.commit(commands().into_iter().map(|it| (Some(&intruder), it)).collect()));
    assert_eq!(result, [Err(ApiErrorKind::NotSignedIn); 10]);
    assert_eq!(bench.valid(), ["admin".into()]);
    assert_eq!(bench.app.people().len(), 0);
}

#[test]
fn a_revocation_ends_sessions_and_what_sessions_created_in_the_same_commit_too() {
    let mut bench = Bench::new();
    let admin = bench.put(&token("admin", None, None));
    let parent = bench.put(&token("parent", None, None));
    let session = bench.put(&token("session", None, Some(&parent)));
    let created = |name: &str| Token {
        created_by: session.token.session_of.clone(),
        ..token(name, None, None)
    };
    let child = bench.put(&created("child"));
    bench.put(&token("session of child", None, Some(&child)));
    let result = bench.commit(vec![
        (
            Some(&parent),
            WriteCommand::Token(token("session in the same commit", None, Some(&parent))),
        ),
        (Some(&session), WriteCommand::Token(created("child in the same commit"))),
        (Some(&parent), WriteCommand::Token(token("created by the bearer", None, None))),
        (Some(&admin), revoke(&parent)),
    ]);
    assert_eq!(result, [Ok(()); 4]);
    assert_eq!(bench.valid(), ["admin".into(), "created by the bearer".into()]);
}

#[test]
fn a_person_who_is_removed_takes_the_tokens_along_whichever_order_comes_first() {
    let mut bench = Bench::new();
    let admin = bench.put(&token("admin", None, None));
    let add = |id: &str| (None, WriteCommand::Person(Input::Create(person(id))));
    let remove = |id: &str| WriteCommand::Person(Input::Remove(id.into()));
    bench.commit(vec![add("ada"), add("bob")]);
    let of_ada = bench.put(&token("of ada", Some("ada"), None));
    bench.put(&token("session of ada", Some("ada"), Some(&of_ada)));
    let result = bench.commit(vec![
        (Some(&admin), WriteCommand::Token(token("before", Some("ada"), None))),
        (Some(&admin), remove("ada")),
        (Some(&admin), WriteCommand::Token(token("after", Some("ada"), None))),
        (Some(&of_ada), WriteCommand::Person(Input::ClearManual("bob".into()))),
    ]);
    assert_eq!(
        result,
        [Ok(()), Ok(()), Err(ApiErrorKind::Conflict), Err(ApiErrorKind::NotSignedIn)]
    );
    let late =
        bench.commit(vec![(Some(&admin), WriteCommand::Token(token("late", Some("ada"), None)))]);
    assert_eq!(late, [Err(ApiErrorKind::Conflict)]);
    bench.commit(vec![add("ada")]);
    assert_eq!(bench.valid(), ["admin".into()]);
}

#[test]
fn the_oldest_session_of_a_token_ends_for_a_new_one_and_other_tokens_keep_theirs() {
    let mut bench = Bench::new();
    let many = bench.put(&token("many", None, None));
    let other = bench.put(&token("other", None, None));
    bench.put(&token("its session", None, Some(&other)));
    let session = |number: i64| Token {
        created: communicado_wire::Timestamp::from_micros(number).unwrap(),
        ..token(&format!("session {number:03}"), None, Some(&many))
    };
    let max = i64::try_from(SESSIONS_PER_TOKEN.max).unwrap();
    for number in 0..10 {
        bench.put(&session(number));
    }
    // The rest in one commit.
    let requests =
        (10..max + 5).map(|number| (None, WriteCommand::Token(session(number)))).collect();
    assert!(bench.commit(requests).iter().all(Result::is_ok));
    let valid = bench.valid();
    let sessions: Vec<&Arc<str>> =
        valid.iter().filter(|name| name.starts_with("session")).collect();
    assert_eq!(sessions.len(), SESSIONS_PER_TOKEN.max);
    assert_eq!(**sessions[0], *"session 005");
    assert!(valid.contains(&"its session".into()) && valid.contains(&"other".into()));
}

#[test]
fn the_readers_of_a_person_who_is_removed_are_forgotten_and_recorded_anew_for_the_next() {
    let mut bench = Bench::new();
    let reader = bench.put(&token("reader", None, None));
    let add = || (None, WriteCommand::Person(Input::Create(person("ada"))));
    let read = |token: &str| {
        let first = communicado_wire::Timestamp::EPOCH;
        let reader = FirstRead { whom: "ada".into(), token: token.into(), first };
        (None, WriteCommand::Audience(vec![reader]))
    };
    bench.commit(vec![add()]);
    let has_reader =
        |bench: &Bench| bench.app.audience.read().unwrap().keys().any(|(whom, _)| **whom == *"ada");
    bench.app.reads(&reader, ["ada".into(), "ghost".into(), "@ghosts".into()]);
    assert_eq!(bench.app.audience.read().unwrap().len(), 1, "only who exists is recorded");
    bench.commit(vec![read("t")]);
    bench.app.reads(&reader, ["ada".into()]);
    bench.commit(vec![(None, WriteCommand::Person(Input::Remove("ada".into()))), read("late")]);
    assert!(!has_reader(&bench));
    bench.commit(vec![add()]);
    assert!(!has_reader(&bench));
    let (_, stored) = {
        let copy = bench.folder.path().join("copy");
        std::fs::create_dir(&copy).unwrap();
        crate::store::copy_to(bench.folder.path(), &copy.join("gateway.sqlite")).unwrap();
        Store::open(&copy, StoreLock::take(&copy).unwrap()).unwrap()
    };
    assert_eq!(stored.audience, []);
    bench.app.reads(&reader, ["ada".into()]);
    assert!(has_reader(&bench));
}
