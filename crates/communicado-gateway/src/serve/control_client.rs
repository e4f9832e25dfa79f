//! The client of the control socket. Without a running gateway, a command opens the store itself
//! and runs the same handlers.

use std::io;
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use axum::body::Body;
use axum::http::{Method, Request, header};
use communicado_cli_support::{Failure, Outcome};
use http_body_util::BodyExt as _;
use hyper::client;
use hyper::service::Service as _;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::UnixStream;
use tokio::runtime::{Builder, Runtime};

use super::backend::{Backend, no_system};
use super::control::{ARGUMENTS_TARGET, FOLDER_TARGET, PROBE_TARGET, command_router};
use crate::config::{ClusterConfig, ServeConfig};
use crate::private::own_uid;
use crate::proxy_probe::Arrival;
use crate::store::StoreLock;

/// True if a socket in a folder of `folder_uid` can be trusted when `uid` listens on it. Root may
/// act for the owner of the folder.
const fn is_trusted(uid: u32, own_uid: u32, folder_uid: u32) -> bool {
    uid == own_uid || uid == 0 || (own_uid == 0 && uid == folder_uid)
}

/// Connects to the gateway that listens on `path`.
async fn connect(path: &Path) -> Result<UnixStream, Failure> {
    let cannot = |error: io::Error| {
        let what = format!("cannot use {}", path.display());
        Failure::new(Outcome::Failed, what).cause(error).help("check that the gateway runs")
    };
    let socket = UnixStream::connect(path).await.map_err(cannot)?;
    let uid = socket.peer_cred().map_err(cannot)?.uid();
    let folder = std::fs::metadata(path.parent().unwrap_or(path)).map_err(cannot)?;
    if !is_trusted(uid, own_uid(), folder.uid()) {
        let cause = format!("a process of another user, with the uid {uid}, listens there");
        let help = "stop that process, or use another folder with --data";
        let what = format!("{} is not the gateway's socket", path.display());
        return Err(Failure::new(Outcome::Failed, what).cause(cause).help(help));
    }
    Ok(socket)
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

/// Sends a request to the gateway that listens on `socket`.
///
/// # Errors
///
/// If the response is incomplete, or another user listens on the socket.
pub(crate) fn ask(
    socket: &Path,
    method: &str,
    target: &str,
    body: &str,
) -> Result<StatusAndText, Failure> {
    let request = request(method, target, body)?;
    runtime()?.block_on(async {
        let socket = connect(socket).await?;
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
        Ok((status, String::from_utf8_lossy(&body.to_bytes()).into_owned()))
    })
}

/// The data folder of the gateway that listens on `socket`.
///
/// # Errors
///
/// Fails like [`ask`].
pub(crate) fn ask_folder(socket: &Path) -> Result<PathBuf, Failure> {
    match ask(socket, "GET", FOLDER_TARGET, "")? {
        (200, folder) => Ok(folder.into()),
        (_, text) => {
            Err(Failure::new(Outcome::Failed, "the gateway does not name its data folder")
                .cause(text)
                .help("restart the gateway with the version of this program"))
        }
    }
}

/// The working directory and the arguments of the gateway that listens on `socket`.
///
/// # Errors
///
/// Fails like [`ask`].
pub(crate) fn ask_arguments(socket: &Path) -> Result<(PathBuf, Vec<String>), Failure> {
    let (_, text) = ask(socket, "GET", ARGUMENTS_TARGET, "")?;
    serde_json::from_str(&text).map_err(misread)
}

/// Makes the gateway that listens on `socket` expect a request through its proxy, and returns the
/// value of the request's header.
///
/// # Errors
///
/// Fails like [`ask`].
pub(crate) fn expect_probe(socket: &Path) -> Result<String, Failure> {
    match ask(socket, "POST", PROBE_TARGET, "")? {
        (200, secret) => Ok(secret),
        (_, text) => Err(Failure::new(Outcome::Failed, "the gateway expects no probe").cause(text)),
    }
}

/// The arrival of the last probe at the gateway that listens on `socket`.
///
/// # Errors
///
/// Fails like [`ask`].
pub(crate) fn ask_arrival(socket: &Path) -> Result<Option<Arrival>, Failure> {
    let (_, text) = ask(socket, "GET", PROBE_TARGET, "")?;
    let arrival: Option<(IpAddr, bool, u8, u8, IpAddr)> =
        serde_json::from_str(&text).map_err(misread)?;
    Ok(arrival.map(|(peer, is_trusted, set, passed, client)| Arrival {
        peer,
        is_trusted,
        set,
        passed,
        client,
    }))
}

/// The failure for a response that this program does not understand.
pub(crate) fn misread(error: serde_json::Error) -> Failure {
    let help = "use the program version of the running gateway";
    Failure::new(Outcome::Failed, "the gateway returned an invalid response")
        .cause(error)
        .help(help)
}

/// Opens the store in `data`, or the bucket, and runs the request as a gateway would.
///
/// # Errors
///
/// If the store cannot be opened or closed.
pub(crate) fn ask_offline(
    data: &Path,
    cluster: Option<ClusterConfig>,
    method: &str,
    target: &str,
    body: &str,
) -> Result<StatusAndText, Failure> {
    let (request, runtime) = (request(method, target, body)?, runtime()?);
    let config = ServeConfig { cluster, ..ServeConfig::default() };
    let backend = Backend::start(data, StoreLock::take(data)?, config, false)?;
    let router = command_router(&backend.app, data);
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
