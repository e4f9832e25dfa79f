//! A running gateway: the store and its writer, the event loop, hyper for the rest, and the end of all
//! of them.

mod connection;
mod control;
mod listen;
mod part;
mod socket;
mod strict;
mod tls;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use communicado_wire::gateway::{NewToken, Scope, View};
use tokio::sync::{mpsc, oneshot, watch};

pub(crate) use control::{ask, ask_offline};
pub(crate) use socket::Connection;
pub(crate) use tls::Certificate;

use crate::api::{made, router};
use crate::app_state::AppState;
use crate::cluster;
use crate::failure::{Failure, Outcome};
use crate::fanout::{EventLoop, LoopCommand};
use crate::http::Hosts;
use crate::limits::{REQUESTS_PER_SECOND, WRONG_TOKENS_PER_MINUTE};
use crate::oidc::SignIns;
use crate::store::{Lock, Store, StoreError, StoredState};
use crate::traces::Traces;
use crate::writer::{self, StoreWriter, WriteCommand};
use part::Part;

/// How long requests that are under way may take when the gateway stops.
const LAST_REQUESTS: Duration = Duration::from_secs(5);

/// What a gateway is started with.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) listen: SocketAddr,
    pub(crate) data: PathBuf,
    pub(crate) certificate: Option<Certificate>,
    pub(crate) what: What,
    /// Where people sign in.
    pub(crate) oidc: Option<crate::oidc::Settings>,
    /// The address under which people see this gateway, if it is another.
    pub(crate) public_url: Option<String>,
    /// Whether it stops also when standard input ends.
    pub(crate) exit_on_stdin_eof: bool,
}

/// What a gateway does beside its usual.
#[derive(Debug)]
pub(crate) struct What {
    /// For how long what was told is kept, if it is.
    pub(crate) history: Option<Duration>,
    /// Pages of these origins may read too.
    pub(crate) origins: Vec<String>,
    /// Requests of one token.
    pub(crate) per_second: usize,
    /// Streams of one token and its sessions; half of the connections, but not too many, if not
    /// given.
    pub(crate) streams_per_token: Option<usize>,
    /// Wrong tokens from one address.
    pub(crate) wrong_per_minute: usize,
    /// The bucket that is shared with other gateways, in the place of a store.
    pub(crate) cluster: Option<cluster::Settings>,
    /// Where spans are made, if anybody wants them.
    pub(crate) traces: Option<Traces>,
    /// Whether browsers are to use only TLS from now on.
    pub(crate) hsts: bool,
    /// Which values of `Host` are valid without TLS.
    pub(crate) hosts: Hosts,
}

impl Default for What {
    fn default() -> Self {
        Self {
            history: None,
            origins: Vec::new(),
            per_second: REQUESTS_PER_SECOND.most,
            streams_per_token: None,
            wrong_per_minute: WRONG_TOKENS_PER_MINUTE.most,
            cluster: None,
            traces: None,
            hsts: false,
            hosts: Hosts::Any,
        }
    }
}

/// What keeps: everything but the connections.
pub(crate) struct Core {
    pub(crate) app: Arc<AppState>,
    writer: Part<Result<(), StoreError>>,
    /// Where there are several gateways, the folder is ours alone all the same.
    _lock: Option<Lock>,
}

impl Core {
    /// Opens the store in `data`, which is `lock`ed, and begins to keep.
    ///
    /// # Errors
    ///
    /// If the store cannot be opened, or the system gives no thread.
    pub(crate) fn start(data: &Path, lock: Lock, what: What, tls: bool) -> Result<Self, Failure> {
        let (store, stored, lock) = match what.cluster {
            None => {
                let (store, stored) = Store::open(data, lock)?;
                (Some(store), stored, None)
            }
            Some(_) => (None, StoredState::default(), Some(lock)),
        };
        let (writer, commands) = StoreWriter::new();
        let cluster = what.cluster.clone();
        let app = Arc::new(AppState::new(stored, writer, what, tls).map_err(no_system)?);
        let of_writer = app.clone();
        let (ready, is_ready) = oneshot::channel();
        let writer = Part::start("writer", move || match (store, cluster) {
            (Some(store), _) => {
                let _ = ready.send(Ok(()));
                writer::run(&of_writer, store, &commands)
            }
            (None, Some(settings)) => {
                cluster::run(&of_writer, &settings, commands, ready);
                Ok(())
            }
            (None, None) => Ok(()),
        });
        let writer = writer.map_err(no_system)?;
        let began = is_ready.blocking_recv();
        began.unwrap_or(Ok(())).map_err(|error| {
            let help = "start NATS with JetStream (-js), and see to --nats and --nats-replicas";
            Failure::new(Outcome::Failed, "the gateways cannot work together")
                .cause(error)
                .help(help)
        })?;
        Ok(Self { app, writer, _lock: lock })
    }

