//! Finds the gateway or the store that a command works on, and never creates one.
//!
//! With `--data` this is the gateway that runs on the folder, or else the store in it. Without the
//! option, the places are the systemd service and the user's own folder. A running gateway comes
//! before a store.

use std::io::ErrorKind;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use communicado_cli_support::{Failure, Outcome};

use crate::bucket_file;
use crate::options::{DataFolder, runtime_directory, state_directory, user_folder};
use crate::serve::{ask_folder, control_socket};
use crate::store::{StoreError, store_file};

/// The runtime directory of the systemd service.
const SERVICE_RUNTIME: &str = "/run/communicado-gateway";
/// The data folder of the systemd service.
const SERVICE_DATA: &str = "/var/lib/communicado-gateway";

/// The gateway or the store that a command works on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Location {
    /// A gateway listens on this socket.
    Running { socket: PathBuf },
    /// No gateway runs, and this folder has a store or names a bucket.
    Stopped { folder: PathBuf },
}

impl Location {
    /// The data folder.
    ///
    /// # Errors
    ///
    /// If the running gateway does not name its folder.
    pub(super) fn folder(self) -> Result<PathBuf, Failure> {
        match self {
            Self::Running { socket } => ask_folder(&socket),
            Self::Stopped { folder } => Ok(folder),
        }
    }
}

/// A place where a gateway can run or have its data.
struct Place {
    sockets: Vec<PathBuf>,
    folder: PathBuf,
}

/// The contents of a place.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Finding {
    Nothing,
    /// This user may not look at the path.
    Forbidden(PathBuf),
    Found(Location),
}

/// Finds the gateway or the store.
///
/// # Errors
///
/// If there is none, or more than one.
pub(super) fn locate(data: &DataFolder) -> Result<Location, Failure> {
    let places = places(data);
    select(&places)?.ok_or_else(|| {
        Failure::new(Outcome::Failed, "there is no running gateway and no store")
            .cause(format!("no store in {}", list(&places)))
            .help("start the gateway first, or name its folder with --data FOLDER")
    })
}

/// Finds the gateway or the store that a backup replaces. An empty folder is a store without
/// contents.
///
/// # Errors
///
/// If there is none, or more than one.
pub(super) fn locate_for_restore(data: &DataFolder) -> Result<Location, Failure> {
    let places = places(data);
    if let Some(location) = select(&places)? {
        return Ok(location);
    }
    let folder = named_folder(data);
    match folder.read_dir().map(|mut entries| entries.next().is_none()) {
        Ok(true) => Ok(Location::Stopped { folder }),
        Ok(false) => Err(StoreError::OtherContents { folder }.into()),
        Err(error) => {
            let what = format!("cannot restore into {}", folder.display());
            let help = "start and stop the gateway, which creates the folder for its user";
            Err(Failure::new(Outcome::Failed, what).cause(error).help(help))
        }
    }
}

/// The data folder of the option, or of the systemd service.
fn named_folder(data: &DataFolder) -> PathBuf {
    data.given().or_else(state_directory).unwrap_or_else(|| SERVICE_DATA.into())
}

fn places(data: &DataFolder) -> Vec<Place> {
    if let Some(folder) = data.given() {
        return vec![Place { sockets: vec![control_socket(&folder)], folder }];
    }
    let folder = named_folder(data);
    let runtime = runtime_directory().unwrap_or_else(|| SERVICE_RUNTIME.into());
    let sockets = vec![control_socket(&runtime), control_socket(&folder)];
    let own = user_folder();
    let mut places = vec![Place { sockets, folder }];
    if places.iter().all(|place| place.folder != own) {
        places.push(Place { sockets: vec![control_socket(&own)], folder: own });
    }
    places
}

fn look(place: &Place) -> Finding {
    let mut forbidden = None;
    for socket in &place.sockets {
        match UnixStream::connect(socket) {
            Ok(_) => return Finding::Found(Location::Running { socket: socket.clone() }),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                forbidden.get_or_insert_with(|| socket.clone());
            }
            Err(_) => {}
        }
    }
    for file in [store_file(&place.folder), place.folder.join(bucket_file::NAME)] {
        match file.symlink_metadata() {
            Ok(_) => {
                return Finding::Found(Location::Stopped { folder: place.folder.clone() });
            }
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                forbidden.get_or_insert(file);
            }
            Err(_) => {}
        }
    }
    forbidden.map_or(Finding::Nothing, Finding::Forbidden)
}

/// Selects the only running gateway, or else the only other finding.
fn select(places: &[Place]) -> Result<Option<Location>, Failure> {
    let findings: Vec<Finding> = places.iter().map(look).collect();
    selected(&findings).map_err(|why| match why {
        Refusal::Forbidden(path) => {
            Failure::new(Outcome::Failed, format!("this user may not use {}", path.display()))
                .help("run the command as root or as the gateway's user")
        }
        Refusal::Several => {
            Failure::new(Outcome::Failed, "there is more than one gateway or store")
                .cause(format!("found in {}", list(places)))
                .help("name one with --data FOLDER")
        }
    })
}

/// The reason why no location is selected.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Refusal {
    Several,
    Forbidden(PathBuf),
}

fn selected(findings: &[Finding]) -> Result<Option<Location>, Refusal> {
    let is_running = |it: &&Finding| matches!(it, Finding::Found(Location::Running { .. }));
    let running: Vec<&Finding> = findings.iter().filter(is_running).collect();
    let present = findings.iter().filter(|it| **it != Finding::Nothing).collect();
    let candidates = if running.is_empty() { present } else { running };
    match candidates.as_slice() {
        [] => Ok(None),
        [Finding::Found(location)] => Ok(Some(location.clone())),
        [Finding::Forbidden(path)] => Err(Refusal::Forbidden(path.clone())),
        // The forbidden place may be the one that the user means.
        _ => Err(Refusal::Several),
    }
}

fn list(places: &[Place]) -> String {
    let folders: Vec<String> =
        places.iter().map(|place| place.folder.display().to_string()).collect();
    folders.join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_gateway_comes_before_a_store_and_two_of_a_kind_are_refused() {
        let running = |name: &str| Location::Running { socket: name.into() };
        let stopped = |name: &str| Location::Stopped { folder: name.into() };
        let [run_a, run_b] = ["a", "b"].map(|name| Finding::Found(running(name)));
        let [stop_a, stop_b] = ["a", "b"].map(|name| Finding::Found(stopped(name)));
        let forbidden = Finding::Forbidden("a".into());
        for (findings, expected) in [
            ([run_a.clone(), stop_b.clone()], Ok(Some(running("a")))),
            ([stop_a.clone(), run_b.clone()], Ok(Some(running("b")))),
            ([forbidden.clone(), run_b.clone()], Ok(Some(running("b")))),
            ([Finding::Nothing, stop_b.clone()], Ok(Some(stopped("b")))),
            ([Finding::Nothing, Finding::Nothing], Ok(None)),
            ([run_a, run_b], Err(Refusal::Several)),
            ([stop_a, stop_b.clone()], Err(Refusal::Several)),
            ([forbidden.clone(), stop_b], Err(Refusal::Several)),
            ([forbidden, Finding::Nothing], Err(Refusal::Forbidden("a".into()))),
        ] {
            assert_eq!(selected(&findings), expected, "{findings:?}");
        }
    }
}
