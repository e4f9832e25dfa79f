//! Races of a revocation with what its token orders, forced in each order that there is.

use communicado_wire::gateway::{NewPerson, Scope, View};
use tempfile::TempDir;

use super::*;
use crate::api::made;
use crate::limits::SESSIONS_PER_TOKEN;
use crate::model::Input;
use crate::serve::What;
use crate::store::Lock;
use crate::tokens::Tokens;

/// A keeper without its thread: each round is run by the test.
struct Bench {
    shared: Shared,
    store: Store,
    folder: TempDir,
    /// What the gateway orders by itself; nobody carries it out.
    _inbox: Receiver<Job>,
}

impl Bench {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let lock = Lock::take(folder.path()).unwrap();
        let (store, kept) = Store::open(folder.path(), lock).unwrap();
        let (keeper, inbox) = Keeper::new();
        let shared = Shared::new(kept, keeper, What::default(), false).unwrap();
        Self { shared, store, folder, _inbox: inbox }
    }

    /// Carries out jobs with one commit, and says which succeeded.
    fn round(&mut self, jobs: Vec<(Option<&Grant>, Order)>) -> Vec<Result<(), Kind>> {
        let (jobs, answers): (Vec<Job>, Vec<_>) = jobs
            .into_iter()
            .map(|(caller, order)| {
                let (to, answer) = oneshot::channel();
                let reply = Some(Answer { to, origin: origin() });
                (Job { order, caller: caller.cloned(), reply }, answer)
            })
            .unzip();
        round(&self.shared, &mut self.store, jobs, &mut Writes::default());
        let done = answers.into_iter().map(|answer| answer.blocking_recv().unwrap());
        done.map(|done| done.map(|_| ()).map_err(|refusal| refusal.kind)).collect()
    }

    fn put(&mut self, token: &Token) -> Grant {
        assert_eq!(self.round(vec![(None, Order::Token(token.clone()))]), [Ok(())]);
        Grant::of(Arc::new(token.clone()))
    }

    /// The ids of what is valid, here and after a restart.
    fn valid(&self) -> Vec<Arc<str>> {
        let now = self.shared.now().civil;
        let valid = |tokens: &Tokens| -> Vec<Arc<str>> {
            let all = tokens.all().filter(|token| tokens.is_valid(token, now));
            all.map(|token| token.name.clone()).collect()
        };
        let copy = self.folder.path().join("copy");
        let _ = std::fs::remove_dir_all(&copy);
        std::fs::create_dir(&copy).unwrap();
        crate::store::copy_to(self.folder.path(), &copy.join("gateway.sqlite")).unwrap();
        let (_, kept) = Store::open(&copy, Lock::take(&copy).unwrap()).unwrap();
        let (mut here, mut stored) =
            (valid(&self.shared.tokens()), valid(&Tokens::of_kept(kept.tokens)));
        here.sort_unstable();
        stored.sort_unstable();
        assert_eq!(here, stored, "a restart changes which tokens are valid");
        here
    }
}

fn token(name: &str, person: Option<&str>, session_of: Option<&Grant>) -> Token {
    let new = communicado_wire::gateway::NewToken {
        name: name.into(),
        scopes: vec![Scope::Administer],
        person: person.map(Into::into),
        group: None,
        view: Some(View::Everything),
        for_ms: None,
    };
    let now = communicado_wire::Timestamp::from_micros(1_800_000_000_000_000).unwrap();
    let (_, token) = made(new, now).unwrap();
    Token { session_of: session_of.map(|grant| grant.token.id.clone()), ..token }
}

fn revoke(grant: &Grant) -> Order {
    Order::Revoke(grant.token.id.clone(), EndReason::TokenRevoked)
}

fn person(id: &str) -> NewPerson {
    NewPerson { id: id.into(), name: None, groups: Vec::new() }
}

