//! Tests of socket events, and of races between opening a stream and revoking its token.

use std::collections::BTreeMap;

use communicado_wire::gateway::{NewToken, Scope};
use tokio::sync::oneshot;

use super::*;
use crate::config::ServeConfig;
use crate::store::StoredState;
use crate::store_writer::StoreWriter;
use crate::stream::{LoopCommand, Mailbox, NUMBER_MASK, ReaderId};
use crate::subscription::Subscription;

#[test]
fn an_epoll_event_identifies_its_socket() {
    let reader = ReaderId { key: 123_456, number: NUMBER_MASK };
    for about in
        [PollToken::Listener, PollToken::Waker, PollToken::Pending(7), PollToken::Reader(reader)]
    {
        assert_eq!(PollToken::of(about.data()), about);
    }
}

/// An event loop that runs on the test's thread, and a caller with a token.
fn event_loop() -> (EventLoop, Arc<AppState>, Principal) {
    let (writer, _) = StoreWriter::new();
    let app = AppState::new(StoredState::default(), writer, ServeConfig::default(), false).unwrap();
    let app = Arc::new(app);
    let new = NewToken {
        name: "a reader".into(),
        scopes: vec![Scope::Read],
        person: None,
        group: None,
        view: None,
        for_ms: None,
    };
    let (_, token) = crate::new_token::new_token(new, app.now().civil).unwrap();
    app.settle_tokens(std::slice::from_ref(&token), &BTreeMap::new());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (handed_off, _) = mpsc::unbounded_channel();
    let event_loop = EventLoop::new(app.clone(), listener, handed_off).unwrap();
    (event_loop, app, Principal::of(Arc::new(token)))
}

fn open(
    app: &AppState,
    principal: &Principal,
) -> (Arc<Mailbox>, oneshot::Receiver<Result<ReaderId, ApiError>>) {
    let mailbox = Arc::new(Mailbox::default());
    let (reply, opened) = oneshot::channel();
    let (principal, label) = (principal.clone(), TransportLabel::Socket);
    app.event_loop.send(LoopCommand::Open { principal, mailbox: mailbox.clone(), label, reply });
    (mailbox, opened)
}

fn revoke(app: &AppState, principal: &Principal) {
    let revoked = [(principal.token.id.clone(), EndReason::TokenRevoked)].into();
    app.settle_tokens(&[], &revoked);
}

#[test]
fn a_stream_that_is_registered_after_the_revocation_of_its_token_is_refused() {
    let (mut event_loop, app, principal) = event_loop();
    revoke(&app, &principal);
    event_loop.run_commands();
    let (_, opened) = open(&app, &principal);
    event_loop.run_commands();
    assert_eq!(opened.blocking_recv().unwrap().unwrap_err().kind, ApiErrorKind::NotSignedIn);
    assert!(event_loop.readers.is_empty());
}

#[test]
fn a_stream_that_is_registered_before_the_revocation_of_its_token_ends() {
    let (mut event_loop, app, principal) = event_loop();
    let (mailbox, opened) = open(&app, &principal);
    // Both commands wait in the queue of the event loop.
    revoke(&app, &principal);
    event_loop.run_commands();
    assert_eq!(opened.blocking_recv().unwrap().unwrap_err().kind, ApiErrorKind::NotSignedIn);
    assert!(!mailbox.is_closed() && event_loop.readers.is_empty());
    app.settle_tokens(&[(*principal.token).clone()], &BTreeMap::new());
    let (mailbox, opened) = open(&app, &principal);
    event_loop.run_commands();
    assert!(opened.blocking_recv().unwrap().is_ok());
    revoke(&app, &principal);
    event_loop.run_commands();
    assert!(event_loop.readers.is_empty());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(mailbox.ended());
}

#[test]
fn the_streams_of_a_token_share_a_limit_on_subscribed_names_and_release_it() {
    let (mut event_loop, app, principal) = event_loop();
    let subscription = |number: usize| {
        let names = (0..1000).map(|name| format!("p{number}-{name}").into()).collect();
        Subscription::of_names(names, Vec::new(), None).unwrap()
    };
    let mut streams = Vec::new();
    let refused = loop {
        let (mailbox, opened) = open(&app, &principal);
        event_loop.run_commands();
        let id = opened.blocking_recv().unwrap().unwrap();
        let (reply, done) = oneshot::channel();
        app.event_loop.send(LoopCommand::Subscribe(id, subscription(streams.len()), reply));
        event_loop.run_commands();
        streams.push((mailbox, id));
        match done.blocking_recv().unwrap() {
            Ok(()) => assert!(streams.len() < 1000, "there is no limit"),
            Err(error) => break error,
        }
    };
    assert_eq!(refused.problem().limit.as_deref(), Some("stream-bytes-per-token"));
    assert!(streams.len() > 200, "{}", streams.len());
    for (_, id) in streams {
        app.event_loop.send(LoopCommand::Close(id));
    }
    event_loop.run_commands();
    assert!(event_loop.readers.is_empty());
}
