//! The commands' way in: a socket in the data folder, which only the gateway's user and root can
//! open. Whoever asks there is an administrator. Without a running gateway, a command opens the store
//! itself and asks the same.

use std::io::{self, Read as _, Write as _};
use std::net::Ipv4Addr;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request};
use communicado_wire::gateway::stored::Token;
use communicado_wire::gateway::{Scope, View};
use http_body_util::BodyExt as _;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use rustix::fs::{Mode, fchmod};
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, listen as begin, socket_with,
};
use tokio::net::UnixListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::backend::Backend;
use super::strict::Strict;
use super::{Connection, connection};
use crate::api::{Operator, router};
use crate::app_state::AppState;
use crate::config::ServeConfig;
use crate::failure::{Failure, Outcome};
use crate::http::Hosts;
use crate::principal::Principal;
use crate::private::own_uid;
use crate::store::Lock;

/// Between two attempts to accept a command.
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(100);

/// Commands that wait to be accepted.
const BACKLOG: i32 = 128;

fn path(data: &Path) -> PathBuf {
    data.join("control")
}

/// The grant of whoever has the data folder.
fn operator(app: &AppState) -> Operator {
    Operator(Principal::of_operator(Arc::new(Token {
        v: communicado_wire::VERSION,
        id: "operator".into(),
        hash: "".into(),
        name: "who has the data folder".into(),
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
/// If the socket cannot be made.
pub(super) fn listen(
    data: &Path,
    router: Router,
    app: &AppState,
    stopping: watch::Receiver<bool>,
) -> Result<JoinHandle<()>, Failure> {
    let path = path(data);
    // The lock says that nobody else uses it.
    let _ = std::fs::remove_file(&path);
    let listener = bind_private(&path).map_err(|error| {
        let what = format!("{} cannot be made", path.display());
        Failure::new(Outcome::Failed, what).cause(error).help("use a shorter path with --data")
    })?;
    let router = router.layer(axum::Extension(operator(app)));
    Ok(tokio::spawn(async move {
        loop {
            let Ok((socket, _)) = listener.accept().await else {
                // Too many files are open, say.
                sleep(BETWEEN_ATTEMPTS).await;
                continue;
            };
            if !may_ask(&socket) {
                continue;
            }
            let (router, stopping) = (router.clone(), stopping.clone());
            let peer = Ipv4Addr::LOCALHOST.into();
            let socket = Strict::new(socket, Vec::new(), Hosts::Any, None, Connection::default());
            tokio::spawn(connection::converse(socket, peer, router, stopping));
        }
    }))
}

/// A socket that has its mode before it has its name.
fn bind_private(path: &Path) -> io::Result<UnixListener> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    fchmod(&socket, Mode::RUSR | Mode::WUSR)?;
    bind(&socket, &SocketAddrUnix::new(path)?)?;
    begin(&socket, BACKLOG)?;
    UnixListener::from_std(socket.into())
}

/// Whether the process at the other end runs as the gateway's user or as root.
fn may_ask(socket: &tokio::net::UnixStream) -> bool {
    let uid = socket.peer_cred().map(|peer| peer.uid());
    if uid.as_ref().is_ok_and(|uid| *uid == 0 || *uid == own_uid()) {
        return true;
    }
    let uid = uid.map_or_else(|error| error.to_string(), |uid| uid.to_string());
    tracing::warn!(what = "control", cause = "another user asked, and was refused", uid);
    false
}

/// Whether a socket in a folder of `folder_uid` can be believed if `uid` listens on it: root takes
/// it from the user of the folder, too.
const fn is_trusted(uid: u32, own_uid: u32, folder_uid: u32) -> bool {
    uid == own_uid || uid == 0 || (own_uid == 0 && uid == folder_uid)
}

/// Connects to the gateway that runs on `data`; nothing if none does.
fn connect(data: &Path) -> Result<Option<UnixStream>, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
    let runtime = runtime.map_err(super::backend::no_system)?;
    runtime.block_on(async {
        let path = path(data);
        let Ok(socket) = tokio::net::UnixStream::connect(&path).await else { return Ok(None) };
        let cannot = |error: io::Error| {
            let what = format!("{} cannot be used", path.display());
            Failure::new(Outcome::Failed, what).cause(error)
        };
        let uid = socket.peer_cred().map_err(cannot)?.uid();
        let folder = std::fs::metadata(data).map_err(cannot)?;
        if !is_trusted(uid, own_uid(), folder.uid()) {
            let cause = format!("a process of another user, with the uid {uid}, listens there");
            let help = "end that process, or use another folder with --data";
            let what = format!("{} is not the gateway's", path.display());
            return Err(Failure::new(Outcome::Failed, what).cause(cause).help(help));
        }
        let socket = socket.into_std().map_err(cannot)?;
        socket.set_nonblocking(false).map_err(cannot)?;
        Ok(Some(socket))
    })
}

/// What a gateway answers: its status and its text.
pub(crate) type Said = (u16, String);

/// Asks the gateway that runs on `data`; nothing if none does.
///
/// # Errors
///
/// If one does and its answer breaks off, or if another user listens in its place.
pub(crate) fn ask(
    data: &Path,
    method: &str,
    target: &str,
    body: &str,
) -> Result<Option<Said>, Failure> {
    let Some(mut socket) = connect(data)? else { return Ok(None) };
    let length = body.len();
    let request = format!(
        "{method} {target} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    let cannot = |error: std::io::Error| {
        Failure::new(Outcome::Failed, "the gateway does not answer").cause(error)
    };
    socket.write_all(request.as_bytes()).map_err(cannot)?;
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).map_err(cannot)?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, text) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let broken = || Failure::new(Outcome::Failed, "the gateway's answer breaks off");
    Ok(Some((status.ok_or_else(broken)?, text.to_owned())))
}

/// Opens the store in `data` and does there what a gateway would.
///
/// # Errors
///
/// If the store cannot be opened or closed.
pub(crate) fn ask_offline(
    data: &Path,
    method: &str,
    target: &str,
    body: &str,
) -> Result<Said, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(super::backend::no_system)?;
    let backend = Backend::start(data, Lock::take(data)?, ServeConfig::default(), false)?;
    let router = router(backend.app.clone()).layer(axum::Extension(operator(&backend.app)));
    let request = Request::builder()
        .method(Method::from_bytes(method.as_bytes()).unwrap_or(Method::GET))
        .uri(target)
        .header("content-type", "application/json")
        .body(Body::from(body.to_owned()));
    let request = request
        .map_err(|error| Failure::new(Outcome::Usage, "this cannot be asked").cause(error))?;
    let said = runtime.block_on(async {
        let response = TowerToHyperService::new(router).call(request).await;
        let response = response.unwrap_or_else(|never| match never {});
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.map(|body| body.to_bytes());
        (status, String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned())
    });
    backend.stop()?;
    Ok(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_trusts_its_own_user_and_root_and_root_also_the_user_of_the_folder() {
        assert!(is_trusted(1000, 1000, 1000));
        assert!(is_trusted(0, 1000, 1000));
        assert!(is_trusted(1000, 0, 1000));
        assert!(!is_trusted(1001, 1000, 1000));
        assert!(!is_trusted(1001, 1000, 1001));
        assert!(!is_trusted(1001, 0, 1000));
    }
}