#[test]
fn what_a_revoked_token_ordered_before_is_refused_when_it_is_carried_out() {
    let mut bench = Bench::new();
    let admin = bench.put(&token("admin", None, None));
    let intruder = bench.put(&token("intruder", None, None));
    let orders = || {
        vec![
            Order::Token(token("new", None, None)),
            Order::Token(token("session", None, Some(&intruder))),
            Order::Person(Input::Create(person("eve"))),
            revoke(&admin),
            Order::History("ada".into(), 1),
        ]
    };
    // In the same commit, and in a later one.
    let mut jobs = vec![(Some(&admin), revoke(&intruder))];
    jobs.extend(orders().into_iter().map(|order| (Some(&intruder), order)));
    let mut done = bench.round(jobs);
    assert_eq!(done.remove(0), Ok(()));
    done.extend(bench.round(orders().into_iter().map(|it| (Some(&intruder), it)).collect()));
    assert_eq!(done, [Err(Kind::NotSignedIn); 10]);
    assert_eq!(bench.valid(), ["admin".into()]);
    assert_eq!(bench.shared.people().len(), 0);
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
    let done = bench.round(vec![
        (Some(&parent), Order::Token(token("session in the same commit", None, Some(&parent)))),
        (Some(&session), Order::Token(created("child in the same commit"))),
        (Some(&parent), Order::Token(token("created by the bearer", None, None))),
        (Some(&admin), revoke(&parent)),
    ]);
    assert_eq!(done, [Ok(()); 4]);
    assert_eq!(bench.valid(), ["admin".into(), "created by the bearer".into()]);
}

#[test]
fn a_person_who_is_removed_takes_the_tokens_along_whichever_order_comes_first() {
    let mut bench = Bench::new();
    let admin = bench.put(&token("admin", None, None));
    let add = |id: &str| (None, Order::Person(Input::Create(person(id))));
    let remove = |id: &str| Order::Person(Input::Remove(id.into()));
    bench.round(vec![add("ada"), add("bob")]);
    let of_ada = bench.put(&token("of ada", Some("ada"), None));
    bench.put(&token("session of ada", Some("ada"), Some(&of_ada)));
    let done = bench.round(vec![
        (Some(&admin), Order::Token(token("before", Some("ada"), None))),
        (Some(&admin), remove("ada")),
        (Some(&admin), Order::Token(token("after", Some("ada"), None))),
        (Some(&of_ada), Order::Person(Input::Unsay("bob".into()))),
    ]);
    assert_eq!(done, [Ok(()), Ok(()), Err(Kind::Conflict), Err(Kind::NotSignedIn)]);
    let late = bench.round(vec![(Some(&admin), Order::Token(token("late", Some("ada"), None)))]);
    assert_eq!(late, [Err(Kind::Conflict)]);
    bench.round(vec![add("ada")]);
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
    let most = i64::try_from(SESSIONS_PER_TOKEN.most).unwrap();
    for number in 0..10 {
        bench.put(&session(number));
    }
    // The rest in one commit.
    let jobs = (10..most + 5).map(|number| (None, Order::Token(session(number)))).collect();
    assert!(bench.round(jobs).iter().all(Result::is_ok));
    let valid = bench.valid();
    let sessions: Vec<&Arc<str>> =
        valid.iter().filter(|name| name.starts_with("session")).collect();
    assert_eq!(sessions.len(), SESSIONS_PER_TOKEN.most);
    assert_eq!(**sessions[0], *"session 005");
    assert!(valid.contains(&"its session".into()) && valid.contains(&"other".into()));
}

#[test]
fn the_readers_of_a_person_who_is_removed_are_forgotten_and_recorded_anew_for_the_next() {
    let mut bench = Bench::new();
    let reader = bench.put(&token("reader", None, None));
    let add = || (None, Order::Person(Input::Create(person("ada"))));
    let read = |token: &str| {
        let first = communicado_wire::Timestamp::EPOCH;
        let reader = Reader { whom: "ada".into(), token: token.into(), first };
        (None, Order::Audience(vec![reader]))
    };
    bench.round(vec![add()]);
    let has_reader = |bench: &Bench| {
        bench.shared.audience.read().unwrap().keys().any(|(whom, _)| **whom == *"ada")
    };
    bench.shared.reads(&reader, ["ada".into(), "ghost".into(), "@ghosts".into()]);
    assert_eq!(bench.shared.audience.read().unwrap().len(), 1, "only who exists is recorded");
    bench.round(vec![read("t")]);
    bench.shared.reads(&reader, ["ada".into()]);
    bench.round(vec![(None, Order::Person(Input::Remove("ada".into()))), read("late")]);
    assert!(!has_reader(&bench));
    bench.round(vec![add()]);
    assert!(!has_reader(&bench));
    let (_, kept) = {
        let copy = bench.folder.path().join("copy");
        std::fs::create_dir(&copy).unwrap();
        crate::store::copy_to(bench.folder.path(), &copy.join("gateway.sqlite")).unwrap();
        Store::open(&copy, Lock::take(&copy).unwrap()).unwrap()
    };
    assert_eq!(kept.audience, []);
    bench.shared.reads(&reader, ["ada".into()]);
    assert!(has_reader(&bench));
}
