//! Races between the revocation of a token and commands of that token, in every order.

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

/// A writer without its thread: the test runs each batch.
struct WriterFixture {
    app: AppState,
    store: Store,
    folder: TempDir,
    /// The gateway's own commands, which no thread runs.
    _inbox: Receiver<WriteRequest>,
}

impl WriterFixture {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let lock = StoreLock::take(folder.path()).unwrap();
        let (store, stored) = Store::open(folder.path(), lock).unwrap();
        let (writer, inbox) = StoreWriter::new();
        let app = AppState::new(stored, writer, ServeConfig::default(), false).unwrap();
        Self { app, store, folder, _inbox: inbox }
    }

    /// Runs requests with one commit, and returns their results.
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

    /// The ids of the valid tokens, which are the same here and after a restart.
    fn valid(&self) -> Vec<Arc<str>> {
        let now = self.app.now().civil;
        let valid = |tokens: &TokenTable| -> Vec<Arc<str>> {
            let all = tokens.all().filter(|token| tokens.is_valid(token, now));
            all.map(|token| token.name.clone()).collect()
        };
        let copy = self.folder.path().join("copy");
        let _ = std::fs::remove_dir_all(&copy);
        std::fs::create_dir(&copy).unwrap();
        crate::store::back_up(self.folder.path(), &copy.join("gateway.sqlite")).unwrap();
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
    NewPerson { id: id.into(), name: None, groups: Vec::new(), sign_in: Vec::new() }
}

#[test]
fn a_command_is_refused_if_its_token_was_revoked_while_it_waited() {
    let mut fixture = WriterFixture::new();
    let admin = fixture.put(&token("admin", None, None));
    let intruder = fixture.put(&token("intruder", None, None));
    let commands = || {
        vec![
            WriteCommand::Token(token("new", None, None)),
            WriteCommand::Token(token("session", None, Some(&intruder))),
            WriteCommand::Person(Input::Create(person("eve"))),
            revoke(&admin),
            WriteCommand::History("ada".into(), 1),
        ]
    };
    // Commands in the same commit, and in a later one.
    let mut requests = vec![(Some(&admin), revoke(&intruder))];
    requests.extend(commands().into_iter().map(|command| (Some(&intruder), command)));
    let mut result = fixture.commit(requests);
    assert_eq!(result.remove(0), Ok(()));
    result.extend(fixture.commit(commands().into_iter().map(|it| (Some(&intruder), it)).collect()));
    assert_eq!(result, [Err(ApiErrorKind::NotSignedIn); 10]);
    assert_eq!(fixture.valid(), ["admin".into()]);
    assert_eq!(fixture.app.people().len(), 0);
}

#[test]
fn a_revocation_ends_sessions_and_tokens_that_sessions_created_in_the_same_commit() {
    let mut fixture = WriterFixture::new();
    let admin = fixture.put(&token("admin", None, None));
    let parent = fixture.put(&token("parent", None, None));
    let session = fixture.put(&token("session", None, Some(&parent)));
    let created = |name: &str| Token {
        created_by: session.token.session_of.clone(),
        ..token(name, None, None)
    };
    let child = fixture.put(&created("child"));
    fixture.put(&token("session of child", None, Some(&child)));
    let result = fixture.commit(vec![
        (
            Some(&parent),
            WriteCommand::Token(token("session in the same commit", None, Some(&parent))),
        ),
        (Some(&session), WriteCommand::Token(created("child in the same commit"))),
        (Some(&parent), WriteCommand::Token(token("created by the bearer", None, None))),
        (Some(&admin), revoke(&parent)),
    ]);
    assert_eq!(result, [Ok(()); 4]);
    assert_eq!(fixture.valid(), ["admin".into(), "created by the bearer".into()]);
}

