//! The control sockets of the commands. Only the gateway's user and root can open them, and their
//! callers are administrators.
//!
//! One socket is in the data folder. A second one is in the runtime directory of a systemd service,
//! where commands find it without options.

use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::map_response;
use axum::routing::get;
use communicado_cli_support::{Failure, Outcome};
use communicado_wire::gateway::stored::Token;
use communicado_wire::gateway::{Scope, View};
use rustix::fs::{Mode, fchmod};
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, listen as begin, socket_with,
};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::checked_stream::CheckedStream;
use super::http1;
use crate::api::{Operator, for_commands, router};
use crate::app_state::AppState;
use crate::connection::ConnectionHandle;
use crate::http::AllowedHosts;
use crate::principal::Principal;
use crate::private::own_uid;

/// Delay between two attempts to accept a command.
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(100);

/// Commands queued for acceptance.
const BACKLOG: i32 = 128;

/// The path of the control socket in a folder.
pub(crate) fn control_socket(folder: &Path) -> PathBuf {
    folder.join("control")
}

/// The target that responds with the data folder of the gateway.
pub(super) const FOLDER_TARGET: &str = "/folder";
/// The target that responds with the working directory and the arguments of the gateway.
pub(super) const ARGUMENTS_TARGET: &str = "/arguments";
/// The target of a probe of the proxy: POST begins it, and GET responds with the arrival.
pub(super) const PROBE_TARGET: &str = "/probe";

/// The routing table of the commands, whose caller is the owner of the data folder.
pub(super) fn command_router(app: &Arc<AppState>, data: &Path) -> Router {
    let folder = std::path::absolute(data).unwrap_or_else(|_| data.to_path_buf());
    let folder = folder.to_string_lossy().into_owned();
    let (expecting, arriving) = (app.clone(), app.clone());
    let expect = move || async move { expecting.proxy_probe.expect() };
    let arrival = move || async move {
        let arrival = arriving.proxy_probe.arrival();
        let arrival = arrival.map(|it| (it.peer, it.is_trusted, it.set, it.passed, it.client));
        serde_json::to_string(&arrival).unwrap_or_default()
    };
    let own = Router::new()
        .route(FOLDER_TARGET, get(move || async { folder }))
        .route(ARGUMENTS_TARGET, get(async || own_arguments()))
        .route(PROBE_TARGET, get(arrival).post(expect));
    router(app.clone())
        .merge(own)
        .layer(axum::Extension(operator(app)))
        .layer(map_response(for_commands))
}

/// The working directory and the arguments of this process, as JSON.
fn own_arguments() -> String {
    let directory = std::env::current_dir().unwrap_or_default();
    let arguments = std::env::args_os().map(|it| it.to_string_lossy().into_owned());
    serde_json::to_string(&(directory, arguments.collect::<Vec<_>>())).unwrap_or_default()
}

/// The token of a caller with access to the data folder.
fn operator(app: &AppState) -> Operator {
    Operator(Principal::of_operator(Arc::new(Token {
        v: communicado_wire::VERSION,
        id: "operator".into(),
        hash: "".into(),
        name: "owner of the data folder".into(),
        scopes: [Scope::Administer].into_iter().collect(),
        person: None,
        group: None,
        view: View::Everything,
        created: app.now().civil,
        expires: None,
        session_of: None,
        created_by: None,
        last_used: None,
    })))
}

/// Serves the commands until it is aborted.
///
/// # Errors
///
/// If the socket cannot be created.
pub(super) fn listen(
    folder: &Path,
    router: Router,
    stopping: watch::Receiver<bool>,
) -> Result<JoinHandle<()>, Failure> {
    let path = control_socket(folder);
    // The lock excludes another user of the socket.
    let _ = std::fs::remove_file(&path);
    let listener = bind_private(&path).map_err(|error| {
        let what = format!("cannot create {}", path.display());
        Failure::new(Outcome::Failed, what).cause(error).help("use a shorter path with --data")
    })?;
    Ok(tokio::spawn(async move {
        loop {
            let Ok((socket, _)) = listener.accept().await else {
                // For example, too many files are open.
                sleep(BETWEEN_ATTEMPTS).await;
                continue;
            };
            if !may_ask(&socket) {
                continue;
            }
            let (router, stopping) = (router.clone(), stopping.clone());
            let peer = Ipv4Addr::LOCALHOST.into();
            let socket = CheckedStream::new(
                socket,
                Vec::new(),
                AllowedHosts::Any,
                None,
                ConnectionHandle::default(),
            );
            tokio::spawn(http1::serve_connection(socket, peer, router, stopping));
        }
    }))
}

/// Binds a socket whose mode is set before its name exists.
fn bind_private(path: &Path) -> io::Result<UnixListener> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    fchmod(&socket, Mode::RUSR | Mode::WUSR)?;
    bind(&socket, &SocketAddrUnix::new(path)?)?;
    begin(&socket, BACKLOG)?;
    UnixListener::from_std(socket.into())
}

/// True if the peer process runs as the gateway's user or as root.
fn may_ask(socket: &UnixStream) -> bool {
    let uid = socket.peer_cred().map(|peer| peer.uid());
    if uid.as_ref().is_ok_and(|uid| *uid == 0 || *uid == own_uid()) {
        return true;
    }
    let uid = uid.map_or_else(|error| error.to_string(), |uid| uid.to_string());
    tracing::warn!(what = "control", cause = "refused a connection of another user", uid);
    false
}