    /// Ends after all that was ordered.
    ///
    /// # Errors
    ///
    /// If the end cannot be kept.
    pub(crate) fn stop(self) -> Result<(), Failure> {
        self.app.writer.stop();
        Ok(self.writer.join()??)
    }

    /// Makes the first administrator's token, if there is none.
    async fn first_token(&self) -> Result<Option<String>, Failure> {
        let has = |token: &Arc<communicado_wire::gateway::stored::Token>| {
            token.scopes.has(Scope::Administer)
        };
        if self.app.tokens().all().any(has) {
            return Ok(None);
        }
        let new = NewToken {
            name: "the first administrator".into(),
            scopes: vec![Scope::Administer],
            person: None,
            group: None,
            view: Some(View::Everything),
            for_ms: None,
        };
        let (secret, token) = made(new, self.app.now().civil)?;
        self.app.writer.submit(WriteCommand::Token(token)).await?;
        Ok(Some(secret))
    }
}

fn no_system(error: std::io::Error) -> Failure {
    Failure::new(Outcome::Failed, "the gateway cannot start").cause(error)
}

/// Serves until it is told to stop; `print` gets what a person should read.
///
/// # Errors
///
/// If it cannot start, or ended badly.
pub(crate) fn serve(
    options: Options,
    print: impl Fn(&str) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(no_system)?;
    runtime.block_on(serving(options, print))
}

async fn serving(
    options: Options,
    print: impl Fn(&str) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let Options { listen, data, certificate, what, oidc, public_url, exit_on_stdin_eof } = options;
    let is_tls = certificate.is_some();
    // A certificate that is made is written into the folder.
    let lock = Lock::take(&data)?;
    let acceptor = certificate.map(Certificate::acceptor).transpose()?;
    let signals = listen::Signals::new(exit_on_stdin_eof).map_err(no_system)?;
    // It may wait for other gateways' bucket.
    let started = {
        let data = data.clone();
        tokio::task::spawn_blocking(move || Core::start(&data, lock, what, is_tls)).await
    };
    let mut core = started.map_err(|error| {
        Failure::new(Outcome::Failed, "the gateway cannot start").cause(error)
    })??;
    let app = core.app.clone();
    let listener = listen::listen(listen)?;
    let address = listener.local_addr().map_err(no_system)?;
    let scheme = if is_tls { "https" } else { "http" };
    let base = format!("{scheme}://{address}");
    if let Some(settings) = oidc {
        let sign_ins = SignIns::new(settings, public_url.as_deref().unwrap_or(&base));
        let sign_ins = sign_ins.map_err(|why| {
            Failure::new(Outcome::Failed, "the secret for the issuer cannot be read").cause(why)
        })?;
        let _ = app.sign_ins.set(Arc::new(sign_ins));
    }
    let first = core.first_token().await?;
    let (handed_off, connections) = mpsc::unbounded_channel();
    let event_loop = EventLoop::new(app.clone(), listener, handed_off).map_err(no_system)?;
    let mut event_loop = Part::start("event-loop", move || event_loop.run()).map_err(no_system)?;
    let (stop, stopping) = watch::channel(false);
    let router = router(app.clone());
    let served =
        connection::serve(connections, router.clone(), acceptor, app.clone(), stopping.clone());
    let connections = tokio::spawn(served);
    let control = control::listen(&data, router, &app, stopping)?;
    print(&greeting(&base, first.as_deref()))?;
    tracing::info!(what = "listening", address = %address, tls = is_tls);
    // Without one of its parts it would go on and be wrong: then it ends, and whoever started it
    // starts it again.
    let (why, is_asked) = tokio::select! {
        signal = signals.wait() => (signal, true),
        () = core.writer.ended() => ("the writer thread ended", false),
        () = event_loop.ended() => ("the event-loop thread ended", false),
    };
    tracing::info!(what = "stopping", cause = why);
    app.event_loop.send(LoopCommand::Stop);
    let _ = stop.send(true);
    let _ = tokio::time::timeout(LAST_REQUESTS, connections).await;
    control.abort();
    let ended = tokio::task::spawn_blocking(move || {
        let stored = core.stop();
        if let Some(traces) = &app.traces {
            traces.stop();
        }
        event_loop.join()?.map_err(no_system)?;
        stored
    });
    ended.await.unwrap_or(Ok(()))?;
    // Even if it ended without a word: only who asks for the end gets a good one.
    if is_asked { Ok(()) } else { Err(part::broke_off(why)) }
}

fn greeting(base: &str, first: Option<&str>) -> String {
    let mut text = format!("listening {base}\n");
    if let Some(secret) = first {
        text.push_str(&format!(
            "token {secret}\n\n\
             This is the token of the first administrator, and it is shown only now. Try it:\n\n    \
             curl -H 'Authorization: Bearer {secret}' {base}/v1/people\n\n\
             Another one: communicado-gateway tokens create --scope administer --name NAME\n"
        ));
    }
    text
}