#[test]
fn the_removal_of_a_person_revokes_their_tokens_in_either_command_order() {
    let mut fixture = WriterFixture::new();
    let admin = fixture.put(&token("admin", None, None));
    let add = |id: &str| (None, WriteCommand::Person(Input::Create(person(id))));
    let remove = |id: &str| WriteCommand::Person(Input::Remove(id.into()));
    fixture.commit(vec![add("ada"), add("bob")]);
    let of_ada = fixture.put(&token("of ada", Some("ada"), None));
    fixture.put(&token("session of ada", Some("ada"), Some(&of_ada)));
    let result = fixture.commit(vec![
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
        fixture.commit(vec![(Some(&admin), WriteCommand::Token(token("late", Some("ada"), None)))]);
    assert_eq!(late, [Err(ApiErrorKind::Conflict)]);
    fixture.commit(vec![add("ada")]);
    assert_eq!(fixture.valid(), ["admin".into()]);
}

#[test]
fn a_new_session_ends_the_oldest_session_of_its_token_and_none_of_other_tokens() {
    let mut fixture = WriterFixture::new();
    let many = fixture.put(&token("many", None, None));
    let other = fixture.put(&token("other", None, None));
    fixture.put(&token("its session", None, Some(&other)));
    let session = |number: i64| Token {
        created: communicado_wire::Timestamp::from_micros(number).unwrap(),
        ..token(&format!("session {number:03}"), None, Some(&many))
    };
    let max = i64::try_from(SESSIONS_PER_TOKEN.max).unwrap();
    for number in 0..10 {
        fixture.put(&session(number));
    }
    // The other sessions, in one commit.
    let requests =
        (10..max + 5).map(|number| (None, WriteCommand::Token(session(number)))).collect();
    assert!(fixture.commit(requests).iter().all(Result::is_ok));
    let valid = fixture.valid();
    let sessions: Vec<&Arc<str>> =
        valid.iter().filter(|name| name.starts_with("session")).collect();
    assert_eq!(sessions.len(), SESSIONS_PER_TOKEN.max);
    assert_eq!(**sessions[0], *"session 005");
    assert!(valid.contains(&"its session".into()) && valid.contains(&"other".into()));
}

#[test]
fn the_audience_of_a_removed_person_is_deleted_and_not_inherited_by_a_new_person() {
    let mut fixture = WriterFixture::new();
    let reader = fixture.put(&token("reader", None, None));
    let add = || (None, WriteCommand::Person(Input::Create(person("ada"))));
    let read = |token: &str| {
        let first = communicado_wire::Timestamp::EPOCH;
        let reader = FirstRead { whom: "ada".into(), token: token.into(), first };
        (None, WriteCommand::Audience(vec![reader]))
    };
    fixture.commit(vec![add()]);
    let has_reader = |fixture: &WriterFixture| {
        fixture.app.audience.read().unwrap().keys().any(|(whom, _)| **whom == *"ada")
    };
    fixture.app.reads(&reader, ["ada".into(), "ghost".into(), "@ghosts".into()]);
    assert_eq!(
        fixture.app.audience.read().unwrap().len(),
        1,
        "only the first reads of existing people are recorded"
    );
    fixture.commit(vec![read("t")]);
    fixture.app.reads(&reader, ["ada".into()]);
    fixture.commit(vec![(None, WriteCommand::Person(Input::Remove("ada".into()))), read("late")]);
    assert!(!has_reader(&fixture));
    fixture.commit(vec![add()]);
    assert!(!has_reader(&fixture));
    let (_, stored) = {
        let copy = fixture.folder.path().join("copy");
        std::fs::create_dir(&copy).unwrap();
        crate::store::back_up(fixture.folder.path(), &copy.join("gateway.sqlite")).unwrap();
        Store::open(&copy, StoreLock::take(&copy).unwrap()).unwrap()
    };
    assert_eq!(stored.audience, []);
    fixture.app.reads(&reader, ["ada".into()]);
    assert!(has_reader(&fixture));
}
