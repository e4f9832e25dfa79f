//! The control socket of the commands, in the data folder. Only the gateway's user and root can
//! open it, and its callers are administrators. Without a running gateway, a command opens the
//! store itself and runs the same handlers.

use std::io;
use std::net::Ipv4Addr;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, header};
use communicado_cli_support::{Failure, Outcome};
use communicado_wire::gateway::stored::Token;
use communicado_wire::gateway::{Scope, View};
use http_body_util::BodyExt as _;
use hyper::client;
use hyper::service::Service as _;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use rustix::fs::{Mode, fchmod};
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, listen as begin, socket_with,
};
use tokio::net::{UnixListener, UnixStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::backend::{Backend, no_system};
use super::checked_stream::CheckedStream;
use super::http1;
use crate::api::{Operator, router};
use crate::app_state::AppState;
use crate::config::ServeConfig;
use crate::connection::ConnectionHandle;
use crate::http::AllowedHosts;
use crate::principal::Principal;
use crate::private::own_uid;
use crate::store::StoreLock;

/// Delay between two attempts to accept a command.
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(100);

/// Commands queued for acceptance.
const BACKLOG: i32 = 128;

fn path(data: &Path) -> PathBuf {
    data.join("control")
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
    })))
}

/// Serves the commands until it is aborted.
///
/// # Errors
///
/// If the socket cannot be created.
pub(super) fn listen(
    data: &Path,
    router: Router,
    app: &AppState,
    stopping: watch::Receiver<bool>,
) -> Result<JoinHandle<()>, Failure> {
    let path = path(data);
    // The lock excludes another user of the socket.
    let _ = std::fs::remove_file(&path);
    let listener = bind_private(&path).map_err(|error| {
        let what = format!("cannot create {}", path.display());
        Failure::new(Outcome::Failed, what).cause(error).help("use a shorter path with --data")
    })?;
    let router = router.layer(axum::Extension(operator(app)));
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

/// True if a socket in a folder of `folder_uid` can be trusted when `uid` listens on it. Root may
/// act for the owner of the folder.
const fn is_trusted(uid: u32, own_uid: u32, folder_uid: u32) -> bool {
    uid == own_uid || uid == 0 || (own_uid == 0 && uid == folder_uid)
}

/// Connects to the gateway that runs on `data`; `None` if none runs.
async fn connect(data: &Path) -> Result<Option<UnixStream>, Failure> {
    let path = path(data);
    let Ok(socket) = UnixStream::connect(&path).await else { return Ok(None) };
    let cannot = |error: io::Error| {
        let what = format!("cannot use {}", path.display());
        Failure::new(Outcome::Failed, what).cause(error)
    };
    let uid = socket.peer_cred().map_err(cannot)?.uid();
    let folder = std::fs::metadata(data).map_err(cannot)?;
    if !is_trusted(uid, own_uid(), folder.uid()) {
        let cause = format!("a process of another user, with the uid {uid}, listens there");
        let help = "stop that process, or use another folder with --data";
        let what = format!("{} is not the gateway's socket", path.display());
        return Err(Failure::new(Outcome::Failed, what).cause(cause).help(help));
    }
    Ok(Some(socket))
}

/// The status and the text of a response.
pub(crate) type StatusAndText = (u16, String);

fn request(method: &str, target: &str, body: &str) -> Result<Request<Body>, Failure> {
    let request = Request::builder()
        .method(Method::from_bytes(method.as_bytes()).unwrap_or(Method::GET))
        .uri(target)
        .header(header::HOST, "localhost")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_owned()));
    request.map_err(|error| {
        Failure::new(Outcome::Usage, "the arguments do not form a valid request").cause(error)
    })
}

fn runtime() -> Result<Runtime, Failure> {
    Builder::new_current_thread().enable_all().build().map_err(no_system)
}

/// Sends a request to the gateway that runs on `data`; `None` if none runs.
///
/// # Errors
///
/// If the response is incomplete, or another user listens on the socket.
pub(crate) fn ask(
    data: &Path,
    method: &str,
    target: &str,
    body: &str,
) -> Result<Option<StatusAndText>, Failure> {
    let request = request(method, target, body)?;
    runtime()?.block_on(async {
        let Some(socket) = connect(data).await? else { return Ok(None) };
        let cannot = |error: hyper::Error| {
            Failure::new(Outcome::Failed, "the gateway does not respond").cause(error)
        };
        let (mut sender, connection) =
            client::conn::http1::handshake(TokioIo::new(socket)).await.map_err(cannot)?;
        // The connection ends with the sender.
        tokio::spawn(connection);
        let response = sender.send_request(request).await.map_err(cannot)?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.map_err(|error| {
            Failure::new(Outcome::Failed, "the gateway's response is incomplete").cause(error)
        })?;
        Ok(Some((status, String::from_utf8_lossy(&body.to_bytes()).into_owned())))
    })
}

/// Opens the store in `data` and runs the request as a gateway would.
///
/// # Errors
///
/// If the store cannot be opened or closed.
pub(crate) fn ask_offline(
    data: &Path,
    method: &str,
    target: &str,
    body: &str,
) -> Result<StatusAndText, Failure> {
    let (request, runtime) = (request(method, target, body)?, runtime()?);
    let backend = Backend::start(data, StoreLock::take(data)?, ServeConfig::default(), false)?;
    let router = router(backend.app.clone()).layer(axum::Extension(operator(&backend.app)));
    let answer = runtime.block_on(async {
        let response = TowerToHyperService::new(router).call(request).await;
        let response = response.unwrap_or_else(|never| match never {});
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.map(|body| body.to_bytes());
        (status, String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned())
    });
    backend.stop()?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_trusts_its_user_and_root_and_root_trusts_the_owner_of_the_folder() {
        assert!(is_trusted(1000, 1000, 1000));
        assert!(is_trusted(0, 1000, 1000));
        assert!(is_trusted(1000, 0, 1000));
        assert!(!is_trusted(1001, 1000, 1000));
        assert!(!is_trusted(1001, 1000, 1001));
        assert!(!is_trusted(1001, 0, 1000));
    }
}
