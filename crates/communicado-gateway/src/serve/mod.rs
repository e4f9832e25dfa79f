//! A running gateway: the store and its writer, the event loop, hyper for other requests, and the
//! shutdown of all of them.

mod backend;
mod checked_stream;
mod control;
mod control_client;
mod critical_thread;
mod hangup;
mod http1;
mod listen;
mod tls;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use communicado_cli_support::{Failure, Outcome};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

pub(crate) use control::control_socket;
pub(crate) use control_client::{
    ask, ask_arguments, ask_arrival, ask_folder, ask_offline, expect_probe, misread,
};
pub(crate) use tls::{Certificate, CertificateFiles};

use crate::api::router;
use crate::audit;
use crate::bucket_file;
use crate::config::ServeConfig;
use crate::fanout::EventLoop;
use crate::oidc::{CALLBACK, OidcClient};
use crate::store::StoreLock;
use crate::stream::LoopCommand;
use backend::{Backend, no_system};
use critical_thread::CriticalThread;

/// The time limit for running requests at shutdown.
const LAST_REQUESTS: Duration = Duration::from_secs(5);

/// The options of `serve`.
#[derive(Debug)]
pub(crate) struct ServeOptions {
    pub(crate) listen: SocketAddr,
    pub(crate) data: PathBuf,
    /// The runtime directory of the systemd service, for a second control socket.
    pub(crate) runtime_directory: Option<PathBuf>,
    pub(crate) certificate: Option<Certificate>,
    pub(crate) config: ServeConfig,
    /// The OIDC issuer, if any.
    pub(crate) oidc: Option<crate::oidc::OidcConfig>,
    /// True if the gateway exits when standard input closes.
    pub(crate) exit_on_stdin_eof: bool,
}

/// Serves until shutdown; `print` receives messages for the user.
///
/// # Errors
///
/// If the gateway cannot start, or ends with an error.
pub(crate) fn serve(
    options: ServeOptions,
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
    options: ServeOptions,
    print: impl Fn(&str) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let ServeOptions { listen, data, runtime_directory, certificate, config, oidc, .. } = options;
    let is_tls = certificate.is_some();
    let public_url = config.public_url.clone();
    let hangups = hangup::hangups().map_err(no_system)?;
    // The data folder must exist: a self-signed certificate is written there.
    let lock = StoreLock::take(&data)?;
    let tls = certificate.map(Certificate::tls).transpose()?;
    let (acceptor, reloader) = tls.map(|tls| (tls.acceptor, tls.reloader)).unzip();
    let reloads = tokio::spawn(hangup::follow(hangups, reloader.flatten()));
    let signals = listen::ShutdownSignals::new(options.exit_on_stdin_eof).map_err(no_system)?;
    let cluster = config.cluster.clone();
    // Opening the backend can block for the bucket of other gateways.
    let started = {
        let data = data.clone();
        tokio::task::spawn_blocking(move || Backend::start(&data, lock, config, is_tls)).await
    };
    let mut backend = started.map_err(|error| {
        Failure::new(Outcome::Failed, "cannot start the gateway").cause(error)
    })??;
    // Commands open the same store or bucket while no gateway runs.
    bucket_file::write(&data, cluster.as_ref())?;
    let app = backend.app.clone();
    let listener = listen::listen(listen)?;
    let address = listener.local_addr().map_err(no_system)?;
    let scheme = if is_tls { "https" } else { "http" };
    let base = format!("{scheme}://{address}");
    if let Some(settings) = oidc {
        let redirect_uri = public_url
            .as_ref()
            .map_or_else(|| format!("{base}{CALLBACK}"), |url| url.join(CALLBACK));
        let oidc_client = OidcClient::new(settings, redirect_uri);
        let oidc_client = oidc_client.map_err(|why| {
            Failure::new(Outcome::Failed, "cannot read the OIDC client secret").cause(why)
        })?;
        let _ = app.oidc_client.set(Arc::new(oidc_client));
    }
    let first = backend.first_token().await?;
    let (handed_off, connections) = mpsc::unbounded_channel();
    let event_loop = EventLoop::new(app.clone(), listener, handed_off).map_err(no_system)?;
    let mut event_loop =
        CriticalThread::start("event-loop", move || event_loop.run()).map_err(no_system)?;
    let (stop, stopping) = watch::channel(false);
    let router = router(app.clone());
    let served = http1::serve(connections, router, acceptor, app.clone(), stopping.clone());
    let connections = tokio::spawn(served);
    let router = control::command_router(&app, &data);
    let folders = [Some(data), runtime_directory].into_iter().flatten();
    let controls = folders
        .map(|folder| control::listen(&folder, router.clone(), stopping.clone()))
        .collect::<Result<Vec<_>, _>>()?;
    let board = public_url.map_or_else(|| format!("{base}/"), |url| url.join("/"));
    print(&greeting(&base, &board, first.as_deref()))?;
    audit::gateway("started");
    tracing::info!(what = "listening", address = %address, tls = is_tls);
    // Without one of its critical threads it would serve stale data. It exits, and its supervisor
    // restarts it.
    let (why, is_asked) = tokio::select! {
        signal = signals.wait() => (signal, true),
        () = backend.writer.ended() => ("the writer thread ended", false),
        () = event_loop.ended() => ("the event-loop thread ended", false),
    };
    audit::gateway("stopped");
    tracing::info!(what = "stopping", cause = why);
    app.event_loop.send(LoopCommand::Stop);
    let _ = stop.send(true);
    let _ = tokio::time::timeout(LAST_REQUESTS, connections).await;
    controls.iter().for_each(JoinHandle::abort);
    reloads.abort();
    let ended = tokio::task::spawn_blocking(move || {
        let stored = backend.stop();
        if let Some(traces) = &app.traces {
            traces.stop();
        }
        event_loop.join()?.map_err(no_system)?;
        stored
    });
    ended.await.unwrap_or(Ok(()))?;
    // An early end is a failure, even without an error: only a shutdown request ends it
    // successfully.
    if is_asked { Ok(()) } else { Err(critical_thread::exited(why)) }
}

fn greeting(base: &str, board: &str, first: Option<&str>) -> String {
    let mut text = format!("listening {base}\n");
    if let Some(secret) = first {
        text.push_str(&format!(
            "token {secret}\n\n\
             This is the first administrator token. The gateway prints it only once.\n\
             Open {board} and sign in with this token.\n\n\
             Or read the people from a command line:\n\n    \
             curl -H 'Authorization: Bearer {secret}' {base}/v1/people\n\n\
             Create another token: communicado-gateway tokens create --scope administer --name NAME\n"
        ));
    }
    text
}
